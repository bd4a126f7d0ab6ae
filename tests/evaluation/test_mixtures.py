"""Mixing: levels, places, gains, and clear sentences for what cannot be mixed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.errors import DataError
from lass.evaluation.mixtures import build_mixture, place, resample
from lass.evaluation.protocol import Row

RNG = np.random.default_rng(0)


def _row(**changes):
    values = {
        "id": 3,
        "targets": ("a",),
        "target_offsets": (0,),
        "interferers": ("b",),
        "interferer_offsets": (0,),
        "snr_db": (0.0,),
        "asked": "target",
        "query": "dog",
        "query_clip": "",
        "label": "dog",
    }
    return Row(**(values | changes))


def _clips(**changes):
    return (
        {"a": 0.05 * RNG.standard_normal(800), "b": 0.2 * RNG.standard_normal(500)} | changes
    ).get


def _db(x, y):
    x, y = np.float64(x), np.float64(y)
    return 10 * np.log10(np.sum(x * x) / np.sum(y * y))


@given(snr=st.floats(-20, 20), at=st.integers(-400, 700))
@settings(max_examples=30, deadline=None)
def test_energy_ratio_over_the_span_and_nothing_lost(snr, at):
    made = build_mixture(_row(snr_db=(snr,), interferer_offsets=(at,)), _clips(), sample_rate=8000)
    assert made.mixture.shape == made.target.shape == made.rest.shape == (1, 800)
    assert made.mixture.dtype == np.float32
    assert _db(made.target, made.rest) == pytest.approx(snr, abs=1e-4)
    np.testing.assert_allclose(made.mixture, made.target + made.rest, atol=1e-7)
    assert np.abs(made.mixture).max() <= 1


def test_declip_scales_target_and_mixture_alike():
    loud = {"a": np.full(100, 0.8), "b": np.full(100, 0.8)}
    made = build_mixture(_row(), loud.get, sample_rate=8000)
    assert np.abs(made.mixture).max() == pytest.approx(0.9)
    np.testing.assert_allclose(made.target, 0.45, atol=1e-6)


def test_peak_and_rms_levels_and_fixed_length():
    clips = _clips()
    peak = build_mixture(_row(), clips, sample_rate=8000, level="peak")
    assert np.abs(peak.mixture).max() == pytest.approx(1)
    assert np.abs(peak.target).max() == pytest.approx(np.abs(peak.rest).max(), abs=1e-6)
    row = _row(targets=("a", "a"), target_offsets=(0, 1000), interferer_offsets=(2000,), snr_db=())
    scene = build_mixture(row, clips, sample_rate=8000, level="rms", level_db=-40, duration_s=0.5)
    assert scene.mixture.shape == (1, 4000)
    for part, begin, length in ((scene.target, 1000, 800), (scene.rest, 2000, 500)):
        heard = np.float64(part[0, begin : begin + length])
        assert 10 * np.log10(np.mean(heard**2)) == pytest.approx(-40, abs=1e-3)


def test_what_is_asked():
    clips = _clips()
    plain = build_mixture(_row(), clips, sample_rate=8000)
    other = build_mixture(_row(asked="interferer"), clips, sample_rate=8000)
    absent = build_mixture(_row(asked="nothing"), clips, sample_rate=8000)
    np.testing.assert_array_equal(other.mixture, plain.mixture)
    np.testing.assert_allclose(other.target, plain.rest, atol=1e-7)
    assert not absent.target.any()
    np.testing.assert_allclose(absent.rest, plain.mixture)


@pytest.mark.parametrize(
    ("row", "clips", "words"),
    [
        (_row(), {"a": np.zeros(800)}, "Row 3: 'a' is silent over the mixture's 800 samples"),
        (_row(), {"b": np.zeros(500)}, "Row 3: 'b' is silent"),
        (_row(interferer_offsets=(5000,)), {}, "Row 3: 'b' is silent"),
    ],
)
def test_silence_is_refused(row, clips, words):
    with pytest.raises(DataError, match=words):
        build_mixture(row, _clips(**clips), sample_rate=8000)


def test_place_and_resample():
    assert place(np.arange(1.0, 4), offset=2, length=4).tolist() == [0, 0, 1, 2]
    assert place(np.arange(1.0, 4), offset=9, length=4).tolist() == [0, 0, 0, 0]
    assert place(np.arange(1.0, 4), offset=-9, length=2).tolist() == [0, 0]
    tone = np.sin(2 * np.pi * 440 * np.arange(32000) / 32000)
    half = resample(tone, rate=32000, new_rate=16000)
    np.testing.assert_allclose(half[200:-200], tone[::2][200:-200], atol=1e-4)
    with pytest.raises(DataError, match="16000 Hz cannot go into a mixture of 32000 Hz"):
        resample(tone, rate=16000, new_rate=32000)
