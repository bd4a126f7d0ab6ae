"""The grammar: one chunk after the other becomes drafts, or is not understood.

A clause begins with a verb. Chunks without one go on with the clause before: with another sound
("and the siren"), with another wish for the same sound ("and 3 dB louder"), or with both ("and the
music down").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from lass.edit.language.chunks import Chunk, Head, read_head, without_courtesy
from lass.edit.language.frames import Frames
from lass.edit.language.items import Item, first_of
from lass.edit.language.predicates import Predicates, pick
from lass.edit.language.said import Said
from lass.edit.language.steps import (
    SPARE,
    check_named,
    parted,
    span_of,
    verb_first,
    with_noun,
    with_way,
)
from lass.edit.language.subjects import Clause, PuzzledError
from lass.edit.language.targets import DETERMINERS, read_targets
from lass.edit.language.times import Time
from lass.edit.language.wording import compares, plain_verb
from lass.edit.operations import EVERYTHING

__all__ = ["Reader"]


class Reader:
    """Reads the chunks of one instruction.

    Args:
        predicates: what sounds can become.

    Attributes:
        said: what was read so far; its ``drafts`` are the result.
    """

    def __init__(self, predicates: Predicates) -> None:
        self._predicates = predicates
        self._frames = Frames(predicates)
        self.said = Said()

    def read(self, chunk: Chunk, following: Chunk | None) -> None:
        """Read the next chunk.

        Args:
            chunk: the chunk.
            following: the one after it, to see where a list goes.

        Raises:
            PuzzledError: if it is not understood; the state is then as after a full stop.
        """
        items = without_courtesy(chunk.items)
        times = [cast("Time", item.value) for item in pick(items, "time")]
        if chunk.opens:
            self.said.always = None
        leading = bool(items) and items[0].kind == "time" and chunk.opens
        items = without_courtesy([item for item in items if item.kind != "time"])
        if items and items[0].text == "," and len(items) > 1:
            items = items[1:]
        if not items:
            self.said.only_time(times, chunk)
            return
        if leading and span_of(times[:1]) is not None and read_head(items) is not None:
            self.said.always = span_of(times[:1])
        begin = len(self.said.drafts)
        self._clause(items, times, chunk, following)
        self.said.set_times(begin, times)

    def finish(self) -> None:
        """Come to the end.

        Raises:
            PuzzledError: if it was never said what becomes of a sound.
        """
        if not self.said.pending:
            return
        found = self._frames.last_word(self.said.unsure, self.said.before, surely=False)
        self.said.pending = []
        if found is None:
            raise PuzzledError('say what becomes of the sound, such as "make the piano warmer"')
        self.said.take(found)

    def _clause(
        self, items: list[Item], times: list[Time], chunk: Chunk, following: Chunk | None
    ) -> None:
        """One chunk without its times."""
        if self._spares(items, chunk):
            return
        items = self._prepared(items, following)
        if self.said.amends(items, chunk):
            return
        left, right = parted(items)
        if right:
            self._clause(left, times, replace(chunk, joints=()), following)
            self.said.spare(right)
            return
        items = verb_first(items)
        head = read_head(items)
        if head is not None and head.verb in ("more", "less") and self._goes_on(items, chunk):
            return
        if head is None or self._is_description(head.does, items):
            self._fragment(items, chunk, following)
            return
        self._start(chunk)
        rest = with_way(head.does, items[head.length :], times)
        clause = self._frames.read(head, rest, self.said.before, now=self.said.now())
        self.said.verb = "turn" if head.verb == "turn" else head.does
        if not items[head.length :] and not times and head.does in ("remove", "keep"):
            check_named(head)
        self.said.take(clause)
        self._decide(following)

    def _prepared(self, items: list[Item], following: Chunk | None) -> list[Item]:
        """The items in the order and with the words that the grammar expects."""
        fades = [
            place
            for place, item in enumerate(items[:4])
            if item.text == "fade" and item.kind == "word"
        ]
        if fades and items[0].text in ("a", "an", "the"):
            items = items[fades[0] :]
        items = with_noun(items, following)
        pronoun = {item.text for item in items} & {"it", "them", "that", "this", "those"}
        if self.said.pending and not self.said.unsure and pronoun and read_head(items) is not None:
            # "the dog: remove it"
            self.said.pending = []
        return items

    def _is_description(self, does: str, items: Sequence[Item]) -> bool:
        """Whether what begins like a verb is a wish without one, such as "lower" or "up 3 dB"."""
        if does not in ("up", "down", "more") and not does.startswith("effect"):
            return False
        draft = self._predicates.read(items)
        return draft is not None

    def _start(self, chunk: Chunk) -> None:
        self._settle()
        self.said.group, self.said.template, self.said.sparing = (
            len(self.said.drafts),
            None,
            False,
        )

    def _settle(self) -> None:
        """Sounds that wait for their description when a new clause begins."""
        if self.said.pending:
            self.finish()

    def _decide(self, following: Chunk | None) -> None:
        """Whether the last word of a sound without description is one: only if no other follows."""
        if not self.said.pending or not self.said.unsure:
            return
        goes_on = following is not None and not following.opens
        if goes_on and following is not None:
            rest = without_courtesy([item for item in following.items if item.kind != "time"])
            if read_head(rest) is None:
                clause = self._frames.subject_and_predicate(rest, self.said.before)
                goes_on = clause is not None or (bool(rest) and rest[0].text in DETERMINERS)
                plain = self._predicates.read(rest)
                goes_on = goes_on and plain is None
            else:
                goes_on = False
        found = self._frames.last_word(self.said.unsure, self.said.before, surely=goes_on)
        if found is not None:
            self.said.pending = []
            self.said.take(found)

    def _fragment(self, items: list[Item], chunk: Chunk, following: Chunk | None) -> None:
        """A chunk without a verb."""
        fresh = chunk.opens or not self.said.drafts
        if fresh and not self.said.pending:
            self.said.group = len(self.said.drafts)
        clause = self._frames.statement(items, self.said.before)
        if clause is not None:
            self._new(clause)
            return
        plain = self._predicates.read(items)
        if plain is not None and not self._is_list_name(items, fresh):
            self.said.wish(plain, items, chunk, fresh)
            return
        clause = self._frames.inner_verb(items, self.said.before) or (
            self._frames.subject_and_predicate(items, self.said.before)
        )
        if clause is not None:
            if not self.said.pending and self.said.verb not in (
                "make",
                "turn",
                "place",
                "up",
                "down",
            ):
                self._start(chunk)
            self.said.take(clause)
            self.said.shares = True
            return
        if self._reversed(items) or self._added_too(items):
            return
        self._more_of_the_same(items, chunk, following, fresh)

    def _added_too(self, items: list[Item]) -> bool:
        """Add warmth to the voice "and some air to the cymbals"."""
        if self.said.verb not in ("add", "give") or not {"to", "on"} & {
            item.text for item in items
        }:
            return False
        self._new(self._frames.read(Head("add", "add", 1), items, self.said.before, now=EVERYTHING))
        self.said.verb = "add"
        return True

    def _new(self, clause: Clause) -> None:
        self._settle()
        self.said.group, self.said.verb = len(self.said.drafts), "make"
        self.said.take(clause)

    def _is_list_name(self, items: Sequence[Item], fresh: bool) -> bool:
        """Whether a word that describes is the name of a further sound: "the bass and the high"."""
        return (
            not fresh
            and self.said.verb in ("remove", "keep", "extract")
            and (items[0].text in DETERMINERS)
        )

    def _reversed(self, items: list[Item]) -> bool:
        """The description first: "louder voice", "+3 dB on the piano", "a bit warmer piano"."""
        for place in range(1, len(items)):
            draft = self._predicates.read(items[:place])
            if draft is None:
                continue
            on = first_of(items, place, ("on", "for", "to", "of"))
            compared = items[place - 1].text in ("louder", "quieter", "softer") or compares(
                items[place - 1].text
            )
            if not on and not (compared and draft.kind in ("gain", "effect")):
                continue
            targets = read_targets(items[on or place :], self.said.before)
            if targets:
                drafts = [replace(draft, target=target) for target in targets]
                self._new(Clause(drafts, template=draft))
                return True
        return False

    def _more_of_the_same(
        self, items: list[Item], chunk: Chunk, following: Chunk | None, fresh: bool
    ) -> None:
        """Another sound for the verb before; or a description that nobody knows."""
        if fresh or (self.said.template is None and not self.said.pending):
            waits = following is not None and not following.opens
            targets = read_targets(items, self.said.before) if waits else None
            if not targets or self.said.drafts[self.said.group :]:
                raise PuzzledError("no verb is known here")
            # "the dog and the siren louder", "voice, 3 dB up"
            self.said.verb = "make"
            self.said.pending, self.said.before = [*self.said.pending, *targets], targets
            self.said.unsure = ()
            return
        last = self.said.drafts[-1] if self.said.drafts else None
        unknown = self.said.verb == "make" and items[0].text not in DETERMINERS and len(items) < 3
        if unknown and last is not None and last.kind == "effect" and not self.said.pending:
            draft = self._predicates.read(items, free=True)
            if draft is not None and draft.kind == "effect":
                self.said.wish(draft, items, chunk, fresh)
                return
        amounts = pick(items, "amount")
        template = self.said.template
        if amounts and template is not None and template.kind == "gain":
            items = [item for item in items if item.kind != "amount"]
            template = replace(template, amount=amounts[0].value)  # type: ignore[arg-type]
        if items and items[-1].kind == "degree" and template is not None:
            template = replace(template, degree=items[-1].value)  # type: ignore[arg-type]
            items = items[:-1]
        targets = read_targets(items, self.said.before)
        if not targets:
            raise PuzzledError("this is neither a sound nor something to do")
        self.said.further(targets, template, items)

    def _goes_on(self, items: list[Item], chunk: Chunk) -> bool:
        """Whether "and less boomy" or "and more bass" only goes on with a description."""
        if chunk.opens or not self.said.drafts or len(self.said.drafts) == self.said.group:
            return False
        last = self.said.drafts[-1]
        draft = self._predicates.read(items)
        known = draft is not None and draft.kind in ("effect", "gain")
        if last.kind not in ("effect", "gain") or not known or draft is None:
            return False
        self.said.wish(draft, items, chunk, False)
        return True

    def _spares(self, items: list[Item], chunk: Chunk) -> bool:
        """A chunk that says what is not touched: "but keep the birds"."""
        if len(self.said.drafts) == self.said.group or not self.said.drafts:
            return False
        but = any(joint.startswith("but") for joint in chunk.joints)
        spare = first_of(items, 0, SPARE)
        if not spare and plain_verb(items[0].text) in (
            "keep",
            "leave",
            "preserve",
            "retain",
            "save",
        ):
            strict = first_of(items, 1, ("only", "just"))
            removed = self.said.drafts[-1].kind in ("remove", "gain", "effect")
            alone = self.said.drafts[-1].kind == "remove" or items[0].text == "leave" or but
            spare = 1 if not strict and removed and alone else 0
        if not spare or spare >= len(items):
            return False
        rest = items[spare:]
        if self._predicates.read(rest) is not None and items[0].text == "not":
            return False
        self.said.spare(rest)
        return True
