"""Instructions against a table of what people mean by them."""

from __future__ import annotations

import contextlib
import csv
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lass.edit.operations import (
    Effect,
    Extract,
    Fade,
    Gain,
    Keep,
    Pan,
    Remove,
    Span,
    Target,
)
from lass.edit.parsing import LONGEST, parse_instruction, read_instruction
from lass.errors import EditError


def rows():
    path = Path(__file__).parent / "cases.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["instruction"], row["operations"]) for row in csv.DictReader(file)]


def target(text):
    text, *without = text.strip().split(" -")
    others = text.startswith("!")
    text, _, occurrence = text.removeprefix("!").partition(" #")
    query = None if text == "*" else text
    return Target(query, tuple(without), others, int(occurrence) if occurrence else None)


def span(text):
    start, _, end = text.removeprefix("!").partition("..")
    return Span(float(start), float(end) if end else None, text.startswith("!"))


def operation(text):
    """`kind target[ & more] [: value] [xAMOUNT] [@span]`, the notation of the table."""
    text, _, when = text.partition(" @")
    head, _, value = text.partition(": ")
    kind, _, name = head.strip().partition(" ")
    first, *also = [target(part) for part in name.split(" & ")]
    when = span(when.strip()) if when else None
    value, _, amount = value.strip().partition(" x")
    if kind == "remove":
        return Remove(first, when)
    if kind == "keep":
        return Keep(first, when, also=tuple(also))
    if kind == "extract":
        return Extract(first, when)
    if kind == "gain":
        return Gain(first, when, gain_db=float(value))
    if kind == "effect":
        words = value.strip('"')
        return Effect(first, when, words=words, amount=float(amount) if amount else 1.0)
    if kind == "pan":
        return Pan(first, when, position=float(value))
    return Fade(
        first,
        when,
        direction=kind.removeprefix("fade-"),
        duration_s=float(value) if value else None,
    )


def same(given, wanted):
    if isinstance(wanted, Gain) and isinstance(given, Gain):
        close = abs(given.gain_db - wanted.gain_db) < 0.05
        return close and (given.target, given.span) == (wanted.target, wanted.span)
    return given == wanted


@pytest.mark.parametrize(("text", "meant"), rows())
def test_table(text, meant):
    if meant == "?":
        with pytest.raises(EditError):
            parse_instruction(text)
        return
    wanted = [operation(part) for part in meant.split(" ; ")]
    given = parse_instruction(text)
    assert len(given) == len(wanted), given
    assert all(map(same, given, wanted)), given


def test_table_is_large_and_without_repetition():
    texts = [text.lower() for text, _ in rows()]
    assert len(texts) >= 170
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    "text",
    [
        "remove " * 285,
        "and " * 490,
        "the dog " * 245,
        "from 3 to " * 190,
        "make the dog and " * 115,
        "," * 1990,
        '"' * 1990,
        "a " * 990,
        "3" * 1990,
        "but not except " * 130,
        "a bit " * 330,
        "x" * 1990,
        "make the dog sound like " + "very " * 390,
        "\u0130\u2019-" * 600,
        "remove the dog " * 650,
    ],
)
def test_hostile_text_takes_linear_time(text):
    begin = time.process_time()
    with contextlib.suppress(EditError):
        parse_instruction(text)
    assert time.process_time() - begin < 0.5


def test_usual_sentences_are_quick():
    texts = [text for text, _ in rows()]
    begin = time.process_time()
    for text in texts:
        read_instruction(text)
    assert (time.process_time() - begin) / len(texts) < 0.005


def test_too_long_is_refused():
    with pytest.raises(EditError, match="at most 2000"):
        read_instruction("a" * (LONGEST + 1))


def test_no_text_is_refused():
    with pytest.raises(EditError, match="NoneType"):
        read_instruction(None)


@pytest.mark.parametrize("text", ["", "   ", "...", "please"])
def test_nothing_to_do_is_said(text):
    with pytest.raises(EditError, match=r"asks for nothing|not understood"):
        parse_instruction(text)


def test_what_is_not_understood_is_quoted_with_its_place():
    text = "Mute the dog, frobnicate the cat and fade out"
    parsed = read_instruction(text)
    assert [operation.kind for operation in parsed.operations] == ["remove", "fade"]
    (left,) = parsed.leftovers
    assert text[left.start : left.end] == left.text == "frobnicate the cat"
    with pytest.raises(
        EditError, match=r'"frobnicate the cat" .characters 15 to 32.*such as "remove'
    ):
        parse_instruction(text)


@pytest.mark.parametrize(
    ("typed", "meant"), [("remvoe", "remove"), ("isolte", "isolate"), ("exctract", "extract")]
)
def test_nearest_verb_is_suggested(typed, meant):
    with pytest.raises(EditError, match=f'did you mean "{meant}"'):
        parse_instruction(f"{typed} the dog")


def test_further_effect_words():
    text = "the theremin zorby"
    assert read_instruction(text).leftovers
    (effect,) = parse_instruction(text, effect_words={"zorby"}.__contains__)
    assert effect == Effect(Target("theremin"), words="zorby")


def test_reading_does_not_import_torch():
    code = "import lass.edit.describing, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_rest_needs_no_sound_before_it():
    from lass.edit.describing import describe

    found = parse_instruction("turn the rest down by 6 dB")
    assert found == [Gain(Target(others=True), gain_db=-6.0)]
    assert parse_instruction(describe(found[0])) == found
