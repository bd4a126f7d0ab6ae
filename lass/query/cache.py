"""Vectors of texts on disk, so that the same words are encoded once on a machine.

Nothing depends on the cache: what is missing, damaged or unwritable is simply computed. One small
file a text, written aside and moved into place, so processes can share the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lass.errors import ConfigError
from lass.places import cache_folder

__all__ = ["LIMIT_BYTES", "TextCache"]

LIMIT_BYTES = 64_000_000
"""The folder is cut back when it grows larger than this."""

_KEEP = 0.8  # share of the limit that is left after cutting back
_CHECK_EVERY = 500  # writes between looks at the folder's size
_DIGEST = hashlib.sha256().digest_size


class TextCache:
    """Vectors by key, in a folder of limited size.

    Args:
        folder: made when something is first written.
        limit_bytes: size at which the entries that were used longest ago are dropped.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     cache = TextCache(Path(folder))
        ...     key = cache.key("model", "{}", "violin")
        ...     cache.put(key, np.ones(3, np.float32))
        ...     cache.get(key, dim=3), cache.get(key, dim=4)
        (array([1., 1., 1.], dtype=float32), None)
    """

    def __init__(self, folder: Path, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes
        self._writes = 0

    @classmethod
    def usual(cls) -> TextCache | None:
        """The user's cache, or None where ``LASS_CACHE`` is ``off`` or there is no home."""
        if os.environ.get("LASS_CACHE", "").strip().lower() in ("off", "0", "no", "false"):
            return None
        try:
            return cls(cache_folder() / "text-vectors")
        except ConfigError:  # a user without a home
            return None

    @staticmethod
    def key(*parts: str) -> str:
        """Name of an entry: a hash of all that decides about the vector."""
        digest = hashlib.sha256()
        for part in parts:
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big") + data)
        return digest.hexdigest()

    def get(self, key: str, *, dim: int) -> NDArray[np.float32] | None:
        """A stored vector.

        Args:
            key: of :meth:`key`.
            dim: how many numbers it must have.

        Returns:
            float32 ``(dim,)``, or None where there is none or it is damaged.
        """
        path = self._path(key)
        try:
            data = path.read_bytes()
            stored, digest = data[:-_DIGEST], data[-_DIGEST:]
            if _digest(key, stored) != digest:
                return None
            vector = np.load(io.BytesIO(stored), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        if vector.dtype != np.float32 or vector.shape != (dim,) or not np.isfinite(vector).all():
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used just now
        found: NDArray[np.float32] = vector
        return found

    def put(self, key: str, vector: NDArray[np.float32]) -> None:
        """Store a vector, or leave it where the folder cannot be written.

        Args:
            key: of :meth:`key`.
            vector: float32 ``(dim,)``.
        """
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(vector, np.float32), allow_pickle=False)
        stored = buffer.getvalue()
        path = self._path(key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(stored + _digest(key, stored))
                os.replace(aside, path)
            except BaseException:
                Path(aside).unlink(missing_ok=True)
                raise
        if self._writes % _CHECK_EVERY == 0:
            self.cut_back()
        self._writes += 1

    def cut_back(self) -> None:
        """Drop the entries that were used longest ago if the folder is too large."""
        entries = []
        with contextlib.suppress(OSError):
            for path in self.folder.glob("*/*"):
                with contextlib.suppress(OSError):  # another process was quicker
                    told = path.stat()
                    entries.append((told.st_mtime, told.st_size, path))
        size = sum(entry[1] for entry in entries)
        if size <= self.limit_bytes:
            return
        for _, bytes_, path in sorted(entries, key=lambda entry: entry[0]):
            if size <= _KEEP * self.limit_bytes:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                size -= bytes_

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key[2:]}.npy"


def _digest(key: str, stored: bytes) -> bytes:
    """Of the entry and its name: a file that was cut, changed or moved does not match."""
    return hashlib.sha256(key.encode() + stored).digest()
