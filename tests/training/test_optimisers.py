import numpy as np
import pytest
import torch
from torch import nn

from lass.training.optimisers import Muon, optimiser_for, orthogonalised
from lass.training.recipe import OptimiserConfig


@pytest.mark.parametrize("shape", [(16, 144), (40, 40), (96, 32)])
def test_orthogonalised_has_the_directions_of_the_singular_value_decomposition(shape):
    matrix = np.random.default_rng(0).standard_normal(shape)
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    found = orthogonalised(torch.from_numpy(matrix), steps=8).double().numpy()
    inside = left.T @ found @ right.T  # the identity, to the iteration's accuracy
    assert np.abs(inside - np.diag(np.diag(inside))).max() < 0.1
    assert np.diag(inside).min() > 0.6
    assert np.diag(inside).max() < 1.3


class Net(nn.Module):
    """A convolution, a small one, a linear layer and a norm."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(16, 32, 3)
        self.small = nn.Conv2d(3, 16, 1)
        self.linear = nn.Linear(4, 4)
        self.norm = nn.BatchNorm2d(16)


def with_gradients(seed):
    torch.manual_seed(seed)
    net = Net()
    for parameter in net.parameters():
        parameter.grad = torch.randn_like(parameter)
    return net


def test_only_wide_convolutions_are_made_orthogonal():
    net = Net()
    optimiser = optimiser_for(net, OptimiserConfig(kind="muon"))
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    groups = [{names[id(p)] for p in group["params"]} for group in optimiser.param_groups]
    assert groups[0] == {"wide.weight"}
    assert groups[1] == {"small.weight", "linear.weight"}
    assert set().union(*groups) == set(names.values())
    assert [group["weight_decay"] > 0 for group in optimiser.param_groups] == [True, True, False]


def test_all_else_takes_the_steps_of_adamw():
    ours, theirs = with_gradients(0), with_gradients(0)
    mine = optimiser_for(ours, OptimiserConfig(kind="muon", learning_rate=1e-2))
    reference = optimiser_for(theirs, OptimiserConfig(kind="adamw", learning_rate=1e-2))
    for _ in range(3):
        mine.step()
        reference.step()
    for name, value in ours.named_parameters():
        if name != "wide.weight":
            torch.testing.assert_close(value, dict(theirs.named_parameters())[name])


def test_a_step_is_as_large_as_the_rate_says_in_every_memory_format():
    steps = []
    for layout in (torch.contiguous_format, torch.channels_last):
        net = with_gradients(0)
        net.to(memory_format=layout)
        before = net.wide.weight.detach().clone()
        Muon([{"params": [net.wide.weight], "orthogonal": True}], lr=0.1, momentum=0.0).step()
        steps.append(net.wide.weight.detach() - before)
    torch.testing.assert_close(steps[0], steps[1])
    size = float(steps[0].square().mean().sqrt())
    assert size == pytest.approx(0.1 * 0.2, rel=0.25)  # lr times AdamW's usual 0.2


def test_a_state_that_was_saved_goes_on_the_same():
    ours, theirs = with_gradients(0), with_gradients(0)
    first, second = (optimiser_for(net, OptimiserConfig(kind="muon")) for net in (ours, theirs))
    first.step()
    second.step()
    again = optimiser_for(theirs, OptimiserConfig(kind="muon"))
    again.load_state_dict(second.state_dict())
    first.step()
    again.step()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)
