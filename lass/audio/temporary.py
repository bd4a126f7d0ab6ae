"""Temporary files that tell by themselves whether anybody still writes them.

A run that is killed outright cannot tidy up. Its temporary file stays, but the lock on it goes
with the process, whatever ended it. So a later run may remove every temporary file that it can
lock, and never one that another run is writing at that moment. Process numbers would not do:
they are used again, and mean nothing from one container to the next.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Temporary", "claim", "remove_leftovers"]

_NAME = re.compile(r"\.lass-[0-9a-f]{16}(\.\w+)?")
_NO_LOCK = -1


@dataclass
class Temporary:
    """A temporary file of this process.

    Args:
        path: where it is.
        handle: the open file that holds the lock, or -1 where there are no such locks.
    """

    path: Path
    handle: int = _NO_LOCK

    def release(self) -> None:
        """Give up the lock; the file itself stays as it is."""
        if self.handle != _NO_LOCK:
            with contextlib.suppress(OSError):
                os.close(self.handle)
            self.handle = _NO_LOCK


def claim(target: Path) -> Temporary:
    """Make an empty, hidden, locked file next to the one that it will become.

    Args:
        target: the final file; the suffix is kept.

    Returns:
        The temporary file.

    Raises:
        OSError: the folder is missing, full, or may not be written.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> made = claim(folder / "a.wav")
        >>> remove_leftovers(folder)  # somebody still writes it
        []
        >>> made.release()
        >>> remove_leftovers(folder) == [made.path]
        True
    """
    while True:
        path = target.parent / f".lass-{secrets.token_hex(8)}{target.suffix}"
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        busy = _lock(handle) is False
        # Between the two calls, somebody tidying up may have taken it for a leftover.
        if not busy and (os.fstat(handle).st_nlink or os.name == "nt"):
            break
        os.close(handle)
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
    if os.name == "nt":  # an open file could not be renamed there, nor removed by anybody
        os.close(handle)
        handle = _NO_LOCK
    return Temporary(path, handle)


def remove_leftovers(folder: str | os.PathLike[str]) -> list[Path]:
    """Remove what killed runs left in a folder, and nothing that is still being written.

    Args:
        folder: the folder; what is below it is left alone. It need not exist.

    Returns:
        What was removed.
    """
    removed = []
    try:
        found = [Path(entry.path) for entry in os.scandir(folder) if _NAME.fullmatch(entry.name)]
    except OSError:
        return []
    for path in sorted(found):
        with contextlib.suppress(OSError):  # gone meanwhile, or not ours to touch
            if _remove_if_idle(path):
                removed.append(path)
    return removed


def _remove_if_idle(path: Path) -> bool:
    if not stat.S_ISREG(path.lstat().st_mode):
        return False
    if os.name == "nt":
        path.unlink()  # refused while it is open
        return True
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        if not _lock(handle):
            return False
        path.unlink()
        return True
    finally:
        os.close(handle)


def _lock(handle: int) -> bool | None:
    """Lock a file: True if that worked, False if another has it, None if there are no locks."""
    if os.name == "nt":
        return None
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: there, nothing is ever removed
        return None
    return True
