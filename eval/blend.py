"""Weights between two models, judged on validation mixtures, and written as a model.

    python eval/blend.py runs/mine/model default --shares 0 0.5 1 --data DATA --cache runs/cache
    python eval/blend.py runs/mine/model default --shares 0.6 --out runs/blend

Averages of weights that one of them grew from are often better than either, on recordings from
elsewhere above all. `--out` writes the last share given, with the second model's configuration; its
presence scale has to be fitted anew (`fit_presence.py`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from kinds import KINDS, Mixture, figures, mixtures, separate
from torch import Tensor

from lass.packing import pack
from lass.training.material import open_material
from lass.zoo import LoadedModel, load
from lass.zoo.loading import save_model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("first", help="newly trained")
    parser.add_argument("second", help="what it grew from; of the same network")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.5, 1.0], metavar="S",
                        help="of the first model's weights")  # fmt: skip
    parser.add_argument("--data", type=Path, help="judge on its validation clips")
    parser.add_argument("--cache", type=Path, default=Path("runs/cache"), help="for decoded clips")
    parser.add_argument("--batches", type=int, default=16, help="of four mixtures, for each kind")
    parser.add_argument("--seed", type=int, default=77, help="which mixtures")
    parser.add_argument("--out", type=Path, help="folder of the blended model")
    options = parser.parse_args()
    torch.set_num_threads(1)
    first, second = load(options.first), load(options.second)
    drawn = draw(first, options) if options.data else {}
    ends = [
        {k: v.clone() for k, v in loaded.network.state_dict().items()} for loaded in (first, second)
    ]
    for share in options.shares:
        weights = between(*ends, share=share)
        second.network.load_state_dict(weights)
        told = [f"{name} {score(second, rows)}" for name, rows in drawn.items()]
        print(f"{share:.2f}  {'  '.join(told)}", flush=True)
    if options.out:
        options.out.mkdir(parents=True)
        config = {**second.config, "training": first.config["training"]}
        packed = pack(weights, bits=lambda _, tensor: 16 if tensor.ndim > 1 else 32)
        save_model(options.out, packed, {k: v for k, v in config.items() if k != "sha256"})


def draw(loaded: LoadedModel, options: argparse.Namespace) -> dict[str, list[Mixture]]:
    """Mixtures of each kind."""
    material = open_material(options.data, cache=options.cache)
    table = material.table(loaded.encoder, cache=options.cache)
    return {
        name: list(mixtures(material, table, kind, batches=options.batches, seed=options.seed))
        for name, kind in KINDS.items()
    }


def between(
    first: dict[str, Tensor], second: dict[str, Tensor], *, share: float
) -> dict[str, Tensor]:
    """A share of the first weights, and of the second ones what is missing to 1."""
    return {
        name: share * value + (1.0 - share) * second[name] if value.is_floating_point() else value
        for name, value in first.items()
    }


def score(loaded: LoadedModel, rows: list[Mixture]) -> str:
    """Mean SDRi / SI-SDR, and what an absent sound leaves, in dB."""
    means = np.mean([figures(row, separate(loaded, row)) for row in rows], axis=0)
    return "{:.2f}/{:.2f}/{:.1f}".format(*means)


if __name__ == "__main__":
    main()
