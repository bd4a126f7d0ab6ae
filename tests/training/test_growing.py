import pytest
import torch

from lass.errors import ModelError
from lass.networks import build
from lass.training.growing import grow

CORE = {"channels": [8, 8, 16], "context": 16, "bands": 160, "evidence": True}


def network(seed, **changed):
    torch.manual_seed(seed)
    return build({"kind": "band-unet", "core": {**CORE, **changed}})


def inputs():
    generator = torch.Generator().manual_seed(3)
    return torch.randn(2, 8000, generator=generator), torch.randn(2, 2, 256, generator=generator)


@pytest.fixture
def narrow():
    made = network(0)
    made.train()
    for _ in range(3):  # statistics of the norms that are not those of a new network
        made(*inputs(), sample_rate=16000)
    torch.nn.init.normal_(made.core.hint.weight)
    torch.nn.init.normal_(made.core.mask.weight)
    return made.eval()


@pytest.mark.parametrize(
    "wider",
    [{}, {"channels": [16, 8, 16]}, {"channels": [12, 24, 32]}, {"context": 24}],
    ids=["as wide", "finest level", "every level", "context"],
)
def test_a_grown_network_gives_the_same_results(narrow, wider):
    wide = network(1, **wider)
    grow(wide, narrow.state_dict())
    wide.eval()
    for before, after in zip(
        narrow(*inputs(), sample_rate=16000), wide(*inputs(), sample_rate=16000), strict=True
    ):
        torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-5)


def test_new_channels_learn(narrow):
    wide = network(1, channels=[16, 16, 32])
    grow(wide, narrow.state_dict())
    estimates, _ = wide.train()(*inputs(), sample_rate=16000)
    estimates.square().sum().backward()
    assert wide.core.mask.weight.grad[:, 8:].abs().min() > 0


def test_a_narrower_network_or_other_layers_are_refused(narrow):
    with pytest.raises(ModelError, match=r"cannot grow from .*as wide or wider"):
        grow(network(1, context=8), narrow.state_dict())
    with pytest.raises(ModelError, match="in one network and not in the other"):
        grow(network(1, channels=[8, 8, 8, 16]), narrow.state_dict())
