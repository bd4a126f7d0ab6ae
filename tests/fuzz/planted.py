"""A reader with a mistake in it, by which `scripts/fuzz` itself is tested."""

from __future__ import annotations

from pathlib import Path

MODULES = ()
TOKENS = (b"!",)
LONGEST = 100


def seeds() -> dict[str, bytes]:
    """Text without the byte that is read wrongly."""
    return {"text": b"hello"}


def run(data: bytes, folder: Path) -> None:
    """Fail wherever there is an exclamation mark."""
    if b"!" in data:
        _ = [][0]
