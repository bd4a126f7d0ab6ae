"""Charts as inline SVG without a view box: they fill any width and their text keeps its size."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from lass.evaluation.statistics import Interval

__all__ = ["Bar", "bars", "histogram", "reach"]


class Bar(NamedTuple):
    """One bar.

    Attributes:
        name: Its label.
        found: Value and interval.
        kind: ``ours``, ``bound`` or ``other``: its colour.
    """

    name: str
    found: Interval
    kind: str


def bars(rows: Sequence[Bar], *, label: str, limits: tuple[float, float] | None = None) -> str:
    """Horizontal bars with intervals.

    Args:
        rows: The bars, from the top.
        label: What is drawn, for those who cannot see it.
        limits: Least and largest value of the scale, for charts that stand side by side; by
            default what the bars need.

    Returns:
        HTML.

    Example:
        >>> found = {"mean": 1.0, "low": 0.5, "high": 1.5, "n": 3}
        >>> "1.00" in bars([Bar("a", found, "ours")], label="SDRi in dB")
        True
    """
    if not rows:
        return ""
    low, high = limits or reach(rows)
    span = (high - low) or 1.0

    def across(value: float) -> float:
        return 1.0 + 98.0 * (value - low) / span

    lines = []
    for name, found, kind in rows:
        left, right = sorted((across(0.0), across(found["mean"])))
        lines.append(
            f'<span class="name">{escape(name)}</span><svg width="100%" height="20" '
            f'aria-hidden="true"><rect class="{kind}" x="{left:.2f}%" y="3" '
            f'width="{right - left:.2f}%" height="14" rx="2"/>'
            f'<line x1="{across(0.0):.2f}%" x2="{across(0.0):.2f}%" y1="0" y2="20" class="axis"/>'
            f'<line x1="{across(found["low"]):.2f}%" x2="{across(found["high"]):.2f}%" y1="10" '
            'y2="10" class="whisker"/></svg>'
            f'<span class="value">{found["mean"]:.2f}</span>'
        )
    return f'<div class="bars" role="img" aria-label="{escape(label)}">{"".join(lines)}</div>'


def reach(rows: Sequence[Bar]) -> tuple[float, float]:
    """Scale that shows zero and all bars with their intervals.

    Args:
        rows: The bars.

    Returns:
        Least and largest value.

    Example:
        >>> reach([Bar("a", {"mean": 1.0, "low": 0.5, "high": 1.5, "n": 3}, "ours")])
        (0.0, 1.5)
    """
    low = min(0.0, *(r.found["low"] for r in rows))
    return low, max(0.0, *(r.found["high"] for r in rows))


def histogram(
    values: Sequence[float], *, label: str, marks: Sequence[tuple[str, float, str]] = ()
) -> str:
    """Distribution of a figure over rows.

    Args:
        values: The figures, dB.
        label: What is drawn.
        marks: Vertical lines: name, value, kind as in `Bar`.

    Returns:
        HTML; empty when there are no values. The outermost 0.5 % are gathered in the outer bars.

    Example:
        >>> histogram([1.0, 2.0], label="SDRi in dB").count("<rect")
        2
    """
    data = np.asarray(values, dtype=np.float64)
    if not data.size:
        return ""
    inner = np.percentile(data, [0.5, 99.5])
    known = [float(inner[0]), float(inner[1]), *(value for _, value, _ in marks)]
    step = _nice((max(known) - min(known)) / 30.0)
    low, high = np.floor(min(known) / step) * step, np.ceil(max(known) / step + 1e-9) * step
    high = max(high, low + step)
    edges = np.arange(low, high + step / 2, step)
    # Values on the last edge belong to the last bar, those beyond to the outer ones.
    counts = np.bincount(
        np.clip(((data - low) / step).astype(int), 0, len(edges) - 2), minlength=len(edges) - 1
    )

    def across(value: float) -> float:
        return float(2.0 + 96.0 * (value - low) / (edges[-1] - low))

    width = 96.0 / (len(edges) - 1)
    floor = 18.0 * len(marks) + 116.0
    parts = []
    for at, count in enumerate(counts):
        if count:
            height = 106.0 * count / counts.max()
            parts.append(
                f'<rect class="ours" x="{2.0 + at * width:.2f}%" y="{floor - height:.1f}" '
                f'width="{0.9 * width:.2f}%" height="{height:.1f}"/>'
            )
    ticks = _ticks(low, float(edges[-1]))
    parts += [
        f'<line x1="{across(t):.2f}%" x2="{across(t):.2f}%" y1="{floor}" y2="{floor + 5}" '
        f'class="axis"/><text x="{across(t):.2f}%" y="{floor + 19}" text-anchor="middle">'
        f"{t:g}</text>"
        for t in ticks
    ]
    words = []
    for place, (name, value, kind) in enumerate(marks):
        y, right = 18.0 * place + 13.0, across(value) > 60.0
        parts.append(
            f'<line x1="{across(value):.2f}%" x2="{across(value):.2f}%" y1="{y - 9}" '
            f'y2="{floor}" class="mark {kind}"/>'
        )
        words.append(
            f'<text class="halo" x="{across(value):.2f}%" dx="{-5 if right else 5}" y="{y}" '
            f'text-anchor="{"end" if right else "start"}">{escape(name)} {value:.2f}</text>'
        )
    return (
        f'<figure><svg class="hist" width="100%" height="{floor + 24:.0f}" role="img" '
        f'aria-label="Distribution of {escape(label)}"><line x1="2%" x2="98%" y1="{floor}" '
        f'y2="{floor}" class="axis"/>{"".join(parts + words)}</svg>'
        f"<figcaption>{escape(label)}, rows per {step:g} dB; largest bar {counts.max()} of "
        f"{data.size}.</figcaption></figure>"
    )


def _nice(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    if step <= 0.0:
        return 0.1
    power = 10.0 ** np.floor(np.log10(step))
    return float(next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= step * 0.999))


def _ticks(low: float, high: float) -> list[float]:
    """Four to nine round values between two."""
    step = _nice((high - low) / 9.0)
    first = np.ceil(low / step - 1e-9)
    return [float(round(i * step, 10) + 0.0) for i in np.arange(first, high / step + 1e-9)]
