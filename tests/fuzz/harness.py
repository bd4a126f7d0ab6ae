"""What `scripts/fuzz` and the replay share: finding targets, and judging what comes out of them.

A target takes bytes and gives them to one reader of `lass`. Whatever the bytes are, the reader may
succeed or raise a `LassError`; anything else is a finding.
"""

from __future__ import annotations

import importlib
import traceback
from pathlib import Path
from types import ModuleType

from lass.errors import LassError

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
TARGETS = tuple(
    sorted(path.stem for path in (HERE / "targets").glob("*.py") if path.stem != "__init__")
)
SECONDS = 10
"""Longest time for one input."""
MEBIBYTES = 1024
"""Most resident memory of the whole process."""


def load(name: str) -> ModuleType:
    """A target by its name; ``planted`` is one with a mistake in it."""
    if name == "planted":
        return importlib.import_module("tests.fuzz.planted")
    if name not in TARGETS:
        raise SystemExit(f"no target {name!r}: expected one of {', '.join(TARGETS)}")
    return importlib.import_module(f"tests.fuzz.targets.{name}")


def judge(target: ModuleType, data: bytes, folder: Path) -> tuple[str, str] | None:
    """Give one input to a target.

    Returns:
        None if it was read or refused as promised; else a short name of what happened, which is the
        same for the same mistake, and the traceback.
    """
    try:
        target.run(data, folder)
    except LassError as error:
        text = str(error)
        if not text.strip():
            return f"{type(error).__name__} without a message", ""
        return None
    except (Exception, RecursionError) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "/lass/" in frame.filename] or frames[-1:]
        place = f"{Path(own[-1].filename).name}:{own[-1].lineno}"
        return f"{type(error).__name__} at {place}", traceback.format_exc(limit=-6)
    return None


def kept(name: str) -> list[Path]:
    """The kept inputs of a target."""
    folder = CORPUS / name
    return sorted(path for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []
