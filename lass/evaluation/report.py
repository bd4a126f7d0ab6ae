"""One HTML page from saved results: nothing to install, nothing to load, opens in any browser."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import combinations
from pathlib import Path
from typing import Any

from lass.errors import DataError
from lass.evaluation._beside import calibration_section, comparison, presence, published
from lass.evaluation._page import data_uri, document, number, table
from lass.evaluation._tables import (
    BOUND_NAMES,
    class_bars,
    columns_of,
    distribution,
    main_bars,
    main_table,
    name_of,
    overview,
    system_of,
)
from lass.evaluation.bounds import BOUNDS
from lass.evaluation.examples import Example
from lass.evaluation.figures import FIGURES
from lass.evaluation.files import write_text
from lass.evaluation.provenance import origins
from lass.evaluation.results import Report

__all__ = ["html_report", "write_report"]

_LEAD = (
    "Means over rows with 95 % bootstrap intervals (2000 resamples of the rows; rows that share "
    "clips make them a little too narrow). The bounds are measured on the same mixtures: what "
    "doing nothing and what knowing the answer scores. Half of a 0 dB mixture gains 3.01 dB of "
    "SDRi with an SI-SDR of 0.00 dB: so SI-SDR always stands beside SDR."
)


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
    names = list(dict.fromkeys(name_of(r) for r in reports))
    places = [*names, *(["calibration"] if calibration else []), "origin", "definitions"]
    links = "".join(f'<a href="#{escape(n)}">{escape(n)}</a>' for n in places)
    body = [f"<h1>{escape(title)}</h1><p>{_LEAD}</p>", overview(reports), f"<nav>{links}</nav>"]
    for name in names:
        mine = [r for r in reports if name_of(r) == name]
        body.append(_section(name, mine, [e for e in examples if e.protocol == name], reports))
    if calibration:
        body.append(calibration_section(calibration))
    body += [_origins(reports), _definitions(reports)]
    return document(title, "".join(body))


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
        main_table(reports),
        main_bars(reports),
        published(name, reports),
        *(presence(r, everything) for r in reports),
        *(comparison(a, b) for a, b in combinations(reports, 2)),
    ]
    for report in reports:
        parts.append(f"<h3>{system_of(report)}: distribution and classes</h3>")
        first = report is everything[0]
        parts += [_failures(report), distribution(report), class_bars(report, unfolded=first)]
    parts.append(_examples(examples))
    return "".join(parts)


def _failures(report: Report) -> str:
    """Rows that are not in the means."""
    if not report.failures:
        return ""
    lines = "".join(
        f"<li>{escape(str(f['row']))}: {escape(str(f['error']))}</li>" for f in report.failures[:20]
    )
    return (
        f'<div class="callout bad"><b>{len(report.failures)} row(s) of {system_of(report)} '
        f"failed</b> and are not in the means.<ul>{lines}</ul></div>"
    )


def _origins(reports: Sequence[Report]) -> str:
    """Model hash, machine, commit: whatever was kept."""
    said = "as recorded when it was measured"
    parts = ['<h2 id="origin">Where the numbers come from</h2>']
    for origin in origins(reports):
        lists = ", ".join(origin.lists)
        facts = [
            f'<tr><td>{escape(name)}</td><td class="words"><code>{escape(value)}</code></td></tr>'
            for name, value in origin.facts
        ]
        parts.append(f"<p><b>{escape(origin.system)}</b> on {escape(lists)}</p>")
        parts.append(table(["", said], facts, words=(said,)))
    return "".join(parts)


def _examples(examples: Sequence[Example]) -> str:
    """The worst rows with pictures, and players where the sound was kept."""
    if not examples:
        return ""
    cards = "".join(_card(example) for example in examples)
    head = "The worst row" if len(examples) == 1 else f"The {len(examples)} worst rows"
    return (
        f'<h3>{head}</h3><p class="note">Time across, frequency up (mel), 70 dB from the '
        "mixture's loudest point down; the three pictures of a row share one scale.</p>"
        f"{cards}"
    )


def _card(example: Example) -> str:
    """One row with its pictures."""
    row = example.row
    figures = ", ".join(
        f"{figure.name} {number(row[key], decimals=figure.decimals)} {figure.unit}".strip()
        for key, figure in FIGURES.items()
        if key in row and key != "sdr"
    )
    ideal = row.get("bounds", {}).get("ratio_mask", {}).get("sdr_improvement")
    if ideal is not None:
        figures += f"; oracle ratio mask SDRi {ideal:.2f} dB"
    parts = []
    for name, picture in example.pictures.items():
        sound = example.sounds.get(name)
        player = (
            f'<audio controls preload="metadata" src="{data_uri(sound, "audio/flac")}"></audio>'
            if sound
            else ""
        )
        parts.append(
            f'<figure><img src="{data_uri(picture, "image/png")}" '
            f'alt="spectrogram of the {name}">{player}<figcaption>{name}</figcaption></figure>'
        )
    return (
        f'<div class="example"><p><b>“{escape(str(row["query"]))}”</b> against '
        f"{escape(example.against) or 'nothing'} <small>row {escape(str(row['row']))}, "
        f'{escape(example.system)}: {figures}</small></p><div class="three">'
        f"{''.join(parts)}</div></div>"
    )


def _definitions(reports: Sequence[Report]) -> str:
    """What every figure and bound is."""
    figures = "".join(
        f"<li><b>{f.name}</b>{f' ({f.unit})' if f.unit else ''}: {f.meaning}.</li>"
        for f in (FIGURES[c] for c in columns_of(reports))
    )
    bounds = "".join(f"<li><b>{BOUND_NAMES[k]}</b>: {escape(v)}.</li>" for k, v in BOUNDS.items())
    return (
        f'<h2 id="definitions">Definitions</h2><ul>{figures}</ul><h3>Bounds</h3><ul>{bounds}</ul>'
    )
