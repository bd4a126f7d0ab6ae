"""Measure a separator on somebody's own recordings: a CSV of files instead of a protocol."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lass.errors import DataError
from lass.evaluation.mixtures import SILENT_POWER, Mixture
from lass.evaluation.protocol import Row
from lass.evaluation.results import Report
from lass.evaluation.runner import Separate, measure
from lass.evaluation.running import Work, run_rows

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["evaluate_list"]

_NEEDED, _OPTIONAL = ("mixture", "target", "query"), ("noise", "label")


def evaluate_list(
    separate: Separate,
    path: str | Path,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    limit: int | None = None,
    system: str = "",
    bounds: bool = True,
    resume: str | Path | None = None,
    workers: int = 1,
) -> Report:
    """Measure a separator on a CSV with the columns ``mixture, target, query[, noise, label]``.

    Paths are taken from the CSV's own folder. Channels are averaged. ``noise`` is only checked to
    add up with the target to the mixture; ``label`` names the class (the query if there is none).

    Args:
        separate: The separator (see `lass.evaluation.runner.Separate`).
        path: The CSV.
        on_progress: Called with rows done and rows in all, after each row.
        limit: Only so many rows, from the first.
        system: What to call the separator in the report.
        bounds: Also measure the bounds of each mixture.
        resume: As in `lass.evaluation.evaluate`.
        workers: As in `lass.evaluation.evaluate`.

    Returns:
        The report; rows whose files are missing, silent or of different length or rate are in its
        ``failures``.

    Raises:
        DataError: When the CSV is missing, has wrong columns or no rows.
    """
    path = Path(path)
    records = _read(path)[:limit]
    digest = sha256(path.read_bytes()).hexdigest()
    results, failures = run_rows(
        Work(separate, _Mixtures(tuple(records), path.parent), partial(measure, bounds=bounds)),
        range(len(records)),
        on_progress=on_progress,
        resume=resume,
        stamp={"list": path.stem, "sha256": digest, "system": system, "bounds": bounds},
        workers=workers,
    )
    return Report(
        system=system,
        protocol={
            "name": path.stem,
            "sha256": digest,
            "recipe": f"The user's own list {path.name}: mixtures and targets as recorded.",
            "sdr_definition": "plain SDR, whole clip",
            "rows_in_list": len(records),
        },
        rows=results,
        failures=failures,
    )


@dataclass(frozen=True)
class _Mixtures:
    """The mixtures of a list by their place in it; picklable."""

    records: tuple[dict[str, str], ...]
    folder: Path

    def __call__(self, place: int) -> Mixture:
        """Make one."""
        return _mixture(place, self.records[place], self.folder)


def _read(path: Path) -> list[dict[str, str]]:
    """Read the CSV and check its columns."""
    if not path.is_file():
        raise DataError(f"The list {path} is missing.")
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        columns = reader.fieldnames or ()
        missing = [c for c in _NEEDED if c not in columns]
        unknown = [c for c in columns if c not in _NEEDED + _OPTIONAL]
        if missing or unknown:
            raise DataError(
                f"{path} needs the columns {', '.join(_NEEDED)} (and may have "
                f"{', '.join(_OPTIONAL)}); it has {', '.join(columns) or 'none'}."
            )
        records = list(reader)
    if not records:
        raise DataError(f"{path} has no rows.")
    return records


def _mixture(number: int, record: dict[str, str], folder: Path) -> Mixture:
    """Load one row."""
    if not record["query"]:
        raise DataError(f"Row {number}: 'query' is empty.")
    names = ["mixture", "target", *(["noise"] if record.get("noise") else [])]
    loaded = {name: _load(number, name, folder / (record[name] or "")) for name in names}
    shapes = {name: (len(x), rate) for name, (x, rate) in loaded.items()}
    if len(set(shapes.values())) > 1:
        said = ", ".join(f"{n} {s} samples at {r} Hz" for n, (s, r) in shapes.items())
        raise DataError(f"Row {number}: the files differ in length or rate: {said}.")
    (mixture, rate), (target, _) = loaded["mixture"], loaded["target"]
    if float(np.mean(target**2)) < SILENT_POWER:
        raise DataError(f"Row {number}: the target {record['target']} is silent; nothing to score.")
    if "noise" in loaded:
        error = float(np.mean((mixture - target - loaded["noise"][0]) ** 2))
        if error > 1e-4 * float(np.mean(mixture**2)):
            raise DataError(
                f"Row {number}: target and noise do not add up to the mixture (-40 dB)."
            )
    row = Row(
        id=number,
        targets=(record["target"],),
        target_offsets=(0,),
        interferers=(),
        interferer_offsets=(),
        snr_db=(),
        asked="target",
        query=record["query"],
        query_clip="",
        label=record.get("label") or record["query"],
    )
    audio = [np.asarray(x, dtype=np.float32)[None, :] for x in (mixture, target, mixture - target)]
    return Mixture(row, audio[0], audio[1], audio[2], rate, record["query"])


def _load(number: int, name: str, path: Path) -> tuple[npt.NDArray[np.float64], int]:
    """Read one file as one channel."""
    import soundfile

    if not path.is_file():
        raise DataError(f"Row {number}: the {name} {path} is missing.")
    try:
        samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise DataError(f"Row {number}: the {name} {path} is not audio: {error}") from error
    if not len(samples):
        raise DataError(f"Row {number}: the {name} {path} is empty.")
    return samples.mean(axis=1), int(rate)
