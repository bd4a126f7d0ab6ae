"""The picture of `lass find`: the recording, the score over time and the events, as one SVG."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.separation import Event, Track

__all__ = ["timeline"]

_COLUMNS = 760
_LEFT, _RIGHT, _WIDTH = 72, 16, 848
_SPECTRUM, _SCORE = (56, 150), (226, 90)  # top and height of each panel
_HEIGHT = 360
_WINDOW = 2048
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)


def timeline(
    path: Path, query: str, track: Track, events: Sequence[Event], *, threshold: float
) -> str:
    """Draw what was heard when.

    Args:
        path: the recording; only short stretches of it are read, so it may be long.
        query: what was looked for.
        track: score over time.
        events: what was found.
        threshold: drawn as a line.

    Returns:
        A self-contained SVG.
    """
    duration_s = max(track.duration_s, 1e-3)
    top_s, height_s = _SPECTRUM
    top, height = _SCORE
    count = f"{len(events)} event" + ("" if len(events) == 1 else "s")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#333">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{_LEFT}" y="26" font-size="16" font-weight="600">“{escape(query)}” in '
        f"{escape(path.name)}</text>",
        f'<text x="{_LEFT}" y="44" fill="#666">{count}</text>',
        *_spectrum(path, top_s, height_s),
    ]
    for event in events:
        x, end = _x(event.start_s, duration_s), _x(event.end_s, duration_s)
        width = max(1.5, end - x)
        parts.append(
            f'<rect x="{x:.1f}" y="{top_s}" width="{width:.1f}" height="{height_s}" fill="none" '
            f'stroke="#3ddba7" stroke-width="1.5"/><rect x="{x:.1f}" y="{top}" '
            f'width="{width:.1f}" height="{height}" fill="#0a7d5a" fill-opacity="0.22">'
            f"<title>{event.start_s:.2f} to {event.end_s:.2f} s, score {event.score:.2f}"
            "</title></rect>"
        )
    line = top + height * (1.0 - threshold)
    parts += [
        f'<rect x="{_LEFT}" y="{top}" width="{_across()}" height="{height}" fill="none" '
        'stroke="#bbb"/>',
        f'<polyline fill="none" stroke="#0b4f6c" stroke-width="1.5" '
        f'points="{_points(track, duration_s)}"/>',
        f'<line x1="{_LEFT}" x2="{_LEFT + _across()}" y1="{line}" y2="{line}" stroke="#b3412e" '
        'stroke-dasharray="4 3"/>',
        f'<text x="{_LEFT - 6}" y="{line + 4}" text-anchor="end" fill="#b3412e">'
        f"{threshold:g}</text>",
        f'<text x="{_LEFT - 6}" y="{top + 10}" text-anchor="end">1</text>',
        f'<text x="{_LEFT - 6}" y="{top + height}" text-anchor="end">0</text>',
        f'<text transform="rotate(-90)" x="{-(top + height / 2)}" y="16" text-anchor="middle">'
        "score</text>",
        *_axis(duration_s, top + height),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _across() -> int:
    return _WIDTH - _LEFT - _RIGHT


def _x(time_s: float, duration_s: float) -> float:
    return _LEFT + _across() * min(1.0, time_s / duration_s)


def _points(track: Track, duration_s: float) -> str:
    """The score's line, at most two points a pixel: the least and the largest of its frames."""
    frames = len(track.scores)
    edges = np.unique(np.linspace(0, frames, min(frames, _across()) + 1).astype(int))
    points = []
    for start, stop in pairwise(edges):
        x = _x(track.time_s((start + stop - 1) / 2), duration_s)
        values = track.scores[start:stop]
        for value in dict.fromkeys((float(values.min()), float(values.max()))):
            points.append(f"{x:.1f},{_SCORE[0] + _SCORE[1] * (1.0 - value):.1f}")
    return " ".join(points)


def _spectrum(path: Path, top: int, height: int) -> list[str]:
    """The recording's spectrogram, embedded."""
    from lass.audio import info
    from lass.evaluation.pictures import draw_power

    rate = info(path).sample_rate
    columns = _overview(path)
    picture = draw_power(columns, sample_rate=rate, reference_power=float(columns.max()))
    data = base64.b64encode(picture).decode()
    return [
        f'<image x="{_LEFT}" y="{top}" width="{_across()}" height="{height}" '
        f'preserveAspectRatio="none" href="data:image/png;base64,{data}"/>',
        f'<text x="{_LEFT - 6}" y="{top + 10}" text-anchor="end">{rate / 2000:g} kHz</text>',
        f'<text x="{_LEFT - 6}" y="{top + height}" text-anchor="end">0</text>',
    ]


def _overview(path: Path) -> NDArray[np.float64]:
    """Spectra of short stretches at even distances, so that a long file is not read whole."""
    from lass.audio import info, read

    samples = info(path).samples
    window = np.hanning(_WINDOW)
    spectra = np.zeros((_COLUMNS, _WINDOW // 2 + 1))
    for column in range(_COLUMNS):
        middle = round((column + 0.5) / _COLUMNS * samples)
        start = min(max(0, middle - _WINDOW // 2), max(0, samples - _WINDOW))
        audio, _ = read(path, start=start, stop=min(samples, start + _WINDOW))
        mono = audio.mean(axis=0, dtype=np.float64)
        mono = np.pad(mono, (0, _WINDOW - mono.size))
        spectra[column] = np.abs(np.fft.rfft(mono * window)) ** 2
    return spectra


def _axis(duration_s: float, y: int) -> list[str]:
    """Ticks in round numbers of seconds, minutes or hours."""
    step = next((s for s in _STEPS_S if duration_s / s <= 10), _STEPS_S[-1])
    marks = []
    for number in range(int(duration_s / step) + 1):
        time_s = number * step
        x = _x(time_s, duration_s)
        marks.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{y + 5}" stroke="#666"/>'
            f'<text x="{x:.1f}" y="{y + 18}" text-anchor="middle">{_label(time_s, step)}</text>'
        )
    return marks


def _label(time_s: float, step_s: float) -> str:
    if step_s < 10:
        return f"{time_s:g} s"
    minutes, seconds = divmod(round(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
