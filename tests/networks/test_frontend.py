"""The signal front end, with NumPy and SciPy as oracles."""

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.networks.frontend import Frontend, FrontendConfig, band_centres_hz, hop_samples
from lass.networks.frontend import _band_matrices as band_matrices

RATES = [8000, 11025, 16000, 22050, 32000, 44100, 48000, 96000, 192000]


@pytest.fixture(scope="module")
def frontend():
    return Frontend(FrontendConfig())


def noise(*shape, seed=0):
    return 0.3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=40, deadline=None)
@given(rate=st.sampled_from(RATES), samples=st.integers(0, 20000), batch=st.integers(1, 3))
def test_synthesis_undoes_analysis(frontend, rate, samples, batch):
    audio = noise(batch, samples)
    spectrum = frontend.analyse(audio, sample_rate=rate)
    hop = hop_samples(rate, 16.0)
    assert spectrum.shape == (batch, hop + 1, -(-samples // hop) + 1)
    again = frontend.synthesise(spectrum, samples=samples)
    torch.testing.assert_close(again, audio, atol=2e-6, rtol=0)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_the_spectrum_is_that_of_numpy(frontend, rate):
    audio = noise(9000)
    hop = hop_samples(rate, 16.0)
    window = np.sqrt(0.5 - 0.5 * np.cos(np.pi * np.arange(2 * hop) / hop))
    padded = np.concatenate([np.zeros(hop), audio.double().numpy(), np.zeros(2 * hop)])
    spectrum = frontend.analyse(audio, sample_rate=rate)
    for frame in (0, 1, 5, spectrum.shape[-1] - 1):
        expected = np.fft.rfft(window * padded[frame * hop : (frame + 2) * hop])
        np.testing.assert_allclose(spectrum[:, frame].numpy(), expected, atol=1e-4)


def test_the_spectrum_is_that_of_scipy(frontend):
    audio = noise(256 * 40)
    window = np.sqrt(scipy.signal.get_window("hann", 512, fftbins=True))
    transform = scipy.signal.ShortTimeFFT(window, 256, 16000, fft_mode="onesided")
    expected = transform.stft(audio.double().numpy(), p0=0, p1=41, k_offset=0)
    # SciPy turns the phase to the middle of the window.
    turn = np.exp(2j * np.pi * np.arange(257) * 256 / 512)[:, None]
    got = frontend.analyse(audio, sample_rate=16000).numpy()
    np.testing.assert_allclose(np.abs(got), np.abs(expected), atol=1e-4)
    np.testing.assert_allclose(got, expected * turn if not np.allclose(
        got, expected, atol=1e-3) else expected, atol=1e-3)  # fmt: skip


@pytest.mark.parametrize("rate", [*RATES, 12345, 7919, 44056, 500, 384000])
def test_hops_are_near_the_wish_and_quick_to_transform(rate):
    hop = hop_samples(rate, 16.0)
    left = hop
    for prime in (2, 3, 5, 7):
        while left % prime == 0:
            left //= prime
    assert left == 1
    assert hop >= 8
    if rate >= 8000:
        assert hop / rate == pytest.approx(0.016, rel=0.02)


def test_bands_rise_without_a_jump_in_width():
    config = FrontendConfig()
    centres = band_centres_hz(config).numpy()
    widths = np.diff(centres)
    assert centres[0] == 0.0
    assert centres[-1] == pytest.approx(config.top_hz)
    assert (widths > 0).all()
    low = widths[centres[1:] <= config.linear_hz]
    np.testing.assert_allclose(low, low[0], rtol=1e-9)
    ratio = widths[1:] / widths[:-1]
    assert ratio.min() > 0.999
    assert ratio.max() < 1.05
    high = centres[centres > config.linear_hz]
    np.testing.assert_allclose(high[1:] / high[:-1], high[1] / high[0], rtol=1e-9)


def test_the_lower_bands_reach_up_to_8_khz():
    config = FrontendConfig()
    centres = band_centres_hz(config)
    assert centres[config.low_bands - 1] == pytest.approx(8000, rel=0.04)


@pytest.mark.parametrize("rate", RATES)
def test_band_matrices(rate):
    config = FrontendConfig()
    average, spread = (matrix.double().numpy() for matrix in band_matrices(config, rate))
    hop = hop_samples(rate, config.hop_ms)
    assert average.shape == (160, hop + 1)
    assert spread.shape == (hop + 1, 160)
    assert (average >= 0).all()
    assert (spread >= 0).all()
    np.testing.assert_allclose(spread.sum(1), 1.0, atol=1e-6)
    centres = band_centres_hz(config).numpy()
    sums = average.sum(1)
    np.testing.assert_allclose(sums[centres <= rate / 2], 1.0, atol=1e-6)
    bin_width = rate / 2 / hop
    assert not sums[centres > rate / 2 + bin_width].any()
    # Each bin inside the bands is heard by some band.
    frequencies = np.arange(hop + 1) * bin_width
    assert average.sum(0)[frequencies <= min(rate / 2, config.top_hz)].min() > 0


@pytest.mark.parametrize("rate", RATES)
def test_a_mask_of_ones_stays_ones(frontend, rate):
    active = frontend.active_bands(rate)
    assert active == (128 if rate <= 16000 else 160)
    spread = frontend.spread_mask(torch.ones(2, active, 5), sample_rate=rate)
    assert spread.shape == (2, hop_samples(rate, 16.0) + 1, 5)
    torch.testing.assert_close(spread, torch.ones_like(spread))


def test_a_mask_is_interpolated_and_carries_on_above_the_top():
    frontend = Frontend(FrontendConfig())
    rate, hop = 96000, hop_samples(96000, 16.0)
    centres = band_centres_hz(FrontendConfig()).numpy()
    mask = np.sin(np.arange(160) / 9.0)
    got = frontend.spread_mask(
        torch.from_numpy(mask)[:, None].float(), sample_rate=rate
    )[:, 0].numpy()  # fmt: skip
    frequencies = np.arange(hop + 1) * rate / (2 * hop)
    np.testing.assert_allclose(got, np.interp(frequencies, centres, mask), atol=1e-4)
    assert (got[frequencies > 16000] == got[-1]).all()


@pytest.mark.parametrize("rate", [16000, 44100])
@pytest.mark.parametrize("factor", [1e-2, 1e3])
def test_features_do_not_depend_on_the_level(frontend, rate, factor):
    spectrum = frontend.analyse(noise(1, rate), sample_rate=rate)
    one = frontend.features(spectrum, sample_rate=rate)
    other = frontend.features(spectrum * factor, sample_rate=rate)
    torch.testing.assert_close(one, other, atol=1e-3, rtol=0)


def test_features_of_silence_are_finite(frontend):
    spectrum = frontend.analyse(torch.zeros(2, 5000), sample_rate=16000)
    features = frontend.features(spectrum, sample_rate=16000)
    assert features.shape == (2, 3, 128, spectrum.shape[-1])
    assert features.isfinite().all()


def steadiness(frontend, audio, bands):
    """Length of the mean phase advance in some bands, 0 to 1."""
    spectrum = frontend.analyse(audio, sample_rate=16000)
    features = frontend.features(spectrum, sample_rate=16000)[0, 1:, bands, 5:-5]
    length = features.norm(dim=0)
    assert length.max() <= 1.0 + 1e-4
    return float(length.mean())


@pytest.mark.parametrize("hz", [100, 440, 700, 1500, 3000, 6000])
def test_the_phase_of_a_tone_advances_steadily(frontend, hz):
    tone = torch.sin(2 * torch.pi * hz * torch.arange(16000) / 16000)[None]
    band = int((band_centres_hz(FrontendConfig()) - hz).abs().argmin())
    assert steadiness(frontend, tone, [band]) > 0.95


@pytest.mark.parametrize("hz", [100, 440, 700, 1500, 3000, 6000])
def test_the_phase_advance_hardly_depends_on_the_rate(frontend, hz):
    band = int((band_centres_hz(FrontendConfig()) - hz).abs().argmin())
    seen = []
    for rate in (16000, 44100, 48000):
        tone = torch.sin(2 * torch.pi * hz * torch.arange(rate) / rate)[None]
        features = frontend.features(frontend.analyse(tone, sample_rate=rate), sample_rate=rate)
        seen.append(features[0, 1:, band, 20])
    for other in seen[1:]:
        torch.testing.assert_close(other, seen[0], atol=0.05, rtol=0)


def test_the_phase_of_noise_does_not(frontend):
    assert steadiness(frontend, noise(1, 16000), list(range(128))) < 0.9


def test_a_recording_and_its_copy_at_another_rate_look_alike(frontend):
    from lass.audio import resample

    audio = noise(1, 16000).numpy()
    higher = resample(audio, from_hz=16000, to_hz=48000)
    features = [
        frontend.features(
            frontend.analyse(torch.from_numpy(x), sample_rate=rate), sample_rate=rate
        )[0, 0, 10:110, 5:-5].mean(dim=1)
        for x, rate in ((audio, 16000), (higher, 48000))
    ]  # fmt: skip
    # The level is the mean over bands, of which a higher rate has more, all of them empty.
    difference = features[0] - features[1]
    assert (difference - difference.mean()).abs().max() < 0.1
