"""Clauses that add something to a sound: "give the voice some warmth", "more bass on the kick"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from lass.edit.language.amounts import Amount, Degree
from lass.edit.language.chunks import Head
from lass.edit.language.drafts import Draft
from lass.edit.language.items import Item, first_of, text_of
from lass.edit.language.levels import Levels
from lass.edit.language.predicates import pick
from lass.edit.language.subjects import Clause, PuzzledError, clause_of, has_noun, modifiers_of
from lass.edit.language.targets import read_targets
from lass.edit.operations import Target

__all__ = ["Additions"]

_BOOSTS = {
    "boost": 1,
    "lift": 1,
    "bump": 1,
    "push": 1,
    "increase": 1,
    "cut": -1,
    "drop": -1,
    "dip": -1,
}


class Additions(Levels):
    """Reads clauses with "give", "add" and "more".

    Args:
        predicates: what sounds can become.
    """

    def _give(self, head: Head, rest: list[Item], before: list[Target], now: Target) -> Clause:
        """Give the voice some warmth; give the piano 3 dB more; give more bass to the drum."""
        amounts = pick(rest, "amount")
        words = [item.text for item in rest]
        boosts = [_BOOSTS[word] for word in words if word in _BOOSTS]
        to = [place for place, word in enumerate(words) if word == "to"]
        if to and to[-1] > 0:
            return self._add(head, rest, before, now)
        if boosts or (amounts and cast("Amount", amounts[0].value).gain_db is not None):
            sign = -1 if "less" in words or (boosts and boosts[0] < 0) else 1
            core = [item for item in rest if item.kind not in ("amount", "degree")]
            while core and (core[-1].text in _BOOSTS or core[-1].text in ("a", "more", "less", "of",
"an", "extra", "some", "small", "nice", "gentle", "big",
                "slight")):  # fmt: skip
                core = core[:-1]
            degrees = pick(rest, "degree")
            degree = cast("Degree", degrees[0].value) if degrees else None
            if {"small", "slight", "gentle"} & set(words):
                degree = "little"
            amount = cast("Amount", amounts[0].value) if amounts else None
            draft = Draft("gain", sign=sign, amount=amount, degree=degree)
            return clause_of(draft, self.targets(core, before, now))
        for place in range(1, len(rest)):
            article = words[place] in ("a", "an", "some", "more", "less", "extra")
            if not article and rest[place].kind != "degree" and not self._is_quality(rest[place:]):
                continue
            targets = read_targets(rest[:place], before) if has_noun(rest[:place]) else None
            draft2 = self._predicates.read(rest[place:], free=True)
            if targets and draft2 and draft2.kind in ("effect", "gain"):
                return clause_of(draft2, targets)
        raise PuzzledError('say what to give, such as "give the voice some warmth"')

    def _add(self, head: Head, rest: list[Item], before: list[Target], now: Target) -> Clause:
        """Add reverb to the clap; add 2 dB to the snare; add a fade-out."""
        words = [item.text for item in rest]
        fades = [p for p, item in enumerate(rest) if (item.text, item.kind) == ("fade", "word")]
        if fades:
            place = fades[0]
            after = [item for item in rest[place + 1 :] if item.text not in ("to", "on", "of")]
            return self._fade("fade", after, before)
        places = [
            p for p, word in enumerate(words) if word in ("to", "on", "onto", "over", "for", "in")
        ]
        for place in reversed(places):
            targets = read_targets(rest[place + 1 :], before) if place else None
            if not targets:
                continue
            return clause_of(self._added(rest[:place]), targets)
        return clause_of(self._added(rest), [now])

    def _added(self, items: Sequence[Item]) -> Draft:
        amounts = pick(items, "amount")
        amount = cast("Amount", amounts[0].value) if amounts else None
        words = [item for item in items if item.kind != "amount"]
        boost = [_BOOSTS[item.text] for item in words if item.text in _BOOSTS]
        if boost or (amount and amount.gain_db is not None):
            told = {item.text for item in words}
            if not told <= {
                *_BOOSTS,
                "a",
                "of",
                "an",
                "more",
                "some",
                "volume",
                "gain",
                "extra",
                "level",
            }:
                raise PuzzledError("an effect is told in percent or by words, not in dB")
            return Draft("gain", sign=boost[0] if boost else 1, amount=amount)
        draft = self._predicates.read(items, free=True)
        if draft is None or draft.kind != "effect":
            raise PuzzledError('say what to add, such as "add reverb to the voice"')
        return draft

    def _more(self, head: Head, rest: list[Item], before: list[Target], now: Target) -> Clause:
        """More bass on the kick; less dog; less harsh."""
        said = head.verb.split()[0]
        core, amount, degree = modifiers_of(rest)
        if len(core) > 1 and core[0].text in ("more", "less"):
            said, core = core[0].text, core[1:]
        level = [item.text for item in core[:1] if item.text in ("volume", "level", "gain")]
        if level:
            core = core[1:]
            core = core[1:] if core and core[0].text in ("on", "for", "of", "to", "in") else core
        quality = None if level else self._description(core, before, now)
        if quality is not None:
            words, targets = quality
            draft = Draft("effect", words=f"{said} {words}", amount=amount, degree=degree)
            return clause_of(draft, targets)
        draft = Draft("gain", sign=1 if said == "more" else -1, amount=amount, degree=degree)
        return clause_of(draft, self.targets(core, before, now if level else None))

    def _description(
        self, core: list[Item], before: list[Target], now: Target
    ) -> tuple[str, list[Target]] | None:
        """What describes, and of which sound: bass on the kick."""
        for place in range(1, len(core)):
            end = first_of(core, place, ("on", "to", "in", "for", "from"))
            if end and end < len(core) and self._known(core[:place]):
                targets = read_targets(core[end:], before)
                return (text_of(core[:place]), targets) if targets else None
        return (text_of(core), [now]) if core and self._known(core) else None

    def _known(self, items: Sequence[Item]) -> bool:
        return self._predicates.is_known(items)
