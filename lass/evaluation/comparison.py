"""Two results on one list, figure by figure, and what may be said of their difference."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from lass.errors import DataError
from lass.evaluation.figures import FIGURES, METRICS
from lass.evaluation.results import Report, compare, paired_differences
from lass.evaluation.statistics import Interval, verdict

__all__ = ["Paired", "paired_table"]


class Paired(TypedDict):
    """One figure of two systems on the rows both have.

    Attributes:
        first: Mean of the first in the figure's unit.
        second: Mean of the second in the same.
        difference: Second less first, with its 95 % interval.
        verdict: What it shows, in words.
    """

    first: float
    second: float
    difference: Interval
    verdict: str


def paired_table(
    first: Report, second: Report, *, names: tuple[str, str] = ("first", "second")
) -> dict[str, Paired]:
    """Compare two systems by every figure that both have.

    Args:
        first: One report.
        second: Another, of the same protocol.
        names: What to call the two in the verdicts.

    Returns:
        For each name of `METRICS`: both means over the shared rows, the paired difference and the
        verdict. For leakage less is better where what is asked for is absent; where it is there,
        neither more nor less is better.

    Raises:
        DataError: When the protocols differ, or the reports share no row.

    Example:
        >>> a = Report("a", {}, [{"row": i, "sdr": 1.0} for i in range(9)])
        >>> b = Report("b", {}, [{"row": i, "sdr": 3.0} for i in range(9)])
        >>> paired_table(a, b, names=("a", "b"))["sdr"]["verdict"]
        'b is better by 2.00 dB'
    """
    mine = {row["row"]: row for row in first.rows}
    theirs = {row["row"]: row for row in second.rows}
    absent = not any("si_sdr" in row for row in [*first.rows, *second.rows])
    found: dict[str, Paired] = {}
    for metric in METRICS:
        rows = [i for i in mine if metric in mine[i] and metric in theirs.get(i, {})]
        if not rows:
            continue
        difference = compare(first, second, metric=metric)
        found[metric] = Paired(
            first=float(np.mean([mine[i][metric] for i in rows])),
            second=float(np.mean([theirs[i][metric] for i in rows])),
            difference=difference,
            verdict=_verdict(metric, difference, names, absent=absent),
        )
    if not found:
        paired_differences(first, second)  # says so if the lists differ
        raise DataError("The two results share no row; measure both on the same rows.")
    return found


def _verdict(metric: str, difference: Interval, names: tuple[str, str], *, absent: bool) -> str:
    """Words for a difference."""
    if metric != "leakage":
        figure = FIGURES[metric]
        return verdict(
            difference, first=names[0], second=names[1], unit=figure.unit, decimals=figure.decimals
        )
    if not absent:
        return "level only: neither more nor less is better"
    turned = Interval(
        mean=-difference["mean"],
        low=-difference["high"],
        high=-difference["low"],
        n=difference["n"],
    )
    return verdict(turned, first=names[0], second=names[1])
