"""Operations in plain words, which mean the operation again when they are read: `describe`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lass.edit.operations import (
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
)
from lass.edit.parsing import read_instruction
from lass.errors import EditError

__all__ = ["describe"]

_PLACES = ("in ", "inside ", "through ", "behind ", "under ")
_ORDINALS = {1: "first", 2: "second", 3: "third", -1: "last", -2: "second last"}


def describe(operation: Operation) -> str:
    """Say an operation in one sentence.

    Args:
        operation: the operation; its query and words in lower case.

    Returns:
        A sentence that :func:`lass.edit.parsing.parse_instruction` takes for the same operation.
        Where the query or the words would be read otherwise, they stand in quotation marks.

    Raises:
        EditError: if it is no operation that can be said, such as one without query or words.

    Example:
        >>> describe(Gain(Target("piano"), Span(10.0), gain_db=3.0))
        'make the piano 3 dB louder from 0:10 on'
    """
    said = ""
    for said in _candidates(operation):
        parsed = read_instruction(said)
        if not parsed.leftovers and parsed.operations == (operation,):
            return said
    if said:
        return said
    raise EditError(f"{operation!r} cannot be said in words; give a remove, keep, extract, gain, "
                    "effect, pan or fade")  # fmt: skip


def _candidates(operation: Operation) -> Iterator[str]:
    """Ways to say it, the most natural first."""
    when = _time(operation.span, fading=isinstance(operation, Fade))
    for quoted in (False, True):
        target = _target(operation.target, quoted=quoted)
        for clause in _clauses(operation, target, quoted=quoted):
            yield f"{clause}{when}{_spared(operation.target, quoted=quoted)}"


def _clauses(operation: Operation, target: str, *, quoted: bool) -> Iterator[str]:
    if isinstance(operation, Remove):
        yield f"{'mute' if operation.target.query is None else 'remove'} {target}"
    elif isinstance(operation, Keep):
        more = "".join(f" and {_target(other, quoted=quoted)}" for other in operation.also)
        yield f"keep only {target}{more}"
    elif isinstance(operation, Extract):
        yield f"extract {target}"
    elif isinstance(operation, Gain):
        way = "quieter" if operation.gain_db < 0 else "louder"
        yield f"make {target} {_number(abs(operation.gain_db))} dB {way}"
    elif isinstance(operation, Effect):
        yield from _effects(operation, target)
    elif isinstance(operation, Pan):
        yield _pan(operation, target)
    elif isinstance(operation, Fade):
        over = "" if operation.duration_s is None else f" over {_number(operation.duration_s)} s"
        yield f"fade {target} {operation.direction}{over}"


def _effects(operation: Effect, target: str) -> Iterator[str]:
    share = f"{_number(operation.amount, percent=True)} % "
    degree = {1.0: "", 0.5: "a bit ", 1.5: "much "}.get(operation.amount, share)
    if operation.amount == 1.0 and operation.words.startswith(_PLACES):
        yield f"put {target} {operation.words}"
    yield f"make {target} {degree}{operation.words}"
    yield f"make {target} sound {degree}{operation.words}"
    if operation.amount == 1.0:
        yield f"add {operation.words} to {target}"
    yield f"make {target} sound {degree}{_quoted(operation.words)}"


def _pan(operation: Pan, target: str) -> str:
    if operation.position == 0:
        return f"pan {target} to the middle"
    side = "left" if operation.position < 0 else "right"
    share = abs(operation.position)
    usual = {0.6: "", 1.0: "hard ", 0.3: "slightly "}
    return f"pan {target} {usual.get(share, f'{_number(share, percent=True)} % ')}{side}"


def _target(target: Target, *, quoted: bool) -> str:
    """The sound with its article."""
    if target.query is None:
        return "the rest" if target.others else "everything"
    name = _quoted(target.query) if quoted else target.query
    if target.occurrence is not None:
        name = f"{_ordinal(target.occurrence)} {name}"
    others = [_quoted(query) if quoted else query for query in target.without]
    if target.others:
        return " and ".join(f"the {one}" for one in (f"but {name}", *others)).replace(
            "the but ", "everything but the ", 1
        )
    return f"the {name}"


def _spared(target: Target, *, quoted: bool) -> str:
    """What is left as it is."""
    if target.others or not target.without:
        return ""
    names = [_quoted(query) if quoted else query for query in target.without]
    return ", but not " + " and ".join(f"the {name}" for name in names)


def _ordinal(number: int) -> str:
    if number in _ORDINALS:
        return _ORDINALS[number]
    count = abs(number)
    ending = (
        {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
        if count % 100 not in (11, 12, 13)
        else "th"
    )
    return f"{count}{ending}{' last' if number < 0 else ''}"


def _time(span: Span | None, *, fading: bool) -> str:
    if span is None:
        return ""
    before = " except" if span.outside else ""
    if span.end_s is None:
        if span.start_s < 0 and not fading:
            return f"{before} in the last {_number(-span.start_s)} s"
        return f"{before} from {_clock(span.start_s)} {'to the end' if span.outside else 'on'}"
    return f"{before} from {_clock(span.start_s)} to {_clock(span.end_s)}"


def _clock(seconds: float) -> str:
    """A time as m:ss, or counted from the end."""
    if seconds < 0:
        return f"{_number(-seconds)} s before the end"
    exact = Decimal(repr(float(seconds)))
    minutes, rest = divmod(exact, 60)
    return f"{int(minutes)}:{'0' if rest < 10 else ''}{_plain(rest)}"


def _number(number: float, *, percent: bool = False) -> str:
    exact = Decimal(repr(float(number)))
    return _plain(100 * exact if percent else exact)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
