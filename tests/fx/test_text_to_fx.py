"""Promises of text_to_fx, with the word model and the encoder that ship."""

import numpy as np
import pytest
import torch

import lass
from lass.audio import loudness_lufs
from lass.errors import AudioError, EffectError, QueryError
from lass.fx import GRAPHIC_FREQUENCIES_HZ, Chain
from lass.fx.hearing import Hearing, loudest, matching_gain_db, to_rate
from lass.fx.prompts import Prompt, Wish
from lass.fx.word_model import WordModel, kernel
from lass.fx.wording import chain_for, target_for

RATE = 16000
HZ = np.array(GRAPHIC_FREQUENCIES_HZ)


@pytest.fixture(scope="module")
def sound():
    return (0.1 * np.random.default_rng(0).standard_normal((2, RATE))).astype(np.float32)


@pytest.fixture(scope="module")
def words():
    return WordModel.load()


def curve(words, *wishes, locks=()):
    prompt = Prompt(tuple(Wish(word, weight) for word, weight in wishes), frozenset(locks))
    return target_for(prompt, words).curve_db


def test_the_contract(sound):
    fx = lass.text_to_fx(sound, RATE, "bright and roomy", effects=["eq", "reverb"])
    assert isinstance(fx.audio, np.ndarray)
    assert fx.audio.dtype == np.float32
    assert fx.audio.shape == sound.shape
    assert 0.1 <= fx.parameters["reverb"]["decay_s"] <= 20
    assert 0 < fx.parameters["reverb"]["mix"] <= 1
    assert fx.chain.response_db([100.0, 1000.0]).shape == (2,)
    assert -1 <= fx.similarity_before <= 1
    assert -1 <= fx.similarity_after <= 1
    assert fx.spread >= 0
    assert fx.seed == 0
    assert ("no reliable change found" in fx.describe()) is not fx.reliable
    # The settings, and nothing else, made the sound.
    again = Chain.from_json(fx.chain.to_json()).apply(sound, sample_rate=RATE)
    np.testing.assert_allclose(again, fx.audio, atol=1e-6)
    wanted, made = (loudness_lufs(x, sample_rate=RATE) for x in (sound, fx.audio))
    assert made == pytest.approx(wanted, abs=0.1)
    assert np.abs(fx.audio).max() <= 1


def test_torch_in_torch_out_and_the_seed_decides(sound):
    given = torch.from_numpy(sound)
    one = lass.text_to_fx(given, RATE, "church", effects=["reverb"], seed=3)
    two = lass.text_to_fx(given, RATE, "church", effects=["reverb"], seed=3)
    assert isinstance(one.audio, torch.Tensor)
    assert torch.equal(one.audio, two.audio)
    assert one.chain == two.chain
    assert one.spread == two.spread
    other = lass.text_to_fx(given, RATE, "church", effects=["reverb"], seed=4)
    assert not torch.equal(one.audio, other.audio)


def test_amount_zero_changes_nothing(sound):
    fx = lass.text_to_fx(sound, RATE, "very dark and distant", amount=0.0)
    np.testing.assert_allclose(fx.audio, sound, atol=1e-4)


@pytest.mark.parametrize(("channels", "samples"), [(1, 1), (1, 100), (6, 4000)])
def test_shapes_are_kept(channels, samples):
    audio = np.full((channels, samples), 0.25, np.float32)
    audio[:, ::2] *= -1
    fx = lass.text_to_fx(audio, 44100, "warm")
    assert fx.audio.shape == audio.shape
    assert np.isfinite(fx.audio).all()


def test_silence_stays_silence():
    fx = lass.text_to_fx(np.zeros((1, 8000), np.float32), RATE, "cathedral")
    assert np.abs(fx.audio).max() == 0
    assert not fx.reliable


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"effects": ["eq", "revreb"]}, EffectError, "did you mean 'reverb'"),
        ({"effects": ["compressor"]}, EffectError, "words cannot set"),
        ({"effects": []}, EffectError, "no effect was given"),
        ({"method": "magic"}, EffectError, "expected one of"),
        ({"seed": -1}, EffectError, "seed"),
        ({"amount": -1.0}, EffectError, "amount"),
        ({"prompt": "brighter and darker"}, QueryError, "contradict"),
        ({"prompt": ""}, QueryError, "asks for no change"),
        ({"audio": np.full((1, 10), np.nan, np.float32)}, AudioError, "NaN"),
        ({"audio": np.zeros((1, 0), np.float32)}, AudioError, "no samples"),
        ({"audio": np.zeros(10, np.float32)}, AudioError, "channels"),
        ({"sample_rate": 0}, AudioError, "sample_rate"),
        ({"audio": np.zeros((1, 10), np.float32), "method": "cosine"}, AudioError, "silent"),
    ],
)
def test_bad_input_gets_one_sentence(sound, change, error, said):
    given = {"audio": sound, "sample_rate": RATE, "prompt": "warm", **change}
    with pytest.raises(error, match=said) as caught:
        lass.text_to_fx(**given)
    assert "\n" not in str(caught.value)


def test_negation_and_degree_are_exact(words):
    whole = curve(words, ("harsh", 0.5))
    np.testing.assert_allclose(curve(words, ("harsh", -0.5)), -whole, atol=1e-9)
    np.testing.assert_allclose(curve(words, ("harsh", 0.25)), whole / 2, atol=1e-9)


def test_words_mean_what_everyone_would_say(words):
    bass, treble = HZ < 300, (HZ > 2000) & (HZ < 10000)
    assert curve(words, ("tinny", 1.0))[bass].mean() < 0 < curve(words, ("warm", 1.0))[bass].mean()
    assert (
        curve(words, ("crisp", 1.0))[treble].mean() > curve(words, ("muffled", 1.0))[treble].mean()
    )
    rooms = {
        word: target_for(Prompt((Wish(word, 1.0),)), words).room for word in ("cathedral", "dry")
    }
    assert rooms["cathedral"]["decay_s"] > 2 * rooms["dry"]["decay_s"]
    assert rooms["cathedral"]["mix"] > 0.1 > rooms["dry"]["mix"]


def test_locks_hold(words):
    made = curve(words, ("harsh", 1.0), locks=["low"])
    assert (made[HZ <= 250] == 0).all()
    assert np.abs(made[HZ > 1000]).max() > 1
    prompt = Prompt((Wish("church", 1.0),), frozenset({"reverb", "eq"}))
    chain = chain_for(target_for(prompt, words), ["eq", "reverb"], locks=prompt.locks)
    assert chain.parameters["reverb"]["mix"] == 0
    assert np.abs(chain.response_db(HZ)).max() < 0.01


def test_unrated_words_are_kernel_regression(words):
    """Against the textbook formula, written out in NumPy."""
    strike = {"warm", "bright"}
    table = words._t["ratings"]
    standard = (table - table.mean(axis=0)) / table.std(axis=0)
    kept = [n for n in range(len(words._t["vectors"])) if words.words[n] not in strike]
    vectors = words._t["vectors"][kept]
    query = words.vector("warm")
    gram = np.maximum(vectors @ vectors.T, 0) ** 2 + 0.3 * np.eye(len(kept))
    wanted = np.maximum(vectors @ query, 0) ** 2 @ np.linalg.inv(gram) @ standard[kept]
    np.testing.assert_allclose(words.ratings("warm", strike=strike), wanted, rtol=1e-6)
    assert kernel(query[None], query[None])[0, 0] == pytest.approx(1.0)


def test_unknown_words_are_named(sound):
    fx = lass.text_to_fx(sound, RATE, "glacier", effects=["eq"])
    assert fx.unknown == ("glacier",)
    assert "guessed" in fx.describe()


def test_resampling_keeps_a_sine():
    time_s = np.arange(4410) / 44100
    made = to_rate(torch.from_numpy(np.sin(2 * np.pi * 1000 * time_s)), sample_rate=44100)
    wanted = np.sin(2 * np.pi * 1000 * np.arange(1600) / 16000)
    np.testing.assert_allclose(made.numpy(), wanted, atol=1e-9)


def test_the_gradient_path_hears_what_the_encoder_hears(sound):
    hearing = Hearing()
    one = hearing.sound(sound, RATE)
    with torch.no_grad():
        two = hearing.embed(torch.from_numpy(sound.mean(axis=0))[None])[0]
    torch.testing.assert_close(one, two, atol=1e-5, rtol=0)


@pytest.mark.parametrize("method", ["cosine", "directional"])
def test_the_published_methods_climb_and_repeat(sound, method):
    given = {"effects": ["eq"], "method": method, "restarts": 1}
    early = lass.text_to_fx(sound, RATE, "warm", steps=1, **given)
    late = lass.text_to_fx(sound, RATE, "warm", steps=25, **given)
    again = lass.text_to_fx(sound, RATE, "warm", steps=25, **given)
    assert late.chain == again.chain
    assert late.certainty is None
    if method == "cosine":
        assert late.similarity_after > early.similarity_after


def test_gain_matches_loudness_but_never_clips(sound):
    assert matching_gain_db(sound / 4, sound, sample_rate=RATE) == pytest.approx(12.04, abs=0.01)
    spiky = sound / 100
    spiky[0, 0] = 0.5
    gain_db = matching_gain_db(spiky, sound, sample_rate=RATE)
    assert np.abs(spiky * 10 ** (gain_db / 20)).max() <= 1


def test_the_loudest_stretch_is_found():
    audio = np.zeros((2, 5000), np.float32)
    audio[:, 3000:4000] = 1
    assert loudest(audio, sample_rate=1000, seconds=1) == slice(3000, 4000)
    assert loudest(audio, sample_rate=1000, seconds=9) == slice(0, 5000)
