"""The figures of a row: what they are called, what they mean, and in which unit they are."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FIGURES", "METRICS", "Figure"]


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: Short name, for the head of a column.
        meaning: What it is, without a full stop.
        unit: ``dB``, or empty for a plain number.

    Example:
        >>> FIGURES["sdr"].title, FIGURES["clap_score"].title
        ('SDR dB', 'CLAPScore')
    """

    name: str
    meaning: str
    unit: str = "dB"

    @property
    def decimals(self) -> int:
        """How many decimals are worth showing: similarities differ in the third."""
        return 2 if self.unit else 3

    @property
    def title(self) -> str:
        """Name and unit."""
        return f"{self.name} {self.unit}".strip()


FIGURES: dict[str, Figure] = {
    "sdr": Figure(
        "SDR",
        "plain SDR: 10 log10 of the energy of the reference over the energy of the error, whole "
        "clip, nothing fitted; level matters",
    ),
    "sdr_improvement": Figure("SDRi", "SDR of the estimate less SDR of the mixture"),
    "si_sdr": Figure(
        "SI-SDR",
        "absolute and scale-invariant: the reference is scaled to fit first; no mean removed",
    ),
    "si_sdr_improvement": Figure("SI-SDRi", "SI-SDR of the estimate less SI-SDR of the mixture"),
    "leakage": Figure(
        "leakage",
        "level of the estimate against the mixture; when what is asked for is absent, low is right",
    ),
    "swap_margin": Figure(
        "swap margin",
        "SI-SDR towards the sound asked for less SI-SDR towards the other; positive is right",
    ),
    "bss_sdr": Figure(
        "BSS SDR",
        "BSS-eval v4 as in museval: energy of the reference over that of the error in frames of "
        "1 s, median over frames",
    ),
    "bss_isr": Figure(
        "BSS ISR", "BSS-eval v4: what filtering did to the source, median over frames"
    ),
    "bss_sir": Figure("BSS SIR", "BSS-eval v4: what came from other sources, median over frames"),
    "bss_sar": Figure(
        "BSS SAR", "BSS-eval v4: what came from no source at all, median over frames"
    ),
    "clap_score": Figure(
        "CLAPScore",
        "cosine between the estimate and the words asked for, in the query space named beside the "
        "result; it tells relevance, not separation, and does not compare across spaces; a silent "
        "estimate has 0",
        unit="",
    ),
    "clap_score_target": Figure(
        "target's CLAPScore",
        "the same for the true target: what a perfect separation would get",
        unit="",
    ),
    "audio_similarity": Figure(
        "audio similarity",
        "cosine between the estimate and the true target, both as recordings, in the same space; "
        "a silent estimate has 0",
        unit="",
    ),
}
"""Each figure by the key it has in a row, in the order of the columns."""

METRICS = tuple(FIGURES)
"""Keys of the figures of a row."""
