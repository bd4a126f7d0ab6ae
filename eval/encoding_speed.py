"""How much quicker phrases are encoded together than one by one, and how quick the cache is.

    OMP_NUM_THREADS=1 python eval/encoding_speed.py --data path/to/data
    OMP_NUM_THREADS=1 python eval/encoding_speed.py --data path/to/data --full-size clap
    OMP_NUM_THREADS=1 python eval/encoding_speed.py --data path/to/data --full-size clip --plain

Takes the phrases of phrases.csv. Without --encoder the shipped encoder is measured; --full-size
builds CLAP or CLIP at its published size with random weights, whose speed is that of the real ones.
CLIP puts each phrase into five sentences, which are computed together even for one phrase; --plain
takes the phrase as it is.

Times are those of the processor for this thread, each the median over rounds in which both ways
take turns. Other programs disturb them only through the memory that all share.
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
    parser.add_argument(
        "--rounds", type=int, default=3, help="the single ones are spread over them"
    )
    parser.add_argument("--no-cache", action="store_true", help="do not measure the cache")
    parser.add_argument("--plain", action="store_true", help="no prompt templates")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with (given.data / "phrases.csv").open(newline="", encoding="utf-8") as file:
        phrases = list(dict.fromkeys(row["phrase"] for row in csv.DictReader(file)))
    with tempfile.TemporaryDirectory() as folder:
        place = full_size(given.full_size, Path(folder)) if given.full_size else given.encoder
        encoder: Any = load_encoder(place)
        encoder.cache = None
        if given.plain:
            encoder.templates = ("{}",)
        encoder.encode_text(["warm up"])
        some = phrases[:: len(phrases) // (given.single or len(phrases))]
        alone_ms, together_ms, off = [], [], 0.0
        for turn in range(given.rounds):
            few = some[turn :: given.rounds]
            took_s, alone = seconds(encoder, [[phrase] for phrase in few])
            alone_ms.append(1000 * took_s / len(few))
            took_s, together = seconds(encoder, [phrases])
            together_ms.append(1000 * took_s / len(phrases))
            rows = [phrases.index(phrase) for phrase in few]
            off = max(off, float(np.abs(alone - together[rows]).max()))
        again = []
        if not given.no_cache:
            encoder.cache = TextCache(Path(folder) / "cache")
            encoder.encode_text(phrases)
            again = [1000 * seconds(encoder, [[phrase]])[0] for phrase in phrases]
    each_alone, each_together = statistics.median(alone_ms), statistics.median(together_ms)
    result = {
        "phrases": len(phrases),
        "one_by_one_ms_each": round(each_alone, 3),
        "together_ms_each": round(each_together, 3),
        "times_quicker": round(each_alone / each_together, 2),
        "times_quicker_in_each_round": [
            round(one / all_, 2) for one, all_ in zip(alone_ms, together_ms, strict=True)
        ],
        "largest_difference": off,
    }
    if again:
        result["cached_ms_median"] = round(statistics.median(again), 3)
        result["cached_ms_slowest"] = round(max(again), 3)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
