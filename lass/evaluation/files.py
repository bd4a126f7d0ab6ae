"""Text files written whole or not at all, and JSON read with one clear sentence if it is none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from lass.errors import DataError

__all__ = ["read_json", "write_text"]


def write_text(path: str | Path, text: str) -> Path:
    """Write a file whole or not at all.

    Args:
        path: The file; its folder is made if need be.
        text: What goes into it.

    Returns:
        The path.

    Raises:
        OSError: When it cannot be written; what was there before is still there.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def read_json(path: str | Path) -> Any:  # noqa: ANN401 (JSON is anything)
    """Read a file that should be JSON.

    Args:
        path: The file.

    Returns:
        What it holds.

    Raises:
        DataError: When it is missing or not JSON.

    Example:
        >>> read_json("/nowhere.json")
        Traceback (most recent call last):
        lass.errors.DataError: Cannot read /nowhere.json: No such file or directory.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except ValueError as error:
        raise DataError(f"{path} is not JSON, or is cut off: {error}.") from error
