"""Which of the sounds that people often ask for seem to be in a recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lass.edit import Span
from lass.edit.parts import HEARD

if TYPE_CHECKING:
    from lass.edit import EditSession
    from lass.separation import Separator

__all__ = ["LABELS", "suggest"]

LABELS = (
    "man talking", "woman talking", "singing", "laughter", "footsteps", "dog barking",
    "bird singing", "rain", "wind", "traffic", "engine", "siren", "church bells", "door knock",
    "keyboard typing", "water", "piano", "violin", "acoustic guitar", "drums", "flute", "trumpet",
)  # fmt: skip
"""Common sounds."""

_LOOKED_AT_S = 10.0
_STEP_S = 1.0
_MOST = 6
_AT_ONCE = 2


def suggest(
    session: EditSession,
    separator: Separator,
    *,
    on_progress: Callable[[str, float], None] | None = None,
) -> list[tuple[str, float]]:
    """Listen for common sounds in the loudest ten seconds, both channels together.

    Args:
        session: the recording.
        separator: the model.
        on_progress: called with ``"listening"`` and the share that is done.

    Returns:
        Labels and scores, the surest first, at most six.
    """
    excerpt = _loudest(session).mean(axis=0, keepdims=True)
    found: dict[str, float] = {}
    for start in range(0, len(LABELS), _AT_ONCE):
        labels = LABELS[start : start + _AT_ONCE]
        found |= separator.find(excerpt, session.sample_rate, labels).scores
        if on_progress is not None:
            on_progress("listening", (start + len(labels)) / len(LABELS))
    heard = [(label, score) for label, score in found.items() if score >= HEARD]
    return sorted(heard, key=lambda one: -one[1])[:_MOST]


def _loudest(session: EditSession) -> np.ndarray:
    """The loudest ten seconds."""
    length_s = session.duration_s
    if length_s <= _LOOKED_AT_S:
        return session.render(original=True)
    starts = np.arange(0.0, length_s - _LOOKED_AT_S, _STEP_S * max(1.0, length_s / 120.0))
    energy = []
    for start_s in starts.tolist():
        piece = session.render(original=True, span=Span(start_s + 4.0, start_s + 6.0))
        energy.append(float(np.square(piece, dtype=np.float64).sum()))
    start_s = float(starts[int(np.argmax(energy))])
    return session.render(original=True, span=Span(start_s, start_s + _LOOKED_AT_S))
