"""Clauses about level, place and fades: verbs that want a sound and at most a size."""

from __future__ import annotations

from typing import Literal

from lass.edit.language.amounts import Amount, ratio_db
from lass.edit.language.chunks import Head
from lass.edit.language.drafts import Draft
from lass.edit.language.items import Item, first_of, text_of
from lass.edit.language.subjects import Clause, PuzzledError, Subjects, clause_of, modifiers_of
from lass.edit.language.targets import without_article
from lass.edit.operations import EVERYTHING, Target

__all__ = ["Levels"]


class Levels(Subjects):
    """Reads clauses that raise, lower, move, fade or colour a sound by their verb.

    Args:
        predicates: what sounds can become.
    """

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
