"""Operations while the sentence is still being read: what was said, before it is worked out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from lass.edit.language.amounts import Amount, Degree, ratio_db
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
)

__all__ = ["Draft", "finish"]

_STEP_DB: dict[Degree, float] = {"little": 3.0, "plain": 6.0, "much": 10.0}
_AMOUNTS: dict[Degree, float] = {"little": 0.5, "plain": 1.0, "much": 1.5}


@dataclass(frozen=True)
class Draft:
    """One operation as it was said.

    Args:
        kind: its name in JSON.
        target: the sound.
        span: when.
        sign: 1 for up, -1 for down, 0 where only the amount tells.
        amount: as said.
        degree: as said.
        words: description for an effect.
        position: in the stereo field; None where it is not said.
        direction: of a fade.
        duration_s: of a fade.
        also: further sounds to keep.
    """

    kind: Literal["remove", "keep", "extract", "gain", "effect", "pan", "fade"]
    target: Target = EVERYTHING
    span: Span | None = None
    sign: int = 0
    amount: Amount | None = None
    degree: Degree | None = None
    words: str = ""
    position: float = 0.0
    direction: Literal["in", "out"] = "out"
    duration_s: float | None = None
    also: tuple[Target, ...] = ()


def finish(draft: Draft) -> Operation:
    """Work out an operation.

    Args:
        draft: what was said.

    Returns:
        The operation, in decibels, seconds and shares.

    Example:
        >>> finish(Draft("gain", Target("piano"), sign=-1, degree="little")).to_dict()["gain_db"]
        -3.0
    """
    target, span = draft.target, draft.span
    if draft.kind == "remove":
        return _remove(target, span)
    if draft.kind == "keep":
        return _keep(target, span, draft.also)
    if draft.kind == "extract":
        return Extract(target, span)
    if draft.kind == "gain":
        return Gain(target, span, gain_db=_gain_db(draft))
    if draft.kind == "effect":
        share = draft.amount.percent if draft.amount else None
        amount = _AMOUNTS[draft.degree or "plain"] if share is None else share / 100.0
        return Effect(target, span, words=draft.words, amount=amount)
    if draft.kind == "pan":
        return Pan(target, span, position=draft.position)
    return Fade(target, span, direction=draft.direction, duration_s=draft.duration_s)


def _remove(target: Target, span: Span | None) -> Operation:
    """Removing everything but a sound is to keep it."""
    if target.query is not None and target.others:
        kept = Target(target.query, occurrence=target.occurrence)
        return Keep(kept, span, also=tuple(Target(query) for query in target.without))
    if target.query is None and target.without:
        names = [Target(query) for query in target.without]
        return Keep(names[0], span, also=tuple(names[1:]))
    return Remove(target, span)


def _keep(target: Target, span: Span | None, also: tuple[Target, ...]) -> Operation:
    """Keeping everything but a sound is to remove it; keeping a time is to mute the others."""
    if target.query is not None and target.others and not also:
        return Remove(Target(target.query, occurrence=target.occurrence), span)
    if target.query is None and span is not None:
        return Remove(target, Span(span.start_s, span.end_s, outside=not span.outside))
    return Keep(target, span, also=also)


def _gain_db(draft: Draft) -> float:
    amount, sign = draft.amount, draft.sign
    if amount is None:
        return (sign or 1) * _STEP_DB[draft.degree or "plain"]
    if amount.gain_db is not None:
        if amount.signed and not (sign and amount.gain_db * sign < 0):
            return amount.gain_db
        return (sign or 1) * abs(amount.gain_db)
    percent = amount.percent or 0.0
    if amount.absolute:
        return ratio_db(percent / 100.0)
    if amount.signed and sign == 0:
        return ratio_db(1.0 + percent / 100.0)
    return ratio_db(1.0 + math.copysign(percent, sign or 1) / 100.0)
