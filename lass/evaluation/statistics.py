"""Means with confidence intervals, and whether two results differ: seeded bootstraps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from lass.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Interval", "auroc", "calibration_error", "mean_interval", "verdict"]

RESAMPLES, SEED = 2000, 0
FEWEST = 6
"""Rows without which no difference is called one: with fewer, even the same sign in all of them
comes about by chance more than once in 20 times (sign test, two-sided)."""


class Interval(TypedDict):
    """A mean and its 95 % interval.

    Attributes:
        mean: The mean.
        low: 2.5th percentile of the bootstrap means.
        high: 97.5th percentile.
        n: Number of values.
    """

    mean: float
    low: float
    high: float
    n: int


def mean_interval(values: Sequence[float] | npt.NDArray[np.float64]) -> Interval:
    """Mean with a 95 % percentile-bootstrap interval (2000 resamples, fixed seed).

    Rows are drawn as if independent; mixtures that share clips make it a little too narrow.
    For the difference of two systems give the differences row by row: an interval that leaves out
    zero is a difference.

    Args:
        values: ``(rows,)``, any unit, finite.

    Returns:
        The mean, the interval and the count.

    Raises:
        DataError: When there are no values.

    Source:
        Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.

    Example:
        >>> mean_interval([1.0, 1.0, 1.0])
        {'mean': 1.0, 'low': 1.0, 'high': 1.0, 'n': 3}
    """
    data = np.asarray(values, dtype=np.float64)
    if data.size == 0:
        raise DataError("There are no values to average; every row failed or the list is empty.")
    rng = np.random.default_rng(SEED)
    means = data[rng.integers(0, data.size, size=(RESAMPLES, data.size))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(mean=float(data.mean()), low=float(low), high=float(high), n=int(data.size))


def verdict(
    difference: Interval,
    *,
    first: str = "first",
    second: str = "second",
    unit: str = "dB",
    decimals: int = 2,
) -> str:
    """Say in words what a paired difference shows, and no more.

    With fewer than 6 rows nothing is shown, whatever the interval.

    Args:
        difference: Second less first, larger being better (see `lass.evaluation.compare`).
        first: Name of the first system.
        second: Name of the second system.
        unit: Unit of the difference; empty for a plain number.
        decimals: How many are said.

    Returns:
        A sentence without its full stop.

    Example:
        >>> verdict(Interval(mean=0.2, low=-0.1, high=0.5, n=40))
        'no difference shown (the interval contains 0)'
        >>> verdict(Interval(mean=0.2, low=0.1, high=0.3, n=40), second="b")
        'b is better by 0.20 dB'
    """
    if difference["n"] < FEWEST:
        return f"no difference shown (too few rows: {difference['n']}, at least {FEWEST} needed)"
    size = f"{abs(difference['mean']):.{decimals}f} {unit}".strip()
    if difference["low"] > 0.0:
        return f"{second} is better by {size}"
    if difference["high"] < 0.0:
        return f"{first} is better by {size}"
    return "no difference shown (the interval contains 0)"


def auroc(present: Sequence[float], absent: Sequence[float]) -> float:
    """Area under the ROC curve of a presence score (Mann-Whitney, ties count half).

    Args:
        present: ``(rows,)`` scores of queries whose sound is there.
        absent: ``(rows,)`` scores of queries whose sound is not.

    Returns:
        Chance that a random present score is above a random absent one: 0.5 is guessing.

    Raises:
        DataError: When one of the two is empty.

    Source:
        Hanley & McNeil, "The meaning and use of the area under a ROC curve", Radiology 1982.

    Example:
        >>> auroc([0.9, 0.4], [0.1, 0.4])
        0.875
    """
    up, down = np.asarray(present, dtype=np.float64), np.asarray(absent, dtype=np.float64)
    if up.size == 0 or down.size == 0:
        raise DataError("AUROC needs scores of present and of absent queries; one is empty.")
    wins = (up[:, None] > down[None, :]).mean() + 0.5 * (up[:, None] == down[None, :]).mean()
    return float(wins)


def calibration_error(
    present: Sequence[float], absent: Sequence[float], *, bins: int = 10
) -> float:
    """Expected calibration error of a presence score: how far it is from a likelihood.

    Scores are put into bins of equal width; in each, the mean score is compared with the share of
    sounds that are there. Both halves count the same, however many rows they have.

    Args:
        present: ``(rows,)`` scores 0…1 of queries whose sound is there.
        absent: ``(rows,)`` scores 0…1 of queries whose sound is not.
        bins: How many bins.

    Returns:
        Mean distance, 0 (a score of 0.7 is right in 70 of 100 cases) to 1.

    Raises:
        DataError: When one of the two is empty.

    Source:
        Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.

    Example:
        >>> calibration_error([1.0, 1.0], [0.0]), calibration_error([0.0], [1.0])
        (0.0, 1.0)
    """
    up, down = np.asarray(present, dtype=np.float64), np.asarray(absent, dtype=np.float64)
    if up.size == 0 or down.size == 0:
        raise DataError("Calibration needs scores of present and of absent queries; one is empty.")
    scores = np.concatenate([up, down])
    there = np.concatenate([np.ones(up.size), np.zeros(down.size)])
    weights = np.concatenate([np.full(up.size, 0.5 / up.size), np.full(down.size, 0.5 / down.size)])
    inside = np.clip((scores * bins).astype(int), 0, bins - 1)
    gaps = [np.sum((weights * (scores - there))[inside == number]) for number in range(bins)]
    return float(np.sum(np.abs(gaps)))
