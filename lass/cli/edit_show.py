"""What `lass edit` shows: a table of operations, what was written, everything as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lass.cli.running import note, plain

if TYPE_CHECKING:
    from lass.edit import Exported, Operation

__all__ = ["Done", "as_table", "report", "table"]


@dataclass(frozen=True)
class Done:
    """What was done to a recording.

    Args:
        operations: what is in force.
        exported: what was written.
        scores: presence of each sound, by name.
        warnings: what the user should know.
        model: the model's name.
    """

    operations: Sequence[Operation]
    exported: Exported
    scores: dict[str, float]
    warnings: Sequence[str]
    model: str


def table(operations: Sequence[Operation]) -> None:
    """The operations as a table."""
    from lass.edit import describe

    rows = [("operation", "sound", "when", "in words")]
    rows += [(o.kind, _sound(o), _when(o), describe(o)) for o in operations]
    shown = [[plain(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in shown) for column in range(3)]
    for number, row in enumerate(shown):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print(f"{number or '':>2}  {'  '.join(cells)}  {row[3]}".rstrip())


def _sound(operation: Operation) -> str:
    """The sound that is meant, shortly."""
    target = operation.target
    if target.query is None:
        return "everything"
    text = target.query if target.occurrence is None else f"{target.query} #{target.occurrence}"
    text += f" without {', '.join(target.without)}" if target.without else ""
    return f"all but {text}" if target.others else text


def _when(operation: Operation) -> str:
    """The time that is meant, shortly."""
    span = operation.span
    if span is None:
        return "always"
    end = "end" if span.end_s is None else f"{span.end_s:g} s"
    return f"{'not ' if span.outside else ''}{span.start_s:g} s to {end}"


def report(done: Done) -> None:
    """Say on stdout what was written, with what was done."""
    from lass.edit import describe

    if done.exported.skipped:
        note("edit: skipped, the results exist already")
        return
    for name, path in done.exported.files.items():
        print(plain(path) if name == "mix" else f"{plain(path)}  {plain(name)}")
    for number, operation in enumerate(done.operations, start=1):
        print(f"  {number}. {plain(describe(operation))}")
    if done.exported.gain_db:
        note(
            f"edit: all outputs are {-done.exported.gain_db:.2f} dB quieter, so that nothing clips"
        )


def as_table(recording: Path, project: Path | None, done: Done) -> str:
    """Everything as one JSON object."""
    from lass import __version__

    told = {
        "version": __version__,
        "model": done.model,
        "path": str(recording),
        "operations": [operation.to_dict() for operation in done.operations],
        "files": {name: str(path) for name, path in done.exported.files.items()},
        "scores": {name: round(score, 4) for name, score in done.scores.items()},
        "warnings": list(done.warnings),
        "gain_db": round(done.exported.gain_db, 4),
        "skipped": done.exported.skipped,
        "project": None if project is None else str(project),
    }
    return json.dumps(told, indent=2, ensure_ascii=False)
