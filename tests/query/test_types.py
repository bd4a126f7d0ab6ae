import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from lass.errors import QueryError
from lass.query import MAX_QUERY_CHARACTERS, Query, QueryEmbedding, QueryEncoder, as_query


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the query is empty"),
        (" \t\n", "the query is empty"),
        ("x" * 10_000, "has 10000 characters: at most 1000"),
        ("🎻🥁", "no letter or digit"),
        ("?!…", "no letter or digit"),
        ("\u200b", "no letter or digit"),
    ],
)
def test_what_cannot_be_asked(text, words):
    with pytest.raises(QueryError, match=words):
        Query(text)


@pytest.mark.parametrize(
    "text", ["violin", "violin 🎻", "скрипка", "小提琴", "كمان", "बिल्ली", "808", "x" * 1000]
)
def test_what_can(text):
    assert Query(text).name == text
    assert as_query(text) == Query(text)


def test_names():
    example = np.zeros((1, 8), np.float32)
    assert Query("  dog ").name == "dog"
    assert Query(example=example, example_rate=8000).name == "example"
    query = Query("dog", example=example, example_rate=8000)
    assert query.name == "dog"
    assert as_query(query) is query


@pytest.mark.parametrize("shape", [(8,), (1, 0), (1, 2, 3)])
def test_examples_of_a_wrong_shape(shape):
    with pytest.raises(QueryError, match="the example has shape"):
        Query(example=np.zeros(shape, np.float32), example_rate=8000)


@given(st.text(max_size=MAX_QUERY_CHARACTERS + 10))
def test_any_text_is_a_query_or_one_clear_error(text):
    try:
        assert Query(text).name == text.strip()
    except QueryError as error:
        sentence = str(error)
        event("refused")
        if "\n" in sentence:
            pytest.fail(sentence)


def test_spaces_never_mix():
    embedding = QueryEmbedding(np.ones(4, np.float32), "compact-v1")
    embedding.check_space("compact-v1")
    with pytest.raises(QueryError, match=r"'compact-v1'.*'clap-v1'"):
        embedding.check_space("clap-v1")


def test_the_shipped_backend_is_an_encoder(encoder):
    assert isinstance(encoder, QueryEncoder)
