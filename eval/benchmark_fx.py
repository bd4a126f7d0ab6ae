"""Time lass.fx: one EQ + reverb forward and backward, every effect, and a render of 5 minutes.

    OMP_NUM_THREADS=2 python eval/benchmark_fx.py [--dasp] [--seconds 5] [--json]

With --dasp the same two effects of dasp-pytorch run beside (its reverb takes minutes; install it
with `pip install --no-deps dasp-pytorch`). Wall and CPU time are both told: on a busy machine
only the second says something.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from lass.audio import Writer
from lass.fx import EQ, Chain, Compressor, Delay, Reverb, effect_class, effect_names, render_file

RATE = 44100
RENDER_S = int(os.environ.get("RENDER_S", "300"))


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Wall and CPU milliseconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return 1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)


def step_ms(chain: Chain, audio: torch.Tensor, times: int = 7) -> dict[str, float]:
    """Best of several gradient steps, and the first one, which makes the noise."""
    found: dict[str, list[tuple[float, float]]] = {"forward": [], "backward": []}
    for _ in range(times):
        places = torch.tensor(chain.positions, dtype=torch.float32, requires_grad=True)
        loss = torch.zeros(())

        def forward() -> None:
            nonlocal loss
            made = chain.process(audio, sample_rate=RATE, settings=chain.settings_at(places))  # noqa: B023
            loss = made.square().mean()

        found["forward"].append(timed(forward))
        found["backward"].append(timed(loss.backward))
    result = {"first_forward_wall": found["forward"][0][0]}
    for way, values in found.items():
        result[f"{way}_wall"] = min(wall for wall, _ in values[1:])
        result[f"{way}_cpu"] = min(cpu for _, cpu in values[1:])
    return result


def dasp_ms(audio: torch.Tensor) -> dict[str, float]:
    """The same of dasp-pytorch, once."""
    from dasp_pytorch import functional

    def settings(*values: float) -> list[torch.Tensor]:
        return [torch.tensor([float(value)], requires_grad=True) for value in values]

    eq = settings(3, 100, 0.7, 0, 400, 1, -4, 3500, 1, 0, 9500, 1, 0, 15000, 1, 0, 8000, 0.7)
    room = settings(*[0.5] * 12, *[0.5] * 12, 0.25)
    loss = torch.zeros(())

    def forward() -> None:
        nonlocal loss
        made = functional.parametric_eq(audio[None], RATE, *eq)
        made = functional.noise_shaped_reverberation(made, RATE, *room)
        loss = made.square().mean()

    forward_wall, forward_cpu = timed(forward)
    backward_wall, backward_cpu = timed(loss.backward)
    return {
        "forward_wall": forward_wall,
        "backward_wall": backward_wall,
        "forward_cpu": forward_cpu,
        "backward_cpu": backward_cpu,
    }


def render(chain: Chain) -> dict[str, float]:
    """Real-time factor and memory of five minutes of stereo."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.wav"
        noise = np.random.default_rng(0)
        with Writer(source, sample_rate=RATE, channels=2, subtype="PCM_16") as writer:
            for _ in range(RENDER_S):
                writer.write(0.05 * noise.standard_normal((2, RATE), np.float32))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wall, cpu = timed(lambda: render_file(source, Path(folder) / "out.wav", chain) and None)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "rtf_wall": wall / 1e3 / RENDER_S,
        "rtf_cpu": cpu / 1e3 / RENDER_S,
        "more_memory_mib": (after - before) / 1024,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dasp", action="store_true")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    threads = int(os.environ.get("OMP_NUM_THREADS", "2"))
    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(0)
    audio = 0.1 * torch.randn(2, round(options.seconds * RATE), generator=generator)
    tone = EQ(low_shelf_gain_db=3, peak_2_gain_db=-4)
    found: dict[str, object] = {"seconds": options.seconds, "threads": threads}
    # First, before anything else has needed memory.
    for name, chain in {
        "render eq+reverb": Chain([tone, Reverb()]),
        "render eq+compressor+delay+reverb": Chain([tone, Compressor(), Delay(), Reverb()]),
        "render reverb of 15 s": Chain([Reverb(decay_s=15.0)]),
    }.items():
        found[name] = render(chain)
    found["eq+reverb"] = ours = step_ms(Chain([tone, Reverb()]), audio)
    for name in effect_names():
        found[name] = step_ms(Chain([effect_class(name)()]), audio, times=3)
    if options.dasp:
        found["dasp eq+reverb"] = theirs = dasp_ms(audio)
        sides = [x["forward_cpu"] + x["backward_cpu"] for x in (theirs, ours)]
        found["dasp / lass, CPU time"] = {"ratio": sides[0] / sides[1]}
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for name, values in found.items():
        if isinstance(values, dict):
            said = "  ".join(f"{key} {value:.4g}" for key, value in values.items())
            print(f"{name:36}{said}")


if __name__ == "__main__":
    main()
