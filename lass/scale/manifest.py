"""A file of records, one line each, that survives whatever ends the program.

Every line is on the disk before the next file is begun. If the power goes in the middle of a
line, the torn line is passed over the next time, and its file done again. Several runs may add to
the same manifest at a time (on one machine; on network drives give every run its own).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from lass.errors import AudioWriteError, DataError
from lass.scale.records import Record
from lass.scale.tasks import Task

__all__ = ["Manifest"]

_SUFFIX = ".jsonl"
_LONGEST_LINE = 1 << 20


class Manifest:
    """Records of earlier runs, and the place for those to come.

    Args:
        path: a file that ends in ``.jsonl``. It need not exist.

    Raises:
        DataError: the file is no manifest, or cannot be read.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "results.jsonl"
        >>> Manifest(path).append(Record(Path("/in/a.wav"), "done"))
        >>> Manifest(path).find(Path("/in/a.wav")).status
        'done'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.torn = 0
        """Lines that were not finished."""
        if self.path.suffix != _SUFFIX:
            raise DataError(
                f"the manifest {self.path} must end in {_SUFFIX}, so that no other file is ever "
                "written to: name it, for example, results.jsonl"
            )
        self._known: dict[str, Record] = {}
        for record in self._read():
            self._known[_absolute(record.path)] = record

    def find(self, path: Path) -> Record | None:
        """The last record of a recording."""
        return self._known.get(_absolute(path))

    def check(self) -> None:
        """Find out whether it can be written, before any work.

        Raises:
            AudioWriteError: it cannot.
        """
        try:
            with self.path.open("ab"):
                pass
        except OSError as error:
            raise AudioWriteError(
                f"cannot write the manifest {self.path}: {error.strerror or error}; give another "
                "--manifest"
            ) from error

    def prepare(self, tasks: Sequence[Task]) -> list[Task]:
        """Tell every task what is known of it.

        Args:
            tasks: the files.

        Returns:
            The same, each with its last record.
        """
        return [replace(task, previous=self.find(task.path)) for task in tasks]

    def append(self, record: Record) -> None:
        """Add a record, and come back when it is on the disk.

        What is known to be unchanged has its line already and gets none again.

        Args:
            record: what became of a file. Its paths are made absolute.

        Raises:
            AudioWriteError: it cannot be written.
        """
        if record.verified:
            return
        line = _anywhere(record).to_json().encode() + b"\n"
        try:
            self._add(line)
        except OSError as error:
            raise AudioWriteError(
                f"cannot write the manifest {self.path}: {error.strerror or error}; the results "
                "themselves are whole; make room, or give another --manifest"
            ) from error

    def _add(self, line: bytes) -> None:
        new = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            with _alone(handle):
                size = os.fstat(handle).st_size
                if size and os.pread(handle, 1, size - 1) != b"\n":
                    line = b"\n" + line  # the line before was torn: it must not take this one along
                if os.write(handle, line) != len(line):
                    raise OSError(None, "the disk is full")
                os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            with contextlib.suppress(OSError):  # some file systems do not sync folders
                folder = os.open(self.path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)

    def _read(self) -> Iterator[Record]:
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        except OSError as error:
            raise DataError(
                f"cannot read the manifest {self.path}: {error.strerror or error}"
            ) from error
        with file:
            number = 0
            while line := file.readline(_LONGEST_LINE):
                number += 1
                try:
                    yield Record.from_json(line.decode("utf-8"))
                except (DataError, UnicodeDecodeError) as error:
                    # What is torn begins as a record does, or was never begun.
                    if line.strip() and not line.startswith(b'{"lass"'[: len(line.strip())]):
                        raise DataError(
                            f"{self.path}, line {number}: {error}; give another --manifest"
                        ) from error
                    self.torn += bool(line.strip())


@contextlib.contextmanager
def _alone(handle: int) -> Iterator[None]:
    """Keep other runs from writing at the same time, where that can be had."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(handle, fcntl.LOCK_EX)
    yield


def _absolute(path: Path) -> str:
    return os.path.abspath(path)


def _anywhere(record: Record) -> Record:
    """The same with paths that do not depend on the current folder."""
    return replace(
        record,
        path=Path(_absolute(record.path)),
        parts={name: Path(_absolute(path)) for name, path in record.parts.items()},
        residual=None if record.residual is None else Path(_absolute(record.residual)),
        outputs={Path(_absolute(path)): digest for path, digest in record.outputs.items()},
    )
