"""Published numbers that a reader will want beside ours, and why none is quite comparable.

SDRi and SI-SDR in dB, with where each was found. None of them was measured on the lists of this
project: AudioSep's ESC-50 mixtures use all five folds and were never released with their levels.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["IN_DOMAIN", "PUBLISHED", "Published", "published_beside"]

IN_DOMAIN = (
    "Zero-shot against in-domain: the published systems were not trained on ESC-50 (zero-shot, "
    "though their Freesound material may overlap with it). "
    "The models of this project are trained on ESC-50 folds 1-4, so the 50 classes of fold 5 are "
    "known to them, though not its recordings (in-domain). That is an advantage; a higher number "
    "here does not mean a better separator in general."
)


@dataclass(frozen=True)
class Published:
    """One published result.

    Attributes:
        system: Name of the model.
        dataset: First word of the protocols it may stand beside: ``esc50`` for one.
        sdr_improvement: SDRi in dB, plain SDR, mean over clips.
        si_sdr: SI-SDR in dB, absolute, mean over clips.
        source: Where the number is from.
        training: ``zero-shot`` or ``in-domain``, and on what.
        difference: What differs from our protocol; empty if nothing does.
    """

    system: str
    dataset: str
    sdr_improvement: float
    si_sdr: float
    source: str
    training: str
    difference: str

    @property
    def same_protocol(self) -> bool:
        """Whether the number was measured on the same mixtures."""
        return not self.difference


_ESC = "other mixtures: 2000 targets of all five folds, 32 kHz, level assumed 0 dB"
_MUSIC = "another set: MUSIC videos, other instruments, mean per instrument; for scale only"
_AUDIOSEP = "README of Audio-AGI/AudioSep; arXiv:2308.05037"
_DPLASS = "DP-LASS paper (second-hand)"
_WIDE = "zero-shot (AudioSet, AudioCaps, VGGSound and others)"

PUBLISHED = (
    Published("AudioSep (released)", "esc50", 10.04, 8.81, _AUDIOSEP, _WIDE, _ESC),
    Published(
        "CLAPSep (re-run by the DP-LASS authors)",
        "esc50",
        11.49,
        10.23,
        _DPLASS,
        "zero-shot (AudioCaps)",
        _ESC,
    ),
    Published(
        "DP-LASS (classifier routing)",
        "esc50",
        11.13,
        10.50,
        f"{_DPLASS}; not the oracle routing of the released evaluator",
        "zero-shot (adapters on AudioSep)",
        _ESC,
    ),
    Published("LASS-Net", "esc50", 3.41, -2.35, _AUDIOSEP, "zero-shot (AudioCaps)", _ESC),
    Published("AudioSep (released)", "instruments10", 10.51, 9.43, _AUDIOSEP, _WIDE, _MUSIC),
    Published(
        "DP-LASS (classifier routing)",
        "instruments10",
        11.46,
        10.56,
        _DPLASS,
        "zero-shot (adapters on AudioSep)",
        _MUSIC,
    ),
)
"""The table. "Second-hand" numbers come from notes on a paper, not from its tables themselves."""

_BESIDE = ("esc50-fold5", "esc50-audiosep", "esc50-audiosep-peak", "instruments10")


def published_beside(protocol: str) -> list[Published]:
    """Published results that may stand beside a protocol.

    Args:
        protocol: Name of the protocol.

    Returns:
        The results; empty for lists nobody has published on.

    Example:
        >>> [p.sdr_improvement for p in published_beside("esc50-fold5")][:2]
        [10.04, 11.49]
    """
    return [p for p in PUBLISHED if protocol in _BESIDE and protocol.startswith(p.dataset)]
