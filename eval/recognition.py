"""How often a separator knows a clean sound: the right label of ESC-50 among all fifty.

    python eval/recognition.py --data path/to/data --cache runs/cache

No mixture and no mask: clips of the training part of the pack, those kept for validation and those
trained on, are held against the fifty labels by the presence head alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from lass.training.material import open_material
from lass.zoo import load

RATE = 16000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="folder for decoded clips")
    parser.add_argument("--model", default="default")
    parser.add_argument("--clips", type=int, default=160)
    arguments = parser.parse_args()
    material = open_material(arguments.data, cache=arguments.cache)
    store, trained, kept = material.store, material.trained, material.kept
    clips = store.clips
    loaded = load(arguments.model)
    network = loaded.network
    labels = sorted({clips[i].label for i in trained if clips[i].dataset == "esc50"})
    queries = torch.from_numpy(loaded.encoder.encode_text(labels))[None]
    for name, indices in (("training", trained), ("validation", kept)):
        mine = [i for i in indices if clips[i].dataset == "esc50"]
        chosen = np.random.default_rng(0).permutation(mine)[: arguments.clips]
        right = 0
        for index in chosen:
            audio = store.audio(index, sample_rate=RATE)[: 5 * RATE]
            audio = 0.1 * audio / max(1e-5, float(np.sqrt((audio**2).mean())))
            with torch.inference_mode():
                spectrum = network.frontend.analyse(
                    torch.from_numpy(audio)[None].float(), sample_rate=RATE
                )
                state = network.look(spectrum, sample_rate=RATE)
                logits = network.core.recognise(state, queries)[0]
            # A second of the most certain frames, as for presence.
            best = logits.sort(dim=-1).values[:, -4:].mean(dim=-1)
            right += labels[int(best.argmax())] == clips[index].label
        print(f"{name} clips: {100 * right / len(chosen):.1f} % of {len(chosen)} named right")


if __name__ == "__main__":
    main()
