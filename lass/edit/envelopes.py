"""When an edit holds: stretches of time as somebody gives them, and fades.

A weight is 0 where nothing is edited and 1 where all of it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lass.errors import EditError
from lass.separation.regions import BORDER_S, Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.edit.operations import Span

__all__ = ["Fading", "Weight", "region_of", "seconds_of"]

_ROUNDING_S = 0.05  # a file "10 s" long may be a little shorter

Weight = Callable[[int, int], "NDArray[np.float64]"]
"""From the first sample and the one after the last to values ``(samples,)``."""


@dataclass(frozen=True)
class Fading:
    """A fade: raised cosine between two samples, what lies before or after it included.

    A sound that has faded out stays away, and one that fades in was not there before.

    Args:
        start: first sample of the fade.
        stop: sample after its last.
        out: whether the sound goes; it comes otherwise.

    Example:
        >>> Fading(1, 3, out=True)(0, 4).round(2).tolist()
        [1.0, 0.85, 0.15, 0.0]
    """

    start: int
    stop: int
    out: bool

    def __call__(self, start: int, stop: int) -> NDArray[np.float64]:
        """Gain of the samples from ``start`` to ``stop``."""
        place = (np.arange(start, stop) - self.start + 0.5) / max(self.stop - self.start, 1)
        come = 0.5 - 0.5 * np.cos(np.pi * np.clip(place, 0.0, 1.0))
        return np.asarray(1.0 - come if self.out else come, np.float64)


def seconds_of(span: Span, duration_s: float) -> tuple[float, float]:
    """Start and end of a span from the beginning of a recording.

    Args:
        span: as a person gives it; negative seconds count from the end.
        duration_s: length of the recording.

    Returns:
        Start and end in seconds.

    Raises:
        EditError: the span is empty, backwards or beyond the recording.

    Example:
        >>> from lass.edit.operations import Span
        >>> seconds_of(Span(-2), 10.0)
        (8.0, 10.0)
    """
    asked = [span.start_s, duration_s if span.end_s is None else span.end_s]
    if not all(math.isfinite(second) for second in asked):
        raise EditError(f"the time {asked[0]} to {asked[1]} s is not finite: give seconds")
    start_s, end_s = (duration_s + s if s < 0 else s for s in asked)
    if start_s < -_ROUNDING_S or start_s >= duration_s or end_s > duration_s + _ROUNDING_S:
        raise EditError(
            f"the time {_told(span)} is not in the recording, which is {duration_s:.2f} s long: "
            f"give a time from 0 to {duration_s:.2f} s"
        )
    if end_s <= start_s:
        raise EditError(
            f"the time {_told(span)} is empty or backwards: give a start before its end"
        )
    return max(start_s, 0.0), min(end_s, duration_s)


def region_of(span: Span, *, sample_rate: int, length: int) -> Region:
    """The samples that a span means.

    Args:
        span: as a person gives it.
        sample_rate: samples per second.
        length: samples of the recording.

    Returns:
        Its region.

    Raises:
        EditError: as for :func:`seconds_of`.
    """
    start_s, end_s = seconds_of(span, length / sample_rate)
    start, stop = round(start_s * sample_rate), min(round(end_s * sample_rate), length)
    stretches = [(start, stop)]
    if span.outside:
        stretches = [(0, start), (stop, length)]
    kept = tuple((a, b) for a, b in stretches if a < b)
    return Region(kept, length, round(BORDER_S * sample_rate))


def _told(span: Span) -> str:
    end = "the end" if span.end_s is None else f"{span.end_s:g} s"
    return f"from {span.start_s:g} s to {end}"
