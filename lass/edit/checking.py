"""Whether an operation can be done at all, said before any work starts."""

from __future__ import annotations

import math
import sys
from typing import Any

from lass.edit.envelopes import seconds_of
from lass.edit.operations import Effect, Fade, Gain, Keep, Operation, Pan, Span, Target
from lass.errors import EditError

__all__ = ["check_fits", "check_operation"]

_MOST_GAIN_DB = 120.0
_MOST_AMOUNT = 4.0
_LONGEST_WORDS = 1000
_MOST_WORDS = 32


def check_operation(operation: object) -> Operation:
    """Check an operation without knowing the recording.

    Args:
        operation: anything.

    Returns:
        The operation.

    Raises:
        EditError: it is none, or one of its entries is of a wrong kind or out of range.

    Example:
        >>> check_operation(Pan(position=3.0))
        Traceback (most recent call last):
        ...
        lass.errors.EditError: the position is 3.0, expected a number from -1 to 1
    """
    if not isinstance(operation, Operation) or type(operation) is Operation:
        raise EditError(
            f"{operation!r} is no operation: give one such as lass.edit.Remove(Target('dog')), "
            "or words"
        )
    _check_target(operation.target)
    if operation.span is not None:
        _check_span(operation.span)
    _check_own(operation)
    return operation


def check_fits(operation: Operation, *, duration_s: float, channels: int, recorded: int) -> None:
    """Check that an operation fits a recording.

    Args:
        operation: checked by :func:`check_operation`.
        duration_s: length of the recording.
        channels: channels that are rendered.
        recorded: channels of the recording.

    Raises:
        EditError: its time is beyond the recording, or there is no stereo field to move in.
    """
    if operation.span is not None:
        seconds_of(operation.span, duration_s)
    if isinstance(operation, Pan) and channels != 2:
        advice = (
            "open it with to_stereo=True (`lass edit --stereo`) to make it stereo"
            if recorded == 1
            else "only stereo can be panned"
        )
        kind = "mono" if recorded == 1 else f"a recording of {recorded} channels"
        raise EditError(f"a sound cannot be moved left or right, the recording is {kind}: {advice}")


def _check_own(operation: Operation) -> None:
    """The entries that only one kind of operation has."""
    if isinstance(operation, Keep):
        _check_also(operation)
    elif isinstance(operation, Gain):
        _number("the gain in dB", operation.gain_db, -_MOST_GAIN_DB, _MOST_GAIN_DB)
    elif isinstance(operation, Pan):
        _number("the position", operation.position, -1.0, 1.0)
    elif isinstance(operation, Fade):
        _check_fade(operation)
    elif isinstance(operation, Effect):
        _check_effect(operation)


def _check_also(keep: Keep) -> None:
    if not isinstance(keep.also, tuple):
        raise EditError(f"also is {keep.also!r}, expected a tuple of targets")
    for other in keep.also:
        _check_target(other)
        if other.query is None or other.others or keep.target.query is None or keep.target.others:
            raise EditError("what is kept along with another must be a sound of its own")


def _check_target(target: Target) -> None:
    if not isinstance(target, Target):
        raise EditError(f"the target is {target!r}, expected a lass.edit.Target")
    if not isinstance(target.without, tuple) or len(target.without) > _MOST_WORDS:
        raise EditError(f"without is {target.without!r}, expected a short tuple of words")
    for words in (*target.without, *(() if target.query is None else (target.query,))):
        if not isinstance(words, str) or not words.strip() or len(words) > _LONGEST_WORDS:
            raise EditError(f"a sound is named {words!r:.60}, expected words such as 'dog'")
    if not isinstance(target.others, bool):
        raise EditError(f"others is {target.others!r}, expected true or false")
    if target.query is None and (target.without or target.occurrence is not None):
        raise EditError("the whole recording cannot be taken 'without' or 'nth time'")
    count = target.occurrence
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count == 0):
        raise EditError(f"the occurrence is {count!r}, expected 1 for the first, -1 for the last")


def _check_span(span: Span) -> None:
    if not isinstance(span, Span) or not isinstance(span.outside, bool):
        raise EditError(f"the span is {span!r}, expected a lass.edit.Span")
    for second in (span.start_s, 0.0 if span.end_s is None else span.end_s):
        _number("a time in seconds", second, -math.inf, math.inf)


def _check_fade(fade: Fade) -> None:
    if fade.direction not in ("in", "out"):
        raise EditError(f"the direction of a fade is {fade.direction!r}, expected 'in' or 'out'")
    if fade.span is not None and fade.span.outside:
        raise EditError("a fade needs one stretch of time: give it without 'except'")
    if fade.duration_s is not None:
        _number("the length of a fade in seconds", fade.duration_s, 0.0, math.inf)


def _check_effect(effect: Effect) -> None:
    from lass.fx.prompts import parse_prompt

    _number("the amount of an effect", effect.amount, 0.0, _MOST_AMOUNT)
    if not isinstance(effect.words, str) or len(effect.words) > _LONGEST_WORDS:
        raise EditError(f"an effect has the words {effect.words!r:.60}, expected such as 'warmer'")
    parse_prompt(effect.words)


def _number(name: str, value: Any, least: float, most: float) -> None:  # noqa: ANN401 (from JSON)
    """Refuse what is no finite number of a range."""
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    # An integer may have more digits than any number that can be computed with.
    small = numeric and abs(value) <= sys.float_info.max
    if not small or not math.isfinite(value) or not least <= value <= most:
        limits = f" from {least:g} to {most:g}" if math.isfinite(most) else ""
        raise EditError(f"{name} is {value!r}, expected a number{limits}")
