"""Ask whether a short refinement by ear makes the start from words better, on train words only.

    python eval/fx_refine.py --data DATA --sound examples/duet.wav [--words 12] [--steps 40]

The words are left out of the regression, set the equaliser, and the settings then follow the
gradient of the similarity with the prompt, pulled back towards the start.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from fx_learn_words import CURVE_RIDGE, fit, read_eq
from fx_metrics import correlation, interval
from fx_words import curve_of

from lass.audio import read
from lass.fx import Chain, parametric_eq_for
from lass.fx.hearing import TOWER_HZ, Hearing, loudest, to_rate
from lass.fx.word_model import WordModel

_FULL_DB = 50.0


def refined(
    start: Chain, sound: torch.Tensor, word: str, hearing: Hearing, *, pull: float, steps: int
) -> Chain:
    """The chain after some gradient steps towards the words."""
    places = torch.tensor(start.positions, dtype=torch.float32).clamp(0.02, 0.98)
    begin = torch.logit(places)
    logits = begin.clone().requires_grad_()
    optimiser = torch.optim.Adam([logits], lr=0.02)
    wanted, other = hearing.text(f"this sound is {word}"), hearing.text("this sound is plain")
    way = torch.nn.functional.normalize(wanted - other, dim=-1)
    with torch.no_grad():
        before = hearing.embed(sound[None])
    for _ in range(steps):
        settings = start.settings_at(torch.sigmoid(logits))
        made = start.process(sound[None], sample_rate=TOWER_HZ, settings=settings)
        moved = torch.nn.functional.normalize(hearing.embed(made) - before, dim=-1)
        cost = 1 - (moved @ way).mean() + pull * (logits - begin).square().mean()
        optimiser.zero_grad()
        cost.backward()
        optimiser.step()
    return start.at(torch.sigmoid(logits))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sound", type=Path, required=True)
    parser.add_argument("--words", type=int, default=12)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--pull", type=float, nargs="*", default=[0.0, 1.0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows, curves = read_eq(options.data)
    train = [n for n, row in enumerate(rows) if row["split"] == "train"]
    train.sort(key=lambda n: -int(rows[n]["listeners"]))
    kept, rest = train[: options.words], train[options.words :]
    model, hearing = WordModel.load(), Hearing()
    features = np.array([[1.0, *model.ratings(rows[n]["word"])] for n in train])
    units = curves[rest] / np.linalg.norm(curves[rest], axis=1, keepdims=True)
    weights = 1 / (0.3 + 2 / np.array([int(rows[n]["listeners"]) for n in rest]))
    fitted, _ = fit(features[options.words :], units, weights, CURVE_RIDGE)
    audio, rate = read(options.sound)
    part = audio[:, loudest(audio, sample_rate=rate, seconds=2.0)]
    sound = to_rate(torch.from_numpy(part.mean(axis=0)), sample_rate=rate)
    starts = [
        Chain([parametric_eq_for(_FULL_DB * (row @ fitted))]) for row in features[: len(kept)]
    ]
    table: dict[str, object] = {}
    for name, pull in [("start from words", None), *((f"pull {p:g}", p) for p in options.pull)]:
        made = starts
        if pull is not None:
            made = [
                refined(s, sound, rows[n]["word"], hearing, pull=pull, steps=options.steps)
                for s, n in zip(starts, kept, strict=True)
            ]
        r = correlation(np.stack([curve_of(chain) for chain in made]), curves[kept])
        ends = interval(r, lambda x: float(x.mean()))
        table[name] = {"correlation": float(r.mean()), "interval": ends}
        print(f"{name:20}{r.mean():.3f}  [{ends[0]:.2f}, {ends[1]:.2f}]")
    if options.out:
        words = [rows[n]["word"] for n in kept]
        command = f"python eval/fx_refine.py --data DATA --sound {options.sound} " \
            f"--words {options.words} --steps {options.steps}"  # fmt: skip
        stored = {"name": "fx-refine", "command": command, "train_words": words, "rows": table}
        options.out.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
