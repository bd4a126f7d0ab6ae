"""One mask from those of a sound and its rest."""

import pytest
import torch

from lass.networks.patterns import heard_around, refine
from lass.networks.sharing import agreement, share_out
from lass.separation.settling import settle

RATE, HOP = 16000, 256
BINS, FRAMES = 257, 400  # 6.4 s


def complex_noise(seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.complex(*torch.randn(2, BINS, FRAMES, generator=generator))


@pytest.fixture
def heard():
    """Masks of a sound and of its rest, and a recording."""
    mask = 0.5 + 0.2 * complex_noise(1)
    return mask, 1.0 - mask + 0.1 * complex_noise(2), complex_noise(3)


def settled(mask, rest, spectrum, counts=1.0):
    return settle(mask, rest, spectrum, rest_counts=counts, sample_rate=RATE, hop=HOP)


@pytest.mark.parametrize("counts", [0.3, 1.0])
def test_shared_out_then_refined_then_weighed(heard, counts):
    mask, rest, spectrum = heard
    power = spectrum.abs().square()
    agreed = agreement(mask, rest, power, frames=375)  # six seconds
    shared = share_out(mask, rest, counts=counts * agreed.pow(4))
    refined = refine(shared, power, bin_hz=31.25)
    trust = counts * heard_around(mask, power, frames=94)  # one second and a half
    expected = (1.0 - trust) * mask + trust * refined
    torch.testing.assert_close(settled(mask, rest, spectrum, counts), expected)


def test_a_rest_that_does_not_count_changes_nothing(heard):
    mask, rest, spectrum = heard
    assert torch.equal(settled(mask, rest, spectrum, 0.0), mask)


def test_where_a_sound_is_not_heard_its_own_mask_stays(heard):
    mask, _, spectrum = heard
    mask = mask.clone()
    mask[:, 200:] *= 1e-3
    got = settled(mask, 1.0 - mask, spectrum)
    away = slice(200 + 48, None)  # beyond half of the window in which it is judged
    change = (got - mask).abs()
    assert float(change[:, away].max()) < 1e-3
    assert float(change[:, :200].mean()) > 0.05


def test_silence_is_no_error(heard):
    mask, rest, spectrum = heard
    assert torch.equal(settled(mask, rest, 0.0 * spectrum), mask)
