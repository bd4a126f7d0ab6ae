"""Checkpoints as their authors store them, with random weights."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from lass.networks import build
from tests.conftest import DIM, shake

SMALL_RESUNET = {"channels": [3, 4, 4, 5, 6, 6], "query_dim": DIM}
SMALL_CLIPSEP = {"channels": [3, 4, 5, 6, 6, 6, 6], "maps": 4, "query_dim": DIM}


def lively(network, seed):
    """Random weights, and statistics that matter."""
    shake(network, seed)
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0.0, 0.3, generator=generator)
            module.running_var.uniform_(0.5, 2.0, generator=generator)
    return network


def resunet(core=SMALL_RESUNET, seed=3):
    return lively(build({"kind": "resunet30", "core": core}), seed)


def audiosep(network, prefix="ss_model."):
    """Lightning's checkpoint of AudioSep: kernels, the query encoder and the optimiser beside."""
    state = OrderedDict()
    state[f"{prefix}base.stft.conv_real.weight"] = torch.zeros(5, 1, 8)
    state[f"{prefix}base.stft.conv_imag.weight"] = torch.zeros(5, 1, 8)
    state[f"{prefix}base.istft.ola_window"] = torch.zeros(8)
    state[f"{prefix}base.istft.conv_real.weight"] = torch.zeros(8, 8, 1)
    state[f"{prefix}base.istft.conv_imag.weight"] = torch.zeros(8, 8, 1)
    state.update({f"{prefix}{name}": t for name, t in network.state_dict().items()})
    state["query_encoder.model.text_branch.embeddings.position_ids"] = torch.arange(4)[None]
    state["query_encoder.model.text_branch.pooler.dense.weight"] = torch.zeros(4, 4)
    state["query_encoder.model.audio_branch.norm.weight"] = torch.zeros(4)
    return {
        "epoch": 7,
        "global_step": 4000000,
        "pytorch-lightning_version": "2.0.0",
        "state_dict": state,
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 1}}}},
        "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_score": None, "dir": "x"}},
        "optimizer_states": [
            {
                "state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(2)}},
                "param_groups": [{"lr": 1e-3, "betas": (0.9, 0.999), "params": [0]}],
            }
        ],
        "lr_schedulers": [{"base_lrs": [1e-3], "last_epoch": 3, "lr_lambdas": [None]}],
    }


class Block(nn.Module):
    """One block of the described U-Net; it holds the next one."""

    def __init__(self, outside, inside, outputs, *, deeper, outermost=False):
        super().__init__()
        self.outermost = outermost
        relu, up = nn.ReLU(), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        down = nn.Conv2d(outside, inside, 4, 2, 1, bias=False)
        beside = inside if deeper is None else 2 * inside
        back = nn.Conv2d(beside, outputs, 3, padding=1, bias=outermost)
        if outermost:
            layers = [down, deeper, relu, up, back]
        elif deeper is None:
            layers = [nn.LeakyReLU(0.2), down, relu, up, back, nn.BatchNorm2d(outputs)]
        else:
            layers = [nn.LeakyReLU(0.2), down, nn.BatchNorm2d(inside), deeper, relu, up, back,
                      nn.BatchNorm2d(outputs)]  # fmt: skip
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        y = self.model(x)
        return y if self.outermost else torch.cat([x, y], dim=1)


class Unet(nn.Module):
    """The U-Net as methods describe it: each block inside the one above."""

    def __init__(self, widths, outputs):
        super().__init__()
        self.bn0 = nn.BatchNorm2d(1)
        block = None
        for level in reversed(range(1, len(widths))):
            block = Block(widths[level - 1], widths[level], widths[level - 1], deeper=block)
        self.unet_block = Block(1, widths[0], outputs, deeper=block, outermost=True)

    def forward(self, x):
        return self.unet_block(self.bn0(x))


def clipsep(core=SMALL_CLIPSEP, *, heads=2, seed=5, prefix="module."):
    """The described U-Net, and a checkpoint of CLIPSep-NIT around it (``DataParallel``'s)."""
    widths, maps, dim = core["channels"], core["maps"], core["query_dim"]
    unet = lively(Unet(widths, maps), seed)
    rest = nn.ModuleDict({"frame_net": nn.Linear(dim, maps)})
    if heads:
        rest["pit_nets"] = nn.ModuleList(nn.Linear(maps, maps) for _ in range(heads))
    shake(rest, seed + 1)
    state = OrderedDict((f"{prefix}unet.{n}", t) for n, t in unet.state_dict().items())
    state.update({f"{prefix}{n}": t for n, t in rest.state_dict().items()})
    state[f"{prefix}synth_net.scale"] = torch.rand(maps) + 0.5
    state[f"{prefix}synth_net.bias"] = torch.tensor([0.25])
    return unet, state
