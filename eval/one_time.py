"""How well one time of a sound is chosen: "the second dog", "the last", "the loudest".

    python eval/one_time.py --data path/to/data --cache runs/cache --out results/one_time.json

Scenes of 12 s: a background of validation clips, and a sound that is heard two or three times, a
second each, at levels at least 3 dB apart. Right means that what is taken out lies where the sound
that was meant lies. The sum of its times is asked for, too, which shows what choosing costs.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lass import Separator
from lass.data import ClipStore
from lass.data.augment import fit_length
from lass.metrics import sdr, si_sdr
from lass.training.material import open_material

RATE = 16000
SCENE_S, SOUND_S, APART_S = 12.0, 1.0, 1.0
SHORT = (
    "dog", "rooster", "cat", "crow", "sheep", "cow", "sneezing", "coughing", "door wood knock",
    "mouse click", "can opening", "glass breaking", "clapping", "laughing", "hen", "frog",
    "pig", "footsteps", "crying baby", "church bells", "car horn", "fireworks",
)  # fmt: skip
NUMBERS = ("first", "second", "third")

Audio = NDArray[np.float32]


def active(store: ClipStore, index: int, samples: int) -> Audio:
    """The loudest stretch of a clip, with soft ends, at 0.1 of full scale."""
    audio = store.audio(index, sample_rate=RATE)
    energy = np.convolve(audio.astype(np.float64) ** 2, np.ones(min(samples, len(audio))), "valid")
    start = int(np.argmax(energy))
    cut = audio[start : start + samples].astype(np.float64)
    ramp = np.minimum(1.0, np.arange(len(cut)) / (0.02 * RATE))
    cut *= ramp * ramp[::-1]
    return np.asarray(0.1 * cut / max(1e-5, float(np.sqrt(np.mean(cut**2)))), np.float32)


def scene(
    store: ClipStore, label: str, by_label: dict[str, list[int]], generator: np.random.Generator
) -> tuple[Audio, list[Audio]]:
    """A mixture ``(samples,)`` and the sound at each of its times, in order."""
    samples, sound = round(SCENE_S * RATE), round(SOUND_S * RATE)
    count = int(generator.integers(2, 4))
    other = str(generator.choice([name for name in by_label if name != label]))
    behind = store.audio(int(generator.choice(by_label[other])), sample_rate=RATE)
    background = fit_length(behind.copy(), samples=samples, generator=generator)
    if len(behind) < samples:
        background = np.resize(behind, samples).astype(np.float32)
    background = background * np.float32(
        10.0 ** (generator.uniform(-15.0, -5.0) / 20.0) * 0.1
        / max(1e-5, float(np.sqrt(np.mean(background.astype(np.float64) ** 2))))
    )  # fmt: skip
    levels_db = generator.permutation(np.arange(count) * -4.0) + generator.uniform(-0.5, 0.5, count)
    slack = samples - count * sound - (count - 1) * round(APART_S * RATE)
    breaks = np.sort(generator.integers(0, slack + 1, count))
    heard = []
    for number in range(count):
        start = int(breaks[number]) + number * (sound + round(APART_S * RATE))
        clip = active(store, int(generator.choice(by_label[label])), sound)
        placed = np.zeros(samples, np.float32)
        placed[start : start + len(clip)] = clip * np.float32(10.0 ** (levels_db[number] / 20.0))
        heard.append(placed)
    return np.asarray(background + sum(heard), np.float32), heard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder for decoded clips")
    parser.add_argument("--model", default="default")
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    material = open_material(options.data, cache=options.cache)
    by_label: dict[str, list[int]] = defaultdict(list)
    for index in material.kept:
        if material.store.clips[index].dataset == "esc50":
            by_label[material.store.clips[index].label].append(index)
    generator = np.random.default_rng(0)
    separator = Separator.load(options.model)
    labels = [label for label in SHORT if by_label.get(label)]
    rows: dict[str, list[list[float]]] = defaultdict(list)
    for number in range(options.scenes):
        label = labels[number % len(labels)]
        mixture, heard = scene(material.store, label, by_label, generator)
        energies = [float(np.sum(each.astype(np.float64) ** 2)) for each in heard]
        asked = {NUMBERS[place]: place for place in range(len(heard))}
        asked |= {"last": len(heard) - 1, "loudest": int(np.argmax(energies))}
        queries = {f"the {which} {label}": heard[place] for which, place in asked.items()}
        queries[label] = np.asarray(sum(heard), np.float32)
        for query, target in queries.items():
            part = separator.separate(mixture[None], RATE, query).parts[query][0]
            inside = target != 0
            power = float(np.sum(part.astype(np.float64) ** 2))
            within = float(np.sum(part[inside].astype(np.float64) ** 2)) / max(power, 1e-12)
            rows[query.removeprefix("the ").removesuffix(label).strip() or "all of them"].append([
                float(within > 0.9 and power > 0.0),
                float(sdr(target, part) - sdr(target, mixture)),
                float(si_sdr(target, part)),
                float(si_sdr(target, mixture)),
            ])  # fmt: skip
    told = {
        name: {
            "scenes": len(found),
            "right": round(float(np.mean(found, axis=0)[0]), 3),
            "sdr_improvement_median_db": round(float(np.median(found, axis=0)[1]), 2),
            "si_sdr_median_db": round(float(np.median(found, axis=0)[2]), 2),
            "si_sdr_mixture_median_db": round(float(np.median(found, axis=0)[3]), 2),
        }
        for name, found in rows.items()
    }
    text = json.dumps({"model": separator.model.name, "asked": told}, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
