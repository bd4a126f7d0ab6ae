"""What it brings to say what is not meant: `--without` with the other sound of a mixture.

    python eval/negatives.py --data path/to/data --cache runs/cache --out results/negatives.json

Validation mixtures of two sounds at equal energy; each is asked for, pushed away from the other by
several weights.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from lass.data import MixtureConfig, MixtureSampler
from lass.metrics import sdr, si_sdr
from lass.query.algebra import push_away
from lass.training.material import open_material
from lass.training.validation import validation_sampler
from lass.zoo import load

WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder for decoded clips")
    parser.add_argument("--model", default="default")
    parser.add_argument("--batches", type=int, default=60, help="of four mixtures")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    loaded = load(options.model)
    material = open_material(options.data, cache=options.cache)
    table = material.table(loaded.encoder, cache=options.cache)
    config = validation_sampler(material.store, table, MixtureConfig()).config
    sampler = MixtureSampler(
        material.store, material.kept, table, replace(config, queries=2), seed=11
    )
    rows: dict[float, list[tuple[float, float]]] = {weight: [] for weight in WEIGHTS}
    for number in range(options.batches):
        batch = sampler.batch(number)
        mixture = np.broadcast_to(batch.mixture[:, None], batch.targets.shape)
        for weight, found in rows.items():
            queries = np.stack([
                [push_away(one, [other], weight), push_away(other, [one], weight)]
                for one, other in batch.queries
            ])  # fmt: skip
            with torch.inference_mode():
                estimates, _ = loaded.network(
                    torch.from_numpy(batch.mixture),
                    torch.from_numpy(queries),
                    sample_rate=batch.sample_rate,
                )
            parts = estimates.numpy()
            gained = sdr(batch.targets, parts) - sdr(batch.targets, mixture)
            found.append((float(gained.mean()), float(si_sdr(batch.targets, parts).mean())))
    told = {
        str(weight): dict(
            zip(("sdr_improvement_db", "si_sdr_db"), np.mean(found, axis=0).round(2), strict=True)
        )
        for weight, found in rows.items()
    }
    text = json.dumps({"model": options.model, "by_weight": told}, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
