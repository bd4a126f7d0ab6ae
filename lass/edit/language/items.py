"""From text to items: words, numbers, marks and quotations, each with its place in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from lass.edit.language.lists import words

__all__ = ["Item", "Kind", "first_of", "split_items", "starts_with", "text_of"]

Kind = Literal["word", "number", "clock", "mark", "quote", "time", "amount", "degree", "break"]

# No alternative can match in two ways, so that the time is linear in the length of the text.
_ITEM = re.compile(
    r"""
      (?P<quote>"(?:[^"\\]|\\.)*"|\u201c[^\u201d]*\u201d)
    | (?P<clock>\d+:[0-5]?\d(?::[0-5]?\d)?(?:\.\d+)?|\d+m(?:in)?\d+(?:s\b|sec\b)?)
    | (?P<ordinal>\d+(?:st|nd|rd|th)\b)
    | (?P<number>\d+(?:\.\d+)?|\.\d+)
    | (?P<word>[^\W\d_]\w*(?:['-][^\W\d_]\w*)*)
    | (?P<mark>\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_SAME = str.maketrans({"\u2018": "'", "\u2019": "'", "\u2013": "-", "\u2014": "-", "\u2212": "-"})


@dataclass(frozen=True)
class Item:
    """A piece of an instruction.

    Args:
        kind: what it is.
        text: as written, in lower case; a quotation without its marks.
        start: where it begins in the instruction, in characters.
        end: where it ends.
        value: what it means, for numbers, times, amounts and degrees.
    """

    kind: Kind
    text: str
    start: int
    end: int
    value: object = None


def split_items(text: str) -> list[Item]:
    """Split an instruction into items.

    Args:
        text: any text.

    Returns:
        The items in their order.

    Example:
        >>> [item.text for item in split_items("Mute 3s, then the hi-hat")]
        ['mute', '3', 's', ',', 'then', 'the', 'hi-hat']
    """
    items: list[Item] = []
    for found in _ITEM.finditer(text.translate(_SAME)):
        kind = found.lastgroup or "mark"
        said = found[0].lower()
        start, end = found.span()
        if kind == "quote":
            plain = re.sub(r"\\(.)", r"\1", said[1:-1])
            items.append(Item("quote", " ".join(plain.split()), start, end))
        elif kind == "number":
            items.append(Item("number", said, start, end, float(said)))
        elif kind == "clock":
            items.append(Item("clock", said, start, end))
        elif kind == "ordinal":
            items.append(Item("word", said, start, end))
        elif kind == "word":
            items.extend(_words(said, start))
        else:
            items.append(Item("mark", said, start, end))
    return items


_JOINED = frozenset(
    words("fade-out fade-in cut-out turn-up turn-down low-end high-end half-way turned-up")
)
_TWO = {"wanna": "want to", "gimme": "give me", "lemme": "let me", "halfway": "half way"}


def _words(said: str, start: int) -> list[Item]:
    """One word, or the two that are written as one."""
    if said in _TWO:
        return [Item("word", part, start, start + len(said)) for part in _TWO[said].split()]
    if said in _JOINED and not said.endswith("end"):
        items = []
        for part in said.split("-"):
            items.append(Item("word", part, start, start + len(part)))
            start += len(part) + 1
        return items
    return [Item("word", said, start, start + len(said))]


def starts_with(items: Sequence[Item], index: int, said: str) -> int:
    """Where a phrase ends that begins at ``index``; 0 if it does not stand there."""
    words = said.split()
    if index + len(words) > len(items):
        return 0
    for offset, word in enumerate(words):
        if items[index + offset].text != word or items[index + offset].kind == "quote":
            return 0
    return index + len(words)


@lru_cache(maxsize=512)
def _by_first_word(phrases: tuple[str, ...]) -> dict[str, list[str]]:
    """The phrases by their first words, so that few need to be compared."""
    table: dict[str, list[str]] = {}
    for said in phrases:
        table.setdefault(said.split()[0], []).append(said)
    return table


def first_of(items: Sequence[Item], index: int, phrases: tuple[str, ...]) -> int:
    """Where the first of the phrases that stands at ``index`` ends; 0 if none does."""
    if index >= len(items):
        return 0
    near = _by_first_word(phrases).get(items[index].text, ())
    return next((end for said in near if (end := starts_with(items, index, said))), 0)


def text_of(items: Sequence[Item]) -> str:
    """The items as text, with spaces where the instruction may have had any.

    Example:
        >>> text_of(split_items("salt & pepper"))
        'salt & pepper'
    """
    made = ""
    for place, item in enumerate(items):
        apart = place and (items[place - 1].end < item.start) and item.text not in (",", ".")
        made += (" " if apart else "") + item.text
    return made
