"""The grammar: one chunk after the other becomes drafts, or is not understood.

A clause begins with a verb. Chunks without one go on with the clause before: with another sound
("and the siren"), with another wish for the same sound ("and 3 dB louder"), or with both ("and the
music down").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from lass.edit.language.amounts import Amount, Degree
from lass.edit.language.chunks import Chunk, Head, read_head, without_courtesy
from lass.edit.language.drafts import Draft
from lass.edit.language.frames import Frames
from lass.edit.language.items import Item, first_of
from lass.edit.language.predicates import Predicates, pick
from lass.edit.language.steps import (
    SPARE,
    check_named,
    joint_text,
    parted,
    span_of,
    sparing,
    timed,
    verb_first,
    with_noun,
    with_way,
)
from lass.edit.language.subjects import Clause, PuzzledError
from lass.edit.language.targets import DETERMINERS, read_targets
from lass.edit.language.times import Time
from lass.edit.language.wording import compares, plain_verb
from lass.edit.operations import EVERYTHING, Span, Target

__all__ = ["Reader"]

_LEFT_ALONE = ("alone", "untouched", "intact", "as it is", "as they are", "as is", "unchanged",
               "in",
               "in place", "there", "be", "unaffected", "the same")  # fmt: skip


class Reader:
    """Reads the chunks of one instruction.

    Args:
        predicates: what sounds can become.
    """

    def __init__(self, predicates: Predicates) -> None:
        self._predicates = predicates
        self._frames = Frames(predicates)
        self.drafts: list[Draft] = []
        self._group = 0
        self._verb = ""
        self._template: Draft | None = None
        self._pending: list[Target] = []
        self._unsure: tuple[Item, ...] = ()
        self._before: list[Target] = []
        self._always: Span | None = None
        self._sparing = False
        self._shares = False

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
            self._always = None
        leading = bool(items) and items[0].kind == "time" and chunk.opens
        items = without_courtesy([item for item in items if item.kind != "time"])
        if items and items[0].text == "," and len(items) > 1:
            items = items[1:]
        if not items:
            self._only_time(times, chunk)
            return
        if leading and span_of(times[:1]) is not None and read_head(items) is not None:
            self._always = span_of(times[:1])
        begin = len(self.drafts)
        self._clause(items, times, chunk, following)
        self._set_times(begin, times)

    def finish(self) -> None:
        """Come to the end.

        Raises:
            PuzzledError: if it was never said what becomes of a sound.
        """
        if not self._pending:
            return
        found = self._frames.last_word(self._unsure, self._before, surely=False)
        self._pending = []
        if found is None:
            raise PuzzledError('say what becomes of the sound, such as "make the piano warmer"')
        self._take(found)

    def _clause(
        self, items: list[Item], times: list[Time], chunk: Chunk, following: Chunk | None
    ) -> None:
        """One chunk without its times."""
        if self._spares(items, chunk):
            return
        items = self._prepared(items, following)
        if self._amends(items, chunk):
            return
        left, right = parted(items)
        if right:
            self._clause(left, times, replace(chunk, joints=()), following)
            self._spare(right)
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
        clause = self._frames.read(head, rest, self._before, now=self._now())
        self._verb = "turn" if head.verb == "turn" else head.does
        if not items[head.length :] and not times and head.does in ("remove", "keep"):
            check_named(head)
        self._take(clause)
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
        if self._pending and not self._unsure and pronoun and read_head(items) is not None:
            # "the dog: remove it"
            self._pending = []
        return items

    def _is_description(self, does: str, items: Sequence[Item]) -> bool:
        """Whether what begins like a verb is a wish without one, such as "lower" or "up 3 dB"."""
        if does not in ("up", "down", "more") and not does.startswith("effect"):
            return False
        draft = self._predicates.read(items)
        return draft is not None

    def _start(self, chunk: Chunk) -> None:
        self._settle()
        self._group, self._template, self._sparing = len(self.drafts), None, False

    def _settle(self) -> None:
        """Sounds that wait for their description when a new clause begins."""
        if self._pending:
            self.finish()

    def _now(self) -> Target:
        """What is meant where no sound is named: the last one, unless it is gone."""
        if not self._before or not self.drafts or self.drafts[-1].kind == "remove":
            return EVERYTHING
        return self._before[-1]

    def _decide(self, following: Chunk | None) -> None:
        """Whether the last word of a sound without description is one: only if no other follows."""
        if not self._pending or not self._unsure:
            return
        goes_on = following is not None and not following.opens
        if goes_on and following is not None:
            rest = without_courtesy([item for item in following.items if item.kind != "time"])
            if read_head(rest) is None:
                clause = self._frames.subject_and_predicate(rest, self._before)
                goes_on = clause is not None or (bool(rest) and rest[0].text in DETERMINERS)
                plain = self._predicates.read(rest)
                goes_on = goes_on and plain is None
            else:
                goes_on = False
        found = self._frames.last_word(self._unsure, self._before, surely=goes_on)
        if found is not None:
            self._pending = []
            self._take(found)

    def _take(self, clause: Clause) -> None:
        """Add what a clause says to the drafts."""
        self._template = clause.template or self._template
        if clause.pending:
            self._pending = [*self._pending, *clause.pending]
            self._unsure = clause.unsure
            self._before = list(clause.pending)
            return
        drafts = clause.drafts
        if self._pending and clause.template is not None:
            drafts = [replace(clause.template, target=t) for t in self._pending] + drafts
            self._pending = []
        group = self.drafts[self._group :]
        if drafts and drafts[0].kind == "remove" and self._is_rest(drafts[0]):
            self._group = len(self.drafts) - 1  # "keep the voice, remove the rest" says it twice
            return
        self.drafts.extend(drafts)
        named = [draft.target for draft in (*group, *drafts) if draft.target.query is not None]
        if named or not self._before:
            self._before = named or [draft.target for draft in drafts]

    def _is_rest(self, draft: Draft) -> bool:
        """Whether everything else is removed after a sound was kept."""
        last = self.drafts[-1] if self.drafts else None
        return (
            last is not None
            and last.kind == "keep"
            and draft.target.others
            and draft.target.query == last.target.query
        )

    def _fragment(self, items: list[Item], chunk: Chunk, following: Chunk | None) -> None:
        """A chunk without a verb."""
        fresh = chunk.opens or not self.drafts
        if fresh and not self._pending:
            self._group = len(self.drafts)
        clause = self._frames.statement(items, self._before)
        if clause is not None:
            self._new(clause)
            return
        plain = self._predicates.read(items)
        if plain is not None and not self._is_list_name(items, fresh):
            self._plain(plain, items, chunk, fresh)
            return
        clause = self._frames.inner_verb(items, self._before) or (
            self._frames.subject_and_predicate(items, self._before)
        )
        if clause is not None:
            if not self._pending and self._verb not in ("make", "turn", "place", "up", "down"):
                self._start(chunk)
            self._take(clause)
            self._shares = True
            return
        if self._reversed(items) or self._added_too(items):
            return
        self._more_of_the_same(items, chunk, following, fresh)

    def _added_too(self, items: list[Item]) -> bool:
        """Add warmth to the voice "and some air to the cymbals"."""
        if self._verb not in ("add", "give") or not {"to", "on"} & {item.text for item in items}:
            return False
        self._new(self._frames.read(Head("add", "add", 1), items, self._before, now=EVERYTHING))
        self._verb = "add"
        return True

    def _amends(self, items: Sequence[Item], chunk: Chunk) -> bool:
        """An amount or a degree by itself, for what was just said: "…, about 3 dB"."""
        if chunk.opens or not self.drafts or len(items) != 1:
            return False
        last, said = self.drafts[-1], items[0]
        if said.kind == "amount" and last.kind == "gain":
            self.drafts[-1] = replace(last, amount=cast("Amount", said.value), degree=None)
        elif said.kind == "degree" and last.kind in ("gain", "effect"):
            self.drafts[-1] = replace(last, degree=cast("Degree", said.value))
        elif said.kind == "degree" and last.kind == "pan" and said.value == "little":
            self.drafts[-1] = replace(last, position=round(last.position / 2, 6))
        else:
            return False
        return True

    def _new(self, clause: Clause) -> None:
        self._settle()
        self._group, self._verb = len(self.drafts), "make"
        self._take(clause)

    def _is_list_name(self, items: Sequence[Item], fresh: bool) -> bool:
        """Whether a word that describes is the name of a further sound: "the bass and the high"."""
        return (
            not fresh
            and self._verb in ("remove", "keep", "extract")
            and (items[0].text in DETERMINERS)
        )

    def _plain(self, plain: Draft, items: list[Item], chunk: Chunk, fresh: bool) -> None:
        """A wish without a sound: for the sound before, or everything."""
        last = self.drafts[-1] if self.drafts else None
        if self._pending:
            self._take(Clause([], template=plain))
            return
        joined = (
            last is not None
            and not fresh
            and last.kind == plain.kind == "effect"
            and plain.amount is None
            and plain.degree is None
            and len(self.drafts) > self._group
        )
        if joined and last is not None:
            joint = joint_text(chunk.joints)
            same = [draft for draft in self.drafts[self._group :] if draft.words == last.words]
            for place in range(self._group, len(self.drafts)):
                if self.drafts[place] in same:
                    words = f"{last.words}{joint}{plain.words}"
                    self.drafts[place] = replace(self.drafts[place], words=words)
            self._template = replace(plain, words=f"{last.words}{joint}{plain.words}")
            return
        pronoun = self._now()
        if fresh and not (last is not None and items[0].text in ("it", "them")):
            pronoun = EVERYTHING if not self.drafts else self._now()
        group = self.drafts[self._group :]
        targets = [pronoun]
        if not fresh and group and last is not None and last.kind != "remove":
            targets = list(dict.fromkeys(d.target for d in group if d.words == last.words))
        self._take(Clause([replace(plain, target=target) for target in targets], template=plain))

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
            targets = read_targets(items[on or place :], self._before)
            if targets:
                drafts = [replace(draft, target=target) for target in targets]
                self._new(Clause(drafts, template=draft))
                return True
        return False

    def _more_of_the_same(
        self, items: list[Item], chunk: Chunk, following: Chunk | None, fresh: bool
    ) -> None:
        """Another sound for the verb before; or a description that nobody knows."""
        if fresh or (self._template is None and not self._pending):
            waits = following is not None and not following.opens
            targets = read_targets(items, self._before) if waits else None
            if not targets or self.drafts[self._group :]:
                raise PuzzledError("no verb is known here")
            # "the dog and the siren louder", "voice, 3 dB up"
            self._verb = "make"
            self._pending, self._before = [*self._pending, *targets], targets
            self._unsure = ()
            return
        last = self.drafts[-1] if self.drafts else None
        unknown = self._verb == "make" and items[0].text not in DETERMINERS and len(items) < 3
        if unknown and last is not None and last.kind == "effect" and not self._pending:
            draft = self._predicates.read(items, free=True)
            if draft is not None and draft.kind == "effect":
                self._plain(draft, items, chunk, fresh)
                return
        amounts = pick(items, "amount")
        template = self._template
        if amounts and template is not None and template.kind == "gain":
            items = [item for item in items if item.kind != "amount"]
            template = replace(template, amount=amounts[0].value)  # type: ignore[arg-type]
        if items and items[-1].kind == "degree" and template is not None:
            template = replace(template, degree=items[-1].value)  # type: ignore[arg-type]
            items = items[:-1]
        targets = read_targets(items, self._before)
        if not targets:
            raise PuzzledError("this is neither a sound nor something to do")
        self._further(targets, template, items)

    def _further(
        self, targets: list[Target], template: Draft | None, items: Sequence[Item]
    ) -> None:
        """Further sounds for a verb."""
        group = self.drafts[self._group :]
        if self._pending:
            self._pending = [*self._pending, *targets]
            self._unsure = tuple(items)
            self._before = list(self._pending)
            return
        names = tuple(target.query for target in targets if target.query)
        if self._sparing or (group and group[-1].target.others and not targets[0].others):
            for place in range(self._group, len(self.drafts)):
                target = self.drafts[place].target
                spared = replace(target, without=(*target.without, *names))
                self.drafts[place] = replace(self.drafts[place], target=spared)
            return
        if template is None:
            raise PuzzledError("this is neither a sound nor something to do")
        if template.kind == "keep" and group:
            self.drafts[-1] = replace(group[-1], also=(*group[-1].also, *targets))
        else:
            self.drafts.extend(replace(template, target=target) for target in targets)
            if template.amount is not None or template.degree is not None:
                self._share_amount(template)
        self._before = [*self._before, *targets]

    def _share_amount(self, template: Draft) -> None:
        """An amount at the end of a list of sounds holds for all of them."""
        for place in range(self._group, len(self.drafts)):
            draft = self.drafts[place]
            if draft.kind == "gain" and draft.amount is None and draft.degree is None:
                self.drafts[place] = replace(draft, amount=template.amount, degree=template.degree)

    def _goes_on(self, items: list[Item], chunk: Chunk) -> bool:
        """Whether "and less boomy" or "and more bass" only goes on with a description."""
        if chunk.opens or not self.drafts or len(self.drafts) == self._group:
            return False
        last = self.drafts[-1]
        draft = self._predicates.read(items)
        known = draft is not None and draft.kind in ("effect", "gain")
        if last.kind not in ("effect", "gain") or not known or draft is None:
            return False
        self._plain(draft, items, chunk, False)
        return True

    def _spares(self, items: list[Item], chunk: Chunk) -> bool:
        """A chunk that says what is not touched: "but keep the birds"."""
        if len(self.drafts) == self._group or not self.drafts:
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
            removed = self.drafts[-1].kind in ("remove", "gain", "effect")
            alone = self.drafts[-1].kind == "remove" or items[0].text == "leave" or but
            spare = 1 if not strict and removed and alone else 0
        if not spare or spare >= len(items):
            return False
        rest = items[spare:]
        if self._predicates.read(rest) is not None and items[0].text == "not":
            return False
        self._spare(rest)
        return True

    def _spare(self, items: list[Item]) -> None:
        for said in _LEFT_ALONE:
            length = len(said.split())
            if len(items) > length and first_of(items, len(items) - length, (said,)):
                items = items[:-length]
        targets = read_targets(items, self._before)
        names = [target for target in targets or [] if target.query is not None]
        if not names:
            raise PuzzledError("say which sound is to stay as it is")
        for place in range(self._group, len(self.drafts)):
            self.drafts[place] = sparing(self.drafts[place], names)
        self._sparing = True

    def _only_time(self, times: list[Time], chunk: Chunk) -> None:
        """A time by itself: before a sentence for all of it, after a clause for that."""
        span = span_of(times)
        if not times:
            return
        if chunk.opens or not self.drafts:
            if span is None:
                raise PuzzledError('say from when to when, such as "from 3 to 5 s"')
            self._always = span
            return
        group = self.drafts[self._group :]
        if group and "and" in chunk.joints and all(draft.span is not None for draft in group):
            again = [timed(replace(draft, span=None), times) for draft in group]
            self.drafts.extend(again)
            return
        self._set_times(len(self.drafts), times, again=True)

    def _set_times(self, begin: int, times: list[Time], *, again: bool = False) -> None:
        """Give the drafts of a chunk, and those of its verb before it, their time."""
        new = range(self._group if again else begin, len(self.drafts))
        if times and not again and begin == len(self.drafts):
            new = range(self._group, len(self.drafts))
        if times and not new and not self._pending:
            raise PuzzledError("this time belongs to nothing")
        for place in new:
            self.drafts[place] = timed(self.drafts[place], times)
        spans = [self.drafts[place].span for place in new]
        last = spans[-1] if spans else None
        if last is not None and times:
            for place in range(self._group, begin):
                if self.drafts[place].span in (None, self._always):
                    self.drafts[place] = replace(self.drafts[place], span=last)
        amounts = [self.drafts[place] for place in new if self.drafts[place].amount is not None]
        if self._shares and amounts and not again:
            self._share_number(begin, amounts[-1])
        self._shares = False
        for place in range(begin, len(self.drafts)):
            if self.drafts[place].span is None and self._always is not None:
                self.drafts[place] = replace(self.drafts[place], span=self._always)

    def _share_number(self, begin: int, said: Draft) -> None:
        """Turn the voice up and the music down by 3 dB: 3 dB each."""
        for place in range(self._group, begin):
            draft = self.drafts[place]
            bare = draft.kind == "gain" and draft.amount is None and draft.degree is None
            if bare and said.amount is not None and said.amount.gain_db and self._verb != "make":
                self.drafts[place] = replace(draft, amount=replace(said.amount, signed=False))
