"""Say the edit: instructions in plain words, operations, and a session that can undo.

Operations are plain data. :func:`parse_instruction` reads them from words, and
:class:`EditSession` does them. Session and parser are loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lass.edit.operations import (
    EVERYTHING,
    Effect,
    Extract,
    Fade,
    Gain,
    Keep,
    Operation,
    Pan,
    Remove,
    Span,
    Target,
    operation_from_dict,
)

if TYPE_CHECKING:
    from lass.edit.describing import describe
    from lass.edit.exporting import Exported
    from lass.edit.parsing import parse_instruction, read_instruction
    from lass.edit.session import EditSession

_LAZY = {
    "EditSession": "lass.edit.session",
    "Exported": "lass.edit.exporting",
    "describe": "lass.edit.describing",
    "parse_instruction": "lass.edit.parsing",
    "read_instruction": "lass.edit.parsing",
}

__all__ = [
    "EVERYTHING",
    "EditSession",
    "Effect",
    "Exported",
    "Extract",
    "Fade",
    "Gain",
    "Keep",
    "Operation",
    "Pan",
    "Remove",
    "Span",
    "Target",
    "describe",
    "operation_from_dict",
    "parse_instruction",
    "read_instruction",
]


def __getattr__(name: str) -> object:
    """Import what needs more than plain data on first use."""
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'lass.edit' has no attribute {name!r}")
