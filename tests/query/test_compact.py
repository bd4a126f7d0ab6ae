"""The compact backend, with tiny towers: everything but its quality."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.audio import resample
from lass.errors import QueryError
from lass.query import Query
from lass.query.compact import CompactEncoder, TextEncoder
from tests.conftest import DIM, TEXT_TOWER

PHRASES = ["dog", "violin", "a dog barking far away", "flöte", "808 bass drum!"]


def is_unit(vectors):
    return np.allclose(np.linalg.norm(vectors, axis=-1), 1.0, atol=1e-5)


def test_texts_become_unit_vectors(encoder):
    vectors = encoder.encode_text(PHRASES)
    assert vectors.shape == (len(PHRASES), DIM)
    assert vectors.dtype == np.float32
    assert is_unit(vectors)
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-3


def test_no_texts_no_vectors(encoder):
    assert encoder.encode_text([]).shape == (0, DIM)


def test_a_batch_equals_single_texts(models):
    """To rounding, whatever stands beside a text; short ones are filled up beside long ones."""
    encoder = CompactEncoder(models / "encoder")  # with no cache that would hide a difference
    many = [*PHRASES, "dog " * 60, "a", *(f"sound {'b' * (n % 9)} {n}" for n in range(150))]
    together = encoder.encode_text(many)
    alone = np.stack([encoder.encode_text([phrase])[0] for phrase in many])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(encoder.encode_text(many), together)


def test_texts_do_not_look_at_what_fills_them_up(models):
    """Against the network itself, asked without any filling."""
    import torch

    text = TextEncoder(models / "encoder", tower=TEXT_TOWER)
    phrases = ["a", "dog barking " * 20]
    rows = [torch.tensor(text._tokens([phrase])) for phrase in phrases]
    with torch.inference_mode():
        alone = torch.cat([text._tower(row, torch.ones_like(row)) for row in rows])
    np.testing.assert_allclose(text(phrases), alone, rtol=0, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=999).map(lambda text: "a" + text))
def test_any_text_has_a_finite_unit_vector(encoder, text):
    assert is_unit(encoder.encode_text([text]))


@pytest.mark.parametrize("text", ["скрипка", "小提琴", ":", "🎻"])
def test_text_without_a_latin_letter_is_refused(encoder, text):
    with pytest.raises(QueryError, match="ask in English"):
        encoder.encode_text([text])


def test_blanks_around_a_text_do_not_matter(encoder):
    one, other = encoder.encode_text(["dog", "  dog\n"])
    np.testing.assert_array_equal(one, other)


def test_long_texts_are_cut_and_not_refused(models):
    text = TextEncoder(models / "encoder", tower=TEXT_TOWER)
    long = text(["dog " * 400])
    assert long.shape == (1, TEXT_TOWER["width"])


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000])
def test_examples_become_unit_vectors(encoder, sound, rate):
    vector = encoder.encode_audio(sound(rate), sample_rate=rate)
    assert vector.shape == (DIM,)
    assert vector.dtype == np.float32
    assert is_unit(vector)


@pytest.mark.parametrize("rate", [22050, 32000, 44100, 48000])
def test_the_rate_of_an_example_hardly_matters(encoder, rate):
    rng = np.random.default_rng(0)
    time = np.arange(32000) / 16000
    low = np.sin(2 * np.pi * 330 * time) + 0.3 * np.sin(2 * np.pi * 1234 * time)
    audio = (0.2 * low * (1 + np.sin(9 * time)) + 0.02 * rng.standard_normal(32000)).astype(
        np.float32
    )
    same = encoder.encode_audio(audio[None], sample_rate=16000)
    higher = resample(audio[None], from_hz=16000, to_hz=rate)
    other = encoder.encode_audio(higher, sample_rate=rate)
    assert float(same @ other) > 0.95


def test_the_level_of_an_example_does_not_matter(encoder, sound):
    audio = sound()
    one = encoder.encode_audio(audio, sample_rate=16000)
    other = encoder.encode_audio(audio * np.float32(16.0), sample_rate=16000)
    assert float(one @ other) > 0.9999


def test_channels_of_an_example_are_averaged(encoder, sound):
    mono = sound(channels=1)
    one = encoder.encode_audio(mono, sample_rate=16000)
    other = encoder.encode_audio(np.repeat(mono, 3, axis=0), sample_rate=16000)
    np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("samples", [1, 2, 100, 1000])
def test_short_examples(encoder, sound, samples):
    vector = encoder.encode_audio(sound(samples=samples), sample_rate=16000)
    assert is_unit(vector)


def test_a_query_says_its_space(encoder):
    embedding = encoder.encode(Query("dog"))
    assert embedding.space == encoder.space == "compact-v1"
    np.testing.assert_allclose(embedding.vector, encoder.encode_text(["dog"])[0], atol=1e-6)


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 1.0])
def test_words_and_example_are_averaged_by_weight(encoder, sound, weight):
    audio = sound()
    query = Query("dog", example=audio, example_rate=16000, example_weight=weight)
    text = encoder.encode_text(["dog"])[0]
    example = encoder.encode_audio(audio, sample_rate=16000)
    expected = weight * example + (1.0 - weight) * text
    expected /= np.linalg.norm(expected)
    got = encoder.encode(query).vector
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_an_example_alone_counts_in_full(encoder, sound):
    audio = sound()
    query = Query(example=audio, example_rate=16000, example_weight=0.1)
    example = encoder.encode_audio(audio, sample_rate=16000)
    np.testing.assert_allclose(encoder.encode(query).vector, example, atol=1e-6)


@pytest.mark.slow
def test_a_thousand_phrases_together_are_quicker():
    """With the weights that ship; docs/queries.md has the figures and the way to get them."""
    from lass.zoo import resources

    encoder = CompactEncoder(resources("models", "compact"))
    kinds = ("dog", "cat", "rain", "car")
    phrases = [f"{kind} {number}" for number in range(250) for kind in kinds]
    encoder.encode_text(["warm up"])
    started = time.thread_time()
    together = encoder.encode_text(phrases)
    quick = time.thread_time() - started
    started = time.thread_time()
    alone = np.concatenate([encoder.encode_text([phrase]) for phrase in phrases])
    assert time.thread_time() - started >= 4.0 * quick  # 5 is measured; this one may be disturbed
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)
