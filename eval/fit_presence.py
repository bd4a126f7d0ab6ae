"""Fit the curve that turns a model's certainty and levels into a presence score.

    python eval/fit_presence.py --data path/to/data --cache runs/cache

Mixtures of two validation clips, at equal energy and within ±10 dB, are asked for one sound that is
there and one that is not. Prints the `presence` entry for the model's config.json, and how well the
score tells the two apart on the same mixtures. The second look of a model relies on the entry that
is there already: run this twice for a new one. Needs scipy.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize

from lass.data import MixtureConfig, MixtureSampler
from lass.evaluation import auroc, calibration_error
from lass.networks.registry import config_from_dict
from lass.separation.engine import SeparationStream
from lass.separation.presence import PresenceScale
from lass.separation.second_look import SecondLook
from lass.training.material import open_material
from lass.training.validation import validation_sampler
from lass.zoo import load


class Recorder(PresenceScale):
    """Keeps what the score is made from."""

    def __init__(self) -> None:
        super().__init__(match=1.0)
        object.__setattr__(self, "seen", [])
        object.__setattr__(self, "told", [])

    def evidence(self, logits: torch.Tensor, match: torch.Tensor | None = None) -> torch.Tensor:
        self.told.append((logits.numpy().copy(), match.numpy().copy()))
        return super().evidence(logits, match)

    def __call__(self, evidence: torch.Tensor, level_db: torch.Tensor) -> torch.Tensor:
        logits, match = (one[: len(level_db)] for one in self.told[len(self.seen)])
        self.seen.append((logits, match, level_db.clamp(-40.0, 0.0).numpy().copy()))
        return super().__call__(evidence, level_db)


def collect(data: Path, cache: Path, model: str, batches: int) -> tuple[list, np.ndarray]:
    """Logits and levels of every question, and whether the sound was there."""
    loaded = load(model)
    material = open_material(data, cache=cache)
    store, table = material.store, material.table(loaded.encoder, cache=cache)
    config = replace(
        validation_sampler(store, table, MixtureConfig()).config, queries=2, absent=1.0
    )
    twice = loaded.config.get("second_look") is True
    known = config_from_dict(PresenceScale, loaded.config.get("presence", {}))
    features, there = [], []
    for snr_db, seed in ((0.0, 5), (10.0, 6)):
        sampler = MixtureSampler(
            store, material.kept, table, replace(config, snr_db=snr_db), seed=seed
        )
        for number in range(batches):
            batch = sampler.batch(number)
            for mixture, queries in zip(batch.mixture, batch.queries, strict=True):
                recorder = Recorder()
                again = None
                if twice:
                    again = SecondLook(
                        loaded.network, loaded.encoder, sample_rate=batch.sample_rate,
                        presence=known,
                    )  # fmt: skip
                stream = SeparationStream(
                    loaded.network, torch.from_numpy(queries), sample_rate=batch.sample_rate,
                    channels=1, presence=recorder, again=again,
                )  # fmt: skip
                list(stream.run([mixture[None]]))
                features += recorder.seen
                there += [1, 0]
    return features, np.array(there)


def scores(weights: np.ndarray, features: list) -> np.ndarray:
    """The score of each question: the mean of its best second, four coarse frames."""
    bias, certainty, level, match = weights
    odds = [
        bias + certainty * logits + match * matches + level * levels
        for logits, matches, levels in features
    ]
    return np.array([np.sort(1 / (1 + np.exp(-one)))[-4:].mean() for one in odds])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder for decoded clips")
    parser.add_argument("--model", default="default")
    parser.add_argument("--batches", type=int, default=60)
    arguments = parser.parse_args()
    features, there = collect(arguments.data, arguments.cache, arguments.model, arguments.batches)

    def cost(weights: np.ndarray) -> float:
        odds = np.clip(scores(weights, features), 1e-4, 1 - 1e-4)
        return float(-(there * np.log(odds) + (1 - there) * np.log(1 - odds)).mean())

    start = [0.9, 0.4, 0.2, 0.3]
    weights = minimize(cost, start, method="Nelder-Mead", options={"maxiter": 300}).x
    found = scores(weights, features)
    result = {
        "presence": dict(
            zip(("bias", "certainty", "level", "match"), weights.round(3).tolist(), strict=True)
        ),
        "auroc": round(auroc(found[there == 1], found[there == 0]), 3),
        "calibration_error": round(calibration_error(found[there == 1], found[there == 0]), 3),
        "auroc_of_certainty_alone": round(
            auroc(*(scores(np.array([0, 1, 0, 0]), features)[there == k] for k in (1, 0))), 3
        ),
        "absent_below_0.3": round(float((found[there == 0] < 0.3).mean()), 3),
        "present_below_0.3": round(float((found[there == 1] < 0.3).mean()), 3),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
