"""What `lass eval` shows: tables on stdout, progress with the time left on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from lass.cli.running import note, plain
from lass.evaluation.figures import FIGURES

if TYPE_CHECKING:
    from lass.evaluation import Report

__all__ = ["RowBar", "reason", "show_comparison", "show_failures", "show_lists", "show_report"]

_MOST_FAILURES = 10
_EVERY_S = 30.0
"""Seconds between two lines of progress where stderr is a file."""


class RowBar:
    """Rows done, rows in all, and the time left.

    A bar where stderr is a terminal; a line every half minute where it is a file.

    Args:
        name: The list.
        shown: Whether the user wants it.
        clock: Seconds, for tests.
    """

    def __init__(
        self, name: str, *, shown: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name, self._shown, self._clock = plain(name), shown, clock
        self._begun_s = self._said_s = clock()
        self._done_before: int | None = None
        self._bar: Any = None
        if not (shown and sys.stderr.isatty()):
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:.0f} of {task.total:.0f}", markup=False),
            TextColumn("{task.fields[left]}", markup=False),
            console=Console(stderr=True, markup=False, highlight=False),
            transient=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int) -> None:
        """Show how far it is; called after each row."""
        now_s = self._clock()
        if self._done_before is None:
            # A run that is taken up again begins with many rows at once, which took no time.
            self._done_before = done if done > 1 else 0
            if self._bar is not None:
                self._task = self._bar.add_task(self._name, total=total, left="")
                self._bar.start()
        worked = done - self._done_before
        left = ""
        if worked > 0:
            left_s = (now_s - self._begun_s) / worked * (total - done)
            left = f"{_minutes(left_s)} left"
        if self._bar is not None:
            self._bar.update(self._task, completed=done, left=left)
        elif self._shown and left and done < total and now_s - self._said_s >= _EVERY_S:
            self._said_s = now_s
            note(f"{self._name}: {done} of {total}, {left}")


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def show_report(report: Report, *, classes: bool = False) -> None:
    """Print means with 95 % intervals and, below them, what the bounds score.

    Args:
        report: The result.
        classes: Also a line for each class.
    """
    metrics = _columns(report.summary)
    if not metrics:
        return
    head = ["", *(FIGURES[key].title for key in metrics)]
    rows = [head, [report.system, *(_interval(report.summary[key], key) for key in metrics)]]
    if classes:
        for label, figures in report.per_class.items():
            rows.append([f"  {label}", *(_interval(figures.get(key), key) for key in metrics)])
    for bound, figures in report.bounds.items():
        name = f"bound: {bound.replace('_', ' ')}"
        rows.append([name, *(_mean(figures.get(key), key) for key in metrics)])
    failed = f", {len(report.failures)} failed" if report.failures else ""
    noun = "row" if len(report.rows) == 1 else "rows"
    print(f"{plain(report.protocol['name'])}: {len(report.rows)} {noun}{failed}")
    _print_table(rows)
    print()


def show_failures(report: Report) -> None:
    """Say on stderr which rows are not in the means, and why."""
    for failure in report.failures[:_MOST_FAILURES]:
        note(f"lass: {report.protocol['name']}, row {failure['row']}: {reason(failure)}")
    more = len(report.failures) - _MOST_FAILURES
    if more > 0:
        note(f"lass: {report.protocol['name']}: {more} more rows failed")


def reason(failure: Mapping[str, Any]) -> str:
    """Why a row failed, without the name of a Python class.

    Example:
        >>> reason({"row": 1, "error": "DataError: the target t.wav is silent"})
        'the target t.wav is silent'
    """
    kind, colon, text = str(failure["error"]).partition(": ")
    return text if colon and kind.isidentifier() else str(failure["error"])


def show_comparison(found: Mapping[str, Mapping[str, Any]], first: str, second: str) -> None:
    """Print paired differences.

    Args:
        found: For each figure ``first``, ``second`` (means), ``difference`` and ``verdict``.
        first: What the first is called.
        second: What the second is called.
    """
    rows = [["", first, second, "difference", "rows", ""]]
    for metric, figures in found.items():
        difference = figures["difference"]
        rows.append(
            [
                FIGURES[metric].title,
                f"{figures['first']:.{FIGURES[metric].decimals}f}",
                f"{figures['second']:.{FIGURES[metric].decimals}f}",
                _interval(difference, metric, signed=True),
                str(difference["n"]),
                str(figures["verdict"]),
            ]
        )
    _print_table(rows)


def show_lists(entries: Sequence[Mapping[str, Any]]) -> None:
    """Print the published lists and, below each, what it asks."""
    import shutil
    import textwrap

    width = min(100, shutil.get_terminal_size((100, 24)).columns)
    for entry in entries:
        print(
            f"{plain(entry['name'])}  {entry['rows']} rows, {entry['sample_rate']} Hz, "
            f"SHA-256 {plain(entry['sha256'])[:12]}"
        )
        print(textwrap.fill(plain(entry["recipe"]), width, initial_indent="    ",
                            subsequent_indent="    "))  # fmt: skip


def _columns(summary: Mapping[str, Any]) -> list[str]:
    """The figures worth a column: SI-SDR always beside SDR, the level only where it is the answer.

    Example:
        >>> _columns(dict.fromkeys(["sdr", "sdr_improvement", "si_sdr", "leakage"]))
        ['sdr_improvement', 'si_sdr']
    """
    told = [key for key in FIGURES if key in summary]
    if "sdr_improvement" in told:
        told.remove("sdr")
    if "si_sdr" in told and "leakage" in told:
        told.remove("leakage")
    return told


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
    for row in cells:
        shown = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(shown).rstrip())


def _interval(figure: Mapping[str, Any] | None, metric: str, *, signed: bool = False) -> str:
    if figure is None:
        return ""
    form = f"{'+' if signed else ''}.{FIGURES[metric].decimals}f"
    low, high = format(figure["low"], form), format(figure["high"], form)
    return f"{format(figure['mean'], form)} [{low}, {high}]"


def _mean(figure: Mapping[str, Any] | None, metric: str) -> str:
    return "" if figure is None else f"{figure['mean']:.{FIGURES[metric].decimals}f}"
