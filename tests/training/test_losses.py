import numpy as np
import pytest
import torch

from lass.metrics import si_sdr
from lass.training.losses import error_level_db, presence_targets, shape_error_db


def test_error_level_is_negative_sdr_when_levels_agree():
    generator = torch.Generator().manual_seed(0)
    target = torch.randn(3, 4000, generator=generator, dtype=torch.float64)
    estimate = target + 0.1 * torch.randn(3, 4000, generator=generator, dtype=torch.float64)
    level = error_level_db(estimate, target, target, floor_db=-200.0)
    s, e = target.numpy(), estimate.numpy()
    sdr = 10 * np.log10((s**2).sum(-1) / ((s - e) ** 2).sum(-1))
    np.testing.assert_allclose(level.numpy(), -sdr, atol=1e-6)


def test_error_level_of_an_absent_sound_is_its_leakage():
    mixture = torch.ones(1, 100, dtype=torch.float64)
    level = error_level_db(0.1 * mixture, 0 * mixture, mixture, floor_db=-200.0)
    np.testing.assert_allclose(level.numpy(), -20.0, atol=1e-6)


def test_perfect_estimate_reaches_the_floor():
    x = torch.randn(2, 100)
    np.testing.assert_allclose(error_level_db(x, x, x).numpy(), -30.0, atol=1e-3)


def test_shape_error_is_negative_si_sdr_whatever_the_level():
    generator = torch.Generator().manual_seed(0)
    target = torch.randn(3, 4000, generator=generator, dtype=torch.float64)
    estimate = target + 0.5 * torch.randn(3, 4000, generator=generator, dtype=torch.float64)
    bounds = {"floor_db": -200.0, "ceiling_db": 200.0}
    for level in (1.0, 0.2):
        found = shape_error_db(level * estimate, target, target, **bounds)
        np.testing.assert_allclose(
            found, -si_sdr(target, estimate), atol=1e-3
        )  # what counts as silence


def test_shape_error_is_bounded_on_both_sides():
    generator = torch.Generator().manual_seed(0)
    target, other = torch.randn(2, 4000, generator=generator)
    other = other - (other @ target) / (target @ target) * target
    assert shape_error_db(target, target, target).item() == pytest.approx(-30.0, abs=0.01)
    assert shape_error_db(other, target, target).item() == pytest.approx(20.0, abs=0.01)


def test_shape_error_of_silence_is_finite_and_so_is_its_gradient():
    silent = torch.zeros(2, 100, requires_grad=True)
    target = torch.stack([torch.ones(100), torch.zeros(100)])
    error = shape_error_db(silent, target, torch.ones(2, 100))
    error.sum().backward()
    assert error.tolist() == pytest.approx([0.0, 0.0], abs=1e-3)
    assert torch.isfinite(silent.grad).all()


def test_presence_targets_find_the_frame():
    target = torch.zeros(1, 1, 100)
    target[0, 0, 30:40] = 1.0
    mixture = target[:, 0] + 0.01
    assert presence_targets(target, mixture, frames=10)[0, 0].tolist() == [
        0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
    ]  # fmt: skip
