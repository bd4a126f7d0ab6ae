"""Separation by words: several queries in one pass, any length, exact residual.

The separator itself is loaded when first used, because it needs torch; names of outputs and
results do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lass.separation.events import Event, Search, Track, find_events
from lass.separation.naming import OutputPaths, output_paths, slug
from lass.separation.result import HEARD, FileResult, Progress, Separation

if TYPE_CHECKING:
    from lass.separation.separator import Separator

__all__ = [
    "HEARD",
    "Event",
    "FileResult",
    "OutputPaths",
    "Progress",
    "Search",
    "Separation",
    "Separator",
    "Track",
    "find_events",
    "output_paths",
    "slug",
]


def __getattr__(name: str) -> object:
    """Import the separator on first use."""
    if name == "Separator":
        from lass.separation.separator import Separator

        return Separator
    raise AttributeError(f"module 'lass.separation' has no attribute {name!r}")
