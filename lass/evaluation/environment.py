"""On what a result was measured: machine, versions, model and commit."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["environment"]

_PACKAGES = ("numpy", "soundfile", "soxr", "torch")


def environment(model: str | Path | None = None) -> dict[str, Any]:
    """Collect what a reader needs to trust or repeat a result: `Report.extra` is its place.

    Args:
        model: Folder of the model (its ``model.safetensors`` is hashed), or None.

    Returns:
        Plain data: Python, machine, operating system, the cores this process may use, package
        versions, commit (None outside a checkout), and the model's SHA-256 if one was given.

    Example:
        >>> sorted(environment())
        ['commit', 'cores', 'machine', 'numpy', 'os', 'python', 'soundfile', 'soxr', 'torch']
    """
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": _cores(),
        "os": platform.platform(),
        "commit": _commit(),
    }
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    if model is not None:
        weights = Path(model) / "model.safetensors"
        if weights.is_file():
            found["model_sha256"] = hashlib.sha256(weights.read_bytes()).hexdigest()
    return found


def _cores() -> int | None:
    """Cores that this process may use: what a container or a scheduler grants counts."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _commit() -> str | None:
    """Commit of the checkout this package lies in, with a plus if files were changed."""
    folder = Path(__file__).resolve().parents[2]
    if not (folder / ".git").exists():
        return None
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty=+", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
