"""Compressor, gain, saturation and width against closed forms and a plain loop."""

import math

import numpy as np
import pytest
import torch

from lass.fx import Compressor, Gain, Saturation, StereoWidth
from tests.fx.sounds import decibels, noise

RATE = 8000


def loop_compressor(audio, c):
    """The published recursion, sample by sample, in float64."""
    s = c.settings
    x = audio.double().numpy()
    level = 20 * np.log10(np.maximum(np.abs(x).max(axis=0), 1e-8))
    over, knee = level - s["threshold_db"], max(s["knee_db"], 1e-6)
    excess = np.where(over > knee / 2, over, np.maximum(over + knee / 2, 0) ** 2 / (2 * knee))
    release = math.exp(-1000 / (s["release_ms"] * RATE))
    attack = math.exp(-1000 / (s["attack_ms"] * RATE))
    held, smooth, gains = 0.0, 0.0, []
    for value in excess:
        held = max(value, release * held)
        smooth = attack * smooth + (1 - attack) * held
        gains.append(s["make_up_db"] - (1 - 1 / s["ratio"]) * smooth)
    return x * 10 ** (np.array(gains) / 20)


@pytest.mark.parametrize("ratio", [1.5, 4.0, 20.0])
@pytest.mark.parametrize("attack_ms", [1.0, 30.0])
def test_compressor_is_the_recursion(ratio, attack_ms):
    audio = noise(2, 6000, level=0.3) * torch.linspace(0, 1, 6000).sin().abs()
    c = Compressor(threshold_db=-30, ratio=ratio, attack_ms=attack_ms, release_ms=40, make_up_db=3)
    expected = loop_compressor(audio, c)
    assert decibels(c.process(audio, sample_rate=RATE), expected) < -80


@pytest.mark.parametrize("level_db", [-60.0, -26.0, -20.0, -14.0, 0.0])
def test_static_curve(level_db):
    c = Compressor(threshold_db=-20, ratio=4, knee_db=12, attack_ms=5, make_up_db=2)
    steady = torch.full((1, 8000), 10 ** (level_db / 20))
    out_db = 20 * math.log10(c.process(steady, sample_rate=RATE)[0, -1].item())
    over = level_db + 20
    bend = over if over > 6 else (over + 6) ** 2 / 24 if over > -6 else 0.0
    assert out_db == pytest.approx(level_db + 2 - 0.75 * bend, abs=0.01)


def test_compressor_links_channels():
    audio = torch.stack([torch.full((4000,), 0.9), torch.full((4000,), 0.01)])
    made = Compressor(threshold_db=-30).process(audio, sample_rate=RATE)
    torch.testing.assert_close(made[0] / 0.9, made[1] / 0.01)


def test_compressor_at_ratio_1_passes_and_still_has_a_gradient():
    audio = noise(1, 500)
    ratio = torch.tensor(1.0, requires_grad=True)
    made = Compressor(threshold_db=-60).process(audio, sample_rate=RATE, settings={"ratio": ratio})
    torch.testing.assert_close(made, audio)
    made.square().sum().backward()
    assert ratio.grad < 0


def test_gain_is_decibels():
    audio = noise()
    made = Gain(gain_db=-6.0).process(audio, sample_rate=RATE)
    torch.testing.assert_close(made, audio * 10 ** (-6 / 20))


def test_saturation_closed_form():
    audio = noise(level=0.5)
    made = Saturation(drive_db=20.0, mix=0.5).process(audio, sample_rate=RATE)
    torch.testing.assert_close(made, 0.5 * audio + 0.5 * torch.tanh(10 * audio) / math.tanh(10))


def test_width_is_mid_and_side():
    audio = noise()
    left, right = StereoWidth(width=1.5).process(audio, sample_rate=RATE)
    middle, side = (audio[0] + audio[1]) / 2, (audio[0] - audio[1]) / 2
    torch.testing.assert_close(left, middle + 1.5 * side)
    torch.testing.assert_close(right, middle - 1.5 * side)


def test_width_of_surround_and_mono():
    audio = noise(6)
    made = StereoWidth(width=0.0).process(audio, sample_rate=RATE)
    torch.testing.assert_close(made[0], made[1])
    torch.testing.assert_close(made[4], made[5])
    torch.testing.assert_close(made[2:4], audio[2:4])
    mono = noise(1)
    torch.testing.assert_close(StereoWidth(width=0.0).process(mono, sample_rate=RATE), mono)
