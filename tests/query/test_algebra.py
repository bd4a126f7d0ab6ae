"""The arithmetic of queries, with an encoder whose vectors are known."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.errors import QueryError
from lass.query import Query, QueryEmbedding
from lass.query.algebra import combine, embed, embed_slots, push_away
from lass.query.types import as_query

DIM = 6


class Toy:
    """Words to vectors that depend on nothing but the words."""

    space = "toy"
    dim = DIM

    def __init__(self, *, normalised=True):
        self.normalised = normalised
        self.asked = []

    def encode_text(self, texts):
        self.asked.append(list(texts))
        return np.stack([self.draw(text) for text in texts])

    def encode_audio(self, audio, *, sample_rate):
        return self.draw(f"{audio.sum():.3f} at {sample_rate}")

    def encode_image(self, image):
        return self.draw(f"{image.sum()} pixels")

    def encode(self, query):
        return embed(query, self)

    def draw(self, text):
        vector = np.random.default_rng(list(text.encode())).standard_normal(DIM)
        if self.normalised:
            vector /= np.linalg.norm(vector)
        return vector.astype(np.float32)


TOY, FREE = Toy(), Toy(normalised=False)
SOUND = np.full((1, 8), 0.5, np.float32)
PICTURE = np.full((4, 5, 3), 7, np.uint8)

words = st.text("abcdefgh", min_size=1, max_size=8)
weights = st.floats(0.01, 100.0)
mixtures = st.lists(st.tuples(words, weights), min_size=1, max_size=6)


def vector(query, encoder=TOY):
    return embed(as_query(query), encoder).vector


def unit(values):
    return values / np.linalg.norm(values)


def test_words_alone_are_the_encoders_own_vector_bit_for_bit():
    np.testing.assert_array_equal(vector("dog"), TOY.draw("dog"))
    np.testing.assert_array_equal(vector("dog", FREE), FREE.draw("dog"))


@given(mixtures, st.floats(1e-6, 1e6))
def test_only_the_ratios_of_weights_count(mixture, factor):
    texts, shares = zip(*mixture, strict=True)
    one = vector(Query.mix(texts, shares))
    other = vector(Query.mix(texts, [factor * share for share in shares]))
    np.testing.assert_allclose(one, other, atol=1e-6)


@given(mixtures, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_a_mixture_does_not_matter(mixture, random, normalised):
    encoder = TOY if normalised else FREE
    shuffled = random.sample(mixture, len(mixture))
    one, other = (Query.mix(*zip(*each, strict=True)) for each in (mixture, shuffled))
    np.testing.assert_allclose(vector(one, encoder), vector(other, encoder), atol=1e-6)


@given(mixtures)
def test_a_mixture_is_the_weighted_mean_on_the_sphere(mixture):
    texts, shares = zip(*mixture, strict=True)
    mean = np.average([TOY.draw(text) for text in texts], axis=0, weights=shares)
    got = vector(Query.mix(texts, shares))
    assert abs(float(np.linalg.norm(got)) - 1.0) < 1e-6
    np.testing.assert_allclose(got, unit(mean), atol=1e-5)


@given(mixtures)
def test_free_vectors_are_averaged_and_not_scaled(mixture):
    texts, shares = zip(*mixture, strict=True)
    mean = np.average([FREE.draw(text) for text in texts], axis=0, weights=shares)
    np.testing.assert_allclose(vector(Query.mix(texts, shares), FREE), mean, atol=1e-5)


@settings(max_examples=50)
@given(words, st.lists(words, min_size=1, max_size=4), st.floats(0.0, 10.0), st.booleans())
def test_negatives_are_subtracted(text, negatives, weight, normalised):
    encoder = TOY if normalised else FREE
    away = np.mean([encoder.draw(each) for each in negatives], axis=0)
    expected = (1.0 + weight) * encoder.draw(text) - weight * away
    got = vector(Query(text).minus(*negatives, weight=weight), encoder)
    np.testing.assert_allclose(got, unit(expected) if normalised else expected, atol=1e-4)


def test_a_query_without_its_own_negative_is_the_query():
    np.testing.assert_allclose(vector(Query("dog").minus("dog")), TOY.draw("dog"), atol=1e-6)
    np.testing.assert_array_equal(vector(Query("dog").minus("cat", weight=0.0)), TOY.draw("dog"))
    assert Query("dog").minus() == Query("dog")


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_words_example_and_image_have_their_shares(share):
    query = Query(
        "dog", example=SOUND, example_rate=8000, example_weight=0.25,
        image=PICTURE, image_weight=share,
    )  # fmt: skip
    parts = [TOY.draw("dog"), TOY.encode_audio(SOUND, sample_rate=8000), TOY.encode_image(PICTURE)]
    expected = np.average(parts, axis=0, weights=[0.75 * (1 - share), 0.25 * (1 - share), share])
    np.testing.assert_allclose(vector(query), unit(expected), atol=1e-6)


def test_an_example_or_an_image_alone_counts_in_full():
    heard = Query(example=SOUND, example_rate=8000, example_weight=0.1)
    np.testing.assert_array_equal(vector(heard), TOY.encode_audio(SOUND, sample_rate=8000))
    seen = Query(image=PICTURE, image_weight=0.1)
    np.testing.assert_array_equal(vector(seen), TOY.encode_image(PICTURE))


def test_phrasings_are_averaged_before_the_example_joins():
    query = Query("dog", phrasings=("hound", " woof "), example=SOUND, example_rate=8000)
    spoken = unit(np.mean([TOY.draw(each) for each in ("dog", "hound", "woof")], axis=0))
    expected = unit(spoken + TOY.encode_audio(SOUND, sample_rate=8000))
    np.testing.assert_allclose(vector(query), expected, atol=1e-6)
    assert query.name == "dog"


def test_all_words_of_a_query_are_encoded_in_one_batch():
    encoder = Toy()
    query = Query.mix(["a", Query("b", phrasings=("c",)), Query("a").minus("d")]).minus("b")
    embed(query, encoder)
    assert encoder.asked == [["a", "b", "c", "d"]]


def test_saved_vectors_mix_with_words_of_their_space_only():
    known = Query(embedding=QueryEmbedding(TOY.draw("hum"), "toy"), label="hum")
    np.testing.assert_array_equal(vector(known), TOY.draw("hum"))
    expected = unit(TOY.draw("hum") + TOY.draw("dog"))
    np.testing.assert_allclose(vector(Query.mix([known, "dog"])), expected, atol=1e-6)
    stranger = Query(embedding=QueryEmbedding(TOY.draw("hum"), "clap-v1"))
    with pytest.raises(QueryError, match=r"in the space 'clap-v1', the model understands 'toy'"):
        vector(Query.mix(["dog", stranger]))
    short = Query(embedding=QueryEmbedding(np.ones(3, np.float32), "toy"))
    with pytest.raises(QueryError, match="has 3 numbers, the space 'toy' has 6"):
        vector(short)


def test_names():
    assert Query.mix(["dog", "wolf", "dog"]).name == "dog + wolf"
    assert Query.mix(["dog", "wolf"], label="canine").name == "canine"
    assert Query("voice").minus("music", "noise").name == "voice"
    assert Query(image=PICTURE).name == "image"
    assert Query(embedding=QueryEmbedding(np.ones(2, np.float32), "toy")).name == "saved query"
    assert [inner.name for inner in Query.mix(["a", "b"]).minus("c").walk()] == [
        "a + b", "a + b", "a", "b", "c"
    ]  # fmt: skip


CANNOT = [
    (lambda: Query.mix([]), "no queries to mix"),
    (lambda: Query.mix(["a", "b"], [1.0]), "2 queries have 1 weights"),
    (lambda: Query.mix(["a", "b"], [0, 0]), "all weights are 0"),
    (lambda: Query.mix(["a", "b"], [1, -1]), "numbers from 0 up"),
    (lambda: Query.mix(["a"], [np.nan]), "numbers from 0 up"),
    (lambda: Query("a").minus("b", weight=-1), "expected 0 to 10"),
    (lambda: Query("a").minus("b", weight=np.nan), "expected 0 to 10"),
    (lambda: Query("a").minus(""), "the query is empty"),
    (lambda: Query("a", example=SOUND, example_rate=8000, example_weight=2), "from 0 to 1"),
    (lambda: Query("a", image_weight=np.nan), "from 0 to 1"),
    (lambda: Query("a", phrasings=("",)), "one of the phrasings is empty"),
    (lambda: Query("a", phrasings=("?",)), "no letter or digit"),
    (lambda: Query("a", embedding=QueryEmbedding(SOUND[0], "toy")), "stands alone"),
    (lambda: Query(image=np.zeros((4, 4), np.uint8)), "the image has shape"),
    (lambda: Query(image=np.zeros((4, 4, 3))), "uint8"),
    (lambda: Query(image=np.zeros((0, 4, 3), np.uint8)), "the image has shape"),
]


@pytest.mark.parametrize(("make", "words"), CANNOT)
def test_what_cannot_be_asked(make, words):
    with pytest.raises(QueryError, match=re.escape(words)) as told:
        make()
    assert "\n" not in str(told.value)


def test_what_cancels_itself_is_refused():
    forth = np.float32([1, 0])
    with pytest.raises(QueryError, match="cancel each other"):
        combine([forth, -forth])
    with pytest.raises(QueryError, match="cancel each other"):
        push_away(forth, [2 * forth], 1.0)


def test_a_silent_example_is_refused():
    with pytest.raises(QueryError, match="the example is silent"):
        vector(Query(example=np.zeros((1, 9), np.float32), example_rate=8000))


def test_an_encoder_without_eyes_says_so(encoder):
    with pytest.raises(QueryError, match="does not understand images"):
        encoder.encode(Query(image=PICTURE))


# Models with a place of its own for what is not meant


def slots(query, encoder=TOY):
    embedding = embed_slots(as_query(query), encoder)
    assert embedding.space == encoder.space
    assert embedding.vector.dtype == np.float32
    return embedding.vector[:DIM], embedding.vector[DIM:]


def test_without_negatives_the_second_slot_is_empty():
    meant, away = slots("dog")
    np.testing.assert_array_equal(meant, TOY.draw("dog"))
    np.testing.assert_array_equal(away, np.zeros(DIM))


@pytest.mark.parametrize("encoder", [TOY, FREE])
def test_what_is_meant_and_what_is_not_stay_apart(encoder):
    meant, away = slots(Query("dog").minus("cat", weight=3.0).minus("cow"), encoder)
    np.testing.assert_array_equal(meant, encoder.draw("dog"))
    mean = np.mean([encoder.draw("cat"), encoder.draw("cow")], axis=0)
    np.testing.assert_allclose(away, unit(mean) if encoder.normalised else mean, atol=1e-6)


def test_negatives_of_no_weight_fill_no_slot():
    np.testing.assert_array_equal(slots(Query("dog").minus("cat", weight=0.0))[1], np.zeros(DIM))


def test_negatives_of_a_query_that_says_something_itself():
    query = Query("dog", negatives=(Query("cat"),))
    np.testing.assert_array_equal(slots(query)[0], TOY.draw("dog"))
    np.testing.assert_array_equal(slots(query)[1], TOY.draw("cat"))


def test_negatives_inside_a_mixture_are_pushed_away_from():
    part = Query("dog").minus("cat")
    meant, away = slots(Query.mix([part, "wolf"]))
    np.testing.assert_array_equal(meant, vector(Query.mix([part, "wolf"])))
    np.testing.assert_array_equal(away, np.zeros(DIM))
