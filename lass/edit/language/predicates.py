"""What a sound is to become: "louder", "3 dB quieter", "warm and bright", "hard left", "gone"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from lass.edit.language.amounts import Amount, Degree
from lass.edit.language.drafts import Draft
from lass.edit.language.items import Item, first_of, text_of
from lass.edit.language.lists import phrases, words
from lass.edit.language.wording import QUALITIES, describes

__all__ = ["Predicates", "looks_like_adjective", "pick"]

_COPULAS = (
    "to sound more like", "sound more like", "to sound", "to be", "to become", "to feel",
    "sounding",
    "sound", "become", "feel", "be", "seem", "to seem", "appear", "to appear", "to come across as",
    "come across as",
    "to", "being", "sit", "to sit",
)  # fmt: skip
_GONE = frozenset(
    phrases(
        "gone,disappear,vanish,silent,inaudible,go away,shut up,removed,off,muted,"
        "disappeared,completely gone,totally silent,not there,stop,to go,to disappear,"
        "not audible,go,leave"
    )
)
_LOUD = frozenset(words("louder loud loudly up audible prominent forward forwards loudest upwards"))
_SOFT = frozenset(
    words("quieter quiet softer lower down quietly back fainter downwards backwards quietest")
)
_GAIN_WORDS = frozenset(
    words(
        "more less by in volume level loudness the a mix to at as so not too than "
        "enough its now gain boost further or"
    )
)
_SIDES = {"left": -1.0, "right": 1.0, "leftwards": -1.0, "rightwards": 1.0,
          "leftward": -1.0, "rightward": 1.0}  # fmt: skip
_MIDDLES = frozenset(words("middle centre center central centred centered"))
_PAN_WORDS = frozenset(
    words(
        "to the on over towards toward in into of onto side channel speaker ear hand "
        "hand-side hard fully completely all way far entirely panned pan stereo field "
        "half extreme more further dead totally right-hand left-hand moved image out "
        "bit little right up"
    )
)
_FULLY = frozenset(words("hard fully completely entirely extreme far totally"))
_JOINERS = frozenset(words("and but yet or with of a an some the too so as very in , to"))
_LIKE = ("like", "as if", "as though", "as in", "similar to", "reminiscent of")
_PLACES = (
    "in", "inside", "into", "through", "behind", "under", "underneath", "beneath", "across",
    "outside", "at the back of", "out of", "from", "over",
)  # fmt: skip
_NOT_SO = ("not so", "not as", "not too", "not that", "not quite so")
_FILE_NOUNS = frozenset(words("file files track tracks stem stems wav part parts channel layer"))
_FILE_WORDS = _FILE_NOUNS | frozenset(
    words(
        "as on in into onto to a an its their his her the own separate single "
        "individual new isolated different another one audio sound by itself "
        "themselves separately alone of as-is"
    )
)
_ENDINGS = ("ish", "ous", "ful", "less", "like", "ier", "some", "esque")
_COMPARATIVE = ("er", *_ENDINGS, "y", "ic", "ive", "ed", "al")


def pick(items: Sequence[Item], kind: str) -> list[Item]:
    """The items of a kind."""
    return [item for item in items if item.kind == kind]


def looks_like_adjective(word: str, *, loosely: bool) -> bool:
    """Whether a word that nobody knows may describe a sound, by its ending."""
    return len(word) > 4 and word.endswith(_COMPARATIVE if loosely else _ENDINGS)


class Predicates:
    """Reads predicates.

    Args:
        effect_words: knows words that describe a sound, beyond the vocabulary.
    """

    def __init__(self, effect_words: Callable[[str], bool] | None = None) -> None:
        self._effect_words = effect_words

    def describes(self, word: str) -> bool:
        """Whether a word is a known description."""
        return describes(word, self._effect_words)

    def read(
        self, items: Sequence[Item], *, free: bool = False, place: bool = False
    ) -> Draft | None:
        """Read all the items as one predicate.

        Args:
            items: without times.
            free: after "sound" or "be", where unknown words are taken as a description.
            place: after "put", where "in a church" is a description.

        Returns:
            What is to be done, without target; None if this is no predicate.
        """
        if not items:
            return None
        if any(item.kind == "quote" for item in items[:2]):
            items = items[1:] if items[0].text in ("sound", "be") else items
            return self._effect(items, free=free, place=place)
        start = first_of(items, 0, _COPULAS)
        if start and start < len(items):
            said = text_of(items[:start])
            if text_of(items) in _GONE:
                return Draft("remove")
            return self.read(items[start:], free=free or said != "to", place=place or said != "to")
        if text_of(items) in _GONE:
            return Draft("remove")
        return (
            _pan(items)
            or _gain(items)
            or _stem(items)
            or self._effect(items, free=free, place=place)
        )

    def is_known(self, items: Sequence[Item]) -> bool:
        """Whether the items are known descriptions, nouns such as "bass" included."""
        return self._all_known(items, nouns=True)

    def _effect(self, items: Sequence[Item], *, free: bool, place: bool) -> Draft | None:
        """A description in words, with how much of it."""
        amounts = pick(items, "amount")
        amount = cast("Amount", amounts[0].value) if amounts else None
        if len(amounts) > 1 or (amount and amount.percent is None):
            return None
        rest = [item for item in items if item.kind != "amount"]
        degree: Degree | None = None
        if rest and rest[0].kind == "degree":
            degree, rest = cast("Degree", rest[0].value), rest[1:]
        elif len(rest) > 1 and rest[-1].kind == "degree":
            degree, rest = cast("Degree", rest[-1].value), rest[:-1]
        too = rest[:1] and rest[0].text == "too"
        rest = rest[1:] if too else rest
        if too and rest and rest[0].kind == "degree":
            rest = rest[1:]
        if len(rest) > 2 and rest[0].text in ("more", "less") and rest[1].kind == "degree":
            rest = [rest[0], *rest[2:]]
        if not rest or not self._is_description(rest, free=free, place=place):
            return None
        words = self._words(rest)
        words = f"less {words}" if too else words
        if words in ("", "more", "less", "not", "too", "as"):
            return None
        return Draft("effect", words=words, amount=amount, degree=degree)

    def _words(self, items: Sequence[Item]) -> str:
        """The descriptive words as written, without what only introduces them."""
        for said in ("as if", "as though", "as"):
            end = first_of(items, 0, (said,))
            if end and first_of(items, end, _PLACES):
                return text_of(items[end:])
        if items[0].text in ("a", "an", "some") and len(items) > 1:
            items = items[1:]
        return text_of(items)

    def _is_description(self, items: Sequence[Item], *, free: bool, place: bool) -> bool:
        if len(items) == 1 and items[0].kind == "quote":
            return bool(items[0].text)
        if any(item.kind in ("time", "quote", "break") for item in items):
            return False
        like = first_of(items, 0, _LIKE)
        if like and like < len(items):
            return True
        more = first_of(items, 0, (*_NOT_SO, "more", "less", "not"))
        if more and more < len(items):
            rest = items[more:]
            return self._all_known(rest, nouns=True) or (free and len(rest) < 6)
        if place and first_of(items, 0, _PLACES) and len(items) > 1:
            return True
        return free or self._all_known(items, nouns=False)

    def _all_known(self, items: Sequence[Item], *, nouns: bool) -> bool:
        """Whether all words are known descriptions and what joins them."""
        found = False
        for place, item in enumerate(items):
            before = items[place - 1].text if place else ""
            noun = nouns or before in ("more", "less", "with", "some", "of")
            if self.describes(item.text) or (noun and item.text in QUALITIES):
                found = True
            elif item.text not in _JOINERS and item.text not in ("more", "less", "not"):
                # "low end": a noun in two words.
                pair = (before, item.text)
                if not (noun or before in ("low", "high", "top")) or pair[1] not in (
                    "end",
                    "range",
                ):
                    return False
            elif place == 0 and item.text not in ("with",):
                return False
        return found


@dataclass
class _Level:
    """What the words of a level have said so far."""

    sign: int = 0
    more: int = 0
    flipped: bool = False
    amount: Amount | None = None
    degree: Degree | None = None
    bare: float | None = None

    def hear(self, item: Item) -> bool:
        """Take one more word; whether it belongs to a level."""
        if item.kind == "amount":
            known, self.amount = self.amount is None, cast("Amount", item.value)
            return known
        if item.kind == "degree":
            self.degree = cast("Degree", item.value)
        elif item.kind == "number" and self.bare is None:
            self.bare = float(item.text)
        elif item.text in _LOUD or item.text in _SOFT:
            before, self.sign = self.sign, 1 if item.text in _LOUD else -1
            return before in (0, self.sign)
        elif item.text in ("less", "not", "too", "more"):
            self.flipped = self.flipped or item.text != "more"
            self.more = {"less": -1, "more": 1}.get(item.text, self.more)
        elif item.text == "enough" and self.flipped:
            self.flipped, self.sign = False, self.sign or 1
        else:
            return item.text in _GAIN_WORDS
        return True

    def draft(self) -> Draft | None:
        """What is to be done, if it was said."""
        amount = self.amount
        if self.bare is not None and amount is None and self.sign:
            amount, self.bare = Amount(self.bare), None
        if self.bare is not None:
            return None
        if self.sign:
            sign = -self.sign if self.flipped else self.sign
            return Draft("gain", sign=sign, amount=amount, degree=self.degree)
        if amount is None or (self.more == 0 and self.flipped):
            return None
        if self.more and amount.gain_db is not None:
            return Draft("gain", sign=self.more, amount=amount)
        told = (amount.signed or amount.absolute) and not self.flipped
        return Draft("gain", amount=amount, degree=self.degree) if told else None


def _gain(items: Sequence[Item]) -> Draft | None:
    """Louder, a bit quieter, 3 dB up, at 50 %, twice as loud, not so loud, +3 dB."""
    if items[0].text in ("the", "a", "volume", "level", "gain", "mix", "or"):
        return None
    if items[-1].text in ("not", "too", "the", "a", "as", "so"):
        return None
    level = _Level()
    return level.draft() if all(level.hear(item) for item in items) else None


def _pan(items: Sequence[Item]) -> Draft | None:
    """Hard left, to the right a bit, 30 % left, in the middle."""
    share: float | None = None
    side: float | None = None
    words = []
    for place, item in enumerate(items):
        if item.kind == "amount":
            percent = cast("Amount", item.value).percent
            if percent is None or share is not None:
                return None
            share = percent / 100.0
            continue
        words.append(item.text)
        last_right = item.text == "right" and place < len(items) - 1 and side is None
        if last_right and any(other.text in (*_SIDES, *_MIDDLES) for other in items[place + 1 :]):
            continue
        if item.text in _SIDES and side is None:
            side = _SIDES[item.text]
        elif item.text in _MIDDLES:
            side = 0.0
        elif item.kind != "degree" and item.text not in _PAN_WORDS:
            return None
    if side is None or items[0].text in ("side", "of", "speaker", "channel", "hand"):
        return None
    text = " ".join(words)
    little = any(item.value == "little" for item in pick(items, "degree"))
    if share is None:
        full = bool(_FULLY & set(words)) or "all the way" in text
        share = 1.0 if full else 0.3 if little else 0.5 if "half" in words else 0.6
    return Draft("pan", position=round(side * min(share, 1.0), 6) if side else 0.0)


def _stem(items: Sequence[Item]) -> Draft | None:
    """As a separate file, on its own track."""
    words = [item.text for item in items]
    text = " ".join(words)
    if text in ("by itself", "by themselves", "on its own", "on their own", "separately", "alone"):
        return Draft("extract")
    if words[0] not in ("as", "on", "in", "into", "onto", "to") or not set(words) <= _FILE_WORDS:
        return None
    told = {"own", "separate", "file", "stem", "wav", "files", "stems", "individual", "single"}
    return Draft("extract") if words[-1] in _FILE_NOUNS and told & set(words) else None
