"""What a separation gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["HEARD", "FileResult", "Progress", "Separation"]

HEARD = 0.3
"""Presence below which a part is not passed off as the sound that was asked for."""


@dataclass(frozen=True)
class Separation:
    """Parts of a recording, and everything else.

    ``sum(parts.values()) + residual`` is the input, to float32 rounding.

    Args:
        parts: query → its sound, shaped like the input (NumPy in, NumPy out; torch in, torch out).
        residual: the input minus all parts.
        scores: query → how sure the model is that the sound occurs at all, 0…1.
        sample_rate: samples per second, as given.
    """

    parts: dict[str, Any]
    residual: Any
    scores: dict[str, float]
    sample_rate: int


@dataclass(frozen=True)
class Progress:
    """How far a file has come.

    Args:
        path: the recording.
        done_s: seconds of audio finished. It starts again from 0 if the outputs turn out to clip
            and the file is done a second time at a lower level.
        total_s: seconds of audio in all.
    """

    path: Path
    done_s: float
    total_s: float


@dataclass(frozen=True)
class FileResult:
    """What became of a file.

    Args:
        path: the recording.
        parts: query → file that holds its sound.
        residual: file that holds everything else, or None.
        scores: query → presence, 0…1; empty if the file was skipped.
        gain_db: common gain that was needed so that no output clips; 0 if none.
        skipped: the outputs existed and were left alone.
    """

    path: Path
    parts: dict[str, Path]
    residual: Path | None
    scores: dict[str, float]
    gain_db: float = 0.0
    skipped: bool = False
