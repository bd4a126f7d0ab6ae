"""What came out: per row, in the mean, per class; saved as JSON and compared honestly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lass.errors import DataError
from lass.evaluation.figures import METRICS
from lass.evaluation.files import read_json, write_text
from lass.evaluation.statistics import Interval, auroc, calibration_error, mean_interval

__all__ = [
    "METRICS",
    "Presence",
    "Report",
    "compare",
    "is_report",
    "main_metric",
    "paired_differences",
    "presence_beside",
    "presence_quality",
]

_ENTRIES: dict[str, type] = {
    "system": str,
    "protocol": dict,
    "rows": list,
    "failures": list,
    "extra": dict,
}


@dataclass
class Report:
    """The results of one system on one protocol.

    Attributes:
        system: What was measured.
        protocol: Name, SHA-256, recipe, sample rate, SDR definition and size of the list.
        rows: One dict of figures per row (see `lass.evaluation.measure`).
        failures: Rows that could not be measured, with the reason.
        extra: Anything the caller wants to keep: model hash, machine, commit.

    Example:
        >>> rows = [{"row": i, "label": "dog", "sdr": float(i)} for i in range(3)]
        >>> Report("x", {"name": "p"}, rows).summary["sdr"]["mean"]
        1.0
    """

    system: str
    protocol: dict[str, Any]
    rows: list[dict[str, Any]]
    failures: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> dict[str, Interval]:
        """Mean over rows of every figure, with its 95 % interval, in the figure's unit."""
        return _summarise(self.rows)

    @property
    def bounds(self) -> dict[str, dict[str, Interval]]:
        """The same figures for each bound: mixture, half, oracle masks."""
        names = list(dict.fromkeys(n for row in self.rows for n in row.get("bounds", {})))
        return {
            name: _summarise([r["bounds"][name] for r in self.rows if name in r.get("bounds", {})])
            for name in names
        }

    @property
    def per_class(self) -> dict[str, dict[str, Interval]]:
        """The same figures for each label, labels in alphabetical order."""
        labels = sorted({row["label"] for row in self.rows})
        return {
            label: _summarise([row for row in self.rows if row["label"] == label])
            for label in labels
        }

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain data, the derived tables included."""
        return {
            **asdict(self),
            "summary": self.summary,
            "bounds": self.bounds,
            "per_class": self.per_class,
        }

    def save(self, path: str | Path) -> Path:
        """Write the report as JSON; nothing half-written is ever left behind.

        Args:
            path: The file; its folder is made if need be.

        Returns:
            The path.
        """
        text = json.dumps(_rounded(self.as_dict()), indent=1, ensure_ascii=False) + "\n"
        return write_text(path, text)

    @classmethod
    def load(cls, path: str | Path) -> Report:
        """Read a saved report.

        Args:
            path: A file written by `save`.

        Returns:
            The report; its tables are worked out again from the rows.

        Raises:
            DataError: When it is missing or not such a file.
        """
        content = read_json(path)
        fault = _fault(content)
        if fault is not None:
            raise DataError(f"{path} is not a saved report: {fault}.")
        return cls(**{k: content[k] for k in _ENTRIES})


def is_report(path: str | Path) -> bool:
    """Whether a JSON file means to be a saved report; one that is damaged still counts.

    Args:
        path: The file.

    Returns:
        False for JSON of another kind, such as ``calibration.json``.

    Raises:
        DataError: When it is missing or not JSON.
    """
    content = read_json(path)
    return (
        isinstance(content, dict)
        and isinstance(content.get("protocol"), dict)
        and ("system" in content and "failures" in content)
    )


def _fault(content: Any) -> str | None:  # noqa: ANN401
    """What keeps JSON from being a report, or None."""
    if not isinstance(content, dict):
        return "it holds no table"
    missing = [key for key in _ENTRIES if key not in content]
    if missing:
        return f"it lacks {', '.join(missing)}"
    for key, kind in _ENTRIES.items():
        if not isinstance(content[key], kind):
            return f"its entry '{key}' is no {kind.__name__}"
    if not all(isinstance(row, dict) and {"row", "label"} <= set(row) for row in content["rows"]):
        return "a row lacks its number or label"
    figures = [row.get(name, 0.0) for row in content["rows"] for name in METRICS]
    if not all(isinstance(x, int | float) for x in figures):
        return "a figure is no number"
    return None


def compare(first: Report, second: Report, *, metric: str = "sdr_improvement") -> Interval:
    """Difference of two systems on the rows both have: second less first, paired bootstrap.

    Args:
        first: One report.
        second: Another, of the same protocol.
        metric: One of `METRICS`.

    Returns:
        Mean difference in the figure's unit and its 95 % interval; it is a difference only if the
        interval leaves out zero.

    Raises:
        DataError: When the protocols differ or no row is shared.

    Example:
        >>> a = Report("a", {"sha256": "1"}, [{"row": 0, "label": "x", "sdr": 1.0}])
        >>> b = Report("b", {"sha256": "1"}, [{"row": 0, "label": "x", "sdr": 3.0}])
        >>> compare(a, b, metric="sdr")["mean"]
        2.0
    """
    return mean_interval(paired_differences(first, second, metric=metric))


def paired_differences(
    first: Report, second: Report, *, metric: str = "sdr_improvement"
) -> list[float]:
    """Second less first on each row that both have.

    Args:
        first: One report.
        second: Another, of the same protocol.
        metric: One of `METRICS`.

    Returns:
        Differences in the figure's unit, in the order of the first report's rows; rows that
        failed in either are left out.

    Raises:
        DataError: When the protocols differ.

    Example:
        >>> a = Report("a", {}, [{"row": 0, "sdr": 1.0}, {"row": 1, "sdr": 1.0}])
        >>> paired_differences(a, Report("b", {}, [{"row": 1, "sdr": 3.0}]), metric="sdr")
        [2.0]
    """
    if any(first.protocol.get(k) != second.protocol.get(k) for k in ("name", "sha256")):
        raise DataError(
            f"The reports are of different lists ({first.protocol.get('name')}, "
            f"{second.protocol.get('name')}); a comparison needs the same rows."
        )
    theirs = {row["row"]: row for row in second.rows}
    return [
        theirs[row["row"]][metric] - row[metric]
        for row in first.rows
        if row["row"] in theirs and metric in row and metric in theirs[row["row"]]
    ]


def main_metric(report: Report) -> str | None:
    """The figure that stands for a report: SDRi, else SDR, else leakage.

    Args:
        report: The report.

    Returns:
        A name of `METRICS`; None for a report without figures.

    Example:
        >>> main_metric(Report("a", {}, [{"row": 0, "leakage": -9.0}]))
        'leakage'
    """
    ranked = ("sdr_improvement", "sdr", "leakage")
    return next((m for m in ranked if any(m in row for row in report.rows)), None)


@dataclass(frozen=True)
class Presence:
    """How good a presence score is.

    Args:
        auroc: chance that a sound that is there scores above one that is not; 0.5 is guessing.
        calibration_error: how far the score is from a likelihood, 0 to 1.
    """

    auroc: float
    calibration_error: float


def presence_quality(present: Report, absent: Report) -> Presence:
    """How well presence scores tell sounds that are there from sounds that are not.

    Args:
        present: Report of ``esc50-fold5`` (or another list whose queries are there).
        absent: Report of ``absent-query``.

    Returns:
        The area under the ROC curve and the expected calibration error.

    Raises:
        DataError: When a report has no scores.

    Example:
        >>> a = Report("a", {}, [{"row": 0, "label": "x", "score": 0.9}])
        >>> found = presence_quality(a, Report("a", {}, [{"row": 0, "label": "x", "score": 0.1}]))
        >>> found.auroc, round(found.calibration_error, 3)
        (1.0, 0.1)
    """
    scores = [[row["score"] for row in half.rows if "score" in row] for half in (present, absent)]
    return Presence(auroc(*scores), calibration_error(*scores))


def presence_beside(report: Report, everything: Sequence[Report]) -> Presence | None:
    """`presence_quality` of a report of ``absent-query``, if its other half is there.

    Args:
        report: Any report.
        everything: Reports among which that of ``esc50-fold5`` by the same system may be.

    Returns:
        The figures, or None: the report is of another list, its other half is missing, or the
        system gives no scores.

    Example:
        >>> rows = [{"row": 0, "label": "x", "score": 0.1}]
        >>> a, b = (Report("s", {"name": n}, rows) for n in ("absent-query", "esc50-fold5"))
        >>> presence_beside(a, [a, b]).auroc, presence_beside(b, [a, b])
        (0.5, None)
    """
    if report.protocol.get("name") != "absent-query":
        return None
    for other in everything:
        if other.protocol.get("name") == "esc50-fold5" and other.system == report.system:
            try:
                return presence_quality(other, report)
            except DataError:
                return None
    return None


def _summarise(rows: list[dict[str, Any]]) -> dict[str, Interval]:
    """Mean and interval of every figure that any row has."""
    return {
        name: mean_interval([row[name] for row in rows if name in row])
        for name in METRICS
        if any(name in row for row in rows)
    }


def _rounded(value: Any) -> Any:  # noqa: ANN401
    """Round every number to four decimals: beyond that the last bits depend on the machine."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    if isinstance(value, float | np.floating):
        return round(float(value), 4)
    return value
