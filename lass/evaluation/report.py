"""One HTML page from saved results: nothing to install, nothing to load, opens in any browser."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from html import escape
from itertools import combinations
from pathlib import Path
from typing import Any

from lass.errors import DataError
from lass.evaluation._page import DEFINITIONS, cell, data_uri, document, table
from lass.evaluation.bounds import BOUNDS
from lass.evaluation.charts import Bar, bars, histogram, reach
from lass.evaluation.examples import Example
from lass.evaluation.published import IN_DOMAIN, published_beside
from lass.evaluation.results import METRICS, Report, compare, main_metric, paired_differences
from lass.evaluation.statistics import auroc, verdict

__all__ = ["html_report", "write_report", "write_text"]

_LEAD = (
    "Means over rows with 95 % bootstrap intervals (2000 resamples of the rows; rows that share "
    "clips make them a little too narrow). The bounds are measured on the same mixtures: what "
    "doing nothing and what knowing the answer scores. Half of a 0 dB mixture gains 3.01 dB of "
    "SDRi with an SI-SDR of 0.00 dB: so SI-SDR always stands beside SDR."
)
_BOUND_NAMES = {
    "mixture": "the mixture itself",
    "half": "half the mixture",
    "ratio_mask": "oracle ratio mask",
    "binary_mask": "oracle binary mask",
    "real_mask": "best real mask",
}


def write_report(
    results: Iterable[str | Path],
    path: str | Path,
    *,
    title: str = "Evaluation of lass",
    examples: Sequence[Example] = (),
    calibration: dict[str, Any] | None = None,
) -> Path:
    """Write one page from saved results.

    Args:
        results: JSON files written by `Report.save`.
        path: Where the page goes.
        title: Its heading.
        examples: Rows to be shown, from `lass.evaluation.worst_examples`.
        calibration: What `lass.evaluation.calibrate` gave.

    Returns:
        The path.

    Raises:
        DataError: When there are no results or one cannot be read.
    """
    reports = [Report.load(p) for p in results]
    page = html_report(reports, title=title, examples=examples, calibration=calibration)
    return write_text(path, page)


def write_text(path: str | Path, text: str) -> Path:
    """Write a file whole or not at all.

    Args:
        path: The file; its folder is made if need be.
        text: What goes into it.

    Returns:
        The path.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def html_report(
    reports: Sequence[Report],
    *,
    title: str = "Evaluation of lass",
    examples: Sequence[Example] = (),
    calibration: dict[str, Any] | None = None,
) -> str:
    """Make the page.

    Args:
        reports: The results, in the order they should appear; several systems may share a list
            and are then compared row by row.
        title: Its heading.
        examples: Rows to be shown under the list they belong to.
        calibration: What `lass.evaluation.calibrate` gave.

    Returns:
        A self-contained HTML document.

    Raises:
        DataError: When there are no reports.

    Example:
        >>> page = html_report([Report("x", {"name": "p"}, [{"row": 0, "label": "a", "sdr": 1.0}])])
        >>> page.startswith("<!doctype html>"), "http" in page.split("</style>")[1]
        (True, False)
    """
    if not reports:
        raise DataError("There are no results to report; give one JSON file or more.")
    names = list(dict.fromkeys(_name(r) for r in reports))
    links = "".join(f'<a href="#{escape(n)}">{escape(n)}</a>' for n in names)
    body = [f"<h1>{escape(title)}</h1><p>{_LEAD}</p>", _overview(reports), f"<nav>{links}</nav>"]
    for name in names:
        mine = [r for r in reports if _name(r) == name]
        body.append(_section(name, mine, [e for e in examples if e.protocol == name], reports))
    if calibration:
        body.append(_calibration(calibration))
    body.append(_definitions())
    return document(title, "".join(body))


def _name(report: Report) -> str:
    """Name of a report's list."""
    return str(report.protocol.get("name", "?"))


def _system(report: Report) -> str:
    """Name of what was measured, for HTML."""
    return escape(report.system or "unnamed")


def _overview(reports: Sequence[Report]) -> str:
    """One line per result: how far it is between doing nothing and knowing the answer."""
    columns = ("sdr_improvement", "si_sdr", "leakage")
    lines = []
    for report in reports:
        cells = "".join(cell(report.summary.get(c)) for c in columns)
        ideal = report.bounds.get("ratio_mask", {}).get("sdr_improvement")
        lines.append(
            f'<tr><td><a href="#{escape(_name(report))}">{escape(_name(report))}</a></td>'
            f'<td class="words">{_system(report)}</td><td>{len(report.rows)}</td>'
            f"{cells}{cell(ideal)}</tr>"
        )
    head = ["list", "system", "rows", "SDRi", "SI-SDR", "leakage", "oracle ratio mask SDRi"]
    return table(head, lines, words=("system",))


def _section(
    name: str, reports: list[Report], examples: list[Example], everything: Sequence[Report]
) -> str:
    """Everything about one protocol."""
    protocol = reports[0].protocol
    rate = protocol.get("sample_rate")
    parts = [
        f'<h2 id="{escape(name)}">{escape(name)}</h2>'
        f"<p>{escape(str(protocol.get('recipe', '')))}</p>"
        f"<p><small>{escape(str(protocol.get('sdr_definition', '')))}. "
        f"{f'{rate} Hz, list ' if rate else 'List '}SHA-256 "
        f"<code>{escape(str(protocol.get('sha256', '?')))}</code></small></p>",
        _main_table(reports),
        _main_bars(reports),
        _published(name, reports),
        *(_presence(r, everything) for r in reports),
        *(_comparison(a, b) for a, b in combinations(reports, 2)),
    ]
    for report in reports:
        parts.append(f"<h3>{_system(report)}: distribution and classes</h3>")
        first = report is everything[0]
        parts += [_failures(report), _distribution(report), _classes(report, unfolded=first)]
        parts.append(_extra(report))
    parts.append(_examples(examples))
    return "".join(parts)


def _columns(reports: Iterable[Report]) -> list[str]:
    """The metrics that any of the reports has."""
    known = {m for r in reports for m in r.summary}
    return [m for m in METRICS if m in known]


def _bounds_of(reports: Sequence[Report]) -> dict[str, Any]:
    """Bounds of the first report that has them; they do not depend on the system."""
    return next((r.bounds for r in reports if r.bounds), {})


def _main_table(reports: list[Report]) -> str:
    """Systems, then the bounds."""
    columns = _columns(reports)
    rows = []
    for report in reports:
        cells = "".join(cell(report.summary.get(c)) for c in columns)
        rows.append(
            f'<tr class="ours"><td>{_system(report)}</td><td>{len(report.rows)}</td>{cells}</tr>'
        )
    for bound, figures in _bounds_of(reports).items():
        cells = "".join(cell(figures.get(c)) for c in columns)
        count = next(iter(figures.values()))["n"]
        label = _BOUND_NAMES.get(bound, bound)
        rows.append(f'<tr class="bound"><td>bound: {label}</td><td>{count}</td>{cells}</tr>')
    return table(["system", "rows", *(DEFINITIONS[c][0] for c in columns)], rows)


def _main_bars(reports: list[Report]) -> str:
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
        Bar(_BOUND_NAMES.get(k, k), v[metric], "bound")
        for k, v in _bounds_of(reports).items()
        if metric in v
    ]
    label = f"{DEFINITIONS[metric][0]} in dB"
    return f'{bars(drawn, label=label)}<p class="note">{label}; lines are 95 % intervals.</p>'


def _published(name: str, reports: list[Report]) -> str:
    """Published results beside ours."""
    known = published_beside(name)
    if not known:
        return ""
    rows = []
    for report in reports:
        found = [report.summary.get(m) for m in ("sdr_improvement", "si_sdr")]
        cells = "".join(f"<td>{f['mean']:.2f}</td>" if f else "<td>-</td>" for f in found)
        rows.append(
            f'<tr class="ours"><td>{_system(report)}</td>{cells}'
            '<td class="words">measured here</td><td class="words">see the model card</td>'
            '<td class="words">–</td></tr>'  # noqa: RUF001
        )
    for p in known:
        same = "yes" if p.same_protocol else f"no: {p.difference}"
        rows.append(
            f"<tr><td>{escape(p.system)}</td><td>{p.sdr_improvement:.2f}</td>"
            f'<td>{p.si_sdr:.2f}</td><td class="words">{escape(p.source)}</td>'
            f'<td class="words">{escape(p.training)}</td><td class="words">{escape(same)}</td></tr>'
        )
    words = ("source", "training", "same protocol?")
    note = f'<p class="callout">{IN_DOMAIN}</p>' if name.startswith("esc50") else ""
    return (
        "<h3>Published numbers beside it</h3>"
        + note
        + table(["system", "SDRi", "SI-SDR", *words], rows, words=words)
    )


def _presence(report: Report, everything: Sequence[Report]) -> str:
    """How well the presence score tells absent queries from present ones."""
    if _name(report) != "absent-query":
        return ""
    present = next(
        (r for r in everything if _name(r) == "esc50-fold5" and r.system == report.system), None
    )
    scores = [[row["score"] for row in r.rows if "score" in row] for r in (present, report) if r]
    if len(scores) < 2 or not all(scores):
        return f"<p>{_system(report)} gives no presence scores, or esc50-fold5 is not here.</p>"
    return (
        f"<p>Presence score of {_system(report)}, these rows against those of esc50-fold5: AUROC "
        f"<b>{auroc(scores[0], scores[1]):.3f}</b> (1 is perfect, 0.5 guessing).</p>"
    )


def _comparison(first: Report, second: Report) -> str:
    """Paired differences of two systems on one list."""
    if first.protocol.get("sha256") != second.protocol.get("sha256"):
        return '<p class="callout bad">The lists differ (SHA-256): no paired comparison.</p>'
    rows = []
    for metric in _columns([first, second]):
        found = paired_differences(first, second, metric=metric)
        if not found:
            continue
        interval = compare(first, second, metric=metric)
        better = 100.0 * sum(d > 0 for d in found) / len(found)
        words = escape(
            verdict(interval, first=first.system or "first", second=second.system or "second")
            if metric != "leakage"
            else "for leakage, less is better where nothing is to be found"
        )
        rows.append(
            f"<tr><td>{DEFINITIONS[metric][0]}</td>{cell(interval)}<td>{len(found)}</td>"
            f'<td>{better:.0f} %</td><td class="words">{words}</td></tr>'
        )
    if not rows:
        return ""
    metric = main_metric(first) or "sdr"
    shown = histogram(
        paired_differences(first, second, metric=metric),
        label=f"difference in {DEFINITIONS[metric][0]}, dB",
        marks=[("no difference", 0.0, "bound")],
    )
    head = ["figure", "difference", "rows", "rows higher", "in words"]
    return (
        f"<h3>{_system(second)} less {_system(first)}, row by row</h3>"
        f"{table(head, rows, words=('in words',))}{shown}"
    )


def _failures(report: Report) -> str:
    """Rows that are not in the means."""
    if not report.failures:
        return ""
    lines = "".join(
        f"<li>{escape(str(f['row']))}: {escape(str(f['error']))}</li>" for f in report.failures[:20]
    )
    return (
        f'<div class="callout bad"><b>{len(report.failures)} row(s) of {_system(report)} failed</b>'
        f" and are not in the means.<ul>{lines}</ul></div>"
    )


def _distribution(report: Report) -> str:
    """Histogram of the main figure with mean and bounds."""
    metric = main_metric(report)
    if metric is None:
        return ""
    values = [row[metric] for row in report.rows if metric in row]
    marks = [("mean", report.summary[metric]["mean"], "other")]
    for bound in ("half", "ratio_mask"):
        found = report.bounds.get(bound, {}).get(metric)
        if found:
            marks.append((_BOUND_NAMES[bound], found["mean"], "bound"))
    worse = sum(v < 0 for v in values)
    label = DEFINITIONS[metric][0]
    note = (
        f"<p>{worse} of {len(values)} rows ({100 * worse / len(values):.0f} %) come out worse than "
        "the mixture.</p>"
        if metric == "sdr_improvement"
        else ""
    )
    return histogram(values, label=f"{label} in dB", marks=marks) + note


def _classes(report: Report, *, unfolded: bool) -> str:
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
    label = DEFINITIONS[metric][0]
    columns = _columns([report])
    rows = [
        f"<tr><td>{escape(k)}</td><td>{known[k][metric]['n']}</td>"
        + "".join(cell(known[k].get(c)) for c in columns)
        + "</tr>"
        for k in known
    ]
    whole = table(["class", "rows", *(DEFINITIONS[c][0] for c in columns)], rows)
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


def _extra(report: Report) -> str:
    """Model hash, machine, commit: whatever was kept."""
    if not report.extra:
        return ""
    items = "; ".join(f"{k}: {v}" for k, v in sorted(report.extra.items()))
    return f'<p class="note">{_system(report)}: {escape(items)}</p>'


def _examples(examples: Sequence[Example]) -> str:
    """The worst rows with pictures, and players where the sound was kept."""
    if not examples:
        return ""
    cards = []
    for example in examples:
        row = example.row
        figures = ", ".join(
            f"{DEFINITIONS[m][0]} {row[m]:.2f} dB" for m in METRICS if m in row and m != "sdr"
        )
        ideal = row.get("bounds", {}).get("ratio_mask", {}).get("sdr_improvement")
        if ideal is not None:
            figures += f"; oracle ratio mask SDRi {ideal:.2f} dB"
        parts = []
        for name, picture in example.pictures.items():
            sound = example.sounds.get(name)
            player = (
                f'<audio controls preload="none" src="{data_uri(sound, "audio/flac")}"></audio>'
                if sound
                else ""
            )
            parts.append(
                f'<figure><img src="{data_uri(picture, "image/png")}" '
                f'alt="spectrogram of the {name}">{player}<figcaption>{name}</figcaption></figure>'
            )
        cards.append(
            f'<div class="example"><p><b>“{escape(str(row["query"]))}”</b> against '
            f"{escape(example.against) or 'nothing'} <small>row {escape(str(row['row']))}, "
            f'{escape(example.system)}: {figures}</small></p><div class="three">'
            f"{''.join(parts)}</div></div>"
        )
    return (
        f'<h3>The {len(examples)} worst rows</h3><p class="note">Time across, frequency up (mel), '
        "70 dB from the mixture's loudest point down; the three pictures of a row share one "
        f"scale.</p>{''.join(cards)}"
    )


def _calibration(found: dict[str, Any]) -> str:
    """What wrong recipes would give."""
    rows = [
        f"<tr><td>{escape(r['name'])}</td><td>{r['sdr_improvement']:.2f}</td>"
        f"<td>{r['shift']:+.2f}</td><td>{r['si_sdr']:.2f}</td>"
        f'<td class="words">{escape(r["meaning"])}</td></tr>'
        for r in found["recipes"]
    ]
    words = ("what is wrong with it",)
    head = ["recipe", "“SDRi”", "shift", "“SI-SDR”", *words]
    return (
        f'<h2 id="calibration">What a wrong recipe would give</h2><p>{escape(found["lead"])}</p>'
        + table(head, rows, words=words)
        + f'<p class="note">{escape(found["note"])}</p>'
    )


def _definitions() -> str:
    """What every figure and bound is."""
    figures = "".join(
        f"<li><b>{name}</b> (dB): {meaning}.</li>" for name, meaning in DEFINITIONS.values()
    )
    bounds = "".join(f"<li><b>{_BOUND_NAMES[k]}</b>: {escape(v)}.</li>" for k, v in BOUNDS.items())
    return (
        f'<h2 id="definitions">Definitions</h2><ul>{figures}</ul><h3>Bounds</h3><ul>{bounds}</ul>'
    )
