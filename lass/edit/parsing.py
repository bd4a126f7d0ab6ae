"""Instructions in plain words become operations: `parse_instruction`.

A grammar written by hand, and no model: the same sentence always means the same, and what is not
understood is said.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lass.edit.language.chunks import Chunk, split_chunks, without_courtesy
from lass.edit.language.clauses import Reader
from lass.edit.language.drafts import finish
from lass.edit.language.items import split_items
from lass.edit.language.lists import words
from lass.edit.language.predicates import Predicates
from lass.edit.language.subjects import PuzzledError
from lass.edit.language.wording import known_verbs, plain_verb
from lass.edit.operations import Operation
from lass.errors import EditError

__all__ = ["LONGEST", "Leftover", "Parsed", "parse_instruction", "read_instruction"]

LONGEST = 2000
"""Characters that an instruction may have."""

_LONGEST_CLAUSE = 60
_COURTESIES = frozenset(words("hi hello hey thanks thank you cheers ok okay please and"))


@dataclass(frozen=True)
class Leftover:
    """A part of an instruction that is not understood.

    Args:
        text: as written.
        start: where it begins, in characters.
        end: where it ends.
        hint: what is the matter, and what might have been meant.
    """

    text: str
    start: int
    end: int
    hint: str


@dataclass(frozen=True)
class Parsed:
    """What an instruction says.

    Args:
        operations: in the order of the sentence.
        leftovers: parts that are not understood.
    """

    operations: tuple[Operation, ...]
    leftovers: tuple[Leftover, ...] = ()


def parse_instruction(
    text: str, *, effect_words: Callable[[str], bool] | None = None
) -> list[Operation]:
    """Turn an instruction into operations.

    Args:
        text: such as "remove the dog, make the piano warmer and 3 dB louder".
        effect_words: tells of further words whether they describe a sound.

    Returns:
        The operations, in the order of the sentence.

    Raises:
        EditError: if a part is not understood, or there is nothing to do; the message quotes it.

    Example:
        >>> parse_instruction("turn the dog down by 3 dB")
        [Gain(target=Target(query='dog', without=(), others=False, occurrence=None), span=None, \
gain_db=-3.0)]
    """
    parsed = read_instruction(text, effect_words=effect_words)
    if parsed.leftovers:
        first = parsed.leftovers[0]
        raise EditError(
            f'"{_short(first.text)}" (characters {first.start + 1} to {first.end}) is not '
            f"understood: {first.hint}. You can remove, keep, extract, turn up or down, change, "
            'pan and fade sounds, such as "remove the dog from 3 to 5 s" or "make the piano '
            'warmer and 3 dB louder"'
        )
    if not parsed.operations:
        raise EditError(
            f'the instruction "{_short(text)}" asks for nothing; say what to do, such as "remove '
            'the dog" or "make the piano warmer"'
        )
    return list(parsed.operations)


def read_instruction(text: str, *, effect_words: Callable[[str], bool] | None = None) -> Parsed:
    """Read as much of an instruction as is understood.

    Args:
        text: the instruction.
        effect_words: tells of further words whether they describe a sound.

    Returns:
        The operations and what was not understood.

    Raises:
        EditError: if it is no text, or too long.

    Example:
        >>> read_instruction("remvoe the dog").leftovers[0].hint
        'no verb is known here; did you mean "remove"?'
    """
    if not isinstance(text, str):
        raise EditError(
            f'the instruction is a {type(text).__name__}, expected words: "remove the dog"'
        )
    if len(text) > LONGEST:
        raise EditError(
            f"the instruction has {len(text)} characters, expected at most {LONGEST}; give it in "
            "several parts"
        )
    chunks = split_chunks(split_items(text))
    reader = Reader(Predicates(effect_words))
    leftovers: list[Leftover] = []
    for place, chunk in enumerate(chunks):
        following = chunks[place + 1] if place + 1 < len(chunks) else None
        before = list(reader.said.drafts)
        try:
            if len(chunk.items) > _LONGEST_CLAUSE:
                raise PuzzledError("this is too long for one clause")
            reader.read(chunk, following)
        except PuzzledError as error:
            reader.said.drafts = before
            if not _is_courtesy(chunk):
                leftovers.append(_leftover(text, chunk, str(error)))
    try:
        reader.finish()
    except PuzzledError as error:
        leftovers.append(_leftover(text, chunks[-1], str(error)))
    operations = tuple(finish(draft) for draft in reader.said.drafts)
    return Parsed(operations, tuple(leftovers))


def _is_courtesy(chunk: Chunk) -> bool:
    return all(item.text in _COURTESIES for item in chunk.items)


def _leftover(text: str, chunk: Chunk, hint: str) -> Leftover:
    start, end = chunk.items[0].start, chunk.items[-1].end
    meant = _meant([item.text for item in without_courtesy(chunk.items)])
    hint = f'{hint}; did you mean "{meant}"?' if meant else hint
    return Leftover(text[start:end], start, end, hint)


def _meant(words: Sequence[str]) -> str | None:
    """The known verb that the first word is most like, if it is none itself."""
    if not words or len(words[0]) > 20 or plain_verb(words[0]) in known_verbs():
        return None
    return next(iter(difflib.get_close_matches(words[0], known_verbs(), n=1, cutoff=0.75)), None)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
