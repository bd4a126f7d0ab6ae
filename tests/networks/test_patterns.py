"""Refining masks by what comes back, against NumPy in double precision and known sources."""

import numpy as np
import pytest
import torch

from lass.networks.patterns import heard_around, refine

BIN_HZ = 31.25


def complex_noise(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.complex(*torch.randn(2, *shape, generator=generator))


def masks(seed, *shape):
    return complex_noise(seed, *shape) * 0.3 + 0.4


def factors(values, spectra, gains, steps):
    """Lee and Seung's updates for the divergence, as their paper has them; and its course."""
    course = []
    for _ in range(steps):
        ratio = values / (spectra @ gains)
        gains = gains * (spectra.T @ ratio) / spectra.sum(axis=0)[:, None]
        ratio = values / (spectra @ gains)
        spectra = spectra * (ratio @ gains.T) / gains.sum(axis=1)
        model = spectra @ gains
        course.append(np.sum(values * np.log(values / model) - values + model))
    return spectra, gains, course


def expected(mask, spectrum, patterns):
    """The refined mask, where every bin stands for itself."""
    mask, seen = (x.numpy().astype(complex) for x in (mask, spectrum))
    powers = np.abs(np.stack([seen, seen * mask, seen * (1 - mask)])) ** 2
    pairs = np.stack([powers[..., ::2], powers[..., 1::2]]).mean(axis=0)
    values, sound, rest = np.sqrt(pairs) / np.sqrt(pairs[0].mean()) + 1e-6
    noise = torch.Generator().manual_seed(0)
    rows, columns = values.shape
    over_rows = 0.5 + torch.rand(rows, patterns, generator=noise).double().numpy()
    over_columns = 0.5 + torch.rand(patterns, columns, generator=noise).double().numpy()
    sides = []
    for side in (sound, rest):
        spectra = side.mean(axis=1, keepdims=True) * over_rows
        gains = side.mean(axis=0, keepdims=True) * over_columns
        gains = gains * side.mean() / (spectra.mean(axis=0) @ gains).mean()
        sides.append(factors(side, spectra, gains, 4)[:2])
    spectra = np.concatenate([sides[0][0], sides[1][0]], axis=1)
    gains = np.concatenate([sides[0][1], sides[1][1]], axis=0)
    spectra, gains, course = factors(values, spectra, gains, 10)
    share = spectra[:, :patterns] @ gains[:patterns] / (spectra @ gains)
    return mask + 0.75 * (np.repeat(share, 2, axis=1) - mask), course


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("patterns", [1, 5])
def test_it_is_the_factorisation_of_the_paper(seed, patterns):
    spectrum, mask = complex_noise(seed, 40, 24), masks(seed + 50, 40, 24)
    got = refine(mask, spectrum.abs().square(), bin_hz=BIN_HZ, patterns=patterns).numpy()
    wanted, course = expected(mask, spectrum, patterns)
    np.testing.assert_allclose(got, wanted, atol=2e-4)
    assert (np.diff(course) <= 1e-9).all()


def test_high_bins_go_together():
    """Bins of a row have one share, and a row counts as its mean power."""
    spectrum, mask = complex_noise(1, 400, 10), masks(2, 400, 10)
    share = (refine(mask, spectrum.abs().square(), bin_hz=BIN_HZ, patterns=3) - mask) / 0.75 + mask
    assert share.imag.abs().max() < 1e-5
    share = share.real
    pairs, fours = share[128:256].unflatten(0, (-1, 2)), share[256:].unflatten(0, (-1, 4))
    for rows in (pairs, fours):
        torch.testing.assert_close(rows, rows[:, :1].expand_as(rows), atol=1e-5, rtol=0)
    assert (share[1:128] - share[:127]).abs().amin(dim=1).max() > 1e-4
    torch.testing.assert_close(share[:, ::2], share[:, 1::2], atol=1e-5, rtol=0)


@pytest.mark.parametrize("bins", [1, 5, 127, 129, 257, 401, 513])
@pytest.mark.parametrize("frames", [1, 2, 7])
def test_any_size_keeps_its_shape(bins, frames):
    spectrum, mask = complex_noise(1, bins, frames), masks(2, bins, frames)
    refined = refine(mask, spectrum.abs().square(), bin_hz=BIN_HZ, patterns=4)
    assert refined.shape == mask.shape
    assert refined.isfinite().all()


@pytest.mark.parametrize("seed", range(4))
def test_a_sound_that_comes_back_is_told_by_its_first_time(seed):
    """Two sources of a few spectra each; the mask is sure in the first half only."""
    draw = np.random.default_rng(seed)
    sources = [draw.gamma(0.3, size=(64, 2)) @ draw.gamma(0.3, size=(2, 80)) for _ in range(2)]
    power = [np.maximum(source, 1e-9).astype(np.float32) for source in sources]
    spectrum = torch.from_numpy(np.sqrt(power[0] + power[1])) + 0j
    truth = torch.from_numpy(np.sqrt(power[0]) / (np.sqrt(power[0]) + np.sqrt(power[1])))
    doubtful = truth.clone()
    doubtful[:, 40:] = 0.5 + 0.2 * (truth[:, 40:] - 0.5)
    refined = refine(doubtful + 0j, spectrum.abs().square(), bin_hz=BIN_HZ, patterns=16).real

    def error(mask):
        return float(((mask - truth)[:, 40:].square() * spectrum[:, 40:].abs()).sum())

    assert error(refined) < 0.6 * error(doubtful)


@pytest.mark.parametrize("level", [1e-9, 1e-3, 1e9])
def test_the_level_changes_nothing(level):
    spectrum, mask = complex_noise(1, 40, 24), masks(2, 40, 24)
    plain = refine(mask, spectrum.abs().square(), bin_hz=BIN_HZ, patterns=4)
    other = refine(mask, (spectrum * level).abs().square(), bin_hz=BIN_HZ, patterns=4)
    torch.testing.assert_close(plain, other, atol=1e-4, rtol=0)


def test_silence_is_no_error():
    silence, mask = torch.zeros(40, 24, dtype=torch.complex64), masks(2, 40, 24)
    assert refine(mask, silence.abs(), bin_hz=BIN_HZ, patterns=4).isfinite().all()
    assert not heard_around(mask, torch.zeros(40, 24), frames=5).any()


def test_it_is_the_same_each_time_and_draws_nothing_from_outside():
    spectrum, mask = complex_noise(1, 40, 24), masks(2, 40, 24)
    torch.manual_seed(1)
    once = refine(mask, spectrum.abs().square(), bin_hz=BIN_HZ, patterns=4)
    drawn = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.rand(3))
    assert torch.equal(once, refine(mask, spectrum.abs().square(), bin_hz=BIN_HZ, patterns=4))


@pytest.mark.parametrize("frames", [1, 3, 9, 100])
def test_heard_is_a_share_of_the_power_nearby(frames):
    mask = masks(1, 6, 15) * torch.linspace(0.01, 0.4, 15)
    power = complex_noise(2, 6, 15).abs().square()
    got = heard_around(mask, power, frames=frames)
    assert got.shape == (1, 15)
    reach = min(frames, 29) // 2
    part, whole = (power * mask.abs().square()).numpy(), power.numpy()
    for at in range(15):
        near = slice(max(0, at - reach), at + reach + 1)
        share = part[:, near].sum() / whole[:, near].sum()
        assert float(got[0, at]) == pytest.approx(min(1.0, share / 0.03), rel=1e-4)
