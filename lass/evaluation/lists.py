"""Measure a separator on somebody's own recordings: a CSV of files instead of a protocol."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lass.errors import DataError
from lass.evaluation.mixtures import SILENT_POWER, Mixture
from lass.evaluation.protocol import Row
from lass.evaluation.results import Report
from lass.evaluation.runner import Separate, measure
from lass.evaluation.running import Work, run_rows, stamp_of
from lass.evaluation.similarity import Encoder, Similarity

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["check_list", "evaluate_list"]

_NEEDED, _OPTIONAL = ("mixture", "target", "query"), ("noise", "label")


def evaluate_list(
    separate: Separate,
    path: str | Path,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    limit: int | None = None,
    system: str = "",
    bounds: bool = True,
    encoder: Encoder | None = None,
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
        encoder: As in `lass.evaluation.evaluate`.
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
    similarity = None if encoder is None else Similarity(encoder)
    figures = partial(measure, bounds=bounds, similarity=similarity)
    space = None if encoder is None else encoder.space
    results, failures = run_rows(
        Work(separate, _Mixtures(tuple(records), path.parent), figures),
        range(len(records)),
        on_progress=on_progress,
        resume=resume,
        stamp=stamp_of(
            separate, name=path.stem, sha256=digest, system=system, bounds=bounds, space=space
        ),
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
        extra={} if space is None else {"similarity_space": space},
    )


@dataclass(frozen=True)
class _Record:
    """One line of a list.

    Attributes:
        number: Number of the row, from 0.
        where: The list and the line, for messages.
        cells: What the line holds, by column.
    """

    number: int
    where: str
    cells: dict[str, str]


@dataclass(frozen=True)
class _Mixtures:
    """The mixtures of a list by their place in it; picklable."""

    records: tuple[_Record, ...]
    folder: Path

    def __call__(self, place: int) -> Mixture:
        """Make one."""
        return _mixture(self.records[place], self.folder)


def check_list(path: str | Path) -> str:
    """Check that a list can be read and has the right columns; its sound is not looked at.

    Args:
        path: The CSV.

    Returns:
        Its SHA-256.

    Raises:
        DataError: As in `evaluate_list`.
    """
    path = Path(path)
    _read(path)
    return sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> list[_Record]:
    """Read the CSV and check its columns."""
    if not path.is_file():
        raise DataError(f"The list {path} is missing; give the path of a CSV file.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        columns = reader.fieldnames or ()
        missing = [c for c in _NEEDED if c not in columns]
        unknown = [c for c in columns if c not in _NEEDED + _OPTIONAL]
        if missing or unknown or len(set(columns)) < len(columns):
            raise DataError(
                f"{path} needs the columns {', '.join(_NEEDED)} (and may have "
                f"{', '.join(_OPTIONAL)}), separated by commas; it has "
                f"{', '.join(columns) or 'none'}."
            )
        records = [
            _Record(number, f"{path.name}, line {reader.line_num}", _cells(path, reader, cells))
            for number, cells in enumerate(reader)
        ]
    except OSError as error:
        raise DataError(f"Cannot read the list {path}: {error.strerror or error}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a CSV file in UTF-8: {error}.") from error
    if not records:
        raise DataError(f"{path} has no rows.")
    return records


def _cells(
    path: Path, reader: csv.DictReader[str], cells: dict[str | Any, str | Any]
) -> dict[str, str]:
    """The cells of a line, none of which may be left over."""
    if None in cells:
        raise DataError(
            f"{path.name}, line {reader.line_num}: there are more cells than columns; put text "
            "with a comma into quotes."
        )
    return {name: (cell or "").strip() for name, cell in cells.items()}


def _mixture(record: _Record, folder: Path) -> Mixture:
    """Load one row."""
    where, cells = record.where, record.cells
    empty = [name for name in _NEEDED if not cells[name]]
    if empty:
        raise DataError(f"{where}: '{empty[0]}' is empty.")
    names = ["mixture", "target", *(["noise"] if cells.get("noise") else [])]
    loaded = {name: _load(where, name, folder / cells[name]) for name in names}
    shapes = {name: (len(x), rate) for name, (x, rate) in loaded.items()}
    if len(set(shapes.values())) > 1:
        said = ", ".join(f"{n} {s} samples at {r} Hz" for n, (s, r) in shapes.items())
        raise DataError(
            f"{where}: the files differ in length or rate: {said}; make them "
            "alike, nothing is cut or padded here."
        )
    (mixture, rate), (target, _) = loaded["mixture"], loaded["target"]
    if float(np.mean(target**2)) < SILENT_POWER:
        raise DataError(
            f"{where}: the target {cells['target']} is silent, so there is "
            "nothing to score; take the row out."
        )
    if "noise" in loaded:
        error = float(np.mean((mixture - target - loaded["noise"][0]) ** 2))
        if error > 1e-4 * float(np.mean(mixture**2)):
            raise DataError(f"{where}: target and noise do not add up to the mixture (-40 dB).")
    row = Row(
        id=record.number,
        targets=(cells["target"],),
        target_offsets=(0,),
        interferers=(),
        interferer_offsets=(),
        snr_db=(),
        asked="target",
        query=cells["query"],
        query_clip="",
        label=cells.get("label") or cells["query"],
    )
    audio = [np.asarray(x, dtype=np.float32)[None, :] for x in (mixture, target, mixture - target)]
    return Mixture(row, audio[0], audio[1], audio[2], rate, cells["query"])


def _load(where: str, name: str, path: Path) -> tuple[npt.NDArray[np.float64], int]:
    """Read one file as one channel."""
    import soundfile

    if not path.is_file():
        raise DataError(
            f"{where}: the {name} {path} is missing; paths are taken from the list's own folder."
        )
    try:
        samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise DataError(f"{where}: the {name} {path} is not audio: {error}") from error
    if not len(samples):
        raise DataError(f"{where}: the {name} {path} is empty.")
    if not np.isfinite(samples).all():
        raise DataError(f"{where}: the {name} {path} has samples that are not finite.")
    return samples.mean(axis=1), int(rate)
