"""Saved queries: exact, versioned, and refused in one sentence where they are damaged."""

import json
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numbers

from lass.errors import QueryError
from lass.query import Query, QueryEmbedding
from lass.query.saved import describe

LARGEST = float(np.float32(1e30))
finite = st.floats(-LARGEST, LARGEST, width=32)
UNIT = np.float32([0.6, 0.8])


@pytest.fixture
def stored(tmp_path):
    """A saved query, and a way to change it."""

    def make(**changes):
        path = tmp_path / "hum.lassquery"
        Query(embedding=QueryEmbedding(UNIT, "toy"), label="hum").save(path, overwrite=True)
        table = {**json.loads(path.read_text()), **changes}
        path.write_text(json.dumps({k: v for k, v in table.items() if v is not ...}))
        return path

    return make


@given(numbers.arrays(np.float32, st.integers(1, 40), elements=finite))
def test_free_vectors_come_back_bit_for_bit(tmp_path_factory, vector):
    path = tmp_path_factory.mktemp("saved") / "q.lassquery"
    vector[0] = vector[0] or 1.0  # a vector of nothing but zeros is none
    Query(embedding=QueryEmbedding(vector, "free", normalised=False), label="q").save(path)
    found = Query.load(path)
    assert found.embedding.vector.tobytes() == vector.tobytes()
    assert (found.embedding.space, found.embedding.normalised) == ("free", False)


@pytest.mark.parametrize("name", ["violin", "скрипка", 'say "hum"\n'])
def test_a_query_comes_back_as_it_was(tmp_path, encoder, name):
    query = Query.mix(["violin", Query("cello").minus("piano")], [2, 1], label=name)
    path = query.save(tmp_path / "q.lassquery", encoder)
    found = Query.load(path)
    assert found.name == name.strip()
    np.testing.assert_array_equal(found.embedding.vector, encoder.encode(query).vector)
    np.testing.assert_array_equal(encoder.encode(found).vector, encoder.encode(query).vector)
    again = found.save(tmp_path / "again.lassquery")
    assert Query.load(again).embedding.vector.tobytes() == found.embedding.vector.tobytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.lassquery", "q.lassquery"]


def test_the_file_says_where_it_came_from(tmp_path, encoder, sound):
    query = Query("violin", example=sound(), example_rate=16000).minus("piano", weight=0.25)
    told = json.loads(query.save(tmp_path / "q.lassquery", encoder).read_text())
    assert (told["lassquery"], told["space"], told["dim"]) == (1, "compact-v1", encoder.dim)
    made = told["provenance"]["query"]
    assert made["negatives"] == [{"text": ["piano"]}]
    assert made["negative_weight"] == 0.25
    part = made["parts"][0]
    assert part["text"] == ["violin"]
    assert part["example"]["shape"] == [2, 16000]
    assert len(part["example"]["sha256"]) == 64


def test_pictures_are_described_by_their_hash():
    told = describe(Query(image=np.zeros((2, 3, 3), np.uint8)))
    assert told["image"]["shape"] == [2, 3, 3]


DAMAGED = [
    ({"lassquery": 2}, "version 2, this program reads version 1"),
    ({"lassquery": ...}, "is no saved query"),
    ({"vector": [0.6, float("nan")]}, "NaN or infinity"),
    ({"vector": [0.6, 1e300]}, "NaN or infinity"),
    ({"vector": [0.6, 10**400]}, "too large"),
    ({"vector": [0.6, "0.8"]}, "no list of numbers"),
    ({"vector": []}, "no list of numbers"),
    ({"vector": ...}, "no list of numbers"),
    ({"vector": [0.6, 0.8, 0.0]}, "states 2 numbers and holds 3"),
    ({"vector": [0.6, 0.0]}, "has length 0.6, expected 1"),
    ({"vector": [0.0, 0.0], "normalised": False}, "has length 0"),
    ({"normalised": "yes"}, "whether it is normalised"),
    ({"space": ""}, "it has no space"),
    ({"space": 5}, "it has no space"),
    ({"name": ...}, "it has no name"),
]


@pytest.mark.parametrize(("changes", "words"), DAMAGED)
def test_damaged_files(stored, changes, words):
    path = stored(**changes)
    with pytest.raises(QueryError, match=words) as told:
        Query.load(path)
    assert "hum.lassquery" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b"null"])
def test_files_of_another_kind(tmp_path, data):
    path = tmp_path / "x.lassquery"
    path.write_bytes(data)
    with pytest.raises(QueryError, match="saved query"):
        Query.load(path)


def test_a_missing_file_a_folder_and_a_huge_file(tmp_path):
    with pytest.raises(QueryError, match="there is no file"):
        Query.load(tmp_path / "gone.lassquery")
    with pytest.raises(QueryError, match="cannot be read"):
        Query.load(tmp_path)
    with (tmp_path / "huge.lassquery").open("wb") as file:
        file.truncate(5_000_000)
    with pytest.raises(QueryError, match="larger than"):
        Query.load(tmp_path / "huge.lassquery")


def test_another_space_is_one_clear_sentence(stored, encoder):
    with pytest.raises(QueryError, match=r"space 'toy', the model understands 'compact-v1'"):
        encoder.encode(Query.load(stored()))


def test_files_are_not_replaced_unasked(stored, tmp_path):
    query = Query.load(stored())
    with pytest.raises(QueryError, match=r"hum\.lassquery exists"):
        query.save(tmp_path / "hum.lassquery")
    with pytest.raises(QueryError, match=r"name the file FILE\.lassquery"):
        query.save(tmp_path / "hum.json")
    with pytest.raises(QueryError, match="cannot save"):
        query.save(tmp_path / "gone" / "hum.lassquery")
    assert os.listdir(tmp_path) == ["hum.lassquery"]


def test_words_cannot_be_saved_without_an_encoder(tmp_path):
    with pytest.raises(QueryError, match="with the encoder that understands it"):
        Query("dog").save(tmp_path / "dog.lassquery")
