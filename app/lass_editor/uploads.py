"""Sound files that users send: kept in a folder of the session's own, under names of our own."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from pathlib import Path, PurePosixPath

from lass.errors import AudioReadError

__all__ = ["LARGEST_MB", "SUFFIXES", "Folder", "plain_name"]

LARGEST_MB = 500
SUFFIXES = ("wav", "flac", "ogg", "opus", "mp3", "aiff", "aif")
_LONGEST_NAME = 80


class Folder:
    """A private folder that is removed with the session, at the latest when the program ends."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="lass-app-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)

    def keep(self, data: bytes, *, name: str) -> Path:
        """Store an upload.

        Args:
            data: the file.
            name: what the user calls it; only its ending is used, and only if it is known.

        Returns:
            Where it is.

        Raises:
            AudioReadError: it is too large, or its ending is none of a sound file.
        """
        if len(data) > LARGEST_MB << 20:
            raise AudioReadError(
                f"the file has {len(data) / 2**20:.0f} MB, and {LARGEST_MB} MB are allowed: "
                "cut it, or start the editor with the file: lass app FILE"
            )
        suffix = PurePosixPath(name).suffix.lower().lstrip(".")
        if suffix not in SUFFIXES:
            raise AudioReadError(
                f"a file that ends in {suffix or 'nothing'!r} is no sound file that can be read: "
                f"expected one of {', '.join(SUFFIXES)}"
            )
        path = self.path / f"recording.{suffix}"
        path.write_bytes(data)
        return path

    def close(self) -> None:
        """Remove the folder."""
        self._remove()


def plain_name(name: str, *, fallback: str = "recording") -> str:
    """A name that is safe as a file's, whatever a user sent.

    Args:
        name: any text.
        fallback: the name if nothing is left.

    Returns:
        Letters, digits, spaces, dots and dashes, without a path.

    Example:
        >>> plain_name("../../etc/passwd"), plain_name("Dog & cat?.wav"), plain_name("..")
        ('passwd', 'Dog _ cat_.wav', 'recording')
    """
    last = re.split(r"[/\\]", name)[-1]
    kept = re.sub(r"[^\w .\-]", "_", last).strip(" .")[:_LONGEST_NAME].strip(" .")
    return kept or fallback
