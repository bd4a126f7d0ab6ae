"""Batches of texts of similar length, and tokenizers that do not belong to an encoder."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lass.errors import ModelError
from lass.query.tokens import Tokens, batches, padded
from tests.conftest import make_tokenizer

START = 24  # what a batch costs beside its numbers, in numbers

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=60)


def cost(found, lengths):
    """Numbers that are computed, filling included, and the start of each batch."""
    return sum(START + len(rows) * max(lengths[row] for row in rows) for rows in found)


def cheapest(lengths, numbers):
    """The least that batches of neighbours in length can cost, by trying all of them."""
    ordered, best = sorted(lengths), [0]
    for end in range(1, len(ordered) + 1):
        longest = ordered[end - 1]
        starts = [s for s in range(end) if (end - s) * longest <= numbers or end - s == 1]
        best.append(min(best[start] + START + (end - start) * longest for start in starts))
    return best[-1]


@given(LENGTHS, st.integers(1, 300))
def test_every_text_is_in_one_batch_that_is_not_too_large(lengths, numbers):
    found = batches([[7] * length for length in lengths], numbers=numbers)
    assert sorted(row for rows in found for row in rows) == list(range(len(lengths)))
    for rows in found:
        longest = max(lengths[row] for row in rows)
        assert len(rows) == 1 or len(rows) * longest <= numbers


@given(LENGTHS)
def test_little_is_filled_up(lengths):
    found = batches([[7] * length for length in lengths], numbers=300)
    assert cost(found, lengths) <= 1.5 * cheapest(lengths, 300)


def test_thousand_phrases_cost_what_they_must():
    """Lengths as those of phrases: at most 3 % above the best batches there are."""
    rng = np.random.default_rng(0)
    lengths = (3 + rng.poisson(3, 1000)).tolist()
    found = batches([[7] * length for length in lengths])
    assert cost(found, lengths) <= 1.03 * cheapest(lengths, 1024)
    assert sum(lengths) > 0.95 * (cost(found, lengths) - START * len(found))


def test_filling():
    numbers, mask = padded([[5, 6, 7], [8]], padding=1)
    assert numbers.tolist() == [[5, 6, 7], [8, 1, 1]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


def test_numbers_that_the_encoder_does_not_know(tmp_path):
    make_tokenizer(tmp_path / "tokenizer.json")
    assert Tokens(tmp_path, longest=9, padding=0, known=64)(["dog"]) == [[2, 7, 44, 36, 3]]
    with pytest.raises(ModelError, match="does not belong to this encoder, which knows 44"):
        Tokens(tmp_path, longest=9, padding=0, known=44)(["dog"])
    with pytest.raises(ModelError, match="does not belong"):
        Tokens(tmp_path, longest=0, padding=0, known=64)(["dog"])


def test_a_tokenizer_that_fails_when_it_is_used(tmp_path):
    path = tmp_path / "tokenizer.json"
    make_tokenizer(path)
    table = json.loads(path.read_text())
    table["model"]["unk_token"] = "[NONE]"
    path.write_text(json.dumps(table))
    tokens = Tokens(tmp_path, longest=9, padding=0, known=64)
    with pytest.raises(ModelError, match="cannot be read"):
        tokens(["\N{DOG FACE}"])
