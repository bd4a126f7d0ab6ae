"""What prompts mean, case by case."""

import pytest

from lass.errors import QueryError
from lass.fx.prompts import parse_prompt

KNOWN = {
    "warm", "airy", "bright", "dark", "boomy", "distant", "harsh", "muddy", "church", "big-hall",
    "far-away", "dry", "close", "big", "pretty",
}  # fmt: skip

CASES = [
    ("warm", {"warm": 1.0}, ""),
    ("Warm and airy.", {"warm": 1.0, "airy": 1.0}, ""),
    ("a little brighter", {"bright": 0.5}, ""),
    ("slightly brighter", {"bright": 0.5}, ""),
    ("much more distant", {"distant": 1.5}, ""),
    ("very warm", {"warm": 1.4}, ""),
    ("bigger", {"big": 1.0}, ""),
    ("airiest", {"airy": 1.0}, ""),
    ("not so boomy", {"boomy": -0.7}, ""),
    ("less harsh", {"harsh": -0.8}, ""),
    ("a little less harsh", {"harsh": -0.4}, ""),
    ("not bright", {"bright": -1.0}, ""),
    ("not bright and dry", {"bright": -1.0, "dry": 1.0}, ""),
    ("neither bright nor harsh", {"bright": -1.0, "harsh": -1.0}, ""),
    ("not muddy or dark", {"muddy": -1.0, "dark": -1.0}, ""),
    ("very warm but not muddy", {"warm": 1.4, "muddy": -1.0}, ""),
    ("put it in a church", {"church": 1.0}, ""),
    ("make it sound like a big hall", {"big-hall": 1.0}, ""),
    ("far away", {"far-away": 1.0}, ""),
    ("pretty", {"pretty": 1.0}, ""),
    ("brighter, keep the low end", {"bright": 1.0}, "low"),
    ("keep the bass and the reverb as it is, brighter", {"bright": 1.0}, "low reverb"),
    ("don't touch the highs, less boomy", {"boomy": -0.8}, "high"),
    ("like a glacier", {"glacier": 1.0}, ""),
]


@pytest.mark.parametrize(("text", "wishes", "locks"), CASES)
def test_a_prompt_means_words_and_locks(text, wishes, locks):
    made = parse_prompt(text, knows=KNOWN.__contains__)
    assert {w.word: w.weight for w in made.wishes} == pytest.approx(wishes)
    assert made.locks == frozenset(locks.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "asks for no change"),
        ("keep the low end", "asks for no change"),
        ("brighter and darker", "contradict"),
        ("dry but very distant, bright and dark", "contradict"),
        ("bright and not bright", "opposite"),
        ("warm " * 200, "at most 500"),
        (7, "expected words"),
    ],
)
def test_what_cannot_be_meant_is_said_in_one_sentence(text, said):
    with pytest.raises(QueryError, match=said) as caught:
        parse_prompt(text, knows=KNOWN.__contains__)
    assert "\n" not in str(caught.value)
