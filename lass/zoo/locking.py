"""One process at a time: the others wait, and the end of a process, however it came, lets go."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lass.errors import ModelError

__all__ = ["alone"]

_PAUSE_S = 0.2  # between attempts


@contextlib.contextmanager
def alone(path: Path, *, on_wait: Callable[[], None] | None = None) -> Iterator[bool]:
    """Hold a lock on a file for the block.

    The operating system takes the lock away from a process that ends, so none is ever left over;
    the empty file stays, because removing it could let two processes in.

    Args:
        path: the file; made if it is not there.
        on_wait: called once if another process has the lock.

    Yields:
        Whether another process had it first.

    Raises:
        ModelError: the file cannot be made.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, alone(Path(folder) / "a") as waited:
        ...     waited
        False
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise ModelError(f"cannot write {path}: {error.strerror or error}") from error
    with file:
        waited = False
        while not _take(file.fileno()):
            if not waited and on_wait is not None:
                on_wait()
            waited = True
            time.sleep(_PAUSE_S)
        yield waited  # closing the file lets go


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> bool:
        """Try to lock the first byte."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _take(handle: int) -> bool:
        """Try to lock the file; where a file system knows no locks, go on without."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
