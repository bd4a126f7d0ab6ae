"""Previews: what comes out of the browser's files is what went in."""

from __future__ import annotations

import base64
import io
from itertools import pairwise

import numpy as np
import pytest
import soundfile


def decoded(preview) -> np.ndarray:
    """What a browser makes of the segments."""
    parts = []
    for segment in preview.segments:
        samples, _ = soundfile.read(io.BytesIO(segment.data), dtype="float64", always_2d=True)
        parts.append(samples.T * segment.scale)
    return np.concatenate(parts, axis=1)


def previewed(signal, rate=8000, block=777):
    from lass_editor.preview import make_preview

    blocks = [signal[:, at : at + block] for at in range(0, signal.shape[1], block)]
    return make_preview(blocks, sample_rate=rate, length=signal.shape[1])


@pytest.mark.parametrize("samples", [1, 63, 8000, 80_000, 80_001, 200_123])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_sound_is_the_signal_to_16_bits(sound, samples, channels):
    signal = sound(8000, channels=channels, samples=samples)
    preview = previewed(signal)
    assert decoded(preview).shape == signal.shape
    np.testing.assert_allclose(decoded(preview), signal, atol=0.51 / 32768)
    lengths = {soundfile.info(io.BytesIO(one.data)).frames for one in preview.segments[:-1]}
    assert lengths <= {80_000}


def test_what_goes_over_full_scale_is_not_clipped(sound):
    signal = 9.0 * sound(8000, seconds=2.0)
    assert np.abs(signal).max() > 2.0
    preview = previewed(signal)
    np.testing.assert_allclose(decoded(preview), signal, atol=0.51 / 32768 * 16)
    assert preview.peak == pytest.approx(np.abs(signal).max(), rel=1e-6)


def test_the_wave_holds_the_extremes_of_every_column(sound):
    from lass_editor.preview import COLUMNS

    signal = sound(8000, seconds=11.0)
    preview = previewed(signal, block=4321)
    pairs = np.frombuffer(base64.b64decode(preview.peaks), np.int8).reshape(-1, 2)
    edges = np.linspace(0, signal.shape[1], COLUMNS + 1).astype(int)
    wanted = [(signal[:, a:b].min(), signal[:, a:b].max()) for a, b in pairwise(edges)]
    np.testing.assert_array_equal(pairs, np.round(np.array(wanted) * 127).astype(np.int8))


def test_the_spectrum_shows_a_tone_where_it_is():
    time = np.arange(4 * 8000) / 8000
    signal = np.where(time < 2, np.sin(2 * np.pi * 500 * time), np.sin(2 * np.pi * 3000 * time))
    power = previewed(signal[None].astype(np.float32)).power
    bins = power.argmax(axis=1) * 8000 / 2048
    quarter = len(bins) // 4
    assert abs(np.median(bins[:quarter]) - 500) < 5
    assert abs(np.median(bins[-quarter:]) - 3000) < 5


def test_the_picture_is_a_png_of_a_fixed_size(sound):
    preview = previewed(sound(8000, seconds=30.0))
    picture = preview.picture(float(preview.power.max()))
    assert picture[:4] == b"\x89PNG"
    assert int.from_bytes(picture[16:20], "big") == 1200
    assert preview.picture(float(preview.power.max())) is picture


def test_the_version_tells_sounds_apart(sound):
    one, other = sound(8000, seed=1), sound(8000, seed=2)
    assert previewed(one).version == previewed(one, block=100).version
    assert previewed(one).version != previewed(other).version


def test_excerpts_are_all_of_a_short_sound_and_20_s_of_a_long_one(sound):
    short = sound(8000, seconds=5.0)
    np.testing.assert_array_equal(previewed(short).excerpt, short)
    assert previewed(sound(8000, seconds=60.0)).excerpt.shape == (2, 20 * 8000)


def test_of_many_channels_the_mean_is_heard(sound):
    signal = sound(8000, channels=6)
    np.testing.assert_allclose(
        decoded(previewed(signal)), signal.mean(axis=0, keepdims=True), atol=0.51 / 32768
    )
