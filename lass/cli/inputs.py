"""From what the user names to a list of files: files, folders, globs, and a list on stdin."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

__all__ = ["Input", "collect"]

_ENDINGS = {
    ".wav", ".wave", ".rf64", ".w64", ".flac", ".ogg", ".oga", ".opus", ".mp3",
    ".aif", ".aiff", ".aifc", ".caf", ".au",
}  # fmt: skip


@dataclass(frozen=True)
class Input:
    """A file to work on.

    Args:
        path: where it is; what was named explicitly need not exist.
        folder: its folder below the folder that was named, so that a tree can be kept.
    """

    path: Path
    folder: Path = Path()


def collect(given: Sequence[str], *, stdin: TextIO, leave_out: Path | None = None) -> list[Input]:
    """Expand what was named, in a stable order, each file once.

    Args:
        given: files, folders (searched for sound files, hidden ones aside), globs, or ``-`` for a
            list on ``stdin``, one path a line (or with a zero byte after each).
        stdin: where ``-`` reads from.
        leave_out: a folder that searches do not enter: the one for the results.

    Returns:
        The inputs. What does not exist is kept as named, so that it can be complained about.
    """
    inputs: dict[str, Input] = {}
    for name in _names(given, stdin):
        for item in _expand(name, leave_out):
            inputs.setdefault(os.path.realpath(item.path), item)
    return list(inputs.values())


def _names(given: Sequence[str], stdin: TextIO) -> Iterator[str]:
    for name in given:
        if name == "-":
            text = stdin.read()
            lines = text.split("\0") if "\0" in text else text.splitlines()
            yield from (line for line in lines if line.strip())
        else:
            yield name


def _expand(name: str, leave_out: Path | None) -> Iterable[Input]:
    path = Path(name)
    if path.is_dir():
        return list(_search(path, leave_out)) or [Input(path)]
    if not path.exists() and glob.has_magic(name):
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
