"""How much quicker phrases are encoded together than one by one, and how quick the cache is.

    OMP_NUM_THREADS=1 python eval/encoding_speed.py --data path/to/data
    OMP_NUM_THREADS=1 python eval/encoding_speed.py --data path/to/data --full-size clap

Takes the phrases of phrases.csv. Without --encoder the shipped encoder is measured; --full-size
builds CLAP or CLIP at its published size with random weights, whose speed is that of the real ones.
Times are those of the processor for this thread, so other programs hardly disturb them.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lass.query import QueryEncoder
from lass.query.cache import TextCache
from lass.zoo import load_encoder, resources


def full_size(kind: str, folder: Path) -> Path:
    """CLAP or CLIP with random weights, as transformers saves it; words become letters."""
    import transformers
    from safetensors.torch import save_file
    from tokenizers import Tokenizer

    name = {"clap": "Clap", "clip": "CLIP"}[kind]
    config = getattr(transformers, f"{name}Config")()
    network = getattr(transformers, f"{name}Model")(config)
    config.save_pretrained(folder)
    weights = {key: tensor.contiguous() for key, tensor in network.state_dict().items()}
    save_file(weights, folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(resources("models", "compact", "tokenizer.json")))
    tokenizer.save(str(folder / "tokenizer.json"))  # its numbers are all below CLAP's and CLIP's
    return folder


def seconds(encoder: QueryEncoder, batches: list[list[str]]) -> tuple[float, np.ndarray]:
    """Time of the processor for all batches, and the vectors."""
    started = time.thread_time()
    vectors = [encoder.encode_text(batch) for batch in batches]
    return time.thread_time() - started, np.concatenate(vectors)


def main() -> None:
    """Print the comparison as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with phrases.csv")
    parser.add_argument("--encoder", default="compact", help="name or folder")
    parser.add_argument("--full-size", choices=["clap", "clip"], help="with random weights")
    parser.add_argument("--single", type=int, default=0, help="so many one by one; all if 0")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with (given.data / "phrases.csv").open(newline="", encoding="utf-8") as file:
        phrases = list(dict.fromkeys(row["phrase"] for row in csv.DictReader(file)))
    with tempfile.TemporaryDirectory() as folder:
        place = full_size(given.full_size, Path(folder)) if given.full_size else given.encoder
        encoder: Any = load_encoder(place)
        encoder.cache = None
        encoder.encode_text(["warm up"])
        some = phrases[: given.single or None]
        alone_s, alone = seconds(encoder, [[phrase] for phrase in some])
        together_s, together = seconds(encoder, [phrases])
        encoder.cache = TextCache(Path(folder) / "cache")
        encoder.encode_text(phrases)
        again = [seconds(encoder, [[phrase]])[0] for phrase in phrases]
    each_alone, each_together = alone_s / len(some), together_s / len(phrases)
    result = {
        "phrases": len(phrases),
        "one_by_one_ms_each": round(1000 * each_alone, 3),
        "together_ms_each": round(1000 * each_together, 3),
        "times_quicker": round(each_alone / each_together, 2),
        "largest_difference": float(np.abs(alone - together[: len(some)]).max()),
        "cached_ms_median": round(1000 * statistics.median(again), 3),
        "cached_ms_slowest": round(1000 * max(again), 3),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
