"""What stands beside a list's own figures: published numbers, presence, another system, recipes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from lass.evaluation._page import cell, table
from lass.evaluation._tables import name_of, system_of
from lass.evaluation.charts import histogram
from lass.evaluation.comparison import paired_table
from lass.evaluation.figures import FIGURES
from lass.evaluation.published import IN_DOMAIN, published_beside
from lass.evaluation.results import (
    Report,
    main_metric,
    paired_differences,
    presence_beside,
)

__all__ = ["calibration_section", "comparison", "presence", "published"]


def published(name: str, reports: list[Report]) -> str:
    """Published results beside ours."""
    known = published_beside(name)
    if not known:
        return ""
    rows = []
    for report in reports:
        found = [report.summary.get(m) for m in ("sdr_improvement", "si_sdr")]
        cells = "".join(f"<td>{f['mean']:.2f}</td>" if f else "<td>-</td>" for f in found)
        rows.append(
            f'<tr class="ours"><td>{system_of(report)}</td>{cells}'
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


def presence(report: Report, everything: Sequence[Report]) -> str:
    """How well the presence score tells absent queries from present ones."""
    if name_of(report) != "absent-query":
        return ""
    found = presence_beside(report, everything)
    if found is None:
        return f"<p>{system_of(report)} gives no presence scores, or esc50-fold5 is not here.</p>"
    return (
        f"<p>Presence score of {system_of(report)}, these rows against those of esc50-fold5: AUROC "
        f"<b>{found.auroc:.3f}</b> (1 is perfect, 0.5 guessing), expected calibration error "
        f"<b>{found.calibration_error:.3f}</b> (0 is perfect).</p>"
    )


def comparison(first: Report, second: Report) -> str:
    """Paired differences of two systems on one list."""
    if first.protocol.get("sha256") != second.protocol.get("sha256"):
        return '<p class="callout bad">The lists differ (SHA-256): no paired comparison.</p>'
    shared = {row["row"] for row in first.rows} & {row["row"] for row in second.rows}
    if not shared:
        return ""
    names = (first.system or "first", second.system or "second")
    rows = []
    for metric, found in paired_table(first, second, names=names).items():
        each = paired_differences(first, second, metric=metric)
        higher = 100.0 * sum(d > 0 for d in each) / len(each)
        rows.append(
            f"<tr><td>{FIGURES[metric].name}</td>"
            f"{cell(found['difference'], decimals=FIGURES[metric].decimals)}<td>{len(each)}</td>"
            f'<td>{higher:.0f} %</td><td class="words">{escape(found["verdict"])}</td></tr>'
        )
    metric = main_metric(first) or "sdr"
    shown = histogram(
        paired_differences(first, second, metric=metric),
        label=f"difference in {FIGURES[metric].name}, dB",
        marks=[("no difference", 0.0, "bound")],
    )
    head = ["figure", "difference", "rows", "rows higher", "in words"]
    return (
        f"<h3>{system_of(second)} less {system_of(first)}, row by row</h3>"
        f"{table(head, rows, words=('in words',))}{shown}"
    )


def calibration_section(found: dict[str, Any]) -> str:
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
