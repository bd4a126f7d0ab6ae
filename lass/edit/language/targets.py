"""Which sound is meant: from "the second dog bark" to a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lass.edit.language.items import Item, first_of, text_of
from lass.edit.language.lists import phrases, words
from lass.edit.language.wording import EVERYTHING_NOUNS
from lass.edit.operations import EVERYTHING, Target
from lass.query.which import ORDINALS

__all__ = ["DETERMINERS", "is_everything", "is_ordinal", "read_targets", "without_article"]

DETERMINERS = frozenset(
    words("a an the that this these those my our your his her their its some any all "
"every each both of whole entire")
) - {"whole", "entire"}  # fmt: skip
_PRONOUNS = {"it", "that", "this", "them", "these", "those", "they", "both", "both of them",
             "all of them", "this one",
             "that one", "the same", "him", "her", "the two"}  # fmt: skip
_MANY = frozenset(("them", "these", "those", "they", "both", "both of them", "all of them"))
_REST = frozenset(
    phrases(
        "rest,everything else,all else,anything else,others,other sounds,other stuff,"
        "other parts,else,other ones,remainder,rest of it,rest of the mix,"
        "rest of the recording,what's left,whatever is left,rest of the track,"
        "remaining sounds,other things,rest of the sounds,rest of the sound,"
        "other instruments,everyone else,everybody else,rest of the band,"
        "rest of the audio,rest of them,other noises,other tracks"
    )
)
_EXCEPT = (
    "except for", "except", "excluding", "other than", "apart from", "aside from", "save for",
    "besides", "but for", "but not", "but", "that isn't", "that is not", "that's not",
    "which isn't", "which is not", "that are not", "that aren't", "not including", "without",
    "bar", "minus", "not",
)  # fmt: skip
_OF = (
    "sound of", "sounds of", "volume of", "volume on", "volume for", "level of", "level on",
    "loudness of", "levels of", "gain of", "gain on", "noise of", "noises of", "overall volume of",
    "rest of", "audio of", "stem of", "amount of", "kind of", "sort of", "presence of", "bits of",
)  # fmt: skip
_LEVELS = frozenset(words("volume level loudness levels gain"))
_UNLIKELY = frozenset(
    words(
        "before after until till when whenever because if unless so than since that's "
        "which hz khz db half instead please there is are was should would could i you "
        "we don't"
    )
)
_ENDINGS = ("st", "nd", "rd", "th")
_LONGEST = 10


def without_article(items: Sequence[Item]) -> list[Item]:
    """The items without the articles and possessives before them."""
    start = 0
    while start < len(items) - 1 and items[start].text in DETERMINERS:
        start += 1
    return list(items[start:])


def is_everything(items: Sequence[Item]) -> bool:
    """Whether the whole recording is meant."""
    if any(item.kind == "quote" for item in items):
        return False
    text = text_of(items)
    return text in EVERYTHING_NOUNS or text_of(without_article(items)) in EVERYTHING_NOUNS


def read_targets(items: Sequence[Item], before: Sequence[Target]) -> list[Target] | None:
    """The sounds that a noun phrase means.

    Args:
        items: the phrase, articles included.
        before: what was spoken of last, for "it" and "the rest".

    Returns:
        One target, several for "them"; None if this is no name of a sound.

    Example:
        >>> from lass.edit.language.items import split_items
        >>> read_targets(split_items("the second bark"), [])
        [Target(query='bark', without=(), others=False, occurrence=2)]
    """
    items = _without_recording(items)
    if not items:
        return None
    text = "" if any(item.kind == "quote" for item in items) else text_of(items)
    if text in _PRONOUNS:
        if not before:
            return [EVERYTHING]
        return list(before) if text in _MANY else [before[-1]]
    if text and text_of(without_article(items)) in _REST:
        return [_rest_of(before)]
    if is_everything(items):
        return [EVERYTHING]
    for place in range(1, len(items)):
        end = first_of(items, place, _EXCEPT)
        if end and end < len(items):
            return _except(items[:place], items[end:], before, items[place].text)
    one = _one(items, before)
    return None if one is None else [one]


def _except(
    left: Sequence[Item], right: Sequence[Item], before: Sequence[Target], said: str
) -> list[Target] | None:
    """Everything but the voice; the noise except the birds."""
    wanted, spared = read_targets(left, before), read_targets(right, before)
    if not wanted or not spared or spared[0].query is None:
        return None
    if wanted[0] == EVERYTHING:
        return [
            replace(spared[0], others=True, without=tuple(t.query for t in spared[1:] if t.query))
        ]
    if said == "but" and right and right[0].text != "not" and len(wanted) > 1:
        return None
    names = tuple(target.query for target in spared if target.query)
    return [replace(target, without=(*target.without, *names)) for target in wanted]


def _rest_of(before: Sequence[Target]) -> Target:
    named = [target for target in before if target.query is not None]
    if not named:
        return Target(others=True)
    more = tuple(target.query for target in named[1:] if target.query)
    return replace(named[0], others=True, without=more, occurrence=named[0].occurrence)


def _one(items: Sequence[Item], before: Sequence[Target]) -> Target | None:
    """One sound: its occurrence and its words."""
    items = without_article(items)
    of = first_of(items, 0, _OF)
    if of and of < len(items):
        items = without_article(items[of:])
        if is_everything(items) or text_of(items) in _PRONOUNS:
            return EVERYTHING if is_everything(items) or not before else before[-1]
        return _one(items, before)
    if items[-1].text in _LEVELS:
        items = _without_level(items)
        if not items:
            return EVERYTHING
    occurrence, start = _occurrence(items)
    if occurrence is not None:
        items = items[start:]
        if text_of(items) in ("one", "time") and before and before[-1].query:
            return replace(before[-1], occurrence=occurrence)
    if len(items) == 1 and items[0].kind == "quote":
        return Target(items[0].text, occurrence=occurrence) if items[0].text else None
    if not _is_name(items):
        return None
    return Target(text_of(items), occurrence=occurrence)


def _without_level(items: Sequence[Item]) -> list[Item]:
    """The voice of "the voice's volume"; nothing for "the overall volume"."""
    if len(items) == 1 or is_everything(items[:-1]) or items[-2].text in ("overall", "general"):
        return []
    owner = items[-2]
    return [*items[:-2], replace(owner, text=owner.text.removesuffix("'s"))]


def _occurrence(items: Sequence[Item]) -> tuple[int | None, int]:
    """Which time, and where the name begins."""
    if len(items) < 2:
        return None, 0
    start = 1 if items[0].text in ("very", "only") else 0
    said = items[start].text
    number = ORDINALS.get(said)
    if number is None and said[:1].isdigit() and said[-2:] in _ENDINGS:
        number = int(said[:-2][:6])
    if number is None or start + 1 >= len(items) or number == 0:
        return None, 0
    last = first_of(items, start + 1, ("to last", "last", "from last"))
    if last and last < len(items) and number > 0:
        return -number, last
    return number, start + 1


def _is_name(items: Sequence[Item]) -> bool:
    """Whether the words may name a sound."""
    if not items or len(items) > _LONGEST:
        return False
    if any(item.kind in ("time", "amount", "break", "quote") for item in items):
        return False
    words = [item.text for item in items]
    if any(item.kind == "mark" and item.text not in "-&/'+.#" for item in items):
        return False
    if not any(character.isalnum() for word in words for character in word):
        return False
    if words[-1] in ("the", "a", "an", "my", "of", "to", "and", "is", "are"):
        return False
    if set(words) & _UNLIKELY or words[0] in ("and", "or", "to", "by", "at", "me", "us", "i"):
        return False
    # "frobnicate the dog" is a verb that nobody knows, and its sound.
    return not (
        len(words) > 2
        and words[1] in ("the", "my", "this", "that", "our", "those", "these")
        and not words[0].endswith("ing")
    )


def is_ordinal(item: Item) -> bool:
    """Whether the item says which time a sound is heard: "second", "3rd"."""
    return item.text in ORDINALS or (item.text[:1].isdigit() and item.text[-2:] in _ENDINGS)


def _without_recording(items: Sequence[Item]) -> list[Item]:
    """Without "from the recording" at the end."""
    for place in range(1, len(items)):
        end = first_of(items, place, ("out of", "from", "in", "on", "of", "throughout", "within"))
        if end and end < len(items) and is_everything(items[end:]):
            return list(items[:place])
    return list(items)
