"""How good a separation is, as numbers whose definition is written beside them.

Signals are NumPy arrays or torch tensors of shape ``(..., samples)``, full scale 1.0, references
first; what goes in decides what comes out. All arithmetic is float64.

Three numbers are called SDR: `sdr` (plain, AudioSep), `filtered_sdr` (512 taps, mir_eval) and
`bss_eval` (framewise, museval). They differ by several dB on the same audio: say which.
"""

from __future__ import annotations

from lass.metrics.bss import BssEval, bss_eval, filtered_sdr, median_over_frames
from lass.metrics.distortion import sdr, sdr_improvement, si_sdr, si_sdr_improvement
from lass.metrics.residual import (
    embedding_similarity,
    leakage,
    loudness_change,
    mixture_consistency,
    preserved_fidelity,
    target_suppression,
)

__all__ = [
    "BssEval",
    "bss_eval",
    "embedding_similarity",
    "filtered_sdr",
    "leakage",
    "loudness_change",
    "median_over_frames",
    "mixture_consistency",
    "preserved_fidelity",
    "sdr",
    "sdr_improvement",
    "si_sdr",
    "si_sdr_improvement",
    "target_suppression",
]
