"""Gradients: finite everywhere, and those of finite differences."""

import pytest
import torch

from lass.fx import Chain, effect_class, effect_names
from tests.fx.sounds import noise

# Times that fall on whole samples have a gradient that a finite difference cannot see.
ROUNDED = {("delay", "time_ms"), ("reverb", "pre_delay_ms")}


@pytest.mark.parametrize("name", effect_names())
def test_gradients_are_those_of_finite_differences(name):
    chain = Chain([effect_class(name)()])
    audio = noise(2, 400).double()
    weights = noise(2, 400, seed=1).double()
    start = torch.tensor(chain.positions).clamp(0.05, 0.95)
    start = start + 0.03 * torch.rand(len(start), generator=torch.Generator().manual_seed(2))

    def score(positions):
        made = chain.process(audio, sample_rate=8000, settings=chain.settings_at(positions))
        return (made * weights).sum() + 10 * made.square().sum()

    positions = start.clone().requires_grad_()
    score(positions).backward()
    assert positions.grad.isfinite().all()
    checked = [n for n, (key, p) in enumerate(chain.slots) if (key, p.name) not in ROUNDED]
    for slot in checked[:: max(len(checked) // 8, 1)]:
        step = torch.zeros_like(start)
        step[slot] = 1e-5
        with torch.no_grad():
            expected = (score(start + step) - score(start - step)) / 2e-5
        assert positions.grad[slot].item() == pytest.approx(expected.item(), rel=2e-3, abs=1e-6)


@pytest.mark.parametrize("name", effect_names())
@pytest.mark.parametrize("place", [0.0, 1.0])
def test_gradients_are_finite_at_the_ends_and_for_silence(name, place):
    chain = Chain([effect_class(name)()])
    for audio in (noise(2, 300), torch.zeros(2, 300)):
        positions = torch.full((len(chain.slots),), place, requires_grad=True)
        made = chain.process(audio, sample_rate=8000, settings=chain.settings_at(positions))
        made.square().sum().backward()
        assert made.isfinite().all()
        assert positions.grad.isfinite().all()


def test_gradient_reaches_the_audio():
    chain = Chain([effect_class(name)() for name in effect_names()])
    audio = noise(2, 300).requires_grad_()
    chain.process(audio, sample_rate=8000).square().sum().backward()
    assert audio.grad.isfinite().all()
    assert audio.grad.abs().max() > 0


def test_noise_made_in_inference_mode_serves_gradients_later():
    room = effect_class("reverb")(seed=12345)
    with torch.inference_mode():
        room.process(noise(1, 300), sample_rate=8000)
    mix = torch.tensor(0.5, requires_grad=True)
    room.process(noise(1, 300), sample_rate=8000, settings={"mix": mix}).sum().backward()
    assert mix.grad.isfinite()
