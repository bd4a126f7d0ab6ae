import math

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.audio import Resampler, resample, resampled_length
from lass.errors import AudioError

RATES = st.sampled_from([8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000])


@settings(deadline=None)
@given(samples=st.integers(0, 3000), channels=st.integers(1, 4), from_hz=RATES, to_hz=RATES)
def test_the_length_is_exact(samples, channels, from_hz, to_hz):
    audio = np.random.default_rng(0).uniform(-1, 1, (channels, samples)).astype(np.float32)
    result = resample(audio, from_hz=from_hz, to_hz=to_hz)
    assert result.shape == (channels, math.ceil(samples * to_hz / from_hz))
    assert result.dtype == np.float32
    assert result.flags.c_contiguous


@settings(deadline=None)
@given(st.lists(st.integers(0, 2000), max_size=10), RATES, RATES)
def test_blocks_give_what_one_piece_gives(lengths, from_hz, to_hz):
    audio = np.random.default_rng(1).uniform(-1, 1, (2, sum(lengths))).astype(np.float32)
    resampler = Resampler(channels=2, from_hz=from_hz, to_hz=to_hz)
    parts = [
        resampler.push(audio[:, end - length : end])
        for end, length in zip(np.cumsum(lengths, dtype=int), lengths, strict=True)
    ]
    result = np.concatenate([*parts, resampler.finish()], axis=1)
    np.testing.assert_allclose(result, resample(audio, from_hz=from_hz, to_hz=to_hz), atol=1e-6)
    assert resampler.finish().shape == (2, 0)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(44100, 48000), (48000, 32000), (16000, 44100)])
def test_a_tone_stays_the_same_tone(from_hz, to_hz):
    """The closed form is the oracle: the same sine at the other rate, with no delay."""
    before = np.sin(2 * np.pi * 1000 * np.arange(from_hz) / from_hz)[np.newaxis]
    after = np.sin(2 * np.pi * 1000 * np.arange(to_hz) / to_hz)
    result = resample(before, from_hz=from_hz, to_hz=to_hz)
    middle = slice(to_hz // 10, -to_hz // 10)
    np.testing.assert_allclose(result[0, middle], after[middle], atol=1e-4)


def test_agrees_with_scipy_on_band_limited_noise():
    rng = np.random.default_rng(2)
    low = scipy.signal.butter(8, 3000, fs=44100, output="sos")
    audio = scipy.signal.sosfilt(low, rng.standard_normal((1, 44100)), axis=1) * 0.2
    ours = resample(audio, from_hz=44100, to_hz=22050)
    theirs = scipy.signal.resample_poly(audio, 1, 2, axis=1)
    error = ours[:, 2000:-2000] - theirs[:, 2000:-2000]
    assert np.sqrt(np.mean(error**2)) < 1e-3 * np.sqrt(np.mean(theirs**2))


def test_there_and_back():
    rng = np.random.default_rng(3)
    low = scipy.signal.butter(8, 8000, fs=44100, output="sos")
    audio = scipy.signal.sosfilt(low, rng.standard_normal((2, 44100)), axis=1).astype(np.float32)
    back = resample(resample(audio, from_hz=44100, to_hz=32000), from_hz=32000, to_hz=44100)
    assert back.shape[1] - audio.shape[1] in (0, 1)
    error = (back[:, : audio.shape[1]] - audio)[:, 1000:-1000]
    assert 20 * np.log10(np.abs(error).max() / np.abs(audio).max()) < -60


def test_equal_rates_copy():
    audio = np.ones((1, 5), np.float32)
    result = resample(audio, from_hz=8000, to_hz=8000)
    np.testing.assert_array_equal(result, audio)
    assert not np.shares_memory(result, audio)


def test_equal_channels_stay_equal_and_equal_to_mono():
    mono = np.random.default_rng(4).uniform(-1, 1, (1, 5000)).astype(np.float32)
    stereo = resample(np.repeat(mono, 2, axis=0), from_hz=44100, to_hz=32000)
    np.testing.assert_array_equal(stereo[0], stereo[1])
    np.testing.assert_array_equal(stereo[:1], resample(mono, from_hz=44100, to_hz=32000))


@pytest.mark.parametrize("rate", [0, -1, 44100.0, True, None])
def test_impossible_rates(rate):
    with pytest.raises(AudioError, match="positive integer"):
        resample(np.zeros((1, 4), np.float32), from_hz=8000, to_hz=rate)


def test_a_resampler_says_what_it_cannot_do():
    with pytest.raises(AudioError, match="channels is 0"):
        Resampler(channels=0, from_hz=8000, to_hz=16000)
    resampler = Resampler(channels=2, from_hz=8000, to_hz=16000)
    with pytest.raises(AudioError, match=r"expected \(2, samples\)"):
        resampler.push(np.zeros((1, 4), np.float32))
    resampler.finish()
    with pytest.raises(AudioError, match="was finished"):
        resampler.push(np.zeros((2, 4), np.float32))


def test_the_length_of_a_ten_hour_file_is_exact():
    samples = 10 * 3600 * 44100 + 1
    assert resampled_length(samples, from_hz=44100, to_hz=48000) == 10 * 3600 * 48000 + 2
