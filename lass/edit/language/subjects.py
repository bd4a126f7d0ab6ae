"""The parts of clauses: the sound that is spoken of, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from lass.edit.language.amounts import Amount, Degree
from lass.edit.language.chunks import Head, read_head
from lass.edit.language.drafts import Draft
from lass.edit.language.items import Item, first_of, text_of
from lass.edit.language.lists import words
from lass.edit.language.predicates import Predicates, looks_like_adjective, pick
from lass.edit.language.targets import DETERMINERS, is_everything, read_targets, without_article
from lass.edit.language.wording import (
    ALSO_SOUNDS,
    PARTICLE_VERBS,
    PARTICLES,
    QUALITIES,
    VERBS,
    plain_verb,
)
from lass.edit.operations import EVERYTHING, Target

__all__ = ["Clause", "PuzzledError", "Subjects", "clause_of", "has_noun", "modifiers_of"]

_MODALS = (
    "should really be", "should be", "should sound", "should", "must be", "must", "needs to be",
    "needs to sound", "needs to", "need to be", "need to", "has to be", "has to", "have to be",
    "have to", "ought to be", "ought to", "could be", "could sound", "could use", "could do with",
    "can be", "wants to be", "wants", "needs", "is to be", "will be", "would be", "would sound",
    "might be", "shall be", "gets", "can", "could", "needed", "shouldn't be", "need",
)  # fmt: skip
_STATES = (
    "sounds",
    "sound",
    "is",
    "are",
    "was",
    "feels",
    "seems",
    "comes across as",
    "isn't",
    "aren't",
)
_PAN_AFTER = frozenset(words("left right to the centre center middle hard by"))


class PuzzledError(Exception):
    """A part of the instruction is not understood; the message is a hint."""


@dataclass(frozen=True)
class Clause:
    """What a clause says.

    Args:
        drafts: complete but for the time.
        template: what further sounds ("and the siren") get; None if they get nothing.
        pending: sounds for which it is not yet said what becomes of them.
        unsure: items of a pending sound, the last of which may be the description.
    """

    drafts: list[Draft] = field(default_factory=list)
    template: Draft | None = None
    pending: list[Target] = field(default_factory=list)
    unsure: tuple[Item, ...] = ()


class Subjects:
    """Reads sounds and what they are to become.

    Args:
        predicates: what sounds can become.
    """

    def __init__(self, predicates: Predicates) -> None:
        self._predicates = predicates

    def targets(
        self, items: Sequence[Item], before: list[Target], now: Target | None
    ) -> list[Target]:
        """The sounds that the items name; ``now`` where there are none.

        Raises:
            PuzzledError: if they name none.
        """
        if not items and now is not None:
            return [now]
        found = read_targets(items, before)
        if found is None:
            raise PuzzledError("this is no name of a sound" if items else "no sound is named")
        return found

    def subject_and_predicate(
        self, items: Sequence[Item], before: list[Target], *, place: bool = False
    ) -> Clause | None:
        """A sound and what it is to become ("the piano warmer"); None if it is not that."""
        for start in range(1, len(items)):
            if not has_noun(items[:start]) or items[start].text in ("the", "a"):
                continue
            last_noun = items[start - 1].kind == "word" or items[start - 1].kind == "quote"
            draft = self._predicates.read(items[start:], place=place) if last_noun else None
            found = read_targets(items[:start], before) if draft else None
            if draft and found:
                return clause_of(draft, found)
        return None

    def inner_verb(self, items: Sequence[Item], before: list[Target]) -> Clause | None:
        """A sound and a participle: "the dog removed", "the voice turned up by 3 dB"."""
        for place in range(1, len(items)):
            item = items[place]
            verb = plain_verb(item.text)
            if item.kind != "word" or (verb == item.text and verb not in ("fade", "cut", "put")):
                continue
            after = [other for other in items[place + 1 :] if other.kind == "word"]
            said = {other.text for other in after}
            known = verb in VERBS or any(f"{verb} {word}" in PARTICLE_VERBS for word in said)
            if not known or not has_noun(items[:place]) or verb == "give":
                continue
            if not said <= PARTICLES | _PAN_AFTER | {"of"} or item.text.endswith("ing"):
                continue
            subject = [other for other in items[:place] if other.text not in ("to", "be", "get")]
            head = read_head([item, *items[place + 1 :]]) or Head(VERBS.get(verb, ""), verb, 1)
            after_head = items[place + head.length :]
            return self.read(head, [*subject, *after_head], before, now=EVERYTHING)
        return None

    def statement(self, items: Sequence[Item], before: list[Target]) -> Clause | None:
        """A sound, "should be" or "is too", and what it is to become; None if it is not that."""
        for place in range(1, len(items)):
            modal = first_of(items, place, _MODALS)
            state = 0 if modal else first_of(items, place, _STATES)
            end = modal or state
            if not end or end >= len(items):
                continue
            rest = items[end:]
            if state and not {"too", "enough"} & {item.text for item in rest}:
                continue
            if items[place].text in ("isn't", "aren't"):
                rest = [replace(items[place], text="not"), *rest]
            targets = read_targets(items[:place], before)
            passive = self.inner_verb([*items[:place], *rest], before) if targets else None
            if passive:
                return passive
            draft = self._predicates.read(rest, free=True, place=True)
            if targets and draft:
                return clause_of(draft, targets)
        return None

    def _quality(
        self, core: list[Item], before: list[Target], now: Target
    ) -> tuple[str, list[Target]] | None:
        """The harshness of the voice: what describes, and of which sound."""
        core = without_article(core)
        for place in range(1, len(core)):
            end = first_of(core, place, ("of", "on", "from", "in", "to"))
            if end and end < len(core) and self._is_quality(core[:place]):
                targets = read_targets(core[end:], before)
                return (text_of(core[:place]), targets) if targets else None
        alone = core and self._is_quality(core) and core[-1].text not in ALSO_SOUNDS
        return (text_of(core), [now]) if alone else None

    def _is_quality(self, items: Sequence[Item]) -> bool:
        last = items[-1].text
        if last not in QUALITIES and text_of(items[-2:]) not in ("low end", "high end", "top end"):
            return False
        return all(self._predicates.describes(item.text) for item in items[:-2]) and len(items) < 4

    def _is_stem(self, items: Sequence[Item]) -> bool:
        draft = self._predicates.read(items)
        if draft is not None:
            return draft.kind == "extract"
        words = {item.text for item in items}
        nouns = {"file", "track", "stem", "wav", "disk", "files", "stems", "tracks"}
        return items[0].text in ("to", "as", "into", "onto") and bool(nouns & words)

    def _copula(self, rest: list[Item], before: list[Target]) -> Clause | None:
        """Make the voice sound like a telephone."""
        for place in range(1, len(rest)):
            end = first_of(rest, place, ("to sound", "sound", "to be", "be", "to feel", "feel",
                                         "appear", "seem", "to seem", "come across as",
                                         "sit", "become", "sounding"))  # fmt: skip
            if not end or end >= len(rest) or not has_noun(rest[:place]):
                continue
            draft = self._predicates.read(rest[end:], free=True, place=True)
            targets = read_targets(rest[:place], before)
            if draft and targets:
                return clause_of(draft, targets)
        return None

    def _loose(self, rest: list[Item], before: list[Target]) -> Clause | None:
        """Descriptions that are recognised by what comes before them only: "a bit wobbly"."""
        for place in range(1, len(rest)):
            marked = rest[place].kind in ("degree", "quote") or rest[place].text in (
                "more", "less", "not", "too", "like", "as", "extra",
            ) or (first_of(rest, place, ("in a", "in an", "inside a", "through a", "from a",
                                         "behind a", "under water", "in the distance",
                                         "in the background")))  # fmt: skip
            if not marked or not has_noun(rest[:place]):
                continue
            draft = self._predicates.read(rest[place:], free=True, place=True)
            targets = read_targets(rest[:place], before)
            if draft and targets:
                return clause_of(draft, targets)
        return None

    def last_word(
        self, items: Sequence[Item], before: list[Target], *, surely: bool
    ) -> Clause | None:
        """A sound and one unknown word that must be the description ("the kettle wobblesome")."""
        empty = items and items[-1].text in ("more", "less", "too", "not")
        if len(items) < 2 or items[-1].kind != "word" or empty or not has_noun(items[:-1]):
            return None
        if surely and not looks_like_adjective(items[-1].text, loosely=False):
            return None
        targets = read_targets(items[:-1], before)
        return clause_of(Draft("effect", words=items[-1].text), targets) if targets else None

    def read(
        self, head: Head, rest: Sequence[Item], before: list[Target], *, now: Target
    ) -> Clause:
        """Read a clause with a verb; see :class:`lass.edit.language.frames.Frames`."""
        raise NotImplementedError


def clause_of(draft: Draft, targets: Sequence[Target]) -> Clause:
    """A clause that does the same to some sounds."""
    return Clause([replace(draft, target=target) for target in targets], template=draft)


def has_noun(items: Sequence[Item]) -> bool:
    """Whether more than articles stand there."""
    pronouns = ("it", "this", "that", "them", "these", "those", "both", "all")
    return bool(items) and (
        any(item.text not in DETERMINERS for item in items)
        or text_of(items) in pronouns
        or is_everything(items)
    )


def modifiers_of(items: Sequence[Item]) -> tuple[list[Item], Amount | None, Degree | None]:
    """The items without the amount, and without a degree at either end."""
    amounts = pick(items, "amount")
    if len(amounts) > 1:
        raise PuzzledError("two amounts are given for one change")
    core = [item for item in items if item.kind != "amount"]
    if amounts and items[0] is not amounts[0] and items[-1].kind == "word":
        place = list(items).index(amounts[0])
        if any(item.text not in ("more", "less", "further") for item in items[place + 1 :]):
            raise PuzzledError("what follows the amount is not clear")
    degree: Degree | None = None
    if core and core[-1].kind == "degree":
        degree, core = cast("Degree", core[-1].value), core[:-1]
    elif (
        core and core[0].kind == "degree" and not core[0].text.startswith(("a little", "pretty"))
    ) or (len(core) > 1 and core[0].text == "a little"):
        degree, core = cast("Degree", core[0].value), core[1:]
    return core, cast("Amount", amounts[0].value) if amounts else None, degree
