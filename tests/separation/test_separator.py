"""The promises of `Separator.separate`."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import lass
import lass.separation
from lass import Query, Separator
from lass.errors import AudioError, DeviceError, QueryError

RATES = [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000]
QUIET = settings(max_examples=30, deadline=None)


def worst_db(result, audio):
    """Largest deviation of the sum from the input, against the largest sample."""
    total = sum(np.asarray(part, np.float64) for part in result.parts.values())
    off = np.abs(total + result.residual - audio).max(initial=0.0)
    return 20 * np.log10(max(off, 1e-30) / max(np.abs(audio).max(initial=0.0), 1e-30))


@QUIET
@given(
    rate=st.sampled_from(RATES),
    channels=st.sampled_from([1, 2, 3, 6, 32]),
    samples=st.sampled_from([1, 2, 3, 255, 256, 257, 511, 4001, 7777]),
    queries=st.integers(1, 3),
)
def test_parts_and_residual_sum_to_the_input(separator, sound, rate, channels, samples, queries):
    audio = sound(rate, channels=channels, samples=samples)
    result = separator.separate(audio, rate, ["violin", "dog barking", "rain"][:queries])
    assert worst_db(result, audio) < -120
    assert result.sample_rate == rate
    for signal in (*result.parts.values(), result.residual):
        assert signal.shape == audio.shape
        assert signal.dtype == np.float32


@pytest.mark.parametrize("rate", RATES)
def test_every_rate_gives_a_sum_and_two_seconds_of_sound(separator, sound, rate):
    audio = sound(rate, channels=1, seconds=2.0)
    result = separator.separate(audio, rate, ["violin"])
    assert worst_db(result, audio) < -120
    assert np.abs(result.parts["violin"]).max() > 1e-3


def test_nothing_in_nothing_out(separator):
    result = separator.separate(np.zeros((2, 0), np.float32), 16000, ["violin", "dog"])
    assert result.parts["dog"].shape == result.residual.shape == (2, 0)
    assert result.scores == {"violin": 0.0, "dog": 0.0}


def test_silence_in_silence_out(separator):
    result = separator.separate(np.zeros((2, 30000), np.float32), 44100, ["violin"])
    assert not result.parts["violin"].any()
    assert not result.residual.any()
    assert result.scores == {"violin": 0.0}


def test_equal_channels_are_separated_like_one(separator, sound):
    mono = sound(channels=1)
    alone = separator.separate(mono, 16000, ["violin"])
    both = separator.separate(np.repeat(mono, 2, axis=0), 16000, ["violin"])
    np.testing.assert_array_equal(both.parts["violin"][0], alone.parts["violin"][0])
    np.testing.assert_array_equal(both.parts["violin"][1], alone.parts["violin"][0])
    assert both.scores == alone.scores


def test_channels_do_not_leak_into_each_other(separator, sound):
    audio = sound(channels=3)
    audio[1] = 0.0
    result = separator.separate(audio, 16000, ["violin"])
    alone = separator.separate(audio[2:], 16000, ["violin"])
    assert not result.parts["violin"][1].any()
    np.testing.assert_array_equal(result.parts["violin"][2:], alone.parts["violin"])


def test_several_queries_equal_one_by_one(separator, sound):
    audio = sound()
    queries = ["violin", "dog barking", "rain"]
    together = separator.separate(audio, 16000, queries, ["music"])
    for query in queries:
        alone = separator.separate(audio, 16000, [query], ["music"])
        np.testing.assert_array_equal(together.parts[query], alone.parts[query])
        assert together.scores[query] == alone.scores[query]


def test_the_same_twice_and_the_input_untouched(separator, sound):
    audio = sound()
    before = audio.copy()
    one = separator.separate(audio, 16000, ["violin"])
    two = separator.separate(audio, 16000, ["violin"])
    np.testing.assert_array_equal(audio, before)
    np.testing.assert_array_equal(one.parts["violin"], two.parts["violin"])
    for result in (one.parts["violin"], one.residual):
        result += 1.0
    np.testing.assert_array_equal(audio, before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_torch_in_torch_out(separator, sound, dtype):
    audio = torch.from_numpy(sound()).to(dtype).requires_grad_()
    result = separator.separate(audio, 16000, ["violin"])
    assert isinstance(result.parts["violin"], torch.Tensor)
    assert isinstance(result.residual, torch.Tensor)
    total = result.parts["violin"] + result.residual
    torch.testing.assert_close(total, audio.detach().float(), atol=1e-6, rtol=0)


def test_a_view_is_as_good_as_a_copy(separator, sound):
    audio = sound(channels=4)[::2, ::-1]
    result = separator.separate(audio, 16000, ["violin"])
    assert worst_db(result, audio) < -120


def test_a_single_query_needs_no_list(separator, sound):
    assert list(separator.separate(sound(), 16000, "violin").parts) == ["violin"]


def test_the_same_words_twice_are_one_part(separator, sound):
    result = separator.separate(sound(), 16000, ["violin", " violin ", Query("violin")])
    assert list(result.parts) == ["violin"]


def test_examples_are_numbered(separator, sound):
    one, two = (Query(example=sound(seed=i), example_rate=16000) for i in (1, 2))
    result = separator.separate(sound(), 16000, [one, two, "violin", one])
    assert list(result.parts) == ["example", "example 2", "violin"]
    assert np.abs(result.parts["example"] - result.parts["example 2"]).max() > 0


def test_negatives_matter_and_an_empty_list_does_not(separator, sound):
    audio = sound()
    plain = separator.separate(audio, 16000, ["violin"])
    none = separator.separate(audio, 16000, ["violin"], [])
    without = separator.separate(audio, 16000, ["violin"], ["music"])
    np.testing.assert_array_equal(plain.parts["violin"], none.parts["violin"])
    assert np.abs(plain.parts["violin"] - without.parts["violin"]).max() > 0
    assert worst_db(without, audio) < -120


def test_progress_rises_to_one(separator, sound):
    told = []
    separator.separate(sound(seconds=50.0, channels=1), 8000, "violin", on_progress=told.append)
    assert len(told) > 1
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("audio", "error", "words"),
    [
        (np.zeros(100, np.float32), AudioError, "expected .channels, samples."),
        (np.zeros((0, 100), np.float32), AudioError, "at least one channel"),
        (np.zeros((2, 100), np.int16), AudioError, "floating type"),
        (torch.zeros(2, 100, dtype=torch.int16), AudioError, "floating type"),
        (np.full((1, 9), np.nan, np.float32), AudioError, "NaN or infinite"),
        ([[0.0]], AudioError, "expected a NumPy array"),
    ],
)
def test_bad_audio(separator, audio, error, words):
    with pytest.raises(error, match=words):
        separator.separate(audio, 16000, ["violin"])


@pytest.mark.parametrize("rate", [0, -1, 44100.0, None])
def test_bad_rate(separator, sound, rate):
    with pytest.raises(AudioError, match="sample_rate"):
        separator.separate(sound(), rate, ["violin"])


@pytest.mark.parametrize(
    ("queries", "words"),
    [
        ([], "no query was given"),
        ([""], "the query is empty"),
        (["x" * 10_000], "10000 characters"),
        (["🎻"], "no letter or digit"),
        ([Query(example=np.zeros((1, 9), np.float32), example_rate=8000)], "silent"),
    ],
)
def test_bad_queries(separator, sound, queries, words):
    with pytest.raises(QueryError, match=words):
        separator.separate(sound(), 16000, queries)


def test_an_example_needs_its_rate(separator, sound):
    with pytest.raises(AudioError, match="sample_rate is 0"):
        separator.separate(sound(), 16000, [Query(example=sound())])


def test_a_vector_of_another_space_is_refused(models, sound):
    separator = Separator.load(models / "separator", device="cpu")
    separator.model.encoder.space = "clap-v1"
    with pytest.raises(QueryError, match=r"'clap-v1'.*'compact-v1'"):
        separator.separate(sound(), 16000, ["violin"])


@pytest.mark.parametrize("device", ["cuda:99", "nonsense", "meta", "cpu:x"])
def test_a_device_that_is_not_there(models, device):
    with pytest.raises(DeviceError, match="not available"):
        Separator.load(models / "separator", device=device)


def test_public_names():
    assert lass.Separator is lass.separation.Separator
    for name in lass.separation.__all__:
        assert hasattr(lass.separation, name)
    with pytest.raises(AttributeError, match="nothing"):
        _ = lass.separation.nothing


@pytest.mark.gpu
def test_cuda_agrees_with_the_cpu(models, separator, sound):
    audio = sound(44100, seconds=5.0)
    cpu = separator.separate(audio, 44100, ["violin"])
    cuda = Separator.load(models / "separator", device="cuda").separate(audio, 44100, ["violin"])
    assert worst_db(cuda, audio) < -120
    difference = np.abs(cuda.parts["violin"] - cpu.parts["violin"]).max()
    assert difference < 1e-3


def test_a_model_that_is_told_what_is_not_meant(tmp_path, models, sound):
    """With a slot for it, a negative changes what the network is told and not what is meant."""
    import json
    import shutil

    from lass.networks import build
    from lass.query.algebra import embed_slots
    from lass.zoo.loading import save_model
    from tests.conftest import CORE, DIM, shake

    shutil.copytree(models / "encoder", tmp_path / "encoder")
    description = {"kind": "band-unet", "core": {**CORE, "query_dim": 2 * DIM}}
    config = json.loads((models / "separator" / "config.json").read_text())
    config |= {"network": description, "negatives": "slot"}
    save_model(tmp_path / "slots", shake(build(description), 4).state_dict(), config)
    separator = Separator.load(tmp_path / "slots", device="cpu")
    audio = sound(16000, seconds=0.5)
    alone = separator.separate(audio, 16000, "dog")
    apart = separator.separate(audio, 16000, "dog", negatives="cat")
    assert np.abs(alone.parts["dog"] - apart.parts["dog"]).max() > 1e-4
    np.testing.assert_allclose(apart.parts["dog"] + apart.residual, audio, atol=1e-6)
    vector = embed_slots(Query("dog").minus("cat"), separator.model.encoder).vector
    encoded = separator.model.encoder.encode_text(["dog", "cat"])
    np.testing.assert_allclose(vector, encoded.reshape(-1), atol=1e-6)
