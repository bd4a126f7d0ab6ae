"""Reverb and delay: decay time, positions, levels, independence."""

import numpy as np
import pytest
import torch

from lass.errors import EffectError
from lass.fx import BandReverb, Delay, Reverb
from lass.fx.noise import BAND_CENTRES_HZ, band_noise
from tests.fx.sounds import click, decibels, noise


def t60(response, rate):
    """Decay time by Schroeder's backward integration, from -5 to -35 dB (ISO 3382)."""
    energy = np.cumsum(np.asarray(response, np.float64)[::-1] ** 2)[::-1]
    level = 10 * np.log10(energy / energy[0] + 1e-12)
    first, last = np.argmax(level < -5), np.argmax(level < -35)
    slope = np.polyfit(np.arange(first, last) / rate, level[first:last], 1)[0]
    return -60 / slope


@pytest.mark.parametrize("decay_s", [0.2, 0.8, 3.0])
@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize("brightness_hz", [500.0, 20000.0])
def test_decay_is_the_one_asked_for(decay_s, rate, brightness_hz):
    room = Reverb(decay_s=decay_s, mix=1.0, pre_delay_ms=0.0, brightness_hz=brightness_hz)
    response = room.impulse_response(sample_rate=rate)[0, 0]
    assert t60(response, rate) == pytest.approx(decay_s, rel=0.1)


def test_damping_shortens_high_sound_only():
    room = Reverb(decay_s=2.0, mix=1.0, damping=0.5, brightness_hz=20000)
    response = np.asarray(room.impulse_response(sample_rate=44100)[0, 0])
    spectrum = np.fft.rfft(response, 1 << 18)
    hz = np.fft.rfftfreq(1 << 18, 1 / 44100)
    for centre, expected in ((500.0, 2.0), (4000.0, 1.0)):
        band = np.where(np.abs(np.log2(hz.clip(1) / centre)) < 0.3, spectrum, 0)
        assert t60(np.fft.irfft(band)[:100000], 44100) == pytest.approx(expected, rel=0.1)


def test_pre_delay_and_mix():
    room = Reverb(decay_s=0.3, pre_delay_ms=20.0, mix=0.4)
    made = room.process(click(4000, 2), sample_rate=8000)
    torch.testing.assert_close(made[:, 0], torch.full((2,), 0.6))
    assert made[:, 1:160].abs().max() < 1e-5
    assert made[:, 160:200].abs().max() > 1e-3


@pytest.mark.parametrize("width", [0.0, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("channels", [2, 6])
def test_width_is_the_correlation_of_the_rooms(width, channels):
    room = Reverb(decay_s=2.0, mix=1.0, width=width, pre_delay_ms=0.0)
    response = room.impulse_response(sample_rate=16000, channels=channels)[0]
    correlation = np.corrcoef(response.numpy())[0, 1]
    assert correlation == pytest.approx(1 - width**2, abs=0.1)


def test_level_does_not_depend_on_the_decay():
    for decay_s in (0.3, 5.0):
        room = Reverb(decay_s=decay_s, mix=1.0, brightness_hz=20000)
        response = room.impulse_response(sample_rate=16000, channels=2)
        assert response.square().sum().item() / 2 == pytest.approx(1.0, rel=0.1)


def test_a_little_longer_decay_is_a_little_change():
    a, b = (
        Reverb(decay_s=decay_s, mix=1.0).impulse_response(sample_rate=8000)[0, 0, :9000]
        for decay_s in (1.0, 1.01)
    )
    assert (a - b).norm() / a.norm() < 0.01


def test_the_seed_chooses_the_room():
    a, b, c = (Reverb(seed=seed).impulse_response(sample_rate=8000) for seed in (0, 0, 1))
    torch.testing.assert_close(a, b, rtol=0, atol=0)
    assert (a - c).abs().max() > 1e-3
    assert Reverb(seed=1).scaled(0.5).options == {"seed": 1}
    with pytest.raises(EffectError, match="seed is -1"):
        Reverb(seed=-1)


def test_bands_of_noise_are_octaves_and_add_up_to_white_noise():
    bands = torch.stack(list(band_noise(sample_rate=44100, samples=1 << 16, channels=1, seed=3)))[
        :, 0
    ]
    assert bands.sum(0).std().item() == pytest.approx(1.0, abs=0.02)
    spectrum = np.abs(np.fft.rfft(bands.numpy())) ** 2
    hz = np.fft.rfftfreq(1 << 16, 1 / 44100)
    for band in range(2, 11):
        centre = BAND_CENTRES_HZ[band]
        inside = np.abs(np.log2(hz.clip(1) / centre)) < 0.8
        assert spectrum[band][inside].sum() > 0.97 * spectrum[band].sum()
    whole = spectrum.sum(0)
    assert 0.9 < whole[hz > 11000].mean() / whole[hz < 11000].mean() < 1.1


def test_long_noise_without_a_kept_bank_is_the_same():
    samples = (1 << 24) // 12 + 5000
    long = next(iter(band_noise(sample_rate=8000, samples=samples, channels=1, seed=0)))
    short = next(iter(band_noise(sample_rate=8000, samples=4000, channels=1, seed=0)))
    torch.testing.assert_close(long[:, :4000], short, rtol=0, atol=1e-5)


def test_band_reverb_lets_single_bands_sound():
    settings = {f"band_{n}_gain": 0.0 for n in range(12)} | {"band_6_gain": 1.0, "mix": 1.0}
    response = BandReverb(**settings).impulse_response(sample_rate=16000)[0, 0].numpy()
    power = np.abs(np.fft.rfft(response)) ** 2
    hz = np.fft.rfftfreq(len(response), 1 / 16000)
    assert power[(hz > 600) & (hz < 1700)].sum() > 0.97 * power.sum()
    assert t60(response, 16000) == pytest.approx(1.5, rel=0.1)


def test_reverb_is_convolution_with_its_response():
    audio = noise(2, 3000)
    room = Reverb(decay_s=0.2, mix=0.5)
    response = room.impulse_response(sample_rate=8000, channels=2)[0].double().numpy()
    expected = np.stack([
        np.convolve(x, h)[:3000] for x, h in zip(audio.double().numpy(), response, strict=True)
    ])  # fmt: skip
    assert decibels(room.process(audio, sample_rate=8000), expected) < -100


def test_echoes_fall_where_they_should():
    made = Delay(time_ms=100.0, feedback=0.5, mix=0.4).process(click(20000), sample_rate=44100)
    at = np.flatnonzero(made[0].abs().numpy() > 1e-5)
    np.testing.assert_array_equal(at, [0, 4410, 8820, 13230, 17640])
    np.testing.assert_allclose(made[0, at], [0.6, 0.4, 0.2, 0.1, 0.05], atol=1e-6)


def test_delay_gradient_points_to_a_better_time():
    # A slow wave and a target whose echo comes later: a longer time must lower the error.
    wave = torch.sin(torch.arange(4000) / 40)[None]
    target = Delay(time_ms=11.0, feedback=0.0, mix=1.0).process(wave, sample_rate=8000)
    time_ms = torch.tensor(10.0, requires_grad=True)
    made = Delay(feedback=0.0, mix=1.0).process(
        wave, sample_rate=8000, settings={"time_ms": time_ms}
    )
    (made - target).square().mean().backward()
    assert time_ms.grad < 0
