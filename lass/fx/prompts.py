"""From a prompt to wishes: words with how much, and what is to stay as it is.

"a little brighter, not so boomy, keep the low end" becomes bright x 0.5, boomy x -0.7, and a lock
on the low end. No model takes part; what is not understood as grammar stays a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lass.errors import QueryError

__all__ = ["Prompt", "Wish", "parse_prompt"]

_LONGEST = 500

_DEGREES = {
    "a little bit": 0.5, "a little": 0.5, "a bit": 0.5, "a touch": 0.4, "a tad": 0.4,
    "a hint of": 0.4, "a lot of": 1.5, "lots of": 1.5,
    "slightly": 0.5, "subtly": 0.4, "somewhat": 0.7, "rather": 1.0, "fairly": 0.9, "quite": 1.1,
    "pretty": 1.0, "a lot": 1.5, "way": 1.5, "far": 1.5, "much": 1.5, "really": 1.3, "very": 1.4,
    "super": 1.5, "extremely": 1.8, "incredibly": 1.8, "totally": 1.5, "so": 1.3, "too": 1.0,
}  # fmt: skip
_NEGATIONS = {
    "not so": -0.7, "not as": -0.7, "not too": -0.5, "not very": -0.7, "not that": -0.7,
    "not at all": -1.2, "no longer": -1.0, "anything but": -1.2,
    "not": -1.0, "no": -1.0, "neither": -1.0, "without": -1.0, "never": -1.0,
    "non": -1.0, "less": -0.8,
    "isn't": -1.0, "don't": -1.0, "remove": -1.0, "reduce": -0.8, "fewer": -0.8, "un": -1.0,
}  # fmt: skip
_FILLERS = frozenset(
    re.findall(
        r"\w+",
        "a an the it this that make made sound sounds sounding is be being to more most of in like "
        "as audio track recording voice music song please i want would should feel feels have has "
        "give with some bit kind me my its them put into inside if was were let get got turn",
    )
)
_LOCKS = {
    "low": ("low end", "lows", "low", "bass", "bottom", "low frequencies", "bottom end", "sub"),
    "middle": ("mids", "mid", "middle", "midrange", "mid range", "mid-range", "vocals"),
    "high": ("high end", "highs", "high", "treble", "top", "top end", "high frequencies", "air"),
    "eq": ("tone", "eq", "timbre", "colour", "color", "balance", "frequencies"),
    "reverb": ("reverb", "room", "space", "dryness", "ambience", "reverberation"),
}
_KEEP = re.compile(
    r"\b(?:keep(?:ing)?|leave|leaving|preserve|preserving|(?:don't|do not|without) "
    r"(?:touch(?:ing)?|chang(?:e|ing)|affect(?:ing)?))\s+(?:the\s+|my\s+)?"
    r"(?P<what>[a-z][a-z -]*?)"
    r"(?:\s+(?:alone|as (?:it is|they are|is)|unchanged|untouched|intact|the same))?"
    r"(?=\s*(?:$|,|;|\.|\bbut\b|\band (?:make|keep|leave|a|more|less|very|not)\b))"
)
_OPPOSITES = (
    ("bright brilliant treble trebly", "dark dull muffled"),
    ("warm", "cold icy thin tinny"),
    ("thin tinny", "full fat thick"),
    ("dry", "wet roomy echoey reverberant"),
    ("near close intimate upfront", "distant far far-away remote"),
    ("soft gentle", "harsh hard aggressive"),
    ("clear clean crisp", "muddy muffled dull blurred"),
    ("big huge large", "small little tiny"),
    ("heavy", "light"),
    ("loud", "quiet"),
    ("smooth", "rough"),
)


@dataclass(frozen=True)
class Wish:
    """A word and how much of it.

    Args:
        word: In lower case, its plain form where that is known.
        weight: 1 for the word itself, less for a little, negative for the opposite.
    """

    word: str
    weight: float


@dataclass(frozen=True)
class Prompt:
    """What was asked for.

    Args:
        wishes: Words with their weights, each once.
        locks: What stays: ``low``, ``middle``, ``high``, ``eq`` or ``reverb``.
    """

    wishes: tuple[Wish, ...]
    locks: frozenset[str] = frozenset()


def parse_prompt(text: str, *, knows: Callable[[str], bool] = lambda word: False) -> Prompt:
    """Understand a prompt.

    Args:
        text: What the user typed.
        knows: Tells whether a word is in the lexicon, so that "brighter" is taken as "bright".

    Returns:
        The wishes and the locks.

    Raises:
        QueryError: If nothing was asked for, the prompt is too long, or it contradicts itself.

    Example:
        >>> parse_prompt("a little brighter, not so boomy", knows={"bright", "boomy"}.__contains__)
        Prompt(wishes=(Wish(word='bright', weight=0.5), Wish(word='boomy', weight=-0.7)), \
locks=frozenset())
    """
    if not isinstance(text, str):
        raise QueryError(f'the prompt is a {type(text).__name__}, expected words such as "warm"')
    if len(text) > _LONGEST:
        raise QueryError(
            f"the prompt has {len(text)} characters, expected at most {_LONGEST}; say it shorter"
        )
    plain = re.sub(r"[\u2018\u2019]", "'", text.lower()).strip(" .!?\"'")
    plain = re.sub(r"\s+", " ", plain)
    locks, rest = _take_locks(plain)
    wishes: dict[str, float] = {}
    for word, weight in _clauses(rest, knows):
        before = wishes.get(word)
        if before is not None and before * weight < 0:
            raise QueryError(
                f"the prompt asks for {word!r} and for the opposite of it; leave one of them out"
            )
        wishes[word] = weight if before is None else max(before, weight, key=abs)
    _check_opposites(wishes)
    if not wishes:
        raise QueryError(
            f'the prompt {text.strip()[:40]!r} asks for no change; say one, such as "warm and airy"'
        )
    return Prompt(tuple(Wish(word, weight) for word, weight in wishes.items()), locks)


def _take_locks(text: str) -> tuple[frozenset[str], str]:
    """What is to stay, and the rest of the prompt."""
    locks: set[str] = set()

    def take(found: re.Match[str]) -> str:
        parts = re.split(r"\s+and\s+(?:the\s+)?", found["what"].strip())
        names = [_lock_of(part) for part in parts]
        if None in names:
            return found[0]
        locks.update(name for name in names if name)
        return ","

    rest = _KEEP.sub(take, text)
    return frozenset(locks), rest


def _lock_of(words: str) -> str | None:
    return next((name for name, said in _LOCKS.items() if words in said), None)


def _clauses(text: str, knows: Callable[[str], bool]) -> Iterator[tuple[str, float]]:
    """Words and their weights, clause by clause; "not warm and bright" negates the first only."""
    negated = 0.0
    for clause in re.split(r"\s*[,;/&+]\s*|\s+(?=but\b|yet\b|without\b)", text):
        again = negated if re.match(r"(?:nor|or)\b", clause) else 0.0
        for part in re.split(r"\s+and\s+|\s+(?=or\b|nor\b|with\b)", clause):
            keep = again if not part.startswith(("or ", "nor ")) else negated
            words = re.sub(r"^(?:but|yet|or|nor|and|then|also)\s+", "", part).strip()
            negation, degree, word = _modifiers(words, knows)
            negation = negation or keep
            negated = negation
            for one in _known_words(word, knows):
                yield one, round((negation or 1.0) * degree, 6)


def _modifiers(text: str, knows: Callable[[str], bool]) -> tuple[float, float, str]:
    """Negation (0 if none), degree and the word that a part of a clause is about."""
    if knows(text):
        return 0.0, 1.0, text
    negation, degree, rest = 0.0, 1.0, f"{text} "
    while rest.strip() and not knows(rest.strip().replace(" ", "-")):
        said = next((x for x in _by_length(_NEGATIONS) if rest.startswith(f"{x} ")), None)
        if said is not None:
            # "not less warm" is warm; "a little less harsh" is half of less harsh.
            negation = _NEGATIONS[said] * (-1.0 if negation < 0 else 1.0)
            rest = rest[len(said) + 1 :]
            continue
        said = next((x for x in _by_length(_DEGREES) if rest.startswith(f"{x} ")), None)
        after = rest[len(said) + 1 :].strip() if said else ""
        if said is not None and after:
            degree *= _DEGREES[said]
            rest = f"{after} "
            continue
        head, _, tail = rest.partition(" ")
        if head not in _FILLERS:
            break
        rest = tail
    words = [word for word in rest.split() if word not in _FILLERS]
    return negation, degree, _plain_form(" ".join(words), knows)


def _known_words(phrase: str, knows: Callable[[str], bool]) -> list[str]:
    """The known words of an unknown phrase; the whole phrase if there is none."""
    if not phrase or knows(phrase) or " " not in phrase:
        return [phrase] if phrase else []
    words = [_plain_form(word, knows) for word in phrase.split()]
    return [word for word in words if knows(word)] or [phrase]


def _by_length(table: dict[str, float]) -> list[str]:
    return sorted(table, key=len, reverse=True)


def _plain_form(word: str, knows: Callable[[str], bool]) -> str:
    """The word without comparison, where that one is known: brighter, biggest, airier."""
    for ending in ("er", "est"):
        stem = word.removesuffix(ending)
        if stem == word:
            continue
        tries = [stem, stem + "e"]
        if stem.endswith("i"):
            tries.append(stem[:-1] + "y")
        if len(stem) > 2 and stem[-1] == stem[-2]:
            tries.append(stem[:-1])
        for tried in tries:
            if knows(tried):
                return tried
    joined = word.replace(" ", "-")
    return joined if knows(joined) else word


def _check_opposites(wishes: dict[str, float]) -> None:
    """Refuse "brighter and darker"."""
    wanted = {_root(word): word for word, weight in wishes.items() if weight > 0}
    for left, right in _OPPOSITES:
        one = next((wanted[word] for word in left.split() if word in wanted), None)
        other = next((wanted[word] for word in right.split() if word in wanted), None)
        if one and other:
            raise QueryError(
                f"the prompt asks for {one!r} and {other!r}, which contradict each other; "
                "leave one of them out"
            )


def _root(word: str) -> str:
    """The plain form for comparing with the list of opposites."""
    listed = {word for pair in _OPPOSITES for side in pair for word in side.split()}
    return _plain_form(word, listed.__contains__)
