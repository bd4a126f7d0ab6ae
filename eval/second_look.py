"""What the second look brings: validation mixtures of five kinds, looked at once and twice.

    python eval/second_look.py --data path/to/data --cache runs/cache --out results/second_look.json

Two sounds a mixture at equal energy, one query for a sound that is there and one for a sound
that is not; and single sounds, which should come out as they were.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lass.data import MixtureConfig, MixtureSampler
from lass.metrics import sdr, si_sdr
from lass.networks.registry import config_from_dict
from lass.separation.fixed_rate import open_stream
from lass.separation.presence import PresenceScale
from lass.training.material import open_material
from lass.training.validation import validation_sampler
from lass.zoo import LoadedModel, load

Array = NDArray[np.float32]

KINDS = {
    "esc50": (("esc50", 1.0),),
    "kitchen20": (("kitchen20", 1.0),),
    "berklee": (("berklee", 1.0),),
    "music": (("other", 1.0),),
    "speech": (("speech_commands", 0.7), ("esc50", 0.3)),
    "single": (("esc50", 0.5), ("other", 0.5)),
}
COLUMNS = ("sdr_improvement_db", "si_sdr_db", "absent_db")


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
    for kind, datasets in KINDS.items():
        config = validation_sampler(material.store, table, MixtureConfig(datasets=datasets)).config
        sources = (1.0,) if kind == "single" else config.sources
        config = replace(config, queries=2, absent=1.0, sources=sources)
        sampler = MixtureSampler(material.store, material.kept, table, config, seed=31)
        told[kind] = compare(loaded, sampler, batches=options.batches)
        print(kind, json.dumps(told[kind]), flush=True)
    if options.out:
        options.out.write_text(json.dumps(told, indent=1) + "\n")


def compare(loaded: LoadedModel, sampler: MixtureSampler, *, batches: int) -> dict[str, Any]:
    """Scores of one look and of two on the same mixtures, and their difference's interval."""
    rows: dict[bool, list[list[float]]] = {False: [], True: []}
    seconds = {False: 0.0, True: 0.0}
    for number in range(batches):
        batch = sampler.batch(number)
        for mixture, targets, queries in zip(
            batch.mixture, batch.targets, batch.queries, strict=True
        ):
            # A single sound has nothing to gain: its SDR stands for itself.
            alone = np.allclose(targets[0], mixture, atol=1e-6)
            before = 0.0 if alone else float(sdr(targets[0], mixture))
            for twice, found in rows.items():
                start = time.process_time()
                there, absent = separate(
                    loaded, mixture, queries, sample_rate=batch.sample_rate, twice=twice
                )
                seconds[twice] += time.process_time() - start
                leaked_db = 10 * np.log10(np.sum(absent**2) / np.sum(mixture**2) + 1e-9)
                gained_db = float(sdr(targets[0], there)) - before
                found.append([gained_db, float(si_sdr(targets[0], there)), float(leaked_db)])
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


def separate(
    loaded: LoadedModel, audio: Array, queries: Array, *, sample_rate: int, twice: bool
) -> Array:
    """Parts ``(queries, samples)`` of a mono recording."""
    stream = open_stream(
        loaded.network,
        torch.from_numpy(queries),
        sample_rate=sample_rate,
        channels=1,
        presence=config_from_dict(PresenceScale, loaded.config.get("presence", {})),
        hearing=loaded.encoder if twice else None,
    )
    return np.concatenate([piece.parts[:, 0] for piece in stream.run([audio[None]])], axis=1)


if __name__ == "__main__":
    main()
