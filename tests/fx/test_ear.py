"""The ear for effects: its statistics against closed forms, and what it hears."""

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from lass.errors import ModelError, ModelNotFoundError
from lass.fx import Chain, Reverb, words_to_chain
from lass.fx.ear import BANDS, Ear, statistics
from lass.fx.hearing import TOWER_HZ
from lass.fx.word_model import WordModel


@pytest.fixture(scope="module")
def noise():
    return (0.1 * np.random.default_rng(0).standard_normal((1, 2 * TOWER_HZ))).astype(np.float32)


@pytest.fixture(scope="module")
def knocks():
    """Bursts with silence between them, in which a room can be heard."""
    generator = np.random.default_rng(1)
    made = np.zeros((1, 3 * TOWER_HZ), np.float32)
    for start in range(0, made.shape[1], TOWER_HZ // 2):
        burst = 0.3 * generator.standard_normal(800) * np.exp(-np.arange(800) / 150)
        made[0, start : start + 800] = burst
    return made


def parts(audio):
    return statistics(torch.from_numpy(audio))[0].numpy().reshape(4, BANDS)


def test_level_does_not_count(noise):
    np.testing.assert_allclose(parts(noise), parts(0.01 * noise), atol=0.02)


def test_tone_follows_a_slope(noise):
    """Against the closed form: a slope of 3 dB an octave, made in the spectrum."""
    spectrum = np.fft.rfft(noise)
    hz = np.fft.rfftfreq(noise.shape[1], 1 / TOWER_HZ)
    octaves = np.log2(np.maximum(hz, 20.0) / 1000.0)
    tilted = np.fft.irfft(spectrum * 10 ** (3 * octaves / 20)).astype(np.float32)
    change = parts(tilted)[0] - parts(noise)[0]
    centres = np.logspace(np.log10(60.0), np.log10(7800.0), BANDS + 2)[1:-1]
    wanted = 3 * np.log2(centres / 1000.0)
    np.testing.assert_allclose((change - change.mean())[8:], (wanted - wanted.mean())[8:], atol=1.0)


def test_rooms_fill_the_gaps(knocks):
    wet = Chain([Reverb(decay_s=2.0, mix=0.5)]).apply(knocks, sample_rate=TOWER_HZ)
    dry_fall, wet_fall = parts(knocks)[3].mean(), parts(wet)[3].mean()
    assert wet_fall < 0.7 * dry_fall
    assert parts(wet)[1].mean() < parts(knocks)[1].mean()


@pytest.mark.parametrize("word", ["bright", "dark", "boomy", "tinny", "warm", "muffled"])
def test_the_ear_hears_tone(noise, word):
    ear, ratings = Ear.load(), WordModel.load().ratings(word)
    made = words_to_chain(word, ["eq"]).apply(noise, sample_rate=TOWER_HZ)
    before, after = (ear.similarity(x, TOWER_HZ, ratings) for x in (noise, made))
    assert after > before + 0.05


@pytest.mark.parametrize("word", ["cathedral", "cave", "distant"])
def test_the_ear_hears_rooms(knocks, word):
    ear, ratings = Ear.load(), WordModel.load().ratings(word)
    made = words_to_chain(word, ["reverb"]).apply(knocks, sample_rate=TOWER_HZ)
    before, after = (ear.similarity(x, TOWER_HZ, ratings) for x in (knocks, made))
    assert after > before + 0.05


def test_the_rate_hardly_counts(noise):
    ear, ratings = Ear.load(), WordModel.load().ratings("bright")
    spectrum = np.pad(np.fft.rfft(noise), ((0, 0), (0, 2 * TOWER_HZ)))
    faster = (np.fft.irfft(spectrum, n=6 * TOWER_HZ) * 3).astype(np.float32)  # at 48 kHz
    one, two = ear.similarity(noise, TOWER_HZ, ratings), ear.similarity(faster, 48000, ratings)
    assert two == pytest.approx(one, abs=1e-3)


def test_gradients_flow():
    audio = torch.randn(2, 8000, generator=torch.Generator().manual_seed(0)).requires_grad_()
    Ear.load()(statistics(audio)).sum().backward()
    assert audio.grad is not None
    assert torch.isfinite(audio.grad).all()
    assert audio.grad.abs().max() > 0


@pytest.mark.parametrize("samples", [1, 100, 1023])
def test_short_and_silent_sounds_give_numbers(samples):
    assert torch.isfinite(statistics(torch.zeros(1, samples))).all()
    assert torch.isfinite(statistics(torch.ones(1, samples))).all()


def test_wrong_files_are_explained(tmp_path):
    with pytest.raises(ModelNotFoundError, match="install lass again"):
        Ear.load(tmp_path)
    save_file({"a": np.zeros(3, np.float32)}, tmp_path / "ear.safetensors")
    with pytest.raises(ModelError, match="is no ear"):
        Ear.load(tmp_path)
