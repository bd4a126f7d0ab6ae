"""Times in instructions: "from 3 to 5 s", "after 0:10", "the last two seconds", "over 3 s"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from lass.edit.language.items import Item, first_of, starts_with
from lass.edit.language.lists import words
from lass.edit.operations import Span

__all__ = ["Time", "read_duration", "read_number", "read_time"]

_UNITS = {
    **dict.fromkeys(words("s sec secs second seconds"), Decimal(1)),
    **dict.fromkeys(words("ms msec msecs millisecond milliseconds"), Decimal("0.001")),
    **dict.fromkeys(words("m min mins minute minutes"), Decimal(60)),
    **dict.fromkeys(words("h hr hrs hour hours"), Decimal(3600)),
}
_ONES = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen twenty"
)
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
         "eighty": 80, "ninety": 90}  # fmt: skip
_NUMBERS = {**{word: n for n, word in enumerate(_ONES)}, **_TENS, "hundred": 100}
_OTHER_UNITS = frozenset(words("db decibel decibels % percent per hz khz times x"))

_AFTER_BARE = frozenset(
    words("to until till til 'til through thru and on onward onwards up then but please for make")
)

_EXCEPT = (
    "except for", "except", "excluding", "but not", "outside of", "outside", "other than",
    "apart from", "aside from", "save for", "besides", "not",
)  # fmt: skip
_EVERYWHERE = ("everywhere", "always", "throughout", "all the time", "the whole time")
_ONWARDS = (
    "and onwards", "and onward", "and on", "onwards", "onward", "on", "and after", "and beyond",
    "forward", "forwards", "and later", "to the very end", "to the end", "till the end",
    "until the end", "up to the end", "through to the end", "'til the end", "to end",
)  # fmt: skip
_FROM = (
    "from about", "from around", "starting from", "starting at", "starting with", "beginning at",
    "beginning from", "start at", "starting", "from time", "from", "after", "past", "as of",
    "since",
)  # fmt: skip
_UNTIL = ("up until", "up to", "until", "till", "'til", "til", "before", "prior to")
_TO = (
    "up to", "up until", "through to", "to", "until", "till", "'til", "til", "through", "thru", "-",
)  # fmt: skip
_AT = ("in between", "between", "within", "during", "for", "in", "at", "@", "over", "on")
_OF_ALL = tuple(
    f"of {article}{noun}"
    for article in ("the ", "this ", "my ", "")
    for noun in words("recording track song clip file audio mix sound piece sample take")
)
_OF_ALL = (*_OF_ALL, "of it", "of that")


@dataclass(frozen=True)
class Time:
    """A time that was said.

    Args:
        form: ``range`` or the ``first`` or ``last`` seconds; a ``duration``; a ``moment``.
        span: what it covers; None for a duration.
        duration_s: length of the first, of the last, or of the duration, in seconds.
    """

    form: Literal["range", "first", "last", "duration", "moment"]
    span: Span | None = None
    duration_s: float | None = None


@dataclass(frozen=True)
class _Point:
    """A point in time; ``seconds`` is None at the end, ``bare`` where no unit was given."""

    seconds: Decimal | None
    next: int
    bare: bool = False
    unit: Decimal = Decimal(1)


def read_number(items: Sequence[Item], index: int) -> tuple[Decimal, int] | None:
    """A number in digits or words at ``index``, and where it ends.

    Example:
        >>> from lass.edit.language.items import split_items
        >>> read_number(split_items("twenty-five dB"), 0)
        (Decimal('25'), 1)
    """
    if index >= len(items):
        return None
    item = items[index]
    if item.kind == "number":
        number, after = Decimal(item.text), index + 1
    elif item.kind == "word":
        tens, _, ones = item.text.partition("-")
        if tens not in _NUMBERS or (ones and (ones not in _NUMBERS or tens not in _TENS)):
            return None
        number, after = Decimal(_NUMBERS[tens] + _NUMBERS.get(ones, 0)), index + 1
        following = items[after].text if after < len(items) else ""
        if tens in _TENS and not ones and following in _ONES[1:10]:
            number, after = number + _NUMBERS[following], after + 1
    else:
        return None
    half = first_of(items, after, ("and a half", "and one half"))
    return (number + Decimal("0.5"), half) if half else (number, after)


def read_duration(items: Sequence[Item], index: int) -> tuple[Decimal, int] | None:
    """A duration with its unit ("1 min 20 s", "half a minute") in seconds, and where it ends."""
    start = first_of(items, index, ("about", "around", "roughly", "exactly", "approximately"))
    index = start or index
    counts = {"half a": "0.5", "half an": "0.5", "a half": "0.5", "half": "0.5", "a couple of": "2",
              "a quarter of a": "0.25", "a quarter of an": "0.25", "a": "1", "an": "1"}  # fmt: skip
    begins = index < len(items) and items[index].text in ("half", "a", "an")
    for said, count in counts.items() if begins else ():
        after = starts_with(items, index, said)
        unit = _unit(items, after) if after else None
        if unit and len(items[after].text) > 2:
            half = starts_with(items, after + 1, "and a half")
            return (Decimal(count) + (Decimal("0.5") if half else 0)) * unit, half or after + 1
    read = read_number(items, index)
    if read is None:
        return None
    number, after = read
    if after < len(items) and items[after].text == "-" and _unit(items, after + 1):
        after += 1
    unit = _unit(items, after)
    if unit is None:
        return None
    seconds, after = number * unit, after + 1
    joined = starts_with(items, after, "and") or after
    more = read_number(items, joined) if unit >= 60 else None
    if more is not None:
        smaller = _unit(items, more[1])
        if smaller is not None and smaller < unit:
            return seconds + more[0] * smaller, more[1] + 1
        if smaller is None and joined == after and items[index].end == items[index + 1].start:
            return seconds + more[0], more[1]
    return seconds, after


def read_time(items: Sequence[Item], index: int) -> tuple[Time, int] | None:
    """A time at ``index``, and where it ends; None if there is none.

    Example:
        >>> from lass.edit.language.items import split_items
        >>> read_time(split_items("from 3 to 5 s"), 0)[0].span
        Span(start_s=3.0, end_s=5.0, outside=False)
    """
    index = first_of(items, index, ("but only", "only", "just", "and only")) or index
    everywhere = first_of(items, index, _EVERYWHERE)
    start = everywhere or index
    excluded = first_of(items, start, (*_EXCEPT, "but") if everywhere else _EXCEPT)
    read = _read_inside(items, excluded or start)
    if read is not None and (excluded or not everywhere):
        time, after = read
        after = first_of(items, after, _OF_ALL) or after
        if excluded and time.span is not None and time.form != "moment":
            outside = Span(time.span.start_s, time.span.end_s, outside=True)
            return Time("range", outside), after
        return None if excluded else (time, after)
    return (Time("range"), everywhere) if everywhere and not excluded else None


def _read_inside(items: Sequence[Item], index: int) -> tuple[Time, int] | None:
    for reader in (_edge, _range, _onwards, _until, _duration, _moment):
        read = reader(items, index)
        if read is not None:
            return read
    return None


def _unit(items: Sequence[Item], index: int) -> Decimal | None:
    return _UNITS.get(items[index].text) if index < len(items) else None


def _clock(text: str) -> Decimal:
    """Seconds of "1:05", "1:02:03.5" or "1m20s"."""
    parts = text.rstrip("sec").replace("min", ":").replace("m", ":").split(":")
    seconds = Decimal(0)
    for part in parts:
        seconds = 60 * seconds + Decimal(part)
    return seconds


def _point(items: Sequence[Item], index: int) -> _Point | None:
    """A point in time: 0:05, 5 s, the end, second 5, 5 (bare), 2 s before the end."""
    index = first_of(items, index, ("about", "around", "roughly", "the time")) or index
    start = first_of(items, index, ("the very start", "the very beginning", "the start",
                                    "the beginning", "start", "beginning"))  # fmt: skip
    if start:
        return _Point(Decimal(0), first_of(items, start, _OF_ALL) or start)
    end = first_of(items, index, ("the very end", "the end", "end"))
    if end:
        return _Point(None, first_of(items, end, _OF_ALL) or end)
    named = first_of(items, index, ("seconds", "second", "sec"))
    minutes = first_of(items, index, ("minutes", "minute"))
    if named or minutes:
        number = read_number(items, named or minutes)
        unit = Decimal(60 if minutes else 1)
        return _Point(number[0] * unit, number[1]) if number else None
    index = starts_with(items, index, "the") or index
    if index < len(items) and items[index].kind == "clock":
        after = index + 1
        point = _Point(_clock(items[index].text), after)
    elif (read := read_duration(items, index)) is not None:
        point = _Point(read[0], read[1], unit=_unit(items, read[1] - 1) or Decimal(1))
    elif (bare := read_number(items, index)) is not None:
        following = items[bare[1]].text if bare[1] < len(items) else ""
        counted = bare[1] < len(items) and items[bare[1]].kind == "word"
        if following in _OTHER_UNITS or (counted and following not in _AFTER_BARE):
            return None
        return _Point(bare[0], bare[1], bare=True)
    else:
        return None
    ending = first_of(items, point.next, ("before the end", "from the end", "to the end of"))
    if ending:
        return _Point(-(point.seconds or Decimal(0)), ending)
    mark = first_of(items, point.next, ("mark", "in", "into it"))
    follows = items[mark].text if mark and mark < len(items) else ""
    return _Point(point.seconds, mark, unit=point.unit) if mark and follows == "" else point


def _span(start: Decimal, end: Decimal | None) -> Span:
    return Span(float(start), None if end is None else float(end))


def _range(items: Sequence[Item], index: int) -> tuple[Time, int] | None:
    """From 3 to 5 s."""
    said = first_of(items, index, (*_FROM, *_AT))
    first = _point(items, said or index)
    if first is None or first.seconds is None:
        return None
    joined = first_of(items, first.next, (*_TO, "and") if said else _TO)
    second = _point(items, joined) if joined else None
    if second is None or (second.seconds is None and not said and first.bare):
        return None
    if not said and first.bare and second.bare:
        return None
    seconds = first.seconds
    if first.bare and not second.bare:
        seconds *= second.unit
    return Time("range", _span(seconds, second.seconds)), second.next


def _onwards(items: Sequence[Item], index: int) -> tuple[Time, int] | None:
    """From 0:10 on; after 10 s; from 10 s for 5 s; after the first 5 s."""
    said = first_of(items, index, _FROM)
    if not said:
        return None
    edge = _edge(items, said)
    if edge is not None:
        time, after = edge
        seconds = time.duration_s or 0.0
        return Time("range", Span(seconds if time.form == "first" else -seconds)), after
    point = _point(items, said)
    if point is None or point.seconds is None:
        return None
    more = starts_with(items, point.next, "for")
    duration = read_duration(items, more) if more else None
    if duration is not None:
        return Time("range", _span(point.seconds, point.seconds + duration[0])), duration[1]
    after = first_of(items, point.next, _ONWARDS) or point.next
    return Time("range", _span(point.seconds, None)), after


def _until(items: Sequence[Item], index: int) -> tuple[Time, int] | None:
    """Until 8 s; before the last 5 seconds."""
    said = first_of(items, index, _UNTIL)
    if not said:
        return None
    edge = _edge(items, said)
    if edge is not None and edge[0].form == "last":
        return Time("range", Span(0.0, -(edge[0].duration_s or 0.0))), edge[1]
    point = _point(items, said)
    if point is None or point.seconds is None:
        return None
    return Time("range", _span(Decimal(0), point.seconds)), point.next


def _edge(items: Sequence[Item], index: int) -> tuple[Time, int] | None:
    """The first 5 seconds; the last half a minute; the last minute."""
    index = first_of(items, index, ("over", "in", "during", "for", "within", "throughout", "at",
                                    "of", "on")) or index  # fmt: skip
    index = first_of(items, index, ("the very", "the", "its")) or index
    first = first_of(items, index, ("first", "opening", "initial"))
    last = first_of(items, index, ("last", "final", "closing"))
    if not first and not last:
        return None
    read = read_duration(items, first or last)
    if read is None:
        unit = _unit(items, first or last)
        if unit is None or len(items[first or last].text) < 5:
            return None
        read = unit, (first or last) + 1
    seconds = float(read[0])
    if first:
        return Time("first", Span(0.0, seconds), seconds), read[1]
    return Time("last", Span(-seconds), seconds), read[1]


def _duration(items: Sequence[Item], index: int) -> tuple[Time, int] | None:
    """Over 3 s; for five seconds; 3 seconds long; 3-second; 5 s from 0:10."""
    said = first_of(items, index, ("over a period of", "over", "for", "lasting", "in", "within",
                                   "across", "of", "with a", "by"))  # fmt: skip
    read = read_duration(items, said or index)
    if read is None:
        return None
    seconds, after = read
    joined = items[index].text not in ("over", "across") and _range(items, after) is None
    begin = first_of(items, after, _FROM) if joined else 0
    point = _point(items, begin) if begin else None
    if point is not None and point.seconds is not None:
        return Time("range", _span(point.seconds, point.seconds + seconds)), point.next
    ending = first_of(items, after, ("before the end", "from the end"))
    if ending:
        return Time("last", Span(-float(seconds)), float(seconds)), ending
    return Time("duration", None, float(seconds)), starts_with(items, after, "long") or after


def _moment(items: Sequence[Item], index: int) -> tuple[Time, int] | None:
    """At 0:10; at the start; at the end."""
    said = first_of(items, index, ("at about", "at around", "at", "@", "towards", "near"))
    point = _point(items, said) if said else None
    if point is None or point.bare:
        return None
    if point.seconds is None or point.seconds == 0:
        return Time("moment"), point.next
    return Time("moment", _span(point.seconds, None)), point.next
