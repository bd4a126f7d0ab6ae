import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lass.errors import QueryError
from lass.query.again import HEARD_SHARE, LEFT_WEIGHT, REST_WEIGHT, ask_again, ask_for_rest


def unit(seed, dim=16):
    vector = np.random.default_rng(seed).standard_normal(dim)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@given(st.floats(0.0, 1.0), st.floats(0.1, 2.0))
def test_it_is_the_blend_pushed_away(sure, strength):
    query, heard, left = unit(1), unit(2), unit(3)
    share, weight = strength * HEARD_SHARE * sure, strength * LEFT_WEIGHT * sure
    nearer = (1 - share) * query.astype(float) + share * heard
    nearer /= np.linalg.norm(nearer)
    expected = (1 + weight) * nearer - weight * left
    expected /= np.linalg.norm(expected)
    got = ask_again(query, heard=heard, left=left, sure=sure, strength=strength)
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_a_doubtful_first_look_changes_nothing():
    query = unit(1)
    np.testing.assert_array_equal(ask_again(query, heard=unit(2), left=None, sure=0.0), query)
    np.testing.assert_array_equal(ask_again(query, heard=unit(2), left=unit(3), sure=-1.0), query)


def test_free_vectors_are_not_rescaled():
    query, heard = 3 * unit(1), 5 * unit(2)
    got = ask_again(query, heard=heard, left=None, sure=1.0, normalised=False)
    np.testing.assert_allclose(got, 0.75 * query + 0.25 * heard, rtol=1e-5)


def test_vectors_that_cancel_are_refused():
    query = unit(1)
    with pytest.raises(QueryError, match="cancel"):
        ask_again(query, heard=-query, left=None, sure=1.0, strength=2.0)


def test_the_rest_is_what_was_left_and_not_what_was_asked_for():
    query, left = unit(1), unit(2)
    expected = (1 + REST_WEIGHT) * left.astype(float) - REST_WEIGHT * query
    got = ask_for_rest(query, left=left)
    np.testing.assert_allclose(got, expected / np.linalg.norm(expected), atol=1e-6)
    free = ask_for_rest(query, left=2 * left, normalised=False)
    assert np.linalg.norm(free) > 1.5
