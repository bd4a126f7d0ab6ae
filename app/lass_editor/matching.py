"""How much louder the edit is than the recording, so that the two can be compared fairly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lass.audio import loudness_lufs
from lass.edit.desk import panned
from lass_editor.preview import Preview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lass_editor.deck_session import Control

__all__ = ["Match", "match_loudness"]

_LARGEST_DB = 24.0


@dataclass(frozen=True)
class Match:
    """Gain of the recording with which it is as loud as the edit.

    Args:
        original_db: that gain in dB.
        text: the same for people.
    """

    original_db: float
    text: str


def match_loudness(
    original: Preview, strips: Sequence[tuple[Preview, Control]], *, sample_rate: int
) -> Match:
    """Compare the loudness of the recording and of the strips as they are set.

    Both are measured on the excerpts that the previews keep.

    Args:
        original: the recording.
        strips: each with what it is heard with.
        sample_rate: samples per second.

    Returns:
        The gain; 0 where there is nothing to compare.
    """
    edit: NDArray[np.float64] = np.zeros(original.excerpt.shape)
    for preview, control in strips:
        if control.mute:
            continue
        heard = preview.excerpt * 10.0 ** (control.gain_db / 20.0)
        edit += panned(heard, control.pan) if len(heard) == 2 else heard
    before = loudness_lufs(original.excerpt, sample_rate=sample_rate)
    after = loudness_lufs(edit.astype(np.float32), sample_rate=sample_rate)
    difference = after - before
    if not np.isfinite(difference):
        return Match(0.0, "Not matched: there is nothing to hear")
    if abs(difference) < 0.05:
        return Match(0.0, "Original and edit are equally loud")
    peak_db = 20.0 * np.log10(max(float(np.abs(original.excerpt).max(initial=0.0)), 1e-6))
    gain_db = float(np.clip(difference, -_LARGEST_DB, min(_LARGEST_DB, max(0.0, -peak_db))))
    side = "up" if gain_db > 0 else "down"
    text = f"Edit {difference:+.1f} LU · Original is turned {side} {abs(gain_db):.1f} dB to compare"
    return Match(gain_db, text.replace("-", "\N{MINUS SIGN}"))
