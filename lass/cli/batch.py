"""Many files on the command line: what is asked of each, and what is said of it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lass.cli.asked import Asked, Wanted, gather
from lass.cli.inputs import Input
from lass.cli.progress import clock
from lass.cli.running import note, plain
from lass.scale import Record, Task
from lass.separation import HEARD

if TYPE_CHECKING:
    from lass.query import Query

__all__ = ["Options", "Tally", "report_json", "report_text", "tasks_of"]

_UNNAMED = "sound"


@dataclass
class Options:
    """What to listen for, as the command line says it; see `lass.scale.Asking`.

    Other processes get the options and make the queries of them again.

    Args:
        wanted: the options; ``--save-query`` is not its business.
    """

    wanted: Wanted
    _made: dict[tuple[str, ...], Asked] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {"wanted": self.wanted, "_made": {}}

    @property
    def common(self) -> bool:
        """Whether anything is asked of all files."""
        wanted = self.wanted
        return bool(wanted.words or wanted.saved or wanted.like or wanted.span or wanted.image)

    @property
    def texts(self) -> Sequence[str]:
        """All words that files have in common."""
        return self._asked(()).texts if self.common else []

    def names(self, task: Task) -> Sequence[str]:
        """Names of the queries for a file."""
        return self._asked(task.queries).names

    def queries(self, task: Task) -> Sequence[Query | str]:
        """The queries for a file."""
        return self._asked(task.queries).queries(task.path)

    def any_task(self) -> Task:
        """A file that shows how names are made, whatever is asked of it."""
        return Task(Path("recording"), queries=() if self.common else (_UNNAMED,))

    def _asked(self, words: tuple[str, ...]) -> Asked:
        if words not in self._made:
            wanted = replace(self.wanted, save_as=None, words=list(words) or self.wanted.words)
            self._made[words] = gather(wanted)
        return self._made[words]


def tasks_of(inputs: Sequence[Input], output_dir: Path | None) -> list[Task]:
    """Tasks for inputs.

    Args:
        inputs: the files.
        output_dir: where results go; next to each recording if None.

    Returns:
        A task for each.
    """
    return [
        Task(
            item.path,
            None if output_dir is None else output_dir / (item.output or item.folder),
            queries=item.queries,
            key=item.folder / item.path.name,
        )
        for item in inputs
    ]


@dataclass
class Tally:
    """How many files ended how."""

    done: int = 0
    skipped: int = 0
    failed: int = 0
    audio_s: float = 0.0
    started: float = field(default_factory=time.perf_counter)

    @property
    def total(self) -> int:
        """All files that have ended."""
        return self.done + self.skipped + self.failed

    def add(self, record: Record) -> None:
        """Count a file."""
        setattr(self, record.status, getattr(self, record.status) + 1)
        if record.status == "done":
            self.audio_s += record.audio_s

    def table(self) -> str:
        """Two lines: what is counted, and the numbers.

        RTF, the real-time factor, is time over duration of the sound: below 1 is faster than
        listening.
        """
        took_s = time.perf_counter() - self.started
        rtf = f"{took_s / self.audio_s:.3f}" if self.audio_s else "-"
        cells = {
            "done": str(self.done),
            "skipped": str(self.skipped),
            "failed": str(self.failed),
            "audio": clock(self.audio_s),
            "time": clock(took_s),
            "RTF": rtf,
        }
        widths = [max(len(head), len(value)) for head, value in cells.items()]
        lines = [
            "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True))
            for row in (cells, cells.values())
        ]
        return "\n".join(lines)


def report_text(record: Record) -> None:
    """Say on stdout what was written, and beside it what the user should know."""
    if record.status == "failed":
        note(f"separate: {record.error}")
        return
    if record.status == "skipped":
        if not record.verified:  # those are counted in the summary
            note(f"{record.path}: skipped, its results exist already")
        return
    for query, path in record.parts.items():
        print(f"{plain(path)}  {plain(query)}  presence {record.scores[query]:.2f}")
    if record.residual is not None:
        print(f"{plain(record.residual)}  everything else")
    if record.gain_db:
        note(
            f"{record.path}: all its outputs are {-record.gain_db:.2f} dB quieter than the "
            "recording, so that none of them clips"
        )
    for query, score in record.scores.items():
        if score < HEARD:
            note(f"{record.path}: nothing like {query!r} was found (presence {score:.2f})")


def report_json(records: Sequence[Record], *, model: str, version: str) -> str:
    """Everything as one JSON object."""
    files = [_as_table(record) for record in records]
    table = {"version": version, "model": model, "files": files}
    return json.dumps(table, indent=2)


def _as_table(record: Record) -> dict[str, Any]:
    return {
        "path": str(record.path),
        "parts": {query: str(path) for query, path in record.parts.items()},
        "residual": None if record.residual is None else str(record.residual),
        "scores": {query: round(score, 4) for query, score in record.scores.items()},
        "gain_db": round(record.gain_db, 4),
        "skipped": record.status == "skipped",
        "error": record.error,
    }
