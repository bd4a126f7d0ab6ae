"""The deck's JavaScript and style as the two texts that Streamlit takes.

In `deck/` every file is a module of its own, so that Node can test it. A component has one text:
the modules are joined in the order of what they need, without their imports and exports.
"""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["ORDER", "script", "style"]

_FOLDER = Path(__file__).resolve().parent / "deck"
ORDER = (
    "time", "mixing", "peaks", "schedule", "drawing", "elements", "painting", "hands", "player",
    "deck",
)  # fmt: skip
"""Modules, each after those that it imports."""

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def script() -> str:
    """Join the modules.

    Returns:
        One module whose default export mounts the deck.
    """
    texts = [(_FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in ORDER]
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)


def style() -> str:
    """Read the style.

    Returns:
        CSS for the deck's own tree.
    """
    return (_FOLDER / "deck.css").read_text(encoding="utf-8")
