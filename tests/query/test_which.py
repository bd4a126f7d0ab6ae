import pytest
from hypothesis import given
from hypothesis import strategies as st

from lass.errors import LassError, QueryError
from lass.query import Query
from lass.query.which import Which, read_query, read_which


@pytest.mark.parametrize(
    ("text", "sound", "which"),
    [
        ("the first knock", "knock", Which(1)),
        ("The SECOND knock on the door", "knock on the door", Which(2)),
        ("the 3rd bark", "bark", Which(3)),
        ("the last cough", "cough", Which(-1)),
        ("the second to last bark", "bark", Which(-2)),
        ("the 3rd-to-last bark", "the 3rd-to-last bark", None),
        ("the louder dog", "dog", Which(quality="loudest")),
        ("the quieter of the two dogs", "dogs", Which(quality="quietest")),
        ("the longest siren", "siren", Which(quality="longest")),
        ("the dog that barks before the bell", "dog", Which(relation="before", other="bell")),
        ("a horn which sounds after a crash", "a horn", Which(relation="after", other="crash")),
        (
            "the first dog that is heard after the bell",
            "dog",
            Which(1, relation="after", other="bell"),
        ),
    ],
)
def test_what_is_read(text, sound, which):
    assert read_which(text) == (sound, which)


@pytest.mark.parametrize(
    "text",
    [
        "violin",
        "second violin",
        "the first violin",
        "the second voice",
        "the second hand of a clock",
        "the last one",
        "the loudest",
        "rain after thunder",
        "the calm before the storm",
        "first dog",
        "the zeroth dog",
        "the 0th dog",
    ],
)
def test_what_is_left_as_it_is(text):
    assert read_which(text) == (text, None)
    assert read_query(text) == Query(text)


@given(st.text(max_size=60))
def test_any_words_are_a_query_or_one_sentence(text):
    said = f"the second {text}"
    try:
        query = read_query(said)
    except LassError as error:
        refused = str(error)
        with pytest.raises(LassError):
            Query(said)
        assert "\n" not in refused
        return
    assert query.name == said.strip()


def test_a_query_keeps_its_time_when_something_is_not_meant():
    query = read_query("the second dog").minus("cat")
    assert query.which == Which(2)
    assert query.name == "the second dog"
    assert [inner.text for inner in query.walk()] == ["", "dog", "cat"]


def test_a_time_cannot_be_part_of_a_mixture():
    with pytest.raises(QueryError, match="cannot be part of another"):
        Query.mix([read_query("the second dog"), "cat"])


def test_a_choice_must_choose():
    for wrong in ({}, {"number": 0}):
        with pytest.raises(QueryError, match="which time"):
            Which(**wrong)
    with pytest.raises(QueryError, match="before or after what"):
        Which(relation="before")


def test_a_time_is_not_saved_as_a_sound(tmp_path):
    with pytest.raises(QueryError, match="one time out of several"):
        read_query("the second dog").save(tmp_path / "dog.lassquery")
    assert not (tmp_path / "dog.lassquery").exists()
