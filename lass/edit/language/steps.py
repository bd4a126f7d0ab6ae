"""Small steps of the grammar that need no memory: parting, ordering and timing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lass.edit.language.chunks import Chunk, Head, read_head
from lass.edit.language.drafts import Draft
from lass.edit.language.items import Item, first_of
from lass.edit.language.subjects import PuzzledError
from lass.edit.language.targets import DETERMINERS, is_everything, is_ordinal
from lass.edit.language.times import Time
from lass.edit.operations import Span, Target

__all__ = [
    "SPARE",
    "check_named",
    "joint_text",
    "parted",
    "span_of",
    "sparing",
    "timed",
    "verb_first",
    "with_noun",
    "with_way",
]

SPARE = (
    "but not", "do not touch", "don't touch", "without touching", "without affecting",
    "without changing", "without losing", "without removing", "without harming", "without hurting",
    "without damaging", "except for", "except", "excluding", "apart from", "aside from",
    "other than", "not touching", "leaving", "sparing", "spare", "but keep", "but leave", "keeping",
    "don't remove", "don't change", "don't affect", "do not remove", "never touch", "and not",
    "just not", "only not", "save for", "not",
)  # fmt: skip
_MIDDLE_SPARE = SPARE[1:19]


def with_noun(items: list[Item], following: Chunk | None) -> list[Item]:
    """The second (and third) bark: the noun comes only after the last of them."""
    if following is None or following.opens or not is_ordinal(items[-1]):
        return items
    rest = [item for item in following.items if item.text not in DETERMINERS]
    if len(rest) > 1 and is_ordinal(rest[0]):
        return [*items, *(item for item in rest[1:] if item.kind == "word")]
    return items


def with_way(does: str, rest: list[Item], times: Sequence[Time]) -> list[Item]:
    """A fade without "in" or "out" that is told by its time: "fade the first 3 seconds"."""
    told = {item.text for item in rest} & {"in", "out", "up", "down"}
    edge = next(({"first": "in", "last": "out"}.get(time.form) for time in times), None)
    if does != "fade" or told or edge is None:
        return rest
    return [*rest, Item("word", edge, 0, 0)]


def verb_first(items: list[Item]) -> list[Item]:
    """The degree goes to the end: "a little less bird song"."""
    after = read_head(items[1:]) if len(items) > 2 and items[0].kind == "degree" else None
    if after is not None and after.verb in ("more", "less") and read_head(items) is None:
        return [*items[1:], items[0]]
    return items


def check_named(head: Head) -> None:
    """Refuse "remove" alone; "mute" alone mutes everything."""
    if head.verb not in ("mute", "silence"):
        raise PuzzledError("say which sound is meant")


def parted(items: list[Item]) -> tuple[list[Item], list[Item]]:
    """Where a clause goes on with "except …", the two parts; else all of it, and nothing."""
    for place in range(2, len(items) - 1):
        end = first_of(items, place, _MIDDLE_SPARE)
        if end and end < len(items):
            near = [items[max(place - length, 0) : place] for length in (1, 2, 3)]
            if any(part and is_everything(part) for part in near):
                return items, []
            return items[:place], items[end:]
    return items, []


def sparing(draft: Draft, names: list[Target]) -> Draft:
    """The draft, with sounds that it leaves alone."""
    target = draft.target
    queries = tuple(name.query for name in names if name.query)
    if target.query is None and not target.without:
        return replace(draft, target=replace(names[0], others=True, without=queries[1:]))
    also = tuple(replace(other, without=(*other.without, *queries)) for other in draft.also)
    return replace(draft, target=replace(target, without=(*target.without, *queries)), also=also)


def joint_text(joints: Sequence[str]) -> str:
    """How two descriptions are joined, as it was written."""
    words = " ".join(joint for joint in joints if joint not in ",;")
    comma = "," if "," in joints else ""
    return f"{comma} {words} " if words else f"{comma} "


def span_of(times: Sequence[Time]) -> Span | None:
    """The first stretch that was said; None if only durations were."""
    return next((time.span for time in times if time.span is not None), None)


def timed(draft: Draft, times: Sequence[Time]) -> Draft:
    """The draft with its times; a fade takes durations, too."""
    for time in times:
        if draft.kind == "fade":
            draft = _timed_fade(draft, time)
            continue
        if time.form in ("duration", "moment"):
            raise PuzzledError('say from when to when, such as "from 3 to 5 s"')
        if time.span is None:
            continue
        if draft.span is not None and draft.span != time.span:
            raise PuzzledError("two times are given for one change")
        draft = replace(draft, span=time.span)
    return draft


def _timed_fade(draft: Draft, time: Time) -> Draft:
    edge = {"first": "in", "last": "out"}.get(time.form)
    if time.form == "duration" or edge == draft.direction:
        return replace(draft, duration_s=time.duration_s)
    return draft if time.span is None else replace(draft, span=time.span)
