"""Say what you want to hear, and get it.

`lass` takes a recording and words, and gives back the sound that was asked for, everything
else exactly, or an edited mix. The names below are loaded when first used, so that
``import lass`` stays quick and touches neither files nor the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

_LAZY = {
    "EditSession": "lass.edit",
    "Event": "lass.separation",
    "Search": "lass.separation",
    "Separation": "lass.separation",
    "Separator": "lass.separation",
    "Query": "lass.query",
    "QueryEmbedding": "lass.query",
    "find_events": "lass.separation",
    "parse_instruction": "lass.edit",
    "text_to_fx": "lass.fx",
}

__all__ = [
    "EditSession",
    "Event",
    "Query",
    "QueryEmbedding",
    "Search",
    "Separation",
    "Separator",
    "__version__",
    "find_events",
    "parse_instruction",
    "text_to_fx",
]

if TYPE_CHECKING:
    from lass.edit import EditSession, parse_instruction
    from lass.fx import text_to_fx
    from lass.query import Query, QueryEmbedding
    from lass.separation import Event, Search, Separation, Separator, find_events


def __getattr__(name: str) -> object:
    """Import a public name from its room on first use."""
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'lass' has no attribute {name!r}")


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
