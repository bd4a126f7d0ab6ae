"""What the effect benchmarks measure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def correlation(made: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Correlation of each row; 0 where the made curve is flat."""
    a = made - made.mean(axis=1, keepdims=True)
    b = wanted - wanted.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    flat = np.linalg.norm(a, axis=1) < 1e-6
    return np.where(flat, 0.0, (a * b).sum(axis=1) / np.where(lengths > 0, lengths, 1.0))


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 0; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - counts + ends - 1) / 2)[inverse]


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Rank correlation; 0 where one of the two is constant."""
    x, y = ranks(np.asarray(a)), ranks(np.asarray(b))
    x, y = x - x.mean(), y - y.mean()
    length = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(x @ y) / length if length else 0.0


def octave_signs(made: np.ndarray, wanted: np.ndarray, frequencies_hz: np.ndarray) -> np.ndarray:
    """Share of octaves from 20 Hz in which the mean of both curves has the same sign."""
    octave = np.floor(np.log2(frequencies_hz / 20.0)).astype(int)
    kept = np.unique(octave)
    a = np.stack([made[:, octave == k].mean(axis=1) for k in kept], axis=1)
    b = np.stack([wanted[:, octave == k].mean(axis=1) for k in kept], axis=1)
    return (np.sign(a) == np.sign(b)).mean(axis=1)


def interval(
    values: np.ndarray,
    statistic: Callable[[np.ndarray], float],
    *,
    times: int = 2000,
    seed: int = 0,
) -> list[float]:
    """95 % bootstrap interval over rows."""
    generator = np.random.default_rng(seed)
    drawn = [
        statistic(values[generator.integers(0, len(values), len(values))]) for _ in range(times)
    ]
    return [float(x) for x in np.percentile(drawn, [2.5, 97.5])]
