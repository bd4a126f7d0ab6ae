import math

import numpy as np
import pytest
import scipy.signal

from lass.audio import loudness_lufs
from lass.audio.loudness import k_weighting

# ITU-R BS.1770-4, tables 1 and 2: the coefficients at 48 kHz.
SHELF = (
    [1.53512485958697, -2.69169618940638, 1.19839281085285],
    [1.0, -1.69065929318241, 0.73248077421585],
)
HIGHPASS = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])


def reference(audio, rate, filters, weights):
    """The standard word by word: recursive filters, 400 ms blocks every 100 ms, two gates."""
    for numerator, denominator in filters:
        audio = scipy.signal.lfilter(numerator, denominator, audio, axis=1)
    powers = []
    for index in range(math.floor((audio.shape[1] / rate - 0.4) / 0.1 + 1e-9) + 1):
        start = round(index * 0.1 * rate)
        block = audio[:, start : start + round(0.4 * rate)]
        powers.append(float(np.sum(weights * np.mean(block**2, axis=1))))
    powers = np.array([p for p in powers if p > 0 and -0.691 + 10 * math.log10(p) > -70])
    gate = -0.691 + 10 * math.log10(powers.mean()) - 10
    powers = powers[-0.691 + 10 * np.log10(powers) > gate]
    return -0.691 + 10 * math.log10(powers.mean())


def material(rate, channels, seconds, seed):
    """Noise whose level moves over 50 dB, so that both gates matter."""
    rng = np.random.default_rng(seed)
    steps = rng.uniform(-60, -6, math.ceil(seconds))
    level = 10 ** (np.repeat(steps, rate)[: int(seconds * rate)] / 20)
    return (rng.standard_normal((channels, len(level))) * level * 0.3).astype(np.float32)


def test_the_filters_are_those_of_the_standard():
    for ours, table in zip(k_weighting(48000), (SHELF, HIGHPASS), strict=True):
        np.testing.assert_allclose(ours, table, atol=1e-6)


@pytest.mark.parametrize("seconds", [0.4, 1.03, 12.34, 31.7])
@pytest.mark.parametrize("channels", [1, 2])
def test_agrees_with_the_standard_at_48_khz(seconds, channels):
    audio = material(48000, channels, seconds, 0)
    expected = reference(audio.astype(float), 48000, (SHELF, HIGHPASS), np.ones(channels))
    assert loudness_lufs(audio, sample_rate=48000) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 32000, 44100, 96000])
def test_agrees_with_recursive_filters_at_other_rates(rate):
    audio = material(rate, 2, 21.5, 1)
    expected = reference(audio.astype(float), rate, k_weighting(rate), np.ones(2))
    assert loudness_lufs(audio, sample_rate=rate) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("channels", "weights"), [(5, [1, 1, 1, 1.41, 1.41]), (6, [1, 1, 1, 0, 1.41, 1.41])]
)
def test_surround_weights(channels, weights):
    audio = material(48000, channels, 5, 2)
    expected = reference(audio.astype(float), 48000, (SHELF, HIGHPASS), np.array(weights))
    assert loudness_lufs(audio, sample_rate=48000) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("rate", [32000, 44100, 48000, 96000])
def test_the_calibration_tone(rate):
    """The standard: a full-scale 997 Hz sine in one front channel reads -3.01 LKFS."""
    tone = np.sin(2 * np.pi * 997 * np.arange(rate * 5) / rate)
    audio = np.stack([tone, np.zeros_like(tone)])
    assert loudness_lufs(audio, sample_rate=rate) == pytest.approx(-3.01, abs=0.02)


def test_a_change_of_level_is_the_same_change_of_loudness():
    audio = np.random.default_rng(3).standard_normal((2, 44100 * 3)) * 0.1
    quieter = loudness_lufs(audio / 4, sample_rate=44100)
    assert loudness_lufs(audio, sample_rate=44100) - quieter == pytest.approx(12.04, abs=0.01)


@pytest.mark.parametrize("rate", [1, 50, 1000, 3000, 4000, 44100, 192_000])
def test_any_rate_gives_a_number(rate):
    rng = np.random.default_rng(4)
    audio = rng.standard_normal((1, max(rate, 100))) * 0.1
    assert math.isfinite(loudness_lufs(audio, sample_rate=rate))


@pytest.mark.parametrize("samples", [0, 1, 100, 48000])
def test_silence(samples):
    assert loudness_lufs(np.zeros((2, samples)), sample_rate=48000) == -math.inf


def test_a_short_signal_is_one_block():
    audio = np.random.default_rng(5).standard_normal((1, 4800)) * 0.1
    assert -30 < loudness_lufs(audio, sample_rate=48000) < -10
