"""Which backend a folder needs, and opening it. Heavy imports happen here, when one is opened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lass.errors import ModelError

if TYPE_CHECKING:
    from lass.query.base import Encoder

__all__ = ["BACKENDS", "backend_of", "open_backend"]

BACKENDS = ("compact", "clap", "clip")


def backend_of(config: Mapping[str, Any]) -> str:
    """Name of the backend that a configuration asks for.

    Args:
        config: a model folder's ``config.json``, or that of a folder as transformers saves it.

    Returns:
        One of :data:`BACKENDS`.

    Raises:
        ModelError: the configuration is of something else.

    Example:
        >>> backend_of({"space": "compact-v1"}), backend_of({"model_type": "clap"})
        ('compact', 'clap')
    """
    named = config.get("backend") or config.get("model_type") or "compact"
    if named not in BACKENDS:
        raise ModelError(
            f"there is no query encoder of the kind {named!r}: expected one of "
            f"{', '.join(BACKENDS)}"
        )
    return str(named)


def open_backend(folder: Path, config: Mapping[str, Any]) -> Encoder:
    """Open the query encoder in a folder, with the user's cache of texts.

    Args:
        folder: its files; the caller has compared them with their hashes.
        config: its ``config.json``.

    Returns:
        The encoder. Foreign networks are loaded when they are first needed.

    Raises:
        ModelError: the folder holds no encoder, or one that is known to be broken.
    """
    from lass.query.cache import TextCache

    backend, cache = backend_of(config), TextCache.usual()
    if backend == "clap":
        from lass.query.clap import ClapEncoder

        return ClapEncoder(folder, cache=cache)
    if backend == "clip":
        from lass.query.clip import ClipEncoder

        return ClipEncoder(folder, cache=cache)
    from lass.query.compact import CompactEncoder

    return CompactEncoder(folder, cache=cache)
