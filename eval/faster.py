"""Where the time of a separation goes, and what other ways of computing it would gain.

    OMP_NUM_THREADS=1 python eval/faster.py [--seconds 30] [--rounds 10] [--compile]
        [--out eval/results/faster.json]

Every other way is timed in turn with the usual one, round by round; the ratio is the median over
the rounds of usual / other, so above 1 is quicker. Times are those of the processor for this
process and one thread, so other programs disturb them little. `change_db` is the power of what
changes in the output against the output; about -130 is rounding. torch.compile needs a C++
compiler and takes minutes, so it is asked for with --compile.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lass.audio import read, write
from lass.evaluation.environment import environment
from lass.networks.separator import SeparationNetwork
from lass.separation import Separator, files
from lass.separation.engine import SeparationStream

EXAMPLE = Path(__file__).parents[1] / "examples" / "duet.wav"
STARTING = """
import time
def lap(name):
    global last
    now = time.process_time()
    print(f"{name}\\t{now - last}")
    last = now
last = 0.0
lap("python")
import torch
lap("import torch")
import lass.cli.separating, lass.separation.separator
lap("import lass")
separator = lass.Separator.load()
lap("load the model")
separator.model.encoder.cache = None
separator.model.encoder.encode_text(["violin"])
lap("words that are not in the cache")
separator.model.encoder.encode_text(["piano"])
lap("further words")
"""


class Replaced(nn.Module):
    """A core that is computed in one go in another way."""

    def __init__(self, core: nn.Module, both: Callable[[Tensor, Tensor], Any]) -> None:
        super().__init__()
        self.frame_multiple = core.frame_multiple
        self.both = both

    def encode(self, features: Tensor, *, separated: int | None = None) -> Tensor:
        """Put off until the query is known: with one query that is the same work."""
        return features

    def decode(self, features: Tensor, query: Tensor) -> Any:  # noqa: ANN401 (two tensors)
        """All of it."""
        return self.both(features, query)


class Both(nn.Module):
    """Encoder and decoder of a core as one module."""

    def __init__(self, core: nn.Module) -> None:
        super().__init__()
        self.core = core

    def forward(self, features: Tensor, query: Tensor) -> Any:  # noqa: ANN401 (two tensors)
        """Raw mask and presence."""
        return self.core.decode(self.core.encode(features), query)


def folded(core: nn.Module) -> nn.Module:
    """A copy whose batch normalisations are part of the convolutions before them."""
    core = copy.deepcopy(core).requires_grad_(requires_grad=False)
    for module in core.modules():
        for number in "12":
            conv, norm = (getattr(module, name + number, None) for name in ("conv", "norm"))
            if conv is not None and norm is not None:
                setattr(module, f"conv{number}", fuse_conv_bn_eval(conv, norm))
                setattr(module, f"norm{number}", nn.Identity())
    for level, norm in enumerate(core.up_norm):  # it follows a sum of two convolutions
        gain = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        core.skip[level].weight.mul_(gain[:, None, None, None])
        core.up[level] = fuse_conv_bn_eval(core.up[level], norm)
        core.merge[level] = fuse_conv_bn_eval(core.merge[level], core.merge_norm[level])
        core.up_norm[level] = core.merge_norm[level] = nn.Identity()
    return core


def in_bfloat16(core: nn.Module) -> Callable[[Tensor, Tensor], Any]:
    """The convolutions in 16-bit floats, where the processor has them."""
    both = Both(folded(core))

    def run(features: Tensor, query: Tensor) -> Any:  # noqa: ANN401 (two tensors)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return both(features, query)

    return run


def traced(core: nn.Module, query: Tensor) -> Callable[[Tensor, Tensor], Any]:
    """Frozen and optimised by TorchScript."""
    features = torch.randn(1, core.config.input_channels, core.config.bands, 256)
    script = torch.jit.freeze(torch.jit.trace(Both(core).eval(), (features, query)))
    return torch.jit.optimize_for_inference(script)


def with_small_integers(core: nn.Module) -> Callable[[Tensor, Tensor], Any]:
    """8-bit integers where PyTorch can put them without samples to look at."""
    return torch.ao.quantization.quantize_dynamic(
        Both(copy.deepcopy(core)).eval(), {nn.Linear}, dtype=torch.qint8
    )


def start_up() -> dict[str, float]:
    """Processor seconds of each step before the first sample, in a fresh process."""
    runs = []
    for _ in range(3):
        told = subprocess.run(
            [sys.executable, "-c", STARTING], check=True, capture_output=True, text=True
        )
        runs.append(dict(line.split("\t") for line in told.stdout.splitlines()))
    return {k: round(statistics.median(float(run[k]) for run in runs), 3) for k in runs[0]}


def inside(separator: Separator, audio: NDArray[np.float32], rate: int) -> dict[str, float]:
    """Processor seconds of each step of separating a file."""
    took: dict[str, float] = {}

    def watch(owner: Any, name: str, label: str) -> None:  # noqa: ANN401 (class or module)
        plain = getattr(owner, name)

        def timed(*args: Any, **options: Any) -> Any:  # noqa: ANN401
            start = time.process_time()
            result = plain(*args, **options)
            took[label] = took.get(label, 0.0) + time.process_time() - start
            return result

        setattr(owner, name, timed)

    network: Any = separator.model.network
    watch(network.frontend, "transform", "STFT")
    watch(network.frontend, "features", "features")
    watch(network.core, "encode", "network, encoder")
    watch(network.core, "decode", "network, decoder")
    watch(network, "mask", "decoder and mask")
    watch(network.frontend, "inverse", "inverse STFT")
    watch(files, "_as_stored", "rounding and rest")
    watch(files.Writer, "write", "writing")
    plain = files.stream

    def reading(*args: Any, **options: Any) -> Iterator[NDArray[np.float32]]:  # noqa: ANN401
        blocks = plain(*args, **options)
        while True:
            start = time.process_time()
            block = next(blocks, None)
            took["reading"] = took.get("reading", 0.0) + time.process_time() - start
            if block is None:
                return
            yield block

    files.stream = reading
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "in.wav"
        write(path, audio, sample_rate=rate, subtype="PCM_16")
        start = time.process_time()
        separator.separate_file(path, ["violin"])
        whole = time.process_time() - start
    took["mask on bins"] = took.pop("decoder and mask") - took["network, decoder"]
    took["everything else"] = whole - sum(took.values())
    took["whole file"] = whole
    return {label: round(seconds, 3) for label, seconds in took.items()}


def trials(
    separator: Separator, audio: NDArray[np.float32], rate: int, rounds: int, *, compiled: bool
) -> dict[str, dict[str, float]]:
    """Ratio to the usual way, change of the output and seconds of preparing, by name."""
    queries = torch.from_numpy(separator.model.encoder.encode_text(["violin"]))
    usual: Any = separator.model.network
    core = usual.core
    makers: dict[str, Callable[[], Callable[[Tensor, Tensor], Any]]] = {
        "batch normalisation folded": lambda: Both(folded(core)),
        "bfloat16 (folded)": lambda: in_bfloat16(core),
        "torch.jit.optimize_for_inference": lambda: traced(core, queries),
        "int8, dynamic": lambda: with_small_integers(core),
    }
    if compiled:
        makers["torch.compile (folded)"] = lambda: torch.compile(Both(folded(core)), dynamic=True)
    ways: dict[str, tuple[Any, int, int]] = {"usual": (usual, 1280, 1)}
    for frames in (640, 2560):
        ways[f"pieces of {frames} frames, not 1280"] = (usual, frames, 1)
    prepared = dict.fromkeys(ways, 0.0)

    def run(way: tuple[Any, int, int]) -> NDArray[np.float32]:
        network, frames, _ = way
        options = {"sample_rate": rate, "channels": 1, "piece_frames": frames}
        stream = SeparationStream(network, queries, **options)
        return np.concatenate([piece.parts for piece in stream.run([audio[:1]])], axis=-1)

    for name, make in makers.items():
        start = time.process_time()
        with torch.no_grad():
            network = SeparationNetwork(usual.frontend, Replaced(core, make())).eval()
        run((network, 1280, 1))  # what is made on first use counts as preparing
        prepared[name] = time.process_time() - start
        ways[name] = (network, 1280, 1)

    reference = run(ways["usual"]).astype(np.float64)
    changes = {name: level_db(run(way) - reference, reference) for name, way in ways.items()}
    took: dict[str, list[float]] = {name: [] for name in ways}
    alone, together = [], []
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.process_time()
            run(way)
            took[name].append(time.process_time() - start)
        one, both = channels_together(usual, audio, rate, queries)
        alone.append(one)
        together.append(both)
    took |= {"_alone": alone, "both channels in one call": together}
    table = {}
    for name in [*list(ways)[1:], "both channels in one call"]:
        base = took["_alone" if name.startswith("both") else "usual"]
        ratios = sorted(a / b for a, b in zip(base, took[name], strict=True))
        table[name] = {
            "ratio": round(statistics.median(ratios), 3),
            "lowest": round(ratios[0], 3),
            "highest": round(ratios[-1], 3),
            "preparing_s": round(prepared.get(name, 0.0), 2),
        }
        if name in changes:
            table[name]["change_db"] = round(changes[name], 1)
    return table


def channels_together(
    network: Any,  # noqa: ANN401 (the usual network)
    audio: NDArray[np.float32],
    rate: int,
    queries: Tensor,
) -> tuple[float, float]:
    """Processor seconds for two channels one by one, and in one call."""
    few = torch.from_numpy(audio[:, : 20 * rate])
    took = []
    with torch.inference_mode():
        for batches in ([few[:1], few[1:]], [few]):
            start = time.process_time()
            for batch in batches:
                network(batch, queries.expand(len(batch), 1, -1), sample_rate=rate)
            took.append(time.process_time() - start)
    return took[0], took[1]


def level_db(difference: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """Power of a difference against a reference."""
    power = np.mean(np.square(difference)) / np.mean(np.square(reference))
    return 10.0 * float(np.log10(power + 1e-30))


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # TorchScript and eager quantisation are on their way out
    example, rate = read(EXAMPLE)
    audio = np.ascontiguousarray(np.resize(example[0], (2, round(options.seconds * rate))))
    separator = Separator.load(device="cpu")
    separator.separate(audio[:, : 3 * rate], rate, ["violin"])  # warm
    table = trials(separator, audio, rate, options.rounds, compiled=options.compile)
    told = {
        "command": f"python eval/faster.py --seconds {options.seconds:g} --rounds "
        f"{options.rounds}{' --compile' if options.compile else ''}",
        "environment": environment(),
        "start_up_s": start_up(),
        "file_s": inside(separator, audio, rate),
        "trials": table,
    }
    for title in ("start_up_s", "file_s"):
        print(title)
        for name, seconds in told[title].items():
            print(f"  {name:34}{seconds:8.3f}")
    for name, row in table.items():
        print(f"{name:36}{row['ratio']:7.3f} times as fast, change {row.get('change_db', '-')} dB")
    if options.out:
        options.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
