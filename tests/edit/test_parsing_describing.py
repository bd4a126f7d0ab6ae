"""What is said of an operation means that operation."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.edit.describing import describe
from lass.edit.operations import Effect, Extract, Fade, Gain, Keep, Pan, Remove, Span, Target
from lass.edit.parsing import parse_instruction

QUERIES = st.one_of(
    st.sampled_from(
        [
            "dog",
            "church bells",
            "dog barking in the background",
            "rock and roll band",
            "man and his dog",
            "sax",
            "second violin",
            "the who",
            "remove",
            "everything",
            "it",
            "louder",
            "from 3 to 5 s",
            "voice, far away",
            "808",
            'a "quoted" sound',
            "little girl",
            "warm pad",
            "left hand",
            "fade",
            "noise but not birds",
            "the rest",
        ]
    ),
    st.text("abcdefghij klmnopqrstuvwxyz'\\-", min_size=1)
    .map(lambda t: " ".join(t.split()))
    .filter(bool),
)
TIMES = st.integers(0, 400_000).map(lambda ms: ms / 1000)
WORDS = st.one_of(
    st.sampled_from(
        [
            "warmer",
            "like a telephone",
            "in a church",
            "warm and bright",
            "less harsh",
            "more bass",
            "reverb",
            "louder",
            "wobbly stuff",
            "hard left",
            "gone",
            "as if in a church",
            "a bit warm",
            "removed",
        ]
    ),
    st.text("abcdefgh ijklmnopqrstuvwxyz,", min_size=1)
    .map(lambda t: " ".join(t.split()))
    .filter(bool),
)


@st.composite
def spans(draw):
    kind = draw(st.sampled_from(["none", "range", "on", "last", "end"]))
    outside = draw(st.booleans())
    start, length = draw(TIMES), draw(TIMES)
    if kind == "none":
        return None
    if kind == "range":
        return Span(start, start + round(length, 3), outside)
    if kind == "on":
        return Span(start, None, outside)
    if kind == "last":
        return Span(-length - 0.5, None, outside)
    return Span(start, -length - 0.5, outside)


@st.composite
def operations(draw):
    query, span = draw(QUERIES), draw(spans())
    occurrence = draw(st.sampled_from([None, None, 1, 2, 3, 11, 22, -1, -2, -3]))
    named = Target(query, occurrence=occurrence)
    spared = Target(query, without=tuple(draw(st.lists(QUERIES, min_size=1, max_size=2))))
    plain = draw(st.sampled_from([named, Target(query), spared]))
    wide = draw(st.sampled_from([plain, Target(), Target(query, others=True)]))
    kind = draw(st.integers(0, 6))
    if kind == 0:
        return Remove(draw(st.sampled_from([plain, Target()])), span)
    if kind == 1:
        also = tuple(Target(other) for other in draw(st.lists(QUERIES, max_size=2)))
        return Keep(Target(query) if also else plain, span, also=also)
    if kind == 2:
        return Extract(plain, span)
    if kind == 3:
        return Gain(wide, span, gain_db=draw(st.integers(-600, 600)) / 10)
    if kind == 4:
        return Effect(wide, span, words=draw(WORDS), amount=draw(st.integers(1, 200)) / 100)
    if kind == 5:
        return Pan(wide, span, position=draw(st.integers(-100, 100)) / 100)
    duration = draw(st.one_of(st.none(), st.integers(1, 90_000).map(lambda ms: ms / 1000)))
    return Fade(wide, span, direction=draw(st.sampled_from(["in", "out"])), duration_s=duration)


@settings(deadline=None, max_examples=100)
@given(operations())
def test_description_means_the_operation(operation):
    assert parse_instruction(describe(operation)) == [operation]


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (Remove(Target("dog")), "remove the dog"),
        (Remove(span=Span(3.0, 5.0)), "mute everything from 0:03 to 0:05"),
        (Keep(Target("voice"), also=(Target("piano"),)), "keep only the voice and the piano"),
        (Gain(Target("piano"), Span(10.0), gain_db=3.0), "make the piano 3 dB louder from 0:10 on"),
        (
            Gain(Target("voice", others=True), gain_db=-3.0),
            "make everything but the voice 3 dB quieter",
        ),
        (Effect(Target("choir"), words="in a church"), "put the choir in a church"),
        (Effect(Target("clap"), words="warmer", amount=0.5), "make the clap a bit warmer"),
        (Pan(Target("guitar"), position=-1.0), "pan the guitar hard left"),
        (Fade(duration_s=3.0), "fade everything out over 3 s"),
        (Remove(Target("rock and pop band")), 'remove the "rock and pop band"'),
        (Remove(Target("bark", occurrence=2)), "remove the second bark"),
    ],
)
def test_description_is_plain(operation, said):
    assert describe(operation) == said
