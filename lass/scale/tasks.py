"""What is asked of many files (`Setup`), and of one (`Task`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from lass.query.types import Query, as_query
from lass.query.which import read_query
from lass.scale.records import Record
from lass.separation import OutputPaths, output_paths
from lass.separation.naming import NAME_TEMPLATE

if TYPE_CHECKING:
    from lass.separation import Separator

__all__ = ["Asking", "Setup", "Task", "Words"]


@dataclass(frozen=True)
class Task:
    """One file.

    Args:
        path: the recording.
        folder: where its results go; next to it if None.
        queries: words of its own, in place of those that all files have in common.
        key: its path below what was named: by it, shards are made.
        error: why it cannot be done, if that is known already.
        free: its results did not exist when the run began, as `plan` finds out. Only then may a
            second try replace what a process that died has left.
        again: it may have been begun before in this run, by a process that died.
        previous: what a manifest tells of it.
    """

    path: Path
    folder: Path | None = None
    queries: tuple[str, ...] = ()
    key: Path = Path()
    error: str | None = None
    free: bool = False
    again: bool = False
    previous: Record | None = None

    def to_json(self) -> str:
        """As text, for another process."""
        table = asdict(replace(self, previous=None))
        table["previous"] = None if self.previous is None else self.previous.to_json()
        return json.dumps(table, default=str)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Back from text.

        Example:
            >>> task = Task(Path("a.wav"), queries=("dog",))
            >>> Task.from_json(task.to_json()) == task
            True
        """
        table = json.loads(text)
        folder, previous = table["folder"], table["previous"]
        table |= {
            "path": Path(table["path"]),
            "folder": None if folder is None else Path(folder),
            "queries": tuple(table["queries"]),
            "key": Path(table["key"]),
            "previous": None if previous is None else Record.from_json(previous),
        }
        return cls(**table)


class Asking(Protocol):
    """What to listen for. It is sent to other processes, so it must be picklable."""

    @property
    def texts(self) -> Sequence[str]:
        """Words that all files share: if a model does not know them, no file is begun."""
        ...

    def names(self, task: Task) -> Sequence[str]:
        """Names of the queries for a file, without any work."""
        ...

    def queries(self, task: Task) -> Sequence[Query | str]:
        """The queries for a file."""
        ...


@dataclass(frozen=True)
class Words:
    """The same queries for all files, unless a file has words of its own.

    Args:
        common: words or queries, each of another name.

    Example:
        >>> words = Words(("violin", "piano"))
        >>> words.names(Task(Path("a.wav"))), words.names(Task(Path("b.wav"), queries=("dog",)))
        (('violin', 'piano'), ('dog',))
    """

    common: Sequence[Query | str]

    @property
    def texts(self) -> Sequence[str]:
        """All words."""
        asked = (read_query(one) if isinstance(one, str) else one for one in self.common)
        return [text for query in asked for text in query.wordings]

    def names(self, task: Task) -> Sequence[str]:
        """Names of the queries for a file."""
        return tuple(dict.fromkeys(as_query(query).name for query in self.queries(task)))

    def queries(self, task: Task) -> Sequence[Query | str]:
        """The queries for a file."""
        return task.queries or self.common


@dataclass(frozen=True)
class Setup:
    """What all files have in common.

    Args:
        asking: what to listen for.
        model: a model's name or folder.
        encoder: another query encoder of the model's space; the model's own if None.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        name: template of file names.
        format: ending of the results; like the recording if None.
        subtype: libsndfile's name of a coding, or ``auto``.
        residual: whether everything else is written, too.
        on_existing: ``error``, ``overwrite`` or ``skip``.
        hashed: whether recordings and results are hashed, as a manifest needs it.
    """

    asking: Asking
    model: str = "default"
    encoder: str | None = None
    device: str = "auto"
    name: str = NAME_TEMPLATE
    format: str | None = None
    subtype: str = "auto"
    residual: bool = True
    on_existing: str = "error"
    hashed: bool = field(default=False)

    def outputs(self, task: Task) -> OutputPaths:
        """Files that a recording will become."""
        return output_paths(
            task.path,
            self.asking.names(task),
            folder=task.folder,
            template=self.name,
            format=self.format,
            residual=self.residual,
        )

    def load(self) -> Separator:
        """Load the model, and have it read the words that all files share."""
        from lass.separation import Separator

        separator = Separator.load(self.model, device=self.device, encoder=self.encoder)
        if self.asking.texts:
            separator.model.encoder.encode_text(list(self.asking.texts))
        return separator
