"""Clauses that begin with a verb: what each verb wants to be told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from lass.edit.language.amounts import Amount, Degree, ratio_db
from lass.edit.language.chunks import Head, read_head
from lass.edit.language.drafts import Draft
from lass.edit.language.items import Item, first_of, text_of
from lass.edit.language.lists import words
from lass.edit.language.predicates import pick
from lass.edit.language.subjects import (
    Clause,
    PuzzledError,
    Subjects,
    clause_of,
    has_noun,
    modifiers_of,
)
from lass.edit.language.targets import read_targets, without_article
from lass.edit.language.wording import ALSO_SOUNDS, PARTICLE_VERBS, PARTICLES
from lass.edit.operations import EVERYTHING, Target

__all__ = ["Frames"]

_SOFT_CUTS = frozenset(words("cut drop take chop trim pull"))
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
_OFF, _ON = frozenset(("off", "from", "out")), frozenset(("on", "to", "onto"))
_TAILS = ("as is", "as it is", "as they are", "alone", "untouched", "intact", "unchanged", "in")


class Frames(Subjects):
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

    def _level(self, sign: int, rest: list[Item], before: list[Target], now: Target) -> Clause:
        """Up or down, of a sound or of what describes it ("reduce the harshness")."""
        core, amount, degree = modifiers_of(rest)
        core = [item for item in core if item.text not in ("more", "further")]
        quality = self._quality(core, before, now)
        if quality is not None and amount is None:
            words, targets = quality
            said = f"{'more' if sign > 0 else 'less'} {words}"
            return clause_of(Draft("effect", words=said, degree=degree), targets)
        draft = Draft("gain", sign=sign, amount=amount, degree=degree)
        return clause_of(draft, self.targets(core, before, now))

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

    def _times(self, head: Head, rest: list[Item], before: list[Target], now: Target) -> Clause:
        ratio = 2.0 if head.verb == "double" else 0.5
        draft = Draft("gain", amount=Amount(ratio_db(ratio), signed=True))
        return clause_of(draft, self.targets(rest, before, now))

    def _centre(self, head: Head, rest: list[Item], before: list[Target], now: Target) -> Clause:
        return clause_of(Draft("pan"), self.targets(rest, before, now))

    def _effect_verb(
        self, words: str, rest: list[Item], before: list[Target], now: Target
    ) -> Clause:
        """Warm up the vocals."""
        core, amount, degree = modifiers_of(rest)
        if amount is not None and amount.percent is None:
            raise PuzzledError("an effect is told in percent or by words, not in dB")
        if core and core[0].text in ("up", "out", "down"):
            core = core[1:]
        if core and core[-1].text in ("up", "out", "down"):
            core = core[:-1]
        draft = Draft("effect", words=words, amount=amount, degree=degree)
        return clause_of(draft, self.targets(core, before, now))

    def _fade(self, does: str, rest: list[Item], before: list[Target]) -> Clause:
        direction = does.removeprefix("fade").strip()
        core = [item for item in rest if item.kind not in ("degree",)]
        if core and any(item.kind == "amount" for item in core):
            raise PuzzledError("a fade goes to silence; say over how many seconds")
        ways = [item for item in core if item.text in ("in", "out", "down", "up", "away")]
        if not direction and ways:
            way = ways[-1]
            direction = "in" if way.text in ("in", "up") else "out"
            core = [item for item in core if item is not way]
        for said in (
            "to silence",
            "to nothing",
            "from silence",
            "from nothing",
            "to zero",
            "to black",
        ):
            length = len(said.split())
            if len(core) >= length and first_of(core, len(core) - length, (said,)):
                core = core[:-length]
                direction = direction or ("in" if said.startswith("from") else "out")
        text = text_of(without_article(core)) if core else ""
        edges = {"start": "in", "beginning": "in", "intro": "in", "end": "out", "ending": "out",
                 "outro": "out"}  # fmt: skip
        if text in edges or text in ("of", "over", "at"):
            direction, core = direction or edges.get(text, ""), []
        if direction not in ("in", "out"):
            raise PuzzledError('say "fade in" or "fade out"')
        way_name: Literal["in", "out"] = "in" if direction == "in" else "out"
        return clause_of(Draft("fade", direction=way_name), self.targets(core, before, EVERYTHING))

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
