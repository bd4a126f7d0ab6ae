"""From what the user names to a list of files: files, folders, globs, and lists of them."""

from __future__ import annotations

import csv
import glob
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from lass.errors import ConfigError, DataError

__all__ = ["Input", "collect", "only_paths"]

_ENDINGS = {
    ".wav", ".wave", ".rf64", ".w64", ".flac", ".ogg", ".oga", ".opus", ".mp3",
    ".aif", ".aiff", ".aifc", ".caf", ".au",
}  # fmt: skip
_LISTS = (".txt", ".csv")


@dataclass(frozen=True)
class Input:
    """A file to work on.

    Args:
        path: where it is; what was named explicitly need not exist.
        folder: its folder below the folder that was named, so that a tree can be kept.
        queries: words of its own, from a list.
        output: a folder of its own below the one for all results, from a list.
    """

    path: Path
    folder: Path = Path()
    queries: tuple[str, ...] = ()
    output: Path | None = None


def collect(
    given: Sequence[str], *, stdin: TextIO, leave_out: Path | None = None, lists: bool = False
) -> list[Input]:
    """Expand what was named, in a stable order, each file once.

    Args:
        given: files, folders (searched for sound files, hidden ones aside), globs, or ``-`` for a
            list on ``stdin``, one path a line (or with a zero byte after each).
        stdin: where ``-`` reads from.
        leave_out: a folder that searches do not enter: the one for the results.
        lists: whether LIST.txt (as on ``stdin``) and LIST.csv are read, too. A table has a column
            ``path`` and may have ``query`` (several with ``|`` between them) and ``output``. Paths
            in lists start from the list's own folder, and keep the folders they name.

    Returns:
        The inputs. What does not exist is kept as named, so that it can be complained about.

    Raises:
        DataError: a list cannot be used.
    """
    inputs: dict[str, Input] = {}
    for name in _names(given, stdin):
        for item in _listed(Path(name), leave_out) if lists else _expand(name, leave_out):
            known = inputs.setdefault(os.path.realpath(item.path), item)
            if known.queries != item.queries and item.queries:
                raise DataError(
                    f"{item.path} is asked for {' | '.join(item.queries)!r} and "
                    f"{' | '.join(known.queries) or 'what all are asked for'!r}: give one row with "
                    "| between the sounds"
                )
    return list(inputs.values())


def only_paths(found: Sequence[Input]) -> Sequence[Input]:
    """Refuse lists that say more than which files, where only that is used.

    Args:
        found: from :func:`collect`.

    Returns:
        The same.

    Raises:
        ConfigError: a list has words or folders of its own for a file.
    """
    for item in found:
        if item.queries or item.output is not None:
            column = "query" if item.queries else "output"
            raise ConfigError(
                f"the list says with its column {column} what is to be done with {item.path}: only "
                "separate understands that; give a list with the column path alone"
            )
    return found


def _names(given: Sequence[str], stdin: TextIO) -> Iterator[str]:
    for name in given:
        if name == "-":
            yield from _lines(stdin.read())
        else:
            yield name


def _lines(text: str) -> Iterator[str]:
    lines = text.split("\0") if "\0" in text else text.splitlines()
    yield from (line for line in lines if line.strip())


def _expand(name: str, leave_out: Path | None) -> Iterable[Input]:
    path = Path(name)
    if os.path.isdir(name):  # unlike Path's own, it has no exception for impossible names
        return list(_search(path, leave_out)) or [Input(path)]
    if not os.path.exists(name) and glob.has_magic(name):
        found = sorted(glob.glob(name, recursive=True))
        return [Input(Path(one)) for one in found if not os.path.isdir(one)] or [Input(path)]
    return [Input(path)]


def _search(top: Path, leave_out: Path | None) -> Iterator[Input]:
    """Sound files below a folder, hidden ones and results aside."""
    out = None if leave_out is None else os.path.realpath(leave_out)
    for folder, subfolders, files in os.walk(top):
        subfolders[:] = sorted(
            name
            for name in subfolders
            if not name.startswith(".") and os.path.realpath(Path(folder, name)) != out
        )
        for name in sorted(files):
            path = Path(folder, name)
            if path.suffix.lower() in _ENDINGS and not name.startswith("."):
                yield Input(path, Path(folder).relative_to(top))


# Lists


def _listed(path: Path, leave_out: Path | None) -> Iterator[Input]:
    """What a list names, or what anything else is."""
    if path.suffix.lower() not in _LISTS or not os.path.isfile(path):
        yield from _expand(str(path), leave_out)
        return
    text = _read(path)
    rows = _table(path, text) if path.suffix.lower() == ".csv" else _plain(text)
    for row in rows:
        kept = row.path.parent if _below(row.path) else Path()
        for item in _expand(str(path.parent / row.path), leave_out):
            yield replace(item, folder=kept / item.folder, queries=row.queries, output=row.output)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise DataError(f"cannot read the list {path}: {error.strerror or error}") from error


def _plain(text: str) -> Iterator[Input]:
    return (Input(Path(line)) for line in _lines(text))


def _table(path: Path, text: str) -> Iterator[Input]:
    """Rows of a table; columns that are not known to us belong to somebody else."""
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        if "path" not in (rows.fieldnames or []):
            raise DataError(
                f"the list {path} has no column path: its first line must name the columns, such "
                "as path,query"
            )
        for row in rows:
            if (row["path"] or "").strip():
                yield _row(path, rows.line_num, row)
    except csv.Error as error:
        raise DataError(
            f"{path}, line {rows.line_num}: this is no table with commas ({error})"
        ) from error


def _row(path: Path, line: int, row: dict[str, str | None]) -> Input:
    if "\0" in (row["path"] or ""):
        raise DataError(f"{path}, line {line}: a path with a zero byte names no file")
    words = [word.strip() for word in (row.get("query") or "").split("|")]
    asked = (row.get("output") or "").strip()
    output = Path(asked) if asked else None
    if output is not None and not _below(output):
        raise DataError(
            f"{path}, line {line}: the output {asked!r} must be a folder below --output-dir, "
            "without .. or a / at its start"
        )
    return Input(
        Path(row["path"] or ""), queries=tuple(word for word in words if word), output=output
    )


def _below(path: Path) -> bool:
    """Whether a path stays in the folder that it starts from."""
    return not path.is_absolute() and not path.drive and ".." not in path.parts
