"""The other ways of computing that eval/faster.py compares are the same network."""

import copy
import importlib.util
from pathlib import Path

import pytest
import torch

from lass.networks.unet import BandUNet, BandUNetConfig

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def faster():
    spec = importlib.util.spec_from_file_location("faster", ROOT / "eval" / "faster.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def core():
    """A small network whose statistics are far from those it starts with."""
    torch.manual_seed(0)
    config = BandUNetConfig(query_dim=8, channels=(4, 8, 8), context=16, evidence=True)
    core = BandUNet(config)
    for module in core.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            torch.nn.init.uniform_(module.running_mean, -1.0, 1.0)
            torch.nn.init.uniform_(module.running_var, 0.3, 3.0)
            torch.nn.init.uniform_(module.weight, 0.3, 2.0)
            torch.nn.init.uniform_(module.bias, -1.0, 1.0)
    return core.eval()


def test_a_folded_network_equals_the_unfolded(faster, core):
    features, query = torch.randn(2, 3, 160, 16), torch.randn(2, 8)
    before = copy.deepcopy(core.state_dict())
    folded = faster.folded(core)
    left = [m for m in folded.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    with torch.no_grad():
        wanted = core.decode(core.encode(features), query)
        found = folded.decode(folded.encode(features), query)
    assert left == []
    for one, other in zip(found, wanted, strict=True):
        assert wanted[0].std() > 0.01
        assert (one - other).abs().max() < 1e-5 * other.abs().max()
    after = core.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_levels_of_differences(faster):
    reference = torch.ones(1000, dtype=torch.float64).numpy()
    assert faster.level_db(0.01 * reference, reference) == pytest.approx(-40.0)
