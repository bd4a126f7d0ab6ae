"""The picture of `lass fx`: the tone curve and the decay of the reverb, as one SVG."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from lass.fx import Chain

__all__ = ["picture"]

_WIDTH, _HEIGHT = 848, 300
_TOP, _TALL = 60, 190
_TONE, _ROOM, _ACROSS = 64, 496, 336  # left edges of the two panels and their width
_LOW_HZ, _HIGH_HZ = 20.0, 20000.0
_FLOOR_DB = -60.0


def picture(chain: Chain, *, title: str) -> str:
    """Draw what a chain does.

    Args:
        chain: The effects.
        title: What was asked for.

    Returns:
        A self-contained SVG.

    Example:
        >>> from lass.fx import Chain, Reverb
        >>> picture(Chain([Reverb(decay_s=2.0, mix=0.3)]), title="<church>").count("&lt;church&gt;")
        1
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#333">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{_TONE}" y="26" font-size="16" font-weight="600">{escape(title)}</text>',
        *_tone(chain),
        *_room(chain),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _panel(left: int, title: str) -> list[str]:
    return [
        f'<text x="{left}" y="{_TOP - 10}" fill="#666">{title}</text>',
        f'<rect x="{left}" y="{_TOP}" width="{_ACROSS}" height="{_TALL}" fill="none" '
        'stroke="#bbb"/>',
    ]


def _tone(chain: Chain) -> list[str]:
    """Curve of the equalisers over frequency."""
    frequencies = np.geomspace(_LOW_HZ, _HIGH_HZ, 200)
    curve = chain.response_db(frequencies, sample_rate=48000)
    reach = max(6.0, 6.0 * math.ceil(float(np.abs(curve).max()) / 6.0))
    reach = min(reach, 36.0)
    span = math.log(_HIGH_HZ / _LOW_HZ)
    parts = _panel(_TONE, "tone, dB over Hz")
    for level in (-reach, 0.0, reach):
        y = _TOP + _TALL * (0.5 - level / (2 * reach))
        parts.append(
            f'<line x1="{_TONE}" x2="{_TONE + _ACROSS}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{_TONE - 6}" y="{y + 4:.1f}" text-anchor="end">{level:+.0f}</text>'
        )
    for hz, name in ((100, "100"), (1000, "1k"), (10000, "10k")):
        x = _TONE + _ACROSS * math.log(hz / _LOW_HZ) / span
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_TOP + _TALL}" stroke="#ddd"/>'
            f'<text x="{x:.1f}" y="{_TOP + _TALL + 18}" text-anchor="middle">{name}</text>'
        )
    points = [
        f"{_TONE + _ACROSS * math.log(hz / _LOW_HZ) / span:.1f},"
        f"{_TOP + _TALL * (0.5 - min(max(level, -reach), reach) / (2 * reach)):.1f}"
        for hz, level in zip(frequencies, curve, strict=True)
    ]
    parts.append(_line(points))
    return parts


def _room(chain: Chain) -> list[str]:
    """Level of the reverb over time, against the direct sound."""
    room = chain.parameters.get("reverb")
    if room is None or room["mix"] <= 0.0:
        return [f'<text x="{_ROOM}" y="{_TOP - 10}" fill="#666">no reverb</text>']
    start_s, decay_s = room["pre_delay_ms"] / 1000.0, room["decay_s"]
    end_s = max(start_s + decay_s, 0.1)
    level_db = 20.0 * math.log10(room["mix"])

    def place(time_s: float, level: float) -> str:
        y = _TOP + _TALL * min(max(level / _FLOOR_DB, 0.0), 1.0)
        return f"{_ROOM + _ACROSS * min(time_s / end_s, 1.0):.1f},{y:.1f}"

    parts = _panel(_ROOM, f"reverb, dB over s: {decay_s:.2g} s to fall by 60 dB")
    for level in (0.0, -30.0, -60.0):
        y = _TOP + _TALL * level / _FLOOR_DB
        parts.append(f'<text x="{_ROOM - 6}" y="{y + 4:.1f}" text-anchor="end">{level:.0f}</text>')
    for time_s in (0.0, end_s / 2, end_s):
        x = _ROOM + _ACROSS * time_s / end_s
        parts.append(
            f'<text x="{x:.1f}" y="{_TOP + _TALL + 18}" text-anchor="middle">{time_s:.2g}</text>'
        )
    until_s = start_s + decay_s * (level_db - _FLOOR_DB) / -_FLOOR_DB
    parts.append(
        _line([place(start_s, _FLOOR_DB), place(start_s, level_db), place(until_s, _FLOOR_DB)])
    )
    return parts


def _line(points: list[str]) -> str:
    return f'<polyline fill="none" stroke="#0b4f6c" stroke-width="2" points="{" ".join(points)}"/>'
