"""The peers' networks against ours: one loop, one data pack, the same processor time.

    python eval/networks.py --data path/to/data --work runs/networks --minutes 20

Each network is trained by a process with one thread, all of them side by side, with the same loss,
mixtures, seed, batch and optimiser; the time of its own processor counts, so that they may share
cores. Averaged weights are measured on validation mixtures of two clips, unseen in training.
Writes eval/results/networks.json and prints its table. Run it again to go on after a stop.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "band-unet": (
        "ours: band U-Net, FiLM in the decoder",
        {"kind": "band-unet", "core": {"channels": [16, 32, 96, 160, 256], "context": 512}},
    ),
    "clipsep": (
        "CLIPSep's, published widths",
        {"kind": "clipsep", "core": {"query_dim": 256}},
    ),
    "resunet30": (
        "AudioSep's ResUNet30, widths of a quarter, at 16 kHz",
        {
            "kind": "resunet30",
            "core": {
                "query_dim": 256,
                "channels": [8, 16, 32, 64, 96, 96],
                "sample_rate": 16000,
                "n_fft": 1024,
                "hop": 160,
            },
        },
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="runs and decoded clips; kept")
    parser.add_argument("--minutes", type=float, default=20.0, help="processor time a network")
    parser.add_argument("--batches", type=int, default=75, help="batches of four to measure on")
    parser.add_argument("--optimiser", choices=("adamw", "muon"), default="adamw")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--only", choices=NETWORKS, help="train one and write no table")
    parser.add_argument("--out", type=Path, default=ROOT / "eval/results/networks.json")
    arguments = parser.parse_args()
    if arguments.only:
        train_one(arguments.only, arguments)
        return
    open_data(arguments)  # what they share is made once, before they start
    command = [sys.executable, __file__, *sys.argv[1:], "--only"]
    processes = [subprocess.Popen([*command, name]) for name in NETWORKS]
    codes = [process.wait() for process in processes]
    if any(codes):
        sys.exit("a network failed: see above")
    rows = [json.loads((arguments.work / f"{name}.json").read_text()) for name in NETWORKS]
    result = {
        "command": f"python eval/networks.py --data DATA --work WORK --minutes {arguments.minutes}"
        f" --batches {arguments.batches}",
        "rows": rows,
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print("| network | parameters | steps | SDRi, dB | SI-SDR, dB |\n|---|--:|--:|--:|--:|")
    for row in rows:
        print(
            f"| {row['network']} | {row['parameters'] / 1e6:.1f} M | {row['steps']} "
            f"| {row['sdr_improvement']:.2f} ± {row['sdr_improvement_interval']:.2f} "
            f"| {row['si_sdr']:.2f} ± {row['si_sdr_interval']:.2f} |"
        )


def open_data(arguments: argparse.Namespace) -> Any:  # noqa: ANN401
    """Decoded clips and vectors of all wordings and clips, made once and kept."""
    from lass.training.material import open_material
    from lass.zoo import load_encoder

    cache = arguments.work / "cache"
    material = open_material(arguments.data, cache=cache)
    return material, material.table(load_encoder("compact"), cache=cache)


def train_one(name: str, arguments: argparse.Namespace) -> None:
    """Train one network for its processor time, measure it, and write its row."""
    import torch

    from lass.data import MixtureConfig, MixtureSampler
    from lass.networks import build
    from lass.training import fit
    from lass.training.recipe import OptimiserConfig, Recipe, RunConfig
    from lass.training.tasks import SeparatorTask
    from lass.training.validation import validate, validation_sampler

    row_path = arguments.work / f"{name}.json"
    if row_path.exists():
        return
    torch.set_num_threads(1)
    title, description = NETWORKS[name]
    recipe = Recipe(
        task="separator",
        # Batches are made in the process itself, so that its time holds everything.
        run=RunConfig(seed=7, minutes=arguments.minutes, workers=0),
        optimiser=OptimiserConfig(
            kind=arguments.optimiser,
            learning_rate=arguments.rate,
            warmup_steps=100,
            hold=0.5,
            average=0.99,
        ),
        mixtures=MixtureConfig(high_rate=0.0),
        network=description,
        encoder="compact",
    )
    material, table = open_data(arguments)
    store, trained = material.store, material.trained
    torch.manual_seed(recipe.run.seed)
    sampler = MixtureSampler(store, trained, table, recipe.mixtures, seed=recipe.run.seed)
    task = SeparatorTask(build(description), sampler, presence_weight=0.0)
    network = fit(task, recipe, arguments.work / name, clock=time.process_time)
    last = torch.load(arguments.work / name / "last.ckpt", weights_only=True)["position"]
    figures = validate(
        network, validation_sampler(store, table, recipe.mixtures), batches=arguments.batches
    )
    row = {
        "name": name,
        "network": title,
        "description": description,
        "parameters": sum(p.numel() for p in network.parameters()),
        "steps": last["step"],
        "processor_minutes": round(last["seconds"] / 60.0, 2),
        **{k: round(v, 3) for k, v in figures.items()},
    }
    row_path.write_text(json.dumps(row, indent=1))


if __name__ == "__main__":
    main()
