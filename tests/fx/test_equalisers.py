"""Equalisers and cuts against scipy (the cookbook written out again) and dasp-pytorch."""

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.fx import EQ, GRAPHIC_FREQUENCIES_HZ, Chain, GraphicEQ, HighCut, LowCut
from tests.fx.sounds import RATE, click, decibels, noise

SECTIONS = ("low_shelf", "peak_1", "peak_2", "peak_3", "peak_4", "high_shelf")


def cookbook(kind, hz, gain_db, q, rate=RATE):
    """One section of R. Bristow-Johnson's cookbook, digital coefficients, float64."""
    a, w = 10 ** (gain_db / 40), 2 * np.pi * hz / rate
    cos, alpha = np.cos(w), np.sin(w) / (2 * q)
    root = 2 * np.sqrt(a) * alpha
    if kind == "peak":
        b = [1 + alpha * a, -2 * cos, 1 - alpha * a]
        d = [1 + alpha / a, -2 * cos, 1 - alpha / a]
    else:
        sign = 1 if kind == "low_shelf" else -1
        up, down = a + 1, sign * (a - 1)
        b = [a * (up - down * cos + root), sign * 2 * a * (sign * (a - 1) - up * cos)]
        b = [a * (up - down * cos + root), 0.0, a * (up - down * cos - root)]
        d = [up + down * cos + root, 0.0, up + down * cos - root]
        b[1] = sign * 2 * a * ((a - 1) - sign * up * cos)
        d[1] = sign * -2 * ((a - 1) + sign * up * cos)
    return np.array([*b, *d]) / d[0]


def eq_sos(eq, rate=RATE):
    rows = []
    for name in SECTIONS:
        kind = "peak" if name.startswith("peak") else name
        rows.append(cookbook(
            kind,
            eq.settings[f"{name}_frequency_hz"],
            eq.settings[f"{name}_gain_db"],
            eq.settings[f"{name}_q"],
            rate,
        ))  # fmt: skip
    return np.stack(rows)


def drawn_eq(seed):
    places = np.random.default_rng(seed).random(18)
    return Chain([EQ()]).at(places)[0]


@pytest.mark.parametrize("seed", range(6))
def test_eq_curve_is_that_of_scipy(seed):
    eq = drawn_eq(seed)
    frequencies = np.geomspace(20, 20000, 200)
    _, response = scipy.signal.sosfreqz(eq_sos(eq), worN=frequencies, fs=RATE)
    ours = Chain([eq]).response_db(frequencies)
    np.testing.assert_allclose(ours, 20 * np.log10(np.abs(response)), atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_eq_filters_as_scipy_does_to_80_db(seed):
    eq = drawn_eq(seed)
    audio = noise(samples=30000)
    expected = scipy.signal.sosfilt(eq_sos(eq), audio.double().numpy())
    made = eq.process(audio, sample_rate=RATE)
    assert decibels(made, expected) < -80


def test_eq_with_the_longest_memory_does_not_wrap():
    # Lowest, narrowest, strongest: 100 dB take almost three seconds.
    eq = EQ(peak_1_frequency_hz=80, peak_1_q=6, peak_1_gain_db=20,
            low_shelf_frequency_hz=20, low_shelf_q=6, low_shelf_gain_db=20)  # fmt: skip
    expected = scipy.signal.sosfilt(eq_sos(eq), click(60000).double().numpy())
    assert decibels(eq.process(click(60000), sample_rate=RATE), expected) < -80
    # A click at the end: what wraps round would stand at the beginning.
    late = click(60000).flip(-1)
    assert eq.process(late, sample_rate=RATE)[0, :59000].abs().max() < 1e-4


def test_response_is_right_in_float32_at_low_frequencies():
    eq = EQ(low_shelf_gain_db=12, low_shelf_frequency_hz=20, low_shelf_q=6)
    points = torch.linspace(1, 60, 60)
    _, expected = scipy.signal.sosfreqz(eq_sos(eq, 192000), worN=points.numpy(), fs=192000)
    made = eq.magnitude_db(points, sample_rate=192000)[0].numpy()
    np.testing.assert_allclose(made, 20 * np.log10(np.abs(expected)), atol=1e-3)


def test_coefficients_are_the_cookbooks():
    eq = drawn_eq(3)
    sections = eq.sections(eq.tensors(None, like=torch.zeros((), dtype=torch.float64)), RATE)
    np.testing.assert_allclose(sections.coefficients(RATE), eq_sos(eq), atol=1e-9)


def test_eq_is_that_of_dasp():
    signal = pytest.importorskip("dasp_pytorch.signal")
    # Its EQ returns time-aliased blocks; the sections are the part to compare.
    for kind, ours in (("low_shelf", "low_shelf"), ("peaking", "peak_2"), ("high_shelf",) * 2):
        eq = EQ(**{f"{ours}_gain_db": 7.0, f"{ours}_q": 0.9, f"{ours}_frequency_hz": 4000.0}
                if ours != "low_shelf" else
                {"low_shelf_gain_db": 7.0, "low_shelf_q": 0.9, "low_shelf_frequency_hz": 400.0}
                )  # fmt: skip
        hz = eq.settings[f"{ours}_frequency_hz"]
        arguments = (torch.tensor([v], dtype=torch.float64) for v in (7.0, hz, 0.9))
        b, a = signal.biquad(*arguments, RATE, kind)
        points = np.geomspace(30, 20000, 50)
        _, theirs = scipy.signal.freqz(b[0].numpy(), a[0].numpy(), worN=points, fs=RATE)
        np.testing.assert_allclose(
            Chain([eq]).response_db(points), 20 * np.log10(np.abs(theirs)), atol=1e-4
        )


def test_whole_eq_is_that_of_dasp():
    functional = pytest.importorskip("dasp_pytorch.functional")
    eq = EQ(low_shelf_gain_db=5, peak_1_gain_db=-4, peak_2_gain_db=3, peak_3_gain_db=-2,
            peak_4_gain_db=6, high_shelf_gain_db=-3)  # fmt: skip
    audio = noise(samples=20000)
    values = [torch.tensor([value]) for name in SECTIONS for value in (
        eq.settings[f"{name}_gain_db"],
        eq.settings[f"{name}_frequency_hz"],
        eq.settings[f"{name}_q"],
    )]  # fmt: skip
    theirs = functional.parametric_eq(audio[None], RATE, *values)[0]
    ours = eq.process(audio, sample_rate=RATE)
    assert decibels(ours, theirs) < -50  # its float32 coefficients are the limit


def test_graphic_centres_are_the_columns_of_the_listeners():
    assert len(GRAPHIC_FREQUENCIES_HZ) == 40
    assert GRAPHIC_FREQUENCIES_HZ[:3] == (20, 50, 83)
    assert GRAPHIC_FREQUENCIES_HZ[-1] == 19682
    assert [p.name for p in GraphicEQ.parameters][1] == "gain_50hz_db"


def test_graphic_eq_is_its_forty_bells():
    gains = np.random.default_rng(0).uniform(-6, 6, 40)
    eq = GraphicEQ(**{p.name: g for p, g in zip(GraphicEQ.parameters, gains.tolist(), strict=True)})
    sos = np.stack([
        cookbook("peak", hz, gain, 4.31)
        for hz, gain in zip(GRAPHIC_FREQUENCIES_HZ, gains, strict=True)
    ])  # fmt: skip
    frequencies = np.geomspace(15, 21000, 300)
    _, response = scipy.signal.sosfreqz(sos, worN=frequencies, fs=RATE)
    np.testing.assert_allclose(
        Chain([eq]).response_db(frequencies), 20 * np.log10(np.abs(response)), atol=1e-6
    )
    audio = noise(1, 20000)
    expected = scipy.signal.sosfilt(sos, audio.double().numpy())
    assert decibels(eq.process(audio, sample_rate=RATE), expected) < -80


@pytest.mark.parametrize(("kind", "name"), [(LowCut, "highpass"), (HighCut, "lowpass")])
def test_cuts_are_butterworth(kind, name):
    audio = noise(1, 8000)
    sos = scipy.signal.butter(2, 700.0, name, fs=RATE, output="sos")
    expected = scipy.signal.sosfilt(sos, audio.double().numpy())
    made = kind(frequency_hz=700.0).process(audio, sample_rate=RATE)
    assert decibels(made, expected) < -80


def test_cuts_fade_out_at_the_ends_of_their_ranges():
    audio = noise(1, 3000)
    for off in (LowCut(frequency_hz=10.0), HighCut(frequency_hz=24000.0)):
        made = off.process(audio, sample_rate=96000)
        assert decibels(made, audio) < -100
        assert off.describe().endswith("off")
    # No step at the end: just inside it is almost off.
    near = Chain([LowCut(frequency_hz=10.001)]).response_db([5.0])
    assert -0.1 < near[0] < 0


@pytest.mark.parametrize("rate", [8000, 11025, 16000])
def test_sections_above_half_the_rate_do_nothing(rate):
    eq = EQ(peak_3_gain_db=20, peak_4_gain_db=20, high_shelf_gain_db=0, peak_2_gain_db=5)
    bells = np.stack([cookbook("peak", 3500, 5, 1, rate)])
    audio = noise(1, 4000)
    expected = scipy.signal.sosfilt(bells, audio.double().numpy())
    assert decibels(eq.process(audio, sample_rate=rate), expected) < -80
    graphic = GraphicEQ(gain_19682hz_db=20.0, gain_9917hz_db=20.0)
    made = graphic.process(audio, sample_rate=rate)
    assert decibels(made, audio) < -100
    made = HighCut(frequency_hz=10000).process(audio, sample_rate=rate)
    assert decibels(made, audio) < -100


@given(st.lists(st.floats(0, 1), min_size=18, max_size=18), st.sampled_from([8000, 44100]))
@settings(max_examples=25, deadline=None)
def test_any_eq_is_finite_and_agrees_with_its_curve(places, rate):
    eq = Chain([EQ()]).at(places)[0]
    response = eq.impulse_response(sample_rate=rate)[0, 0].double()
    assert response.isfinite().all()
    size = len(response)
    at = np.arange(1, size // 2, max(size // 200, 1))
    curve = Chain([eq]).response_db(at * rate / size, sample_rate=rate)
    measured = 20 * np.log10(np.abs(np.fft.rfft(response.numpy()))[at])
    np.testing.assert_allclose(measured, curve, atol=0.01)
