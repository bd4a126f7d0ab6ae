"""Clauses that begin with a verb: what each verb wants to be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from lass.edit.language.additions import Additions
from lass.edit.language.amounts import Amount
from lass.edit.language.chunks import Head, read_head
from lass.edit.language.drafts import Draft
from lass.edit.language.items import Item, first_of, text_of
from lass.edit.language.lists import words
from lass.edit.language.predicates import pick
from lass.edit.language.subjects import (
    Clause,
    PuzzledError,
    clause_of,
)
from lass.edit.language.targets import without_article
from lass.edit.language.wording import ALSO_SOUNDS, PARTICLE_VERBS, PARTICLES
from lass.edit.operations import EVERYTHING, Target

__all__ = ["Frames"]

_SOFT_CUTS = frozenset(words("cut drop take chop trim pull"))
_OFF, _ON = frozenset(("off", "from", "out")), frozenset(("on", "to", "onto"))
_TAILS = ("as is", "as it is", "as they are", "alone", "untouched", "intact", "unchanged", "in")


class Frames(Additions):
    """Reads clauses by their verbs.

    Args:
        predicates: what sounds can become.
    """

    def read(
        self, head: Head, rest: Sequence[Item], before: list[Target], *, now: Target
    ) -> Clause:
        """Read a clause.

        Args:
            head: its verb.
            rest: what follows, without times.
            before: the sounds spoken of last.
            now: what is meant where no sound is named.

        Returns:
            What it says.

        Raises:
            PuzzledError: if it says nothing known.
        """
        does, rest = _with_particle(head, list(rest))
        if len(rest) > 2 and rest[0].kind == "amount" and rest[1].text in _OFF | _ON:
            sign = -1 if rest[1].text in _OFF else 1
            return self._level(sign, [rest[0], *rest[2:]], before, now)
        if does.startswith("effect "):
            return self._effect_verb(does.removeprefix("effect "), rest, before, now)
        if does.startswith("fade"):
            return self._fade(does, rest, before)
        if does in ("up", "down"):
            return self._level(1 if does == "up" else -1, rest, before, now)
        reader = {
            "remove": self._remove, "keep": self._keep, "leave": self._keep,
            "extract": self._extract, "give me": self._extract, "give": self._give,
            "add": self._add, "more": self._more, "times": self._times, "centre": self._centre,
            "place": self._place, "make": self._make,
        }[does]  # fmt: skip
        return reader(head, rest, before, now)

    def _remove(self, head: Head, rest: list[Item], before: list[Target], now: Target) -> Clause:
        amounts = pick(rest, "amount")
        part = amounts and cast("Amount", amounts[0].value).percent != 100.0
        trailing = rest and rest[-1].kind == "degree" and head.verb.split()[0] in _SOFT_CUTS
        if part or trailing:
            return self._level(-1, rest, before, now)
        core = [item for item in rest if item.kind != "amount"]
        quality = self._quality(core, before, now) if len(core) > 2 else None
        if quality is not None and quality[1] != [EVERYTHING]:
            words, targets = quality
            if words != text_of(without_article(core)):
                return clause_of(Draft("effect", words=f"less {words}"), targets)
        if not core and head.verb not in ("no", "without", "minus", "lose"):
            return clause_of(Draft("remove"), [EVERYTHING])
        return clause_of(Draft("remove"), self.targets(core, before, None))

    def _keep(self, head: Head, rest: list[Item], before: list[Target], now: Target) -> Clause:
        only = first_of(rest, 0, ("only", "just", "me only", "me just", "only the sound of"))
        rest = rest[only:]
        if head.verb in ("only", "just"):
            inner = self.inner_head(rest, before, now)
            if inner is not None:
                return inner
        if head.verb == "leave" and rest and rest[-1].text == "out":
            return clause_of(Draft("remove"), self.targets(rest[:-1], before, None))
        for said in _TAILS:
            length = len(said.split())
            if len(rest) > length and first_of(rest, len(rest) - length, (said,)):
                rest = rest[:-length]
        if not rest:
            return clause_of(Draft("keep"), [EVERYTHING])
        return clause_of(Draft("keep"), self.targets(rest, before, None))

    def inner_head(self, rest: list[Item], before: list[Target], now: Target) -> Clause | None:
        """A clause after "just": "just make it louder", "just a bit louder"."""
        head = read_head(rest)
        if head is not None:
            return self.read(head, rest[head.length :], before, now=now)
        draft = self._predicates.read(rest)
        if draft is not None and not (len(rest) == 1 and rest[0].text in ALSO_SOUNDS):
            return clause_of(draft, [now])
        return self.subject_and_predicate(rest, before)

    def _extract(self, head: Head, rest: list[Item], before: list[Target], now: Target) -> Clause:
        only = first_of(rest, 0, ("just", "only", "nothing but"))
        if head.verb.startswith(("give", "get", "send", "hand")) and only:
            return self._extract_or_keep(rest[only:], before)
        if rest and rest[0].kind == "degree":
            raise PuzzledError("say which sound is meant")
        more = first_of(rest, 0, ("more", "less", "some more")) if head.does == "give me" else 0
        if more:
            return self._more(Head("more", "more", 1), rest[more - 1 :], before, now)
        for place in range(1, len(rest)):
            if self._is_stem(rest[place:]):
                rest = rest[:place]
                break
        for place in range(1, len(rest)):
            if rest[place].text == "from" and head.verb in ("separate", "split", "isolate"):
                rest = rest[:place]
                break
        if len(rest) > 1 and rest[-1].text in ("stem", "stems", "out", "off", "track", "part"):
            rest = rest[:-1]
        return clause_of(Draft("extract"), self.targets(rest, before, None))

    def _extract_or_keep(self, rest: list[Item], before: list[Target]) -> Clause:
        for place in range(1, len(rest)):
            if self._is_stem(rest[place:]):
                return clause_of(Draft("extract"), self.targets(rest[:place], before, None))
        return clause_of(Draft("keep"), self.targets(rest, before, None))

    def _make(self, head: Head, rest: list[Item], before: list[Target], now: Target) -> Clause:
        fades = [
            place
            for place, item in enumerate(rest)
            if item.text == "fade" and item.kind == "word" and place
        ]
        if fades and len(rest) > fades[0] + 1:
            subject, after = rest[: fades[0]], rest[fades[0] + 1 :]
            return self._fade("fade", [*subject, *after], before)
        clause = (
            self.inner_verb(rest, before)
            or self._copula(rest, before)
            or self.subject_and_predicate(rest, before)
            or self._loose(rest, before)
        )
        if clause is not None:
            return clause
        alone = self._predicates.read(rest)
        if alone is not None:
            return clause_of(alone, [now])
        return Clause(pending=self.targets(rest, before, None), unsure=tuple(rest))

    def _place(self, head: Head, rest: list[Item], before: list[Target], now: Target) -> Clause:
        whole = self._predicates.read(rest, place=False)
        if whole is not None and whole.kind in ("pan", "gain"):
            return clause_of(whole, [now])
        ends = (len(rest) - 2, len(rest) - 3)
        forward = next((e for e in ends if e > 0 and first_of(rest, e, ("to the front",))), 0)
        back = next((e for e in ends if e > 0 and first_of(rest, e, ("to the back",))), 0)
        if forward or back:
            return self._level(1 if forward else -1, rest[: forward or back], before, now)
        for place in range(1, len(rest)):
            end = first_of(rest, place, ("on", "onto", "to"))
            if end and end < len(rest) and self._is_quality(without_article(rest[:place])):
                side = self._predicates.read(rest[place:])
                if side is None:
                    return self._add(head, rest, before, now)
        clause = self.subject_and_predicate(rest, before, place=True)
        return clause or Clause(pending=self.targets(rest, before, None))


def _with_particle(head: Head, rest: list[Item]) -> tuple[str, list[Item]]:
    """What is done, where the particle stands after the sound: "turn the voice up a bit"."""
    for place in range(1, len(rest) - 1):
        if (
            rest[place].text == "out"
            and rest[place + 1].text == "of"
            and (f"{head.verb} out" in PARTICLE_VERBS)
        ):
            return PARTICLE_VERBS[f"{head.verb} out"], rest[:place]
    words = [p for p, item in enumerate(rest) if item.kind not in ("amount", "degree")]
    if len(words) > 1 or (words and head.does in ("place", "make")):
        last = words[-1]
        said = f"{head.verb} {rest[last].text}"
        after_degree = all(item.kind != "word" for item in rest[last + 1 :])
        if said in PARTICLE_VERBS and after_degree and rest[last].text in PARTICLES:
            return PARTICLE_VERBS[said], [*rest[:last], *rest[last + 1 :]]
    return head.does, rest
