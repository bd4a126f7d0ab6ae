"""What the second look brings: validation mixtures of several kinds, looked at once and twice.

    python eval/second_look.py --data path/to/data --cache runs/cache --out results/second_look.json

One query a mixture for a sound that is there and one for a sound that is not; single sounds should
come out as they were.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kinds import COLUMNS, KINDS, Mixture, figures, mixtures, separate

from lass.training.material import open_material
from lass.zoo import LoadedModel, load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder for decoded clips")
    parser.add_argument("--model", default="default")
    parser.add_argument("--batches", type=int, default=24, help="of four mixtures, for each kind")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load(options.model)
    material = open_material(options.data, cache=options.cache)
    table = material.table(loaded.encoder, cache=options.cache)
    told: dict[str, Any] = {"model": options.model}
    for name, kind in KINDS.items():
        drawn = mixtures(material, table, kind, batches=options.batches, seed=31)
        told[name] = compare(loaded, drawn)
        print(name, json.dumps(told[name]), flush=True)
    if options.out:
        options.out.write_text(json.dumps(told, indent=1) + "\n")


def compare(loaded: LoadedModel, drawn: Iterable[Mixture]) -> dict[str, Any]:
    """Scores of one look and of two on the same mixtures, and their difference's interval."""
    rows: dict[bool, list[list[float]]] = {False: [], True: []}
    seconds = {False: 0.0, True: 0.0}
    for mixture in drawn:
        for twice, found in rows.items():
            start = time.process_time()
            parts = separate(loaded, mixture, twice=twice)
            seconds[twice] += time.process_time() - start
            found.append(figures(mixture, parts))
    once, again = np.array(rows[False]), np.array(rows[True])
    interval = 1.96 * (again - once).std(axis=0) / np.sqrt(len(once))
    scores = {
        name: {"once": one, "twice": two, "interval": around}
        for name, one, two, around in zip(
            COLUMNS,
            once.mean(axis=0).round(2).tolist(),
            again.mean(axis=0).round(2).tolist(),
            interval.round(2).tolist(),
            strict=True,
        )
    }
    ratio = round(seconds[True] / seconds[False], 2)
    return {"mixtures": len(once), **scores, "processor_time_ratio": ratio}


if __name__ == "__main__":
    main()
