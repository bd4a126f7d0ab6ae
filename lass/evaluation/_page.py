"""The look of the report page, and small pieces of HTML."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lass.evaluation.statistics import Interval

__all__ = ["GENERATOR", "cell", "data_uri", "document", "number", "table"]

GENERATOR = '<meta name="generator" content="lass eval report">'
"""By this a page is told from one that somebody wrote."""

_STYLE = """
:root{--fg:#1b1f24;--bg:#fff;--soft:#56606b;--line:#d5dae0;--ours:#1f6feb;--bound:#a3adb8;
--other:#c2680c;--card:#f5f7f9;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--fg:#e3e7eb;--bg:#14171a;--soft:#9aa5b1;--line:#343a41;
--ours:#58a6ff;--bound:#6b7682;--other:#e3a14f;--card:#1c2126}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;max-width:66rem;margin:2rem auto;padding:0 1rem;
color:var(--fg);background:var(--bg)}
h1,h2,h3{line-height:1.2}h2{margin-top:3rem;padding-top:1rem;border-top:2px solid var(--line)}
h3{margin-top:2rem}a{color:var(--ours)}nav{line-height:2;display:flex;flex-wrap:wrap;gap:0 1rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;margin:.5rem 0 1rem;font-size:.94rem;
font-variant-numeric:tabular-nums}
th,td{padding:.35rem .7rem;border-bottom:1px solid var(--line);text-align:right;
vertical-align:top;white-space:nowrap}th{color:var(--soft);font-weight:600;white-space:normal}
th:first-child,td:first-child,td.words,th.words{text-align:left}
td:first-child{white-space:normal;min-width:8rem}td.words{white-space:normal;min-width:9rem}
td.short{min-width:0}td small{display:block;font-weight:400;white-space:normal}
td small span{white-space:nowrap}
tr.ours td{font-weight:600}tr.bound td{color:var(--soft)}
small,.note,figcaption{color:var(--soft);font-size:.86rem}.note{max-width:46rem}
code{overflow-wrap:anywhere;font-size:.86em}p{max-width:46rem}
.callout{background:var(--card);border-left:4px solid var(--ours);padding:.7rem 1rem;
max-width:46rem}.bad{border-left-color:var(--other)}
.bars{display:grid;grid-template-columns:minmax(6.5rem,max-content) 1fr 3.5rem;gap:.15rem .6rem;
align-items:center;max-width:46rem;font-size:.9rem;margin:.5rem 0}
.bars .name{overflow-wrap:anywhere}.bars .value{text-align:right;font-variant-numeric:tabular-nums}
svg{display:block}svg text{font:12px system-ui,sans-serif;fill:var(--fg)}
svg text.halo{paint-order:stroke;stroke:var(--bg);stroke-width:4px}
rect.ours{fill:var(--ours)}rect.bound{fill:var(--bound)}rect.other{fill:var(--other)}
line.axis{stroke:var(--soft)}line.whisker{stroke:var(--fg);stroke-width:1.5}
line.mark{stroke-width:1.5;stroke-dasharray:4 3}line.ours{stroke:var(--ours)}
line.bound{stroke:var(--bound)}line.other{stroke:var(--other)}
figure{margin:1rem 0;max-width:46rem}
.example{margin:1rem 0;padding:.8rem 1rem;background:var(--card);border-radius:6px}
.example p{margin:0 0 .5rem;max-width:none}
.three{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(15rem,100%),1fr));gap:.8rem}
.three figure{margin:0}.three img{width:100%;height:96px;display:block;border-radius:3px}
.three audio{width:100%;height:2.2rem;margin-top:.3rem}
.classes .bars{column-gap:.5rem;font-size:.86rem;margin:0}
@media(min-width:56rem){.classes{columns:2;column-gap:2.5rem}.classes .bars{max-width:none}}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--ours)}
@media(max-width:30rem){body{margin:1rem auto;padding:0 .8rem}table{font-size:.82rem}
th,td{padding:.3rem .3rem}td:first-child{min-width:5rem}
td.words:not(.short){min-width:9rem}td small{white-space:normal;max-width:3.2rem;margin-left:auto;
font-size:.74rem;line-height:1.25}
.bars{grid-template-columns:minmax(5rem,38%) 1fr 2.8rem}}
@media print{details{display:block}}
"""


def document(title: str, body: str) -> str:
    """A whole page.

    Args:
        title: Its title, plain text.
        body: HTML.

    Returns:
        A self-contained document.

    Example:
        >>> document("a & b", "").count("a &amp; b")
        1
    """
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"{GENERATOR}<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def table(head: Sequence[str], rows: Iterable[str], *, words: Sequence[str] = ()) -> str:
    """A table that scrolls by itself on a narrow screen.

    Args:
        head: Column names, plain text.
        rows: HTML of the rows.
        words: Names of the columns that hold text.

    Returns:
        HTML.

    Example:
        >>> "<th>a &lt; b</th>" in table(["a < b"], [])
        True
    """
    cells = "".join(
        f'<th class="words">{escape(h)}</th>' if h in words else f"<th>{escape(h)}</th>"
        for h in head
    )
    return (
        f'<div class="scroll"><table><thead><tr>{cells}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def cell(found: Interval | None, *, decimals: int = 2) -> str:
    """A mean with its interval under it.

    Args:
        found: The figure, or None.
        decimals: How many are shown.

    Returns:
        HTML of a table cell.

    Example:
        >>> cell(None)
        '<td>–</td>'
    """
    if found is None:
        return "<td>–</td>"  # noqa: RUF001
    mean, low, high = (number(found[key], decimals=decimals) for key in ("mean", "low", "high"))
    return f"<td>{mean}<small><span>{low} …</span> <span>{high}</span></small></td>"


def number(value: float, *, decimals: int = 2) -> str:
    """A number, and no minus before a zero.

    Args:
        value: Any finite number.
        decimals: How many are shown.

    Returns:
        Text.

    Example:
        >>> number(-0.001), number(-1.239), number(0.25, decimals=3)
        ('0.00', '-1.24', '0.250')
    """
    return f"{round(value, decimals) + 0.0:.{decimals}f}"


def data_uri(content: bytes, kind: str) -> str:
    """Bytes as an address that needs no file.

    Args:
        content: The bytes.
        kind: Media type, ``image/png`` for one.

    Returns:
        A ``data:`` address.

    Example:
        >>> data_uri(b"a", "image/png")
        'data:image/png;base64,YQ=='
    """
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"
