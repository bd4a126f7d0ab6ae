"""Instructions in plain words: `lass.edit.parsing.read_instruction`."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.targets import tokens

_LANGUAGE = (
    "additions", "amounts", "chunks", "clauses", "drafts", "frames", "items", "levels", "lists",
    "predicates", "said", "steps", "subjects", "targets", "times", "wording",
)  # fmt: skip
MODULES = (
    *(f"lass.edit.language.{name}" for name in _LANGUAGE),
    *(f"lass.edit.{name}" for name in ("parsing", "operations", "checking", "describing")),
)
TOKENS = (
    *tokens(
        "remove keep only isolate mute extract louder softer fade in out from to at the last "
        "first half seconds 3 s dB ms 0:10 1:02:03 % percent twice by and then but not except "
        "without everything else left right pan reverb warmer brighter a bit much undo , ; . \" ' "
        "- .5 between until after before second third other all",
    ),
    "٣".encode(),
    "²".encode(),
    "½".encode(),
    "\u2212".encode(),
    b"9" * 320,
)
LONGEST = 600


def seeds() -> dict[str, bytes]:
    """Sentences of every kind."""
    sentences = (
        "remove the dog, make the piano warmer and 3 dB louder",
        "keep only the voice and the violin from 3 to 5 s",
        "mute the second dog bark between 0:10 and 1:02.5",
        "fade out the last two seconds, then pan the guitar half left",
        "turn everything but the voice down by 50 percent",
        'extract "the drums" and make the rest a bit brighter except from 1m20s on',
        "please isolate the noise, but not the birds",
        "remove the dog at ٣ s and after " + "9" * 400 + " s",
        "make it 10" + "0" * 330 + " dB louder and twice as warm",
    )
    return {str(number): text.encode() for number, text in enumerate(sentences)}


def run(data: bytes, folder: Path) -> None:
    """Read an instruction; what is understood is a sound operation and can be said again."""
    from lass.edit.operations import operation_from_dict
    from lass.edit.parsing import parse_instruction, read_instruction

    text = data.decode("utf-8", errors="surrogateescape")
    parsed = read_instruction(text)
    for left in parsed.leftovers:
        assert text[left.start : left.end] == left.text
        assert left.hint
    for operation in parsed.operations:
        assert operation_from_dict(operation.to_dict()) == operation
    parse_instruction(text)
