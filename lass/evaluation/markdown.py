"""Results as Markdown: the table of the README and the whole of ``eval/REPORT.md``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lass.errors import DataError
from lass.evaluation._page import number
from lass.evaluation.bounds import BOUNDS
from lass.evaluation.figures import FIGURES, METRICS
from lass.evaluation.provenance import origins
from lass.evaluation.published import IN_DOMAIN, published_beside
from lass.evaluation.results import Report, presence_beside

if TYPE_CHECKING:
    from lass.evaluation.statistics import Interval

__all__ = ["MADE", "markdown_report", "put_between_markers", "results_table"]

MADE = "Made from stored results by `lass eval report`; do not edit."
"""By this sentence a report is told from a file that somebody wrote."""


def results_table(reports: Sequence[Report]) -> str:
    """The short table: one line per result, the bounds in it.

    Args:
        reports: The results, in the order they should appear.

    Returns:
        Markdown.

    Raises:
        DataError: When there are no results.

    Example:
        >>> rows = [{"row": 0, "label": "dog", "sdr_improvement": 5.0, "si_sdr": 4.0}]
        >>> print(results_table([Report("m", {"name": "p"}, rows)]).splitlines()[2])
        | p | m | 1 | 5.00 ± 0.00 | 4.00 | – | – | – |
    """
    if not reports:
        raise DataError("There are no results; run `lass eval run` first.")
    lines = [
        "| list | system | rows | SDRi, dB | SI-SDR, dB | leakage, dB | half the mixture, SDRi | "
        "oracle ratio mask, SDRi |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for report in reports:
        figures = report.summary
        bounds = [report.bounds.get(b, {}).get("sdr_improvement") for b in ("half", "ratio_mask")]
        cells = [
            str(report.protocol.get("name", "?")),
            _plain(report.system or "unnamed"),
            str(len(report.rows)),
            _with_interval(figures.get("sdr_improvement")),
            _mean(figures.get("si_sdr")),
            _mean(figures.get("leakage")),
            *(_mean(b) for b in bounds),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def markdown_report(
    reports: Sequence[Report],
    *,
    title: str = "Evaluation of lass",
    calibration: dict[str, Any] | None = None,
) -> str:
    """The whole report as Markdown.

    Args:
        reports: The results, in the order they should appear.
        title: Its heading.
        calibration: What `lass.evaluation.calibrate` gave.

    Returns:
        Markdown.

    Raises:
        DataError: When there are no results.

    Example:
        >>> rows = [{"row": 0, "label": "dog", "sdr_improvement": 5.0, "si_sdr": 4.0}]
        >>> markdown_report([Report("m", {"name": "p"}, rows)]).startswith("# Evaluation")
        True
    """
    parts = [
        f"# {title}\n",
        f"{MADE} Numbers are means over rows; what stands after ± is half the width of the 95 % "
        "bootstrap interval. Half of a 0 dB mixture gains 3.01 dB of SDRi and has an SI-SDR of "
        "0.00 dB, so an SDRi means little without the SI-SDR beside it. The oracle masks know the "
        "answer: they show how far any mask of that kind could go.\n",
        results_table(reports),
    ]
    names = list(dict.fromkeys(str(r.protocol.get("name", "?")) for r in reports))
    for name in names:
        mine = [r for r in reports if r.protocol.get("name", "?") == name]
        parts.append(_section(name, mine, reports))
    if calibration:
        parts.append(_calibration(calibration))
    parts += [_origins(reports), "## Definitions\n"]
    for figure in (FIGURES[m] for m in _columns(reports)):
        unit = f" ({figure.unit})" if figure.unit else ""
        parts.append(f"- **{figure.name}**{unit}: {figure.meaning}.")
    parts.append("")
    parts.append("".join(f"- bound **{name}**: {meaning}.\n" for name, meaning in BOUNDS.items()))
    return "\n".join(parts)


def put_between_markers(text: str, content: str, *, name: str = "results") -> str:
    r"""Put generated text between ``<!-- name:begin -->`` and ``<!-- name:end -->``.

    Args:
        text: The file's text.
        content: What goes between the markers.
        name: Name of the markers.

    Returns:
        The new text; equal to the old one when nothing has changed.

    Raises:
        DataError: When the markers are not there once each, in this order.

    Example:
        >>> put_between_markers("a <!-- results:begin -->x<!-- results:end --> b", "new")
        'a <!-- results:begin -->\nnew\n<!-- results:end --> b'
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise DataError(f"The text needs the two comments {begin} and {end}, once each.")
    before, after = text.split(begin)[0], text.split(end)[1]
    return f"{before}{begin}\n{content.strip()}\n{end}{after}"


def _section(name: str, reports: list[Report], everything: Sequence[Report]) -> str:
    """One list: recipe, figures of systems and bounds, published numbers, best and worst class."""
    protocol = reports[0].protocol
    parts = [
        f"## {name}\n",
        f"{protocol.get('recipe', '')}\n",
        f"{protocol.get('sdr_definition', '')}; list SHA-256 `{protocol.get('sha256', '?')}`.\n",
        _figures(reports),
    ]
    for report in reports:
        ranked = _ranked_classes(report)
        if len(ranked) > 3:
            best, worst = (
                ", ".join(f"{k} {v:.1f}" for k, v in x) for x in (ranked[:3], ranked[-3:])
            )
            parts.append(
                f"{_plain(report.system)}: best classes (SDRi, dB) {best}; worst {worst}.\n"
            )
        presence = presence_beside(report, everything)
        if presence is not None:
            parts.append(
                f"{_plain(report.system)}: presence scores of these rows against those of "
                f"esc50-fold5: AUROC {presence.auroc:.3f} (1 is perfect, 0.5 guessing), expected "
                f"calibration error {presence.calibration_error:.3f} (0 is perfect).\n"
            )
        if report.failures:
            parts.append(f"{len(report.failures)} row(s) failed and are not in the means.\n")
    if published_beside(name):
        parts.append(_published(name))
    return "\n".join(parts)


def _columns(reports: Sequence[Report]) -> list[str]:
    """The figures that any result has."""
    return [m for m in METRICS if any(m in row for report in reports for row in report.rows)]


def _figures(reports: list[Report]) -> str:
    """Systems and bounds by every figure there is."""
    columns = _columns(reports)
    lines = [
        "| | rows | " + " | ".join(FIGURES[c].name for c in columns) + " |",
        "|---|--:|" + "--:|" * len(columns),
    ]
    shown = [(_plain(r.system or "unnamed"), len(r.rows), r.summary) for r in reports]
    bounds = next((r.bounds for r in reports if r.bounds), {})
    shown += [(f"bound: {k}", next(iter(v.values()))["n"], v) for k, v in bounds.items()]
    for label, count, figures in shown:
        cells = " | ".join(
            _with_interval(figures.get(c), decimals=FIGURES[c].decimals) for c in columns
        )
        lines.append(f"| {label} | {count} | {cells} |")
    return "\n".join(lines) + "\n"


def _origins(reports: Sequence[Report]) -> str:
    """Model hash, machine, commit: whatever was kept."""
    parts = ["## Where the numbers come from\n"]
    for origin in origins(reports):
        parts.append(f"{_plain(origin.system)} on {', '.join(origin.lists)}:\n")
        parts += [f"- {name}: `{_plain(value)}`" for name, value in origin.facts]
        parts.append("")
    return "\n".join(parts)


def _ranked_classes(report: Report) -> list[tuple[str, float]]:
    """Classes by mean SDRi, best first."""
    known = {
        k: v["sdr_improvement"]["mean"]
        for k, v in report.per_class.items()
        if "sdr_improvement" in v
    }
    return sorted(known.items(), key=lambda item: -item[1])


def _published(name: str) -> str:
    """Published numbers, with what they are."""
    lines = [IN_DOMAIN + "\n"] if name.startswith("esc50") else []
    lines += [
        "| published | SDRi, dB | SI-SDR, dB | source | training | same protocol? |",
        "|---|--:|--:|---|---|---|",
    ]
    for p in published_beside(name):
        same = "yes" if p.same_protocol else f"no: {p.difference}"
        lines.append(
            f"| {p.system} | {p.sdr_improvement:.2f} | {p.si_sdr:.2f} | {p.source} | "
            f"{p.training} | {same} |"
        )
    return "\n".join(lines) + "\n"


def _calibration(found: dict[str, Any]) -> str:
    """What wrong recipes would give."""
    lines = [
        "## What a wrong recipe would give\n",
        f"{found['lead']}\n",
        '| recipe | "SDRi" | shift | "SI-SDR" | what is wrong with it |',
        "|---|--:|--:|--:|---|",
    ]
    for r in found["recipes"]:
        lines.append(
            f"| {r['name']} | {r['sdr_improvement']:.2f} | {r['shift']:+.2f} | {r['si_sdr']:.2f} | "
            f"{r['meaning']} |"
        )
    return "\n".join(lines) + f"\n\n{found['note']}\n"


def _mean(found: Interval | None) -> str:
    """A mean."""
    return "–" if found is None else number(found["mean"])  # noqa: RUF001


def _with_interval(found: Interval | None, *, decimals: int = 2) -> str:
    """A mean and half of the interval's width."""
    if found is None:
        return "–"  # noqa: RUF001
    half = (found["high"] - found["low"]) / 2
    return f"{number(found['mean'], decimals=decimals)} ± {number(half, decimals=decimals)}"


def _plain(text: str) -> str:
    """Text that does not break a table."""
    return text.replace("|", "/").replace("\n", " ")
