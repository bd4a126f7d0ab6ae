"""Figures of one list as HTML: the table with the bounds, bars, the distribution, the classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from lass.evaluation._page import cell, table
from lass.evaluation.charts import Bar, bars, histogram, reach
from lass.evaluation.figures import FIGURES, METRICS
from lass.evaluation.results import Report, main_metric

if TYPE_CHECKING:
    from lass.evaluation.statistics import Interval

__all__ = [
    "BOUND_NAMES",
    "class_bars",
    "columns_of",
    "distribution",
    "main_bars",
    "main_table",
    "name_of",
    "overview",
    "system_of",
]

BOUND_NAMES = {
    "mixture": "the mixture itself",
    "half": "half the mixture",
    "ratio_mask": "oracle ratio mask",
    "binary_mask": "oracle binary mask",
    "real_mask": "best real mask",
}


def name_of(report: Report) -> str:
    """Name of a report's list."""
    return str(report.protocol.get("name", "?"))


def system_of(report: Report) -> str:
    """Name of what was measured, for HTML."""
    return escape(report.system or "unnamed")


def overview(reports: Sequence[Report]) -> str:
    """One line per result: how far it is between doing nothing and knowing the answer."""
    columns = ["sdr_improvement", "si_sdr", "leakage"]
    known = columns_of(reports)
    columns += [c for c in ("clap_score", "audio_similarity") if c in known]
    lines = []
    for report in reports:
        cells = "".join(_cell(report.summary, c) for c in columns)
        ideal = report.bounds.get("ratio_mask", {}).get("sdr_improvement")
        lines.append(
            f'<tr><td><a href="#{escape(name_of(report))}">{escape(name_of(report))}</a></td>'
            f'<td class="words short">{system_of(report)}</td><td>{len(report.rows)}</td>'
            f"{cells}{cell(ideal)}</tr>"
        )
    named = (FIGURES[c].name for c in columns)
    head = ["list", "system", "rows", *named, "oracle ratio mask SDRi"]
    return table(head, lines, words=("system",))


def _cell(figures: Mapping[str, Interval], metric: str) -> str:
    """A cell with as many decimals as the figure deserves."""
    return cell(figures.get(metric), decimals=FIGURES[metric].decimals)


def columns_of(reports: Iterable[Report]) -> list[str]:
    """The metrics that any of the reports has."""
    known = {m for report in reports for row in report.rows for m in row}
    return [m for m in METRICS if m in known]


def _bounds_of(reports: Sequence[Report]) -> dict[str, Any]:
    """Bounds of the first report that has them; they do not depend on the system."""
    return next((r.bounds for r in reports if r.bounds), {})


def main_table(reports: list[Report]) -> str:
    """Systems, then the bounds."""
    columns = columns_of(reports)
    rows = []
    for report in reports:
        cells = "".join(_cell(report.summary, c) for c in columns)
        rows.append(
            f'<tr class="ours"><td>{system_of(report)}</td><td>{len(report.rows)}</td>{cells}</tr>'
        )
    for bound, figures in _bounds_of(reports).items():
        cells = "".join(_cell(figures, c) for c in columns)
        count = next(iter(figures.values()))["n"]
        label = BOUND_NAMES.get(bound, bound)
        rows.append(f'<tr class="bound"><td>bound: {label}</td><td>{count}</td>{cells}</tr>')
    return table(["system", "rows", *(FIGURES[c].name for c in columns)], rows)


def main_bars(reports: list[Report]) -> str:
    """Bars of the main figure, systems and bounds."""
    metric = main_metric(reports[0])
    if metric is None:
        return ""
    drawn = [
        Bar(r.system or "unnamed", r.summary[metric], "ours")
        for r in reports
        if metric in r.summary
    ]
    drawn += [
        Bar(BOUND_NAMES.get(k, k), v[metric], "bound")
        for k, v in _bounds_of(reports).items()
        if metric in v
    ]
    label = f"{FIGURES[metric].name} in dB"
    return f'{bars(drawn, label=label)}<p class="note">{label}; lines are 95 % intervals.</p>'


def distribution(report: Report) -> str:
    """Histogram of the main figure with mean and bounds."""
    metric = main_metric(report)
    if metric is None:
        return ""
    values = [row[metric] for row in report.rows if metric in row]
    marks = [("mean", report.summary[metric]["mean"], "other")]
    for bound in ("half", "ratio_mask"):
        found = report.bounds.get(bound, {}).get(metric)
        if found:
            marks.append((BOUND_NAMES[bound], found["mean"], "bound"))
    worse = sum(v < 0 for v in values)
    label = FIGURES[metric].name
    note = (
        f"<p>{worse} of {len(values)} rows ({100 * worse / len(values):.0f} %) come out worse than "
        "the mixture.</p>"
        if metric == "sdr_improvement"
        else ""
    )
    return histogram(values, label=f"{label} in dB", marks=marks) + note


def class_bars(report: Report, *, unfolded: bool) -> str:
    """Bars per class, best first, and the whole table folded away."""
    metric = main_metric(report)
    if metric is None:
        return ""
    known = {k: v for k, v in report.per_class.items() if metric in v}
    if len(known) < 2:
        return ""
    ranked = sorted(known, key=lambda k: known[k][metric]["mean"], reverse=metric != "leakage")
    half = -(-len(ranked) // 2)
    drawn = [[Bar(k, known[k][metric], "ours") for k in p] for p in (ranked[:half], ranked[half:])]
    label = FIGURES[metric].name
    columns = columns_of([report])
    rows = [
        f"<tr><td>{escape(k)}</td><td>{known[k][metric]['n']}</td>"
        + "".join(_cell(known[k], c) for c in columns)
        + "</tr>"
        for k in known
    ]
    whole = table(["class", "rows", *(FIGURES[c].name for c in columns)], rows)
    limits = reach([bar for part in drawn for bar in part])
    pictures = "".join(
        bars(part, label=f"{label} per class in dB", limits=limits) for part in drawn
    )
    return (
        f"<details{' open' if unfolded else ''}>"
        f"<summary>{label} of the {len(ranked)} classes as bars</summary>"
        f'<div class="classes">{pictures}</div></details>'
        f"<details><summary>All figures per class</summary>{whole}</details>"
    )
