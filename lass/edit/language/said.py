"""What an instruction has said so far: the drafts, and what the next words may refer to.

Words that only add to it are taken in here: further sounds, sounds to be left alone, times and
amounts that hold for what was just said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from lass.edit.language.amounts import Amount, Degree
from lass.edit.language.chunks import Chunk
from lass.edit.language.drafts import Draft
from lass.edit.language.items import Item, first_of
from lass.edit.language.steps import joint_text, span_of, sparing, timed
from lass.edit.language.subjects import Clause, PuzzledError
from lass.edit.language.targets import read_targets
from lass.edit.language.times import Time
from lass.edit.operations import EVERYTHING, Span, Target

__all__ = ["Said"]

_LEFT_ALONE = ("alone", "untouched", "intact", "as it is", "as they are", "as is", "unchanged",
               "in",
               "in place", "there", "be", "unaffected", "the same")  # fmt: skip


@dataclass
class Said:
    """The drafts of an instruction, and where its last verb stands among them.

    Args:
        drafts: what is to be done, in order.
        group: the first draft of the last verb.
        verb: that verb.
        template: what it does, for further sounds.
        pending: sounds of which it was not yet said what becomes of them.
        unsure: the words of the last of them: one may be its description.
        before: the sounds that "it" and "them" mean.
        always: the time said before the sentence, which holds for all of it.
        sparing: whether the last words said what is left alone.
        shares: whether an amount to come holds for the sounds before it too.
    """

    drafts: list[Draft] = field(default_factory=list)
    group: int = 0
    verb: str = ""
    template: Draft | None = None
    pending: list[Target] = field(default_factory=list)
    unsure: tuple[Item, ...] = ()
    before: list[Target] = field(default_factory=list)
    always: Span | None = None
    sparing: bool = False
    shares: bool = False

    def begin(self) -> None:
        """A verb comes: what follows belongs to it."""
        self.group, self.template, self.sparing = len(self.drafts), None, False

    def now(self) -> Target:
        """What is meant where no sound is named: the last one, unless it is gone."""
        if not self.before or not self.drafts or self.drafts[-1].kind == "remove":
            return EVERYTHING
        return self.before[-1]

    def take(self, clause: Clause) -> None:
        """Add what a clause says to the drafts."""
        self.template = clause.template or self.template
        if clause.pending:
            self.pending = [*self.pending, *clause.pending]
            self.unsure = clause.unsure
            self.before = list(clause.pending)
            return
        drafts = clause.drafts
        if self.pending and clause.template is not None:
            drafts = [replace(clause.template, target=t) for t in self.pending] + drafts
            self.pending = []
        group = self.drafts[self.group :]
        if drafts and drafts[0].kind == "remove" and self._is_rest(drafts[0]):
            self.group = len(self.drafts) - 1  # "keep the voice, remove the rest" says it twice
            return
        self.drafts.extend(drafts)
        named = [draft.target for draft in (*group, *drafts) if draft.target.query is not None]
        if named or not self.before:
            self.before = named or [draft.target for draft in drafts]

    def _is_rest(self, draft: Draft) -> bool:
        """Whether everything else is removed after a sound was kept."""
        last = self.drafts[-1] if self.drafts else None
        return (
            last is not None
            and last.kind == "keep"
            and draft.target.others
            and draft.target.query == last.target.query
        )

    def amends(self, items: Sequence[Item], chunk: Chunk) -> bool:
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

    def wish(self, plain: Draft, items: list[Item], chunk: Chunk, fresh: bool) -> None:
        """A wish without a sound: for the sound before, or everything."""
        last = self.drafts[-1] if self.drafts else None
        if self.pending:
            self.take(Clause([], template=plain))
            return
        joined = (
            last is not None
            and not fresh
            and last.kind == plain.kind == "effect"
            and plain.amount is None
            and plain.degree is None
            and len(self.drafts) > self.group
        )
        if joined and last is not None:
            joint = joint_text(chunk.joints)
            same = [draft for draft in self.drafts[self.group :] if draft.words == last.words]
            for place in range(self.group, len(self.drafts)):
                if self.drafts[place] in same:
                    words = f"{last.words}{joint}{plain.words}"
                    self.drafts[place] = replace(self.drafts[place], words=words)
            self.template = replace(plain, words=f"{last.words}{joint}{plain.words}")
            return
        pronoun = self.now()
        if fresh and not (last is not None and items[0].text in ("it", "them")):
            pronoun = EVERYTHING if not self.drafts else self.now()
        group = self.drafts[self.group :]
        targets = [pronoun]
        if not fresh and group and last is not None and last.kind != "remove":
            targets = list(dict.fromkeys(d.target for d in group if d.words == last.words))
        self.take(Clause([replace(plain, target=target) for target in targets], template=plain))

    def further(self, targets: list[Target], template: Draft | None, items: Sequence[Item]) -> None:
        """Further sounds for a verb."""
        group = self.drafts[self.group :]
        if self.pending:
            self.pending = [*self.pending, *targets]
            self.unsure = tuple(items)
            self.before = list(self.pending)
            return
        names = tuple(target.query for target in targets if target.query)
        if self.sparing or (group and group[-1].target.others and not targets[0].others):
            for place in range(self.group, len(self.drafts)):
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
        self.before = [*self.before, *targets]

    def _share_amount(self, template: Draft) -> None:
        """An amount at the end of a list of sounds holds for all of them."""
        for place in range(self.group, len(self.drafts)):
            draft = self.drafts[place]
            if draft.kind == "gain" and draft.amount is None and draft.degree is None:
                self.drafts[place] = replace(draft, amount=template.amount, degree=template.degree)

    def spare(self, items: list[Item]) -> None:
        """Leave these sounds alone in what the last verb does.

        Raises:
            PuzzledError: if no sound is named.
        """
        for said in _LEFT_ALONE:
            length = len(said.split())
            if len(items) > length and first_of(items, len(items) - length, (said,)):
                items = items[:-length]
        targets = read_targets(items, self.before)
        names = [target for target in targets or [] if target.query is not None]
        if not names:
            raise PuzzledError("say which sound is to stay as it is")
        for place in range(self.group, len(self.drafts)):
            self.drafts[place] = sparing(self.drafts[place], names)
        self.sparing = True

    def only_time(self, times: list[Time], chunk: Chunk) -> None:
        """A time by itself: before a sentence for all of it, after a clause for that."""
        span = span_of(times)
        if not times:
            return
        if chunk.opens or not self.drafts:
            if span is None:
                raise PuzzledError('say from when to when, such as "from 3 to 5 s"')
            self.always = span
            return
        group = self.drafts[self.group :]
        if group and "and" in chunk.joints and all(draft.span is not None for draft in group):
            again = [timed(replace(draft, span=None), times) for draft in group]
            self.drafts.extend(again)
            return
        self.set_times(len(self.drafts), times, again=True)

    def set_times(self, begin: int, times: list[Time], *, again: bool = False) -> None:
        """Give the drafts of a chunk, and those of its verb before it, their time."""
        new = range(self.group if again else begin, len(self.drafts))
        if times and not again and begin == len(self.drafts):
            new = range(self.group, len(self.drafts))
        if times and not new and not self.pending:
            raise PuzzledError("this time belongs to nothing")
        for place in new:
            self.drafts[place] = timed(self.drafts[place], times)
        spans = [self.drafts[place].span for place in new]
        last = spans[-1] if spans else None
        if last is not None and times:
            for place in range(self.group, begin):
                if self.drafts[place].span in (None, self.always):
                    self.drafts[place] = replace(self.drafts[place], span=last)
        amounts = [self.drafts[place] for place in new if self.drafts[place].amount is not None]
        if self.shares and amounts and not again:
            self._share_number(begin, amounts[-1])
        self.shares = False
        for place in range(begin, len(self.drafts)):
            if self.drafts[place].span is None and self.always is not None:
                self.drafts[place] = replace(self.drafts[place], span=self.always)

    def _share_number(self, begin: int, said: Draft) -> None:
        """Turn the voice up and the music down by 3 dB: 3 dB each."""
        for place in range(self.group, begin):
            draft = self.drafts[place]
            bare = draft.kind == "gain" and draft.amount is None and draft.degree is None
            if bare and said.amount is not None and said.amount.gain_db and self.verb != "make":
                self.drafts[place] = replace(draft, amount=replace(said.amount, signed=False))
