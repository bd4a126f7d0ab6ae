"""What became of a file."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from lass.errors import DataError

__all__ = ["Record", "sha256_of"]

Status = Literal["done", "skipped", "failed"]

_FORMAT = 1


@dataclass(frozen=True)
class Record:
    """What became of a file: one line of a manifest.

    Args:
        path: the recording.
        status: ``done``, ``skipped`` (its results existed) or ``failed``.
        parts: query → file that holds its sound.
        residual: file that holds everything else, or None.
        scores: query → presence, 0…1; empty if the file was skipped.
        gain_db: common gain that was needed so that no output clips.
        audio_s: seconds of sound.
        seconds: what it took.
        error: why it failed, in one sentence.
        sha256: hash of the recording, if hashes were asked for.
        outputs: result → its hash.
        asked: hash of all that decides the results: queries, model, format.
        model: name of the model.
        verified: skipped because a manifest told that nothing has changed, which was checked.
    """

    path: Path
    status: Status
    parts: dict[str, Path] = field(default_factory=dict)
    residual: Path | None = None
    scores: dict[str, float] = field(default_factory=dict)
    gain_db: float = 0.0
    audio_s: float = 0.0
    seconds: float = 0.0
    error: str | None = None
    sha256: str | None = None
    outputs: dict[Path, str] = field(default_factory=dict)
    asked: str | None = None
    model: str = ""
    verified: bool = False

    def to_json(self) -> str:
        """One line of text, without its end."""
        table: dict[str, Any] = {
            "lass": _FORMAT,
            "path": str(self.path),
            "status": self.status,
            "error": self.error,
            "sha256": self.sha256,
            "parts": {name: str(path) for name, path in self.parts.items()},
            "residual": None if self.residual is None else str(self.residual),
            "outputs": {str(path): digest for path, digest in self.outputs.items()},
            "scores": {name: round(score, 6) for name, score in self.scores.items()},
            "gain_db": round(self.gain_db, 6),
            "audio_s": round(self.audio_s, 6),
            "seconds": round(self.seconds, 3),
            "model": self.model,
            "asked": self.asked,
            "verified": self.verified,
        }
        return json.dumps(table)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Back from a line.

        Args:
            text: the line.

        Returns:
            The record.

        Raises:
            DataError: it is none.

        Example:
            >>> record = Record(Path("a.wav"), "done", scores={"dog": 0.5})
            >>> Record.from_json(record.to_json()) == record
            True
        """
        try:
            table = json.loads(text)
            if table.pop("lass") != _FORMAT:
                raise DataError("it was written by a newer version of lass: update it")
            return cls(**_typed(table))
        except (
            ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError
        ) as error:  # fmt: skip
            raise DataError(f"{text[:40]!r} is no record of a separation") from error


def _typed(table: dict[str, Any]) -> dict[str, Any]:
    """Values as `Record` has them; whatever else is in the line makes an exception."""
    if table["status"] not in ("done", "skipped", "failed"):
        raise ValueError(table["status"])
    texts = ("path", "status", "model")
    perhaps = ("error", "sha256", "asked", "residual")
    if not all(isinstance(table[name], str) for name in texts):
        raise TypeError("text")
    if not all(table[name] is None or isinstance(table[name], str) for name in perhaps):
        raise TypeError("text or nothing")
    if not all(isinstance(digest, str) for digest in table["outputs"].values()):
        raise TypeError("hashes")
    typed = {
        "path": Path(table["path"]),
        "parts": {str(name): Path(path) for name, path in table["parts"].items()},
        "residual": None if table["residual"] is None else Path(table["residual"]),
        "outputs": {Path(path): digest for path, digest in table["outputs"].items()},
        "scores": {str(name): float(score) for name, score in table["scores"].items()},
        "verified": bool(table["verified"]),
    }
    numbers = {name: float(table[name]) for name in ("gain_db", "audio_s", "seconds")}
    return {**table, **typed, **numbers}


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in constant memory.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
