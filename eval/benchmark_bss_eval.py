"""Time lass.metrics.bss_eval against museval: 4 sources x 30 s stereo at 44.1 kHz, side by side.

OMP_NUM_THREADS=1 python eval/benchmark_bss_eval.py
"""

import time

import museval
import numpy as np

from lass.metrics import bss_eval

RATE = 44100


def main() -> None:
    """Print both times, their ratio and the largest difference of each figure."""
    rng = np.random.default_rng(0)
    true = 0.1 * rng.standard_normal((4, 2, 30 * RATE))
    made = true + 0.3 * np.roll(true, 1, axis=0) + 0.02 * rng.standard_normal(true.shape)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        ours = bss_eval(true, made, sample_rate=RATE)
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    theirs = museval.metrics.bss_eval(
        true.transpose(0, 2, 1), made.transpose(0, 2, 1), window=RATE, hop=RATE
    )
    reference = time.perf_counter() - start
    print(f"museval {reference:.2f} s; lass first {times[0]:.2f} s, best of 5 {min(times):.2f} s")
    print(f"ratio: first {reference / times[0]:.1f}, best {reference / min(times):.1f}")
    for name, mine, yours in zip(ours._fields, ours, theirs[:4], strict=True):
        print(f"{name}: largest difference {np.abs(mine - yours).max():.1e} dB")


if __name__ == "__main__":
    main()
