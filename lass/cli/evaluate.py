"""`lass eval`: a model measured on published mixture lists, with the bounds beside it."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lass.cli.running import Exit, note, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lass import Separator
    from lass.evaluation import Report

__all__ = ["evaluate"]

_USUAL = ("esc50-fold5", "instruments10")
_METRICS = {
    "sdr_improvement": "SDRi dB",
    "si_sdr": "SI-SDR dB",
    "si_sdr_improvement": "SI-SDRi dB",
    "leakage": "level dB",
    "swap_margin": "margin dB",
}


def evaluate(
    protocols: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PROTOCOL]...",
            help=f"Mixture lists; {' and '.join(_USUAL)} if none. [b]all[/b] for all.",
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the data pack.")
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME|PATH", help="A model's name or folder.")
    ] = "default",
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only the first N mixtures of each list.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="JSON", help="Where every row goes: a file, or with several lists "
                     "(or a name without .json) a folder with a file for each."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    listed: Annotated[
        bool, typer.Option("--list", help="Name the mixture lists and stop.")
    ] = False,
) -> int:  # fmt: skip
    """Measure a model on mixture lists, beside half the mixture and ideal masks."""
    from lass.errors import ConfigError
    from lass.evaluation.protocol import list_protocols

    known = [str(entry["name"]) for entry in list_protocols()]
    if listed:
        print("\n".join(known))
        return Exit.GOOD
    names = list(protocols or _USUAL)
    names = known if names == ["all"] else names
    for name in names:
        if name not in known and not Path(name).is_file():
            raise ConfigError(
                f"there is no mixture list {name!r}: expected a file or one of {', '.join(known)}"
            )
    if data is None or not data.is_dir():
        raise ConfigError("give the folder of the data pack with --data, such as --data data/")
    from lass import Separator
    from lass.evaluation import evaluate as measure

    # Failures are shown below the table; the library's warnings would say them twice.
    logging.getLogger("lass").addHandler(logging.NullHandler())
    separator = Separator.load(model, device=device)
    failed = 0
    for name in names:
        report = measure(
            _ask(separator),
            name,
            data,
            limit=limit,
            system=separator.model.name,
            on_progress=_progress(name),
        )
        _show(report, separator.model.name)
        failed += len(report.failures)
        if out is not None:
            _save(report, out, several=len(names) > 1)
    return Exit.FAILED if failed else Exit.GOOD


def _ask(separator: Separator) -> Callable[[Any, int, Any], Any]:
    """The separator as the evaluation wants it."""
    from lass import Query
    from lass.evaluation import Answer

    def ask(mixture: Any, sample_rate: int, query: Any) -> Answer:  # noqa: ANN401
        if not isinstance(query, str):
            query = Query(example=query.samples, example_rate=query.sample_rate)
        result = separator.separate(mixture, sample_rate, [query])
        (estimate,), (score,) = result.parts.values(), result.scores.values()
        return Answer(estimate, score)

    return ask


def _progress(name: str) -> Callable[[int, int], None] | None:
    """A counter on stderr where somebody looks."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{plain(name)}: {done} of {total}", end=end, file=sys.stderr, flush=True)

    return show


def _show(report: Report, system: str) -> None:
    """Print means with 95 % intervals, and the means of the bounds, as a table."""
    metrics = {key: title for key, title in _METRICS.items() if key in report.summary}
    rows = [["", *metrics.values()], [system, *(_interval(report.summary[k]) for k in metrics)]]
    for bound, figures in report.bounds.items():
        rows.append([bound.replace("_", " "), *(_mean(figures.get(key)) for key in metrics)])
    widths = [max(len(plain(row[i])) for row in rows) for i in range(len(rows[0]))]
    print(f"\n{report.protocol['name']}: {len(report.rows)} mixtures")
    for row in rows:
        cells = [plain(cell).ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())
    for failure in report.failures[:3]:
        note(f"lass: mixture {failure['row']} failed: {failure['error']}")
    if len(report.failures) > 3:
        note(f"lass: {len(report.failures)} mixtures failed in all")


def _interval(figure: Mapping[str, Any]) -> str:
    return f"{figure['mean']:.2f} [{figure['low']:.2f}, {figure['high']:.2f}]"


def _mean(figure: Mapping[str, Any] | None) -> str:
    return "" if figure is None else f"{figure['mean']:.2f}"


def _save(report: Report, out: Path, *, several: bool) -> None:
    """Keep every row."""
    path = out
    if several or out.suffix != ".json":
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"{report.protocol['name']}.json"
    report.save(path)
    note(f"{path}: written")
