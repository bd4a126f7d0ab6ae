"""How fast networks are on this machine, side by side: seconds of work per second of sound.

    python eval/speed.py [--seconds 10] [--rounds 5] [--threads 2] [--out eval/results/speed.json]

Each network separates one sound from the same length of stereo noise at its own sample rate;
rounds are interleaved, medians and ratios are told. Weights are drawn at random (they do not change
the time) but for ours. demucs is measured where its package is installed (all four stems: it cannot
do fewer).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from lass.evaluation.environment import environment
from lass.networks import build
from lass.zoo import load


def ours(seconds: float) -> tuple[Callable[[], object], int]:
    """The shipped separator at 44.1 kHz."""
    model = load("default")
    audio = 0.1 * torch.randn(2, round(seconds * 44100))
    queries = torch.randn(2, 1, 256)
    return lambda: model.network(audio, queries, sample_rate=44100), 44100


def other(kind: str, rate: int, seconds: float) -> tuple[Callable[[], object], int]:
    """A published network at its own size and rate."""
    network = build({"kind": kind}).eval()
    audio = 0.1 * torch.randn(2, round(seconds * rate))
    queries = torch.randn(2, 1, 512)
    return lambda: network(audio, queries, sample_rate=rate), rate


def demucs(seconds: float) -> tuple[Callable[[], object], int] | None:
    """Hybrid Transformer Demucs, if its package is here."""
    try:
        from demucs.apply import apply_model
        from demucs.htdemucs import HTDemucs
    except ImportError:
        return None
    network = HTDemucs(["drums", "bass", "other", "vocals"]).eval()
    audio = 0.1 * torch.randn(1, 2, round(seconds * 44100))
    return lambda: apply_model(network, audio, split=True, overlap=0.25, progress=False), 44100


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    works = {
        "lass default": ours(options.seconds),
        "AudioSep's ResUNet30": other("resunet30", 32000, options.seconds),
        "CLIPSep's U-Net": other("clipsep", 16000, options.seconds),
    }
    hybrid = demucs(options.seconds)
    if hybrid is not None:
        works["demucs (htdemucs, four stems)"] = hybrid
    took: dict[str, list[float]] = {name: [] for name in works}
    with torch.inference_mode():
        for work, _ in works.values():
            work()
        for _ in range(options.rounds):
            for name, (work, _) in works.items():
                start = time.perf_counter()
                work()
                took[name].append((time.perf_counter() - start) / options.seconds)
    base = statistics.median(took["lass default"])
    rows = {
        name: {
            "sample_rate": rate,
            "seconds_per_second": round(statistics.median(took[name]), 4),
            "times_ours": round(statistics.median(took[name]) / base, 2),
        }
        for name, (_, rate) in works.items()
    }
    for name, row in rows.items():
        print(f"{name:32}{row['seconds_per_second']:8.3f}  {row['times_ours']:6.2f} times ours")
    if options.out:
        told = {
            "command": f"python eval/speed.py --seconds {options.seconds:g} --rounds "
            f"{options.rounds} --threads {options.threads}",
            "environment": environment(),
            "rows": rows,
        }
        options.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
