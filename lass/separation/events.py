"""When a sound is heard: from a score over time to a table of events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Event", "Search", "Track", "find_events"]

_RELEASE = 0.6  # an event goes on down to this share of the threshold
_QUIETEST_DB = 40.0  # below the sound's own peak by this, nothing is heard of it any more


@dataclass(frozen=True)
class Track:
    """How sure the model is that a sound is heard, frame by frame.

    Args:
        scores: likelihood 0…1 of each frame ``(frames,)``.
        level_db: level of the separated sound in each frame, dB full scale ``(frames,)``.
        frame_s: seconds from one frame to the next.
        first_s: where the middle of the first frame is.
        duration_s: length of the recording.
    """

    scores: NDArray[np.float32]
    level_db: NDArray[np.float32]
    frame_s: float
    first_s: float
    duration_s: float

    def time_s(self, frame: float) -> float:
        """Where the middle of a frame is, in seconds."""
        return self.first_s + frame * self.frame_s


@dataclass(frozen=True)
class Search:
    """Where sounds are heard in a recording.

    Args:
        tracks: query → its score over time.
        scores: query → how sure the model is that the sound occurs at all, 0…1.
    """

    tracks: dict[str, Track]
    scores: dict[str, float]


@dataclass(frozen=True)
class Event:
    """A stretch in which a sound is heard.

    Args:
        start_s: where it begins, in seconds.
        end_s: where it ends.
        score: its mean score, 0…1.
        level_db: level of the separated sound in it, dB full scale.
    """

    start_s: float
    end_s: float
    score: float
    level_db: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


def find_events(
    track: Track, *, threshold: float = 0.5, shortest_s: float = 0.1, gap_s: float = 0.3
) -> list[Event]:
    """Gather the frames of a track into events.

    An event begins where the score reaches the threshold and goes on while it stays above a lower
    one, so that a score that trembles at the threshold does not make many events of one (the
    double threshold of Canny, 1986, as used in sound event detection). Frames in which the
    separated sound is far below its own loudest frame do not count.

    Args:
        track: scores over time.
        threshold: score at which an event begins, 0…1.
        shortest_s: shorter events are dropped, in seconds.
        gap_s: events closer than this become one, in seconds.

    Returns:
        Events in order, none of them overlapping.

    Example:
        >>> scores = np.array([0, 0, 0.9, 0.4, 0.9, 0, 0], np.float32)
        >>> track = Track(scores, np.full(7, -20, np.float32), 0.1, 0.0, 0.7)
        >>> [(round(e.start_s, 2), round(e.end_s, 2)) for e in find_events(track)]
        [(0.15, 0.45)]
    """
    scores = np.asarray(track.scores)
    if not scores.size:
        return []
    audible = track.level_db > float(np.max(track.level_db)) - _QUIETEST_DB
    on = audible & (scores >= threshold)
    held = audible & (scores >= threshold * _RELEASE)
    runs = [(a, b) for a, b in _runs(held) if on[a:b].any()]
    joined: list[tuple[int, int]] = []
    for start, stop in runs:
        if joined and (start - joined[-1][1]) * track.frame_s < gap_s:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return [
        _event(track, start, stop)
        for start, stop in joined
        if (stop - start) * track.frame_s >= shortest_s
    ]


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and stop of each stretch that is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _event(track: Track, start: int, stop: int) -> Event:
    half_s = track.frame_s / 2
    inside = slice(start, stop)
    power = float(np.mean(np.power(10.0, track.level_db[inside].astype(np.float64) / 10.0)))
    return Event(
        max(0.0, track.time_s(start) - half_s),
        min(track.duration_s, track.time_s(stop - 1) + half_s),
        float(np.mean(track.scores[inside])),
        float(10.0 * np.log10(max(power, 1e-20))),
    )
