"""How much: decibels, percent, "twice as loud", and degrees such as "a bit" and "much"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lass.edit.language.items import Item, first_of, starts_with
from lass.edit.language.times import read_number

__all__ = ["Amount", "Degree", "read_amount", "read_degree"]

Degree = Literal["little", "much", "plain"]

_LITTLE = (
    "just a little bit of", "just a little bit", "a little bit of", "a little bit", "just a little",
    "a little", "just a bit", "a bit of", "a bit", "just a touch of", "just a touch", "a touch of",
    "a touch", "just a tad", "a tad of", "a tad", "just slightly", "ever so slightly",
    "very slightly", "slightly", "slight", "somewhat", "subtly", "a hint of", "a hint", "a hair",
    "a smidge of", "a smidge", "a smidgen", "a fraction", "a notch", "a dash of", "a pinch of",
    "marginally", "a little more of", "a wee bit", "a wee bit of", "mildly", "a tiny bit of",
    "a tiny bit", "a small amount of", "a subtle", "a slight", "a small amount", "bit",
)  # fmt: skip
_MUCH = (
    "a whole lot of", "a whole lot", "an awful lot", "a lot of", "a lot", "lots of", "lots",
    "loads of", "loads", "tons of", "plenty of", "a great deal of", "a great deal", "very much",
    "very very", "so much", "much much", "much", "way way", "way", "very", "really", "a good deal",
    "considerably", "significantly", "heavily", "strongly", "massively", "super", "extremely",
    "far", "drastically", "dramatically", "seriously", "hugely", "substantially", "a ton of",
    "incredibly", "majorly", "vastly", "heaps of", "heaps", "tonnes of", "a ton", "tons", "greatly",
)  # fmt: skip
_PLAIN = ("quite a bit", "noticeably", "fairly", "rather", "quite", "pretty", "even", "nice and",
          "moderately", "a good bit", "more or less")  # fmt: skip
_BY_LENGTH: dict[str, list[tuple[str, Degree]]] = {}
for _said, _degree in (
    *((said, "little") for said in _LITTLE),
    *((said, "much") for said in _MUCH),
    *((said, "plain") for said in _PLAIN),
):
    _BY_LENGTH.setdefault(_said.split()[0], []).append((_said, _degree))  # type: ignore[arg-type]
for _entries in _BY_LENGTH.values():
    _entries.sort(key=lambda entry: -len(entry[0]))

_DB = ("db", "dbs", "decibel", "decibels", "dbfs", "db's")
_PERCENT = ("%", "percent", "per cent", "pct")
_TIMES_LOUD = ("times as loud", "times louder", "x as loud", "x louder", "times the loudness")
_VOLUME = tuple(
    f"{of}{word}"
    for of in ("the ", "its ", "of its ", "their ", "the original ", "of the ", "")
    for word in ("volume", "level", "loudness", "amplitude")
)


@dataclass(frozen=True)
class Amount:
    """An amount that was said.

    Args:
        gain_db: in decibels, with its sign where ``signed``.
        percent: or in percent.
        signed: the direction is part of the amount ("+3 dB", "half as loud").
        absolute: it is what is left, not what is changed ("to 50 %").
    """

    gain_db: float | None = None
    percent: float | None = None
    signed: bool = False
    absolute: bool = False


def ratio_db(ratio: float) -> float:
    """Decibels of a ratio of amplitudes; -120 for nothing at all."""
    return 20.0 * math.log10(max(ratio, 1e-6))


def read_degree(items: Sequence[Item], index: int) -> tuple[Degree, int] | None:
    """A degree at ``index`` ("a bit", "way"), and where it ends."""
    for said, degree in _BY_LENGTH.get(items[index].text, ()):
        after = starts_with(items, index, said)
        if after and not (said == "far" and first_of(items, after, ("away", "off"))):
            return degree, after
    return None


def read_amount(items: Sequence[Item], index: int) -> tuple[Amount, int] | None:
    """An amount at ``index``, and where it ends; None if there is none.

    Example:
        >>> from lass.edit.language.items import split_items
        >>> read_amount(split_items("by 3 dB"), 0)
        (Amount(gain_db=3.0, percent=None, signed=False, absolute=False), 3)
    """
    return _loudness(items, index) or _half(items, index) or _number(items, index)


def _loudness(items: Sequence[Item], index: int) -> tuple[Amount, int] | None:
    """Twice as loud, half as loud, three times louder: 10 dB for each doubling (a sone)."""
    for said, gain_db in (
        ("twice as loud", 10.0), ("two times louder", 10.0), ("twice as quiet", -10.0),
        ("twice as soft", -10.0), ("half as loud", -10.0), ("half as quiet", -10.0),
        ("twice louder", 10.0), ("half the loudness", -10.0), ("twice the loudness", 10.0),
    ):  # fmt: skip
        after = starts_with(items, index, said)
        if after:
            return Amount(gain_db, signed=True), after
    if items[index].kind not in ("word", "number"):
        return None
    read = read_number(items, index)
    after = first_of(items, read[1], _TIMES_LOUD) if read else 0
    if read and after and read[0] > 0:
        return Amount(10.0 * math.log2(float(read[0])), signed=True), after
    return None


def _half(items: Sequence[Item], index: int) -> tuple[Amount, int] | None:
    """To half the volume, at half volume, by half, in half."""
    start = first_of(items, index, ("down to", "back to", "to", "at")) or index
    for said, ratio in (("half", 0.5), ("double", 2.0), ("twice", 2.0), ("a quarter of", 0.25),
                        ("a third of", 1 / 3)):  # fmt: skip
        after = starts_with(items, start, said)
        volume = first_of(items, after, _VOLUME) if after else 0
        # "double the volume of the flute" is a verb and its sound.
        if volume and not starts_with(items, volume, "of") and not starts_with(items, volume, "on"):
            return Amount(ratio_db(ratio), signed=True), volume
    for said, percent in (("by half", 50.0), ("in half", 50.0), ("by a quarter", 25.0),
                          ("by a third", 100 / 3)):  # fmt: skip
        after = starts_with(items, index, said)
        if after:
            return Amount(percent=percent), after
    return None


def _number(items: Sequence[Item], index: int) -> tuple[Amount, int] | None:
    """By 3 dB, +3 dB, 50 %, to 50 percent, by 3."""
    by = first_of(items, index, ("by about", "by around", "by another", "by", "another"))
    to = 0 if by else first_of(items, index, ("down to", "up to", "to", "at", "of"))
    start = by or to or index
    start = first_of(items, start, ("about", "around", "roughly", "another")) or start
    sign = 0
    if start < len(items) and items[start].text in ("+", "-", "plus", "minus"):
        sign = -1 if items[start].text in ("-", "minus") else 1
        start += 1
    read = _count(items, start)
    if read is None:
        return None
    number, after = read
    if after < len(items) and items[after].text == "-" and first_of(items, after + 1, _DB):
        after += 1
    decibels = first_of(items, after, _DB)
    if decibels:
        return Amount((sign or 1) * number, signed=sign != 0), decibels
    percent = first_of(items, after, _PERCENT)
    if percent:
        full = first_of(items, percent, ("of its volume", "of the volume", "volume",
                                         "of its level", "of the original",
                                         "of full volume"))  # fmt: skip
        absolute = bool(to or full) and items[max(to - 1, 0)].text != "of"
        return Amount(percent=(sign or 1) * number, absolute=absolute, signed=sign != 0), (
            full or percent
        )
    if (by or (sign and items[start - 1].text in "+-")) and not _unit_follows(items, after):
        return Amount((sign or 1) * number, signed=sign != 0), after
    return None


def _count(items: Sequence[Item], index: int) -> tuple[float, int] | None:
    for said, number in (("a couple of", 2.0), ("a couple", 2.0), ("a few", 3.0), ("half a", 0.5)):
        after = starts_with(items, index, said)
        if after and first_of(items, after, _DB):
            return number, after
    if starts_with(items, index, "a") and first_of(items, index + 1, _DB):
        return 1.0, index + 1
    read = read_number(items, index)
    return None if read is None else (float(read[0]), read[1])


def _unit_follows(items: Sequence[Item], index: int) -> bool:
    """Whether a word follows that would be the unit or the thing counted."""
    return (
        index < len(items)
        and items[index].kind in ("word", "number")
        and (
            items[index].text
            not in ("and", "then", "but", "on", "from", "please", "louder", "quieter")
        )
    )
