"""What each file format can hold, and which coding a new file gets.

The limits are checked here before libsndfile is asked: its own messages are vague, it crashes
on some rates that Ogg Vorbis cannot hold, and it stores other rates wrongly without a word.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lass.audio.quantising import BITS
from lass.audio.validation import MAX_CHANNELS, check_rate
from lass.errors import AudioWriteError

if TYPE_CHECKING:
    from lass.audio.probing import AudioInfo

__all__ = ["Container", "check_limits", "choose_subtype", "container_of"]


@dataclass(frozen=True)
class Container:
    """A file format that can be written.

    Args:
        format: libsndfile's name of it.
        default: Coding of a new file when nothing else decides.
        lossless: Codings without loss that it holds, fewest bits first.
        max_channels: Most channels it holds.
        max_rate: Highest sample rate in Hz.
        rates: The only sample rates in Hz it holds; empty for all up to the highest.
        max_bytes: Largest file in bytes; None if practically unlimited.
    """

    format: str
    default: str
    lossless: tuple[str, ...] = ()
    max_channels: int = MAX_CHANNELS
    max_rate: int = 768_000
    rates: tuple[int, ...] = ()
    max_bytes: int | None = None


_PCM = ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_4_GIB = 2**32 - 1

_WAV = Container("WAV", "FLOAT", ("PCM_U8", *_PCM), max_bytes=_4_GIB)
_AIFF = Container("AIFF", "FLOAT", ("PCM_S8", "PCM_U8", *_PCM), max_bytes=_4_GIB)
_FLAC = Container(
    "FLAC", "PCM_24", ("PCM_S8", "PCM_16", "PCM_24"), max_channels=8, max_rate=655_350
)
_OGG = Container("OGG", "VORBIS", max_channels=255, max_rate=200_000)
_OPUS = Container("OGG", "OPUS", max_channels=255, rates=_OPUS_RATES)
_MP3 = Container("MP3", "MPEG_LAYER_III", max_channels=2, rates=_MP3_RATES)
_RF64 = Container("RF64", "FLOAT", ("PCM_U8", *_PCM))
_W64 = Container("W64", "FLOAT", ("PCM_U8", *_PCM))
_CAF = Container("CAF", "FLOAT", ("PCM_S8", *_PCM))
_AU = Container("AU", "FLOAT", ("PCM_S8", *_PCM), max_bytes=_4_GIB)

_BY_NAME = {
    "wav": _WAV, "wave": _WAV, "rf64": _RF64, "w64": _W64, "caf": _CAF, "au": _AU,
    "aif": _AIFF, "aiff": _AIFF, "aifc": _AIFF,
    "flac": _FLAC, "ogg": _OGG, "oga": _OGG, "opus": _OPUS, "mp3": _MP3,
}  # fmt: skip


def container_of(path: str | os.PathLike[str], *, name: str | None = None) -> Container:
    """Find the format in which a path is to be written.

    Args:
        path: The output path; its suffix decides.
        name: Name of a format, such as ``"flac"``, that decides instead.

    Returns:
        The format.

    Raises:
        AudioWriteError: If it is none that can be written.

    Example:
        >>> container_of("a.FLAC").format
        'FLAC'
        >>> container_of("a.ogg", name="opus").default
        'OPUS'
    """
    wanted = (name or Path(path).suffix.lstrip(".")).lower()
    if wanted not in _BY_NAME:
        given = f"the format {name!r}" if name else f"the suffix of {Path(path).name!r}"
        raise AudioWriteError(
            f"{given} is none that can be written; use .wav, .flac, .ogg, .opus, .mp3 or .aiff"
        )
    return _BY_NAME[wanted]


def choose_subtype(
    container: Container, *, subtype: str = "auto", like: AudioInfo | None = None
) -> str:
    """Choose the coding of a new file.

    With ``"auto"`` the bit depth of ``like`` is kept where the format has it; otherwise the
    next larger one, or the largest, is taken. Sources without a bit depth of their own (MP3,
    Ogg) give the format's default; telephone codings (µ-law, A-law, ADPCM) give 16 bits.

    Args:
        container: The format.
        subtype: A coding by libsndfile's name, or ``"auto"``.
        like: The file whose bit depth is to be kept.

    Returns:
        libsndfile's name of the coding.

    Raises:
        AudioWriteError: If the format cannot hold the coding that was asked for.

    Example:
        >>> choose_subtype(container_of("a.wav"))
        'FLOAT'
        >>> choose_subtype(container_of("a.flac"), subtype="PCM_16")
        'PCM_16'
    """
    if subtype != "auto":
        return _checked(container, subtype)
    if like is None or not container.lossless:
        return container.default
    if like.subtype in container.lossless:
        return like.subtype
    if like.subtype in ("ULAW", "ALAW") or "ADPCM" in like.subtype:
        return "PCM_16"
    if like.subtype in ("FLOAT", "DOUBLE"):
        return container.lossless[-1]
    if like.subtype not in BITS:
        return container.default
    enough = [name for name in container.lossless if BITS.get(name, 0) >= BITS[like.subtype]]
    return enough[0] if enough else container.lossless[-1]


def _checked(container: Container, subtype: str) -> str:
    import soundfile

    wanted = subtype.upper()
    holds = soundfile.available_subtypes(container.format)
    if wanted not in holds:
        raise AudioWriteError(
            f"{container.format} cannot hold {subtype!r}; it holds {', '.join(sorted(holds))}"
        )
    return wanted


def check_limits(container: Container, *, sample_rate: int, channels: int) -> None:
    """Check that a format holds this many channels at this rate.

    Args:
        container: The format.
        sample_rate: Sample rate in Hz.
        channels: Number of channels.

    Raises:
        AudioWriteError: If it does not.
        AudioError: If the rate is not a positive integer.

    Example:
        >>> check_limits(container_of("a.mp3"), sample_rate=44100, channels=2)
    """
    check_rate(sample_rate)
    name = "Opus" if container.default == "OPUS" else container.format
    if not 1 <= channels <= container.max_channels:
        raise AudioWriteError(
            f"{name} holds 1 to {container.max_channels} channels, not {channels}; use .wav"
        )
    if container.rates and sample_rate not in container.rates:
        rates = ", ".join(str(rate) for rate in container.rates)
        raise AudioWriteError(
            f"{name} holds only the sample rates {rates} Hz, not {sample_rate}; "
            "resample first or use .wav"
        )
    # FLAC stores a rate above 65 535 Hz in tens of Hz.
    uneven = container.format == "FLAC" and sample_rate > 65_535 and sample_rate % 10
    if sample_rate > container.max_rate or uneven:
        raise AudioWriteError(
            f"{name} cannot hold the sample rate {sample_rate} Hz (at most "
            f"{container.max_rate}); resample first or use .wav"
        )
