"""Ask whether a refinement by ear makes the start from words better, on train words only.

    python eval/fx_refine.py --data DATA --cache DIR [--out eval/results/fx/fx-refine.json]

The train words are dealt into two folds. For each the word model is fitted, and an ear trained,
without its words; then they set the effects on validation clips, and the ear refines them. Three
questions: does the tone come nearer to what listeners meant, do the decays, and does a recording
that is coloured already get the less (or the more) that it needs?
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from fx_learn_ear import excerpts, telling, train, versions
from fx_learn_words import read_eq, read_reverb, regressions
from fx_metrics import correlation, interval, spearman
from fx_words import HZ, LEAST

from lass.data import ClipStore
from lass.fx.ear import Ear
from lass.fx.hearing import TOWER_HZ
from lass.fx.prompts import Prompt, Wish
from lass.fx.refining import refine
from lass.fx.word_model import WordModel
from lass.fx.wording import Target, chain_for, target_for
from lass.training.material import open_material

FOLDS, EAR_WORDS = 2, 120
COLOURS = (-0.5, 0.5)


def fold_of(word: str) -> int:
    """Which fold a word is dealt to."""
    return zlib.crc32(word.encode()) % FOLDS


def folds(
    data: Path, store: ClipStore, known: list[int], clips: int, count: int
) -> Iterator[tuple[int, WordModel, Ear]]:
    """For each fold a word model and an ear that know nothing of its words' settings."""
    base = WordModel.load()
    rows = [*read_eq(data)[0], *read_reverb(data)[0]]
    for fold in range(count):
        out = {r["word"] for r in rows if r["split"] == "train" and fold_of(r["word"]) == fold}
        fitted = regressions(data, base, left_out=out)
        model = base.refitted(fitted.tensors)
        draw = np.random.default_rng(fold)
        known_words = [word for word in telling(model) if word not in out]
        shown = list(draw.permutation(known_words)[:EAR_WORDS])
        picked = [int(n) for n in draw.permutation(known)[:clips]]
        heard = versions(model, shown, excerpts(store, picked, draw), draw)
        torch.manual_seed(0)
        ear = train(*heard, torch.Generator().manual_seed(0))
        yield fold, model, ear.eval().requires_grad_(False)


def words_of(rows: list[dict[str, str]], fold: int, most: int) -> list[int]:
    """Train words of a fold with enough listeners, most listeners first."""
    kept = [
        n
        for n, r in enumerate(rows)
        if r["split"] == "train" and int(r["listeners"]) >= LEAST and fold_of(r["word"]) == fold
    ]
    return sorted(kept, key=lambda n: -int(rows[n]["listeners"]))[:most]


def meant(word: str, model: WordModel, *, room: bool, strike: frozenset[str]) -> Target:
    """What the word alone asks for."""
    spoken = word.replace(" ", "-") if model.knows(word.replace(" ", "-")) else word
    prompt = Prompt((Wish(spoken, 1.0),))
    return target_for(prompt, model, room_only=room, strike=strike)


def tone(target: Target) -> np.ndarray:
    """The curve that the equaliser makes of a target, mean removed."""
    made = chain_for(target, ["eq"]).response_db(HZ)
    return np.asarray(made - made.mean())


def coloured(audio: torch.Tensor, curve_db: np.ndarray) -> torch.Tensor:
    """The clip with a curve on it."""
    spectrum = torch.fft.rfft(audio)
    hz = np.fft.rfftfreq(audio.shape[-1], 1 / TOWER_HZ)
    gain_db = np.interp(np.log2(np.maximum(hz, 1.0)), np.log2(HZ), curve_db)
    gain = torch.from_numpy(10 ** (gain_db / 20)).float()
    return torch.fft.irfft(spectrum * gain, n=audio.shape[-1])


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="decoded clips, kept")
    parser.add_argument("--folds", type=int, default=FOLDS, help="how many of them to measure")
    parser.add_argument("--clips", type=int, default=200, help="clips that each ear learns from")
    parser.add_argument("--each", type=int, default=2, help="validation clips for each word")
    parser.add_argument("--words", type=int, default=14, help="words of each fold at most")
    parser.add_argument("--weights", type=float, nargs="*", default=[1.0, 8.0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    material = open_material(options.data, cache=options.cache)
    store, known = material.store, material.trained
    draw = np.random.default_rng(1)
    picked = [int(n) for n in draw.permutation(material.kept)[: 3 * options.each]]
    sounds = [torch.from_numpy(a[0]) for a in excerpts(store, picked, draw)[: options.each]]
    table: dict[str, list[list[float]]] = {}
    # Rows of (score or setting, wanted), by measure and method.
    for fold, model, ear in folds(options.data, store, known, options.clips, options.folds):
        measure(fold, model, ear, options, sounds, table)
    told = summary(table)
    if options.out:
        command = (
            f"python eval/fx_refine.py --data DATA --cache DIR --folds {options.folds} "
            f"--clips {options.clips} "
            f"--each {options.each} --words {options.words} "
            f"--weights {' '.join(f'{w:g}' for w in options.weights)}"
        )
        stored = {"name": "fx-refine", "command": command, "rows": told}
        options.out.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


def measure(
    fold: int,
    model: WordModel,
    ear: Ear,
    options: argparse.Namespace,
    sounds: list[torch.Tensor],
    table: dict[str, list[list[float]]],
) -> None:
    """Add the rows of one fold."""
    rows, curves = read_eq(options.data)
    for n in words_of(rows, fold, options.words):
        word = rows[n]["word"]
        for name, strike in (("tone", frozenset[str]()), ("tone struck", frozenset({word}))):
            start = meant(word, model, room=False, strike=strike)
            for method, targets in ends(start, sounds, ear, options.weights, room=False):
                made = np.stack([tone(target) for target in targets])
                r = correlation(made, np.repeat(curves[n][None], len(made), axis=0))
                table.setdefault(f"{name} | {method}", []).append([float(r.mean()), 0.0])
        # A clip with half of the curve on it, or half of the opposite: wanted is the whole curve.
        start = meant(word, model, room=False, strike=frozenset())
        c = start.curve_db - start.curve_db.mean()
        for colour in COLOURS:
            given = [coloured(sound, colour * c) for sound in sounds]
            for method, targets in ends(start, given, ear, options.weights, room=False):
                made = np.stack([t.curve_db - t.curve_db.mean() for t in targets])
                miss = np.sqrt(np.mean((colour * c + made - c) ** 2, axis=1))
                key = f"coloured by {colour:g} | {method}"
                table.setdefault(key, []).append([float(miss.mean()), 0.0])
    rows, rooms = read_reverb(options.data)
    for n in words_of(rows, fold, options.words):
        start = meant(rows[n]["word"], model, room=True, strike=frozenset())
        for method, targets in ends(start, sounds, ear, options.weights, room=True):
            decay = float(np.mean([np.log(target.room["decay_s"]) for target in targets]))
            table.setdefault(f"decay | {method}", []).append([decay, float(rooms[n][0])])
    print(f"fold {fold}", flush=True)
    summary(table)


def ends(
    start: Target, sounds: list[torch.Tensor], ear: Ear, weights: list[float], *, room: bool
) -> Iterator[tuple[str, list[Target]]]:
    """Targets for each clip: the start, and refined with each weight."""
    yield "start", [start] * len(sounds)
    for weight in weights:
        yield (
            f"{weight:g}",
            [
                refine(
                    start, sound, ear, tone=not room, room=room, weight=weight, restarts=1
                ).target
                for sound in sounds
            ],
        )


def summary(table: dict[str, list[list[float]]]) -> dict[str, dict[str, object]]:
    """Means with intervals, and for tone and colour the difference from the start."""
    told: dict[str, dict[str, object]] = {}
    for key, rows in table.items():
        name, _, method = key.partition(" | ")
        values, start = np.array(rows), np.array(table[f"{name} | start"])
        if name == "decay":
            pairs = values[:, :2]
            figure = spearman(pairs[:, 0], pairs[:, 1])
            ends = interval(pairs, lambda x: spearman(x[:, 0], x[:, 1]))
            both = np.stack([values[:, 0], start[:, 0], values[:, 1]], axis=1)
            gain = interval(both, lambda x: spearman(x[:, 0], x[:, 2]) - spearman(x[:, 1], x[:, 2]))
        else:
            figure = float(values[:, 0].mean())
            ends = interval(values[:, 0], lambda x: float(x.mean()))
            gain = interval(values[:, 0] - start[:, 0], lambda x: float(x.mean()))
        told[key] = {"words": len(rows), "figure": figure, "interval": ends, "gain": gain}
        print(f"{name:18}{method:8}{figure:7.3f}  [{ends[0]:.2f}, {ends[1]:.2f}]  "
              f"gain [{gain[0]:+.3f}, {gain[1]:+.3f}]", flush=True)  # fmt: skip
    return told


if __name__ == "__main__":
    main()
