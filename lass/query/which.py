"""Which time is meant: "the second knock", "the louder dog", "the dog that barks before the bell".

A model separates a sound wherever it is heard. Words that choose among its times are read here and
taken off, so that the model is asked for the sound alone; the times are chosen afterwards, from
when it is heard (:mod:`lass.separation.choosing`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from lass.errors import QueryError
from lass.query.types import Query

__all__ = ["ORDINALS", "Quality", "Relation", "Which", "read_query", "read_which"]

Quality = Literal["loudest", "quietest", "longest", "shortest"]
Relation = Literal["before", "after"]

ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "last": -1, "final": -1,
    "penultimate": -2, "second-to-last": -2, "second-last": -2,
}  # fmt: skip

_QUALITIES: dict[str, Quality] = {
    "loudest": "loudest", "louder": "loudest", "quietest": "quietest", "quieter": "quietest",
    "softest": "quietest", "softer": "quietest", "longest": "longest", "longer": "longest",
    "shortest": "shortest", "shorter": "shortest",
}  # fmt: skip
_NAMED = {
    "violin", "violins", "viola", "violas", "cello", "cellos", "flute", "flutes", "oboe",
    "oboes", "clarinet", "clarinets", "bassoon", "bassoons", "horn", "horns", "trumpet",
    "trumpets", "trombone", "trombones", "piano", "pianos", "guitar", "guitars", "soprano",
    "sopranos", "alto", "altos", "tenor", "tenors", "bass", "basses", "saxophone", "sax",
    "voice", "voices", "vocal", "vocals", "singer", "speaker", "person", "man", "woman", "hand",
    "aid", "gear", "floor",
}  # fmt: skip
"""The first violin and the second voice are not times; nor are the second hand and first aid."""

_NO_SOUND = frozenset(("one", "time", "half", "part", "minute", "second", "seconds", "sound"))
_RELATION = re.compile(
    r"^(?:the\s+)?(?P<sound>.+?)\s+(?:that|which)\s+.*?\b(?P<relation>before|after)\s+"
    r"(?:the\s+|an?\s+)?(?P<other>[^,]+)$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(\d{1,4})(?:st|nd|rd|th)$")
_OF = re.compile(r"^of\s+(?:the|my|these|those)\s+(?:(?:two|three|four)\s+)?", re.IGNORECASE)
_FROM_LAST = re.compile(r"^(?:to|from)[\s-]+last\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Which:
    """Which of the times that a sound is heard; conditions hold together.

    Args:
        number: 1 for the first, -1 for the last; None if it is not counted.
        quality: the one that is so most.
        relation: only those before, or after, another sound is first heard.
        other: that sound in words.

    Raises:
        QueryError: nothing is chosen, or a relation has no other sound.
    """

    number: int | None = None
    quality: Quality | None = None
    relation: Relation | None = None
    other: str = ""

    def __post_init__(self) -> None:
        """Refuse what chooses nothing."""
        if self.number == 0 or (self.number, self.quality, self.relation) == (None, None, None):
            raise QueryError(
                "which time is meant? give a number such as 1 for the first or -1 for the last, a "
                "quality such as 'loudest', or a relation"
            )
        if (self.relation is None) != (not self.other.strip()):
            raise QueryError("before or after what? give the relation and the other sound")


def read_which(text: str) -> tuple[str, Which | None]:
    """Take off the words that choose among the times of a sound.

    Only plain English is read: "the second …", "the 3rd …", "the last …", "the second to last …",
    "the loudest/louder/quietest/longest/shortest …", "the … that … before/after the …".

    Args:
        text: what somebody wants to hear.

    Returns:
        The sound, and which time of it; the very text and None if no time is meant.

    Example:
        >>> read_which("the second knock")
        ('knock', Which(number=2, quality=None, relation=None, other=''))
        >>> read_which("the dog that barks before the bell")
        ('dog', Which(number=None, quality=None, relation='before', other='bell'))
        >>> read_which("the first violin")
        ('the first violin', None)
    """
    related = _RELATION.match(text.strip())
    if related is None:
        return _counted(text) or (text, None)
    sound, counted = _counted(f"the {related['sound']}") or (related["sound"], None)
    relation: Relation = "before" if related["relation"].lower() == "before" else "after"
    other = related["other"].strip()
    if not any(character.isalnum() for character in other):
        return text, None
    if counted is None:
        return sound, Which(relation=relation, other=other)
    return sound, replace(counted, relation=relation, other=other)


def read_query(text: str) -> Query:
    """A query from words, with which time is meant if the words say so.

    Args:
        text: what somebody wants to hear.

    Returns:
        The query; its name is the text.

    Raises:
        QueryError: nothing was said, or something that no model understands.

    Example:
        >>> asked = read_query("the last cough")
        >>> asked.text, asked.which.number, asked.name
        ('cough', -1, 'the last cough')
    """
    sound, which = read_which(text)
    if which is None:
        return Query(text)
    return Query(sound, label=text.strip(), which=which)


def _counted(text: str) -> tuple[str, Which] | None:
    """A sound behind "the second" or "the loudest"; None if there is nothing of the kind."""
    words = text.strip().split(maxsplit=2)
    if len(words) < 3 or words[0].lower() not in ("the", "only"):
        return None
    said, rest = words[1].lower(), _OF.sub("", words[2])
    if said in _QUALITIES:
        return (rest, Which(quality=_QUALITIES[said])) if _is_sound(rest) else None
    numbered = _NUMBERED.match(said)
    number = int(numbered[1]) if numbered else ORDINALS.get(said, 0)
    from_last = _FROM_LAST.match(rest)
    if from_last and number > 0:
        number, rest = -number, rest[from_last.end() :]
    if number == 0 or not _is_sound(rest) or rest.split()[0].lower() in _NAMED:
        return None
    return rest, Which(number=number)


def _is_sound(words: str) -> bool:
    """Whether something is named: not "the last one"."""
    return any(map(str.isalnum, words)) and words.split()[0].lower() not in _NO_SOUND
