"""Trains a tiny network with as many processes as asked for; started by test_processes.py."""

import sys
from pathlib import Path

import numpy as np
import torch

from lass.data import ClipStore, MixtureConfig, MixtureSampler, QueryTable, read_manifests
from lass.networks import build
from lass.training import Recipe, fit
from lass.training.processes import launch
from lass.training.recipe import OptimiserConfig, RunConfig
from lass.training.tasks import SeparatorTask
from tests.data.pack import LABELS

NETWORK = {
    "kind": "band-unet",
    "core": {"channels": [4, 8, 8], "context": 16, "dilations": [1], "query_dim": 8},
}


def recipe(steps: int) -> Recipe:
    return Recipe(
        "separator",
        run=RunConfig(
            steps=steps, precision="32-true", workers=0, log_every=5, checkpoint_minutes=0
        ),
        optimiser=OptimiserConfig(warmup_steps=2, learning_rate=1e-2),
    )


def make_task(folder: Path, *, batch: int) -> SeparatorTask:
    pack = folder / "pack"
    store = ClipStore.open(pack, read_manifests(pack), cache=folder / "cache")
    vectors = {name: np.eye(8, dtype=np.float32)[i] for i, name in enumerate(LABELS)}
    config = MixtureConfig(
        batch=batch, segment_s=0.5, datasets=(("esc50", 1.0),), high_rate=0.0, sources=(0.0, 1.0)
    )
    table = QueryTable({name: [name] for name in LABELS}, vectors)
    torch.manual_seed(0)
    sampler = MixtureSampler(store, range(24), table, config, seed=0)
    return SeparatorTask(build(NETWORK), sampler)


if __name__ == "__main__":
    devices, steps, batch = map(int, sys.argv[3:6])
    torch.set_num_threads(1)
    fabric = launch(accelerator="cpu", devices=devices)
    task = make_task(Path(sys.argv[1]), batch=batch)
    fit(task, recipe(steps), Path(sys.argv[2]), fabric=fabric)
