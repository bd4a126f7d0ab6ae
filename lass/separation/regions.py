"""Stretches of time with soft borders.

A weight is 0 outside of the stretches and 1 inside. Borders are soft inside a stretch, so that
outside of it the weight is exactly 0. Where a stretch begins or ends with the recording there is no
border.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.separation.events import Event

__all__ = ["BORDER_S", "Region", "region_around"]

BORDER_S = 0.01
"""Length of the soft border of a stretch, inside it."""

_MARGIN_S = 0.05  # what is heard of an event before and after it


@dataclass(frozen=True)
class Region:
    """Stretches of a recording, as a weight over its samples.

    Args:
        stretches: start and stop in samples, in order, not overlapping.
        length: samples of the recording.
        border: length of a soft border in samples.

    Example:
        >>> Region(((2, 8),), length=10, border=2)(0, 10).round(2).tolist()
        [0.0, 0.0, 0.15, 0.85, 1.0, 1.0, 0.85, 0.15, 0.0, 0.0]
    """

    stretches: Sequence[tuple[int, int]]
    length: int
    border: int

    def __call__(self, start: int, stop: int) -> NDArray[np.float64]:
        """Weight of the samples from ``start`` to ``stop``."""
        weight = np.zeros(stop - start)
        for begin, end in self.stretches:
            first, last = max(begin, start), min(end, stop)
            if first < last:
                inside = slice(first - start, last - start)
                weight[inside] = self._soft(np.arange(first, last), begin, end)
        return weight

    def _soft(self, at: NDArray[np.int64], begin: int, end: int) -> NDArray[np.float64]:
        """One stretch: raised cosines of the border's length at both ends."""
        border = min(self.border, (end - begin) // 2)
        distance = np.full(len(at), np.inf)
        if begin > 0:
            distance = np.minimum(distance, at - begin + 0.5)
        if end < self.length:
            distance = np.minimum(distance, end - at - 0.5)
        rise = np.clip(distance / max(border, 1), 0.0, 1.0)
        return np.asarray(0.5 - 0.5 * np.cos(np.pi * rise), np.float64)

    def within(self, other: Region | None) -> Region:
        """Only what lies in the other region, too."""
        if other is None:
            return self
        common = [
            (max(a, c), min(b, d))
            for a, b in self.stretches
            for c, d in other.stretches
            if max(a, c) < min(b, d)
        ]
        return Region(tuple(common), self.length, self.border)


def region_around(events: Sequence[Event], *, sample_rate: int, length: int) -> Region:
    """The samples in which events are heard, with a little before and after each.

    Args:
        events: in order, not overlapping.
        sample_rate: samples per second.
        length: samples of the recording.

    Returns:
        Their region; events that touch through what is added become one stretch.

    Example:
        >>> from lass.separation import Event
        >>> region_around([Event(1.0, 2.0, 0.9, -20.0)], sample_rate=100, length=400).stretches
        ((95, 205),)
    """
    stretches: list[tuple[int, int]] = []
    for event in events:
        start = max(0, round((event.start_s - _MARGIN_S) * sample_rate))
        stop = min(length, round((event.end_s + _MARGIN_S) * sample_rate))
        if stretches and start <= stretches[-1][1]:
            start = stretches.pop()[0]
        if start < stop:
            stretches.append((start, stop))
    return Region(tuple(stretches), length, round(BORDER_S * sample_rate))
