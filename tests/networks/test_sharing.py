"""Sharing out a mixture, against closed forms and NumPy."""

import numpy as np
import pytest
import torch

from lass.networks import build
from lass.networks.sharing import agreement, share_out


def masks(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    size = torch.rand(shape, generator=generator)
    return torch.polar(size, torch.randn(shape, generator=generator))


@pytest.mark.parametrize("seed", range(5))
def test_both_shares_add_up_to_the_mixture(seed):
    mask, rest = masks(seed, 5, 4) + 0.1, masks(seed + 100, 5, 4) + 0.1
    total = share_out(mask, rest) + share_out(rest, mask)
    torch.testing.assert_close(total, torch.ones_like(total), atol=5e-3, rtol=0.0)


def test_the_difference_goes_to_who_claims_more():
    mask, rest = torch.tensor([0.9 + 0j, 0.2 + 0j]), torch.tensor([0.3 + 0j, 0.4 + 0j])
    expected = [0.9 - 0.2 * 0.9 / 1.2, 0.2 + 0.4 * 0.2 / 0.6]
    assert share_out(mask, rest).real.tolist() == pytest.approx(expected, abs=1e-4)
    half = share_out(mask, rest, counts=0.5)
    torch.testing.assert_close(half, 0.5 * (mask + share_out(mask, rest)))
    assert torch.equal(share_out(mask, rest, counts=0.0), mask)


def test_what_nobody_claims_goes_nowhere_for_sure():
    nothing = torch.zeros(3, dtype=torch.complex64, requires_grad=True)
    shared = share_out(nothing, nothing)
    assert not shared.any()
    shared.abs().sum().backward()
    assert nothing.grad.isfinite().all()


@pytest.mark.parametrize("frames", [1, 3, 7, 100])
def test_agreement_is_the_correlation_around_each_frame(frames):
    mask, rest = masks(1, 6, 9), masks(2, 6, 9)
    power = torch.rand(6, 9, generator=torch.Generator().manual_seed(3))
    got = agreement(mask, rest, power, frames=frames)
    reach = min(frames, 17) // 2
    for at in range(9):
        near = slice(max(0, at - reach), at + reach + 1)
        level = np.sqrt(power[:, near].numpy().astype(float))
        part, over = ((m[:, near].numpy() * level).ravel() for m in (mask, 1.0 - rest))
        both = np.real(np.vdot(part, over)) / (np.linalg.norm(part) * np.linalg.norm(over))
        assert float(got[0, at]) == pytest.approx(max(0.0, both), abs=1e-5)


@pytest.mark.parametrize("level", [1e-12, 1e12])
def test_the_level_changes_no_agreement(level):
    mask, rest = masks(1, 6, 9), masks(2, 6, 9)
    power = torch.rand(6, 9, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(
        agreement(mask, rest, power * level**2, frames=3), agreement(mask, rest, power, frames=3)
    )


def test_silence_agrees_with_nothing():
    mask, rest = masks(1, 6, 9), masks(2, 6, 9)
    assert not agreement(mask, rest, torch.zeros(6, 9), frames=3).any()


def test_items_without_a_rest_are_left_as_they_are():
    torch.manual_seed(0)
    network = build(
        {"kind": "band-unet", "core": {"channels": [4, 8], "context": 8, "query_dim": 4}}
    ).eval()
    audio, queries = torch.randn(3, 4000), torch.randn(3, 2, 4)
    rests = torch.tensor([True, False, True])
    with torch.inference_mode():
        plain, logits = network(audio, queries, sample_rate=16000)
        shared, same = network(audio, queries, sample_rate=16000, rests=rests)
        spectrum = network.frontend.analyse(audio, sample_rate=16000)
        state = network.look(spectrum, sample_rate=16000)
        first, last = (
            network.mask(state, queries[:, at], frames=spectrum.shape[-1], sample_rate=16000)[0]
            for at in (0, 1)
        )
        masked = spectrum * share_out(first, last)
        expected = network.frontend.synthesise(masked, samples=4000)
    assert torch.equal(logits, same)
    assert torch.equal(shared[:, 1], plain[:, 1])
    assert torch.equal(shared[1], plain[1])
    torch.testing.assert_close(shared[rests, 0], expected[rests])
    assert not torch.allclose(shared[rests, 0], plain[rests, 0])
