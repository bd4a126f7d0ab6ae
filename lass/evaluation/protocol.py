"""Protocols: lists of mixtures as data, each with the SHA-256 it is known by.

A protocol is a CSV file of `Row` plus an entry in ``index.json`` that says how the rows become
sound. `load_protocol` reads both and refuses a list that is not the published one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from lass.errors import DataError
from lass.zoo.folders import resources

__all__ = ["Protocol", "Row", "dump_rows", "list_protocols", "load_protocol", "parse_rows"]

_ASKED = ("target", "interferer", "nothing")
_LEVELS = ("energy", "peak", "rms")


@dataclass(frozen=True)
class Row:
    """One mixture and what is asked of it. In the CSV, lists are joined with ``;``.

    Attributes:
        id: Number of the row.
        targets: Keys of the clips that make up the target (one, but in long scenes).
        target_offsets: Where each begins, in samples at the protocol's rate.
        interferers: Keys of everything else.
        interferer_offsets: As ``target_offsets``; negative cuts the clip's beginning off.
        snr_db: Energy of the target over that of each interferer, in dB (level ``energy`` only).
        asked: ``target``, ``interferer`` (the first one) or ``nothing`` (absent: silence is right).
        query: The words, or empty when ``query_clip`` asks.
        query_clip: Key of a clip that serves as the query, or empty.
        label: Class of what is asked for: the row of the per-class table.
    """

    id: int
    targets: tuple[str, ...]
    target_offsets: tuple[int, ...]
    interferers: tuple[str, ...]
    interferer_offsets: tuple[int, ...]
    snr_db: tuple[float, ...]
    asked: str
    query: str
    query_clip: str
    label: str


@dataclass(frozen=True)
class Protocol:
    """A list of mixtures and the rule that turns them into sound.

    Attributes:
        name: Name in the index, or the file's stem.
        rows: The mixtures.
        sample_rate: Rate of the mixtures in Hz; no clip has a lower one.
        level: ``energy`` (interferers scaled to ``snr_db`` over the mixture's span, then 0.9/peak
            if the peak exceeds 1), ``peak`` (each source, then the mixture, to peak 1) or ``rms``
            (every clip to ``level_db``).
        level_db: RMS of each clip in dB of full scale (level ``rms`` only).
        duration_s: Length of every mixture in seconds; None for the target's own length.
        recipe: How the list was made, in words.
        sdr_definition: Which SDR the results of this protocol report.
        sha256: Hash of the CSV file.
    """

    name: str
    rows: tuple[Row, ...]
    sample_rate: int
    level: str = "energy"
    level_db: float = -26.0
    duration_s: float | None = None
    recipe: str = ""
    sdr_definition: str = "plain SDR: 10 log10(mean(ref^2) / mean((est - ref)^2)), whole clip"
    sha256: str = ""

    def __len__(self) -> int:
        return len(self.rows)


def protocol_dir() -> Path:
    """Find the folder of the published protocols, in a wheel or in a checkout.

    Returns:
        The folder.

    Raises:
        DataError: When they are in neither place.
    """
    folder = resources("eval", "protocols")
    if (folder / "index.json").is_file():
        return folder
    raise DataError("The published protocols are not installed; give the path of a protocol CSV.")


def list_protocols() -> list[dict[str, Any]]:
    """List what the index says of each published protocol.

    Returns:
        The entries, in the index's order: name, recipe, rows, sha256, sample_rate and so on.

    Raises:
        DataError: When the index is missing or broken.

    Example:
        >>> "esc50-fold5" in [entry["name"] for entry in list_protocols()]
        True
    """
    return _read_index(protocol_dir() / "index.json")


def load_protocol(name_or_path: str | Path) -> Protocol:
    """Load a published protocol by name, or a list of the same columns by path.

    A path needs its entry in an ``index.json`` beside it, which is what says the sample rate.

    Args:
        name_or_path: ``esc50-fold5`` or ``some/folder/my-list.csv``.

    Returns:
        The protocol.

    Raises:
        DataError: When it does not exist, has wrong columns or values, or another SHA-256.

    Example:
        >>> len(load_protocol("esc50-fold5"))
        400
    """
    path = Path(name_or_path)
    if path.suffix != ".csv":
        path = protocol_dir() / f"{name_or_path}.csv"
    index = _read_index(path.parent / "index.json")
    entry = next((e for e in index if e.get("name") == path.stem), None)
    if entry is None or not path.is_file():
        known = ", ".join(str(e.get("name")) for e in index)
        raise DataError(f"No protocol '{path.stem}' in {path.parent}; it has: {known}.")
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != entry.get("sha256"):
        raise DataError(
            f"{path} has SHA-256 {sha256[:12]}…, the index says {str(entry.get('sha256'))[:12]}…; "
            "restore the published list or build it again with eval/build_protocols.py."
        )
    rows = parse_rows(content.decode("utf-8"), name=str(path))
    if entry.get("level", "energy") not in _LEVELS:
        raise DataError(f"{path}: level '{entry['level']}' is none of {', '.join(_LEVELS)}.")
    known_fields = {f.name for f in fields(Protocol)} - {"rows"}
    return Protocol(rows=rows, **{k: v for k, v in entry.items() if k in known_fields})


def parse_rows(text: str, *, name: str = "list") -> tuple[Row, ...]:
    """Read the rows of a protocol.

    Args:
        text: The CSV file's text.
        name: What to call it in messages.

    Returns:
        The rows.

    Raises:
        DataError: On missing or unknown columns, no rows, or a wrong value; it names the line.

    Example:
        >>> parse_rows("id,query", name="mine.csv")
        Traceback (most recent call last):
        lass.errors.DataError: mine.csv lacks the column(s) targets, target_offsets, interferers, \
interferer_offsets, snr_db, asked, query_clip, label.
    """
    reader = csv.DictReader(io.StringIO(text))
    columns = [f.name for f in fields(Row)]
    missing = [c for c in columns if c not in (reader.fieldnames or ())]
    unknown = [c for c in reader.fieldnames or () if c not in columns]
    if missing:
        raise DataError(f"{name} lacks the column(s) {', '.join(missing)}.")
    if unknown:
        raise DataError(f"{name} has unknown column(s) {', '.join(unknown)}.")
    rows = tuple(_parse_row(record, f"{name}, line {reader.line_num}") for record in reader)
    if not rows:
        raise DataError(f"{name} has no rows.")
    return rows


def dump_rows(rows: tuple[Row, ...]) -> str:
    """Write rows as CSV text: the inverse of `parse_rows`.

    Args:
        rows: The rows.

    Returns:
        The text, with Unix line ends on every system so that hashes agree.

    Example:
        >>> row = Row(0, ("a",), (0,), ("b",), (-5,), (0.0,), "target", "dog", "", "dog")
        >>> parse_rows(dump_rows((row,))) == (row,)
        True
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = [f.name for f in fields(Row)]
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(getattr(row, name)) for name in names])
    return buffer.getvalue()


def _cell(value: object) -> str:
    """Write one value."""
    if isinstance(value, tuple):
        return ";".join(_cell(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _parse_row(record: dict[str, str], where: str) -> Row:
    """Read one row and check that its lists fit together."""
    lists = {
        name: tuple(x for x in (record[name] or "").split(";") if x)
        for name in ("targets", "target_offsets", "interferers", "interferer_offsets", "snr_db")
    }
    try:
        row = Row(
            id=int(record["id"]),
            targets=lists["targets"],
            target_offsets=tuple(int(x) for x in lists["target_offsets"]),
            interferers=lists["interferers"],
            interferer_offsets=tuple(int(x) for x in lists["interferer_offsets"]),
            snr_db=tuple(float(x) for x in lists["snr_db"]),
            asked=record["asked"],
            query=record["query"] or "",
            query_clip=record["query_clip"] or "",
            label=record["label"] or "",
        )
    except (TypeError, ValueError) as error:
        raise DataError(f"{where}: a number is expected ({error}).") from error
    _check_row(row, where)
    return row


def _check_row(row: Row, where: str) -> None:
    """Refuse a row whose parts do not fit."""
    if not row.targets or len(row.targets) != len(row.target_offsets):
        raise DataError(f"{where}: 'targets' needs one or more keys and as many offsets.")
    if len(row.interferers) != len(row.interferer_offsets):
        raise DataError(f"{where}: 'interferers' and 'interferer_offsets' differ in length.")
    if row.snr_db and len(row.snr_db) != len(row.interferers):
        raise DataError(f"{where}: 'interferers' and 'snr_db' differ in length.")
    if row.asked not in _ASKED:
        raise DataError(f"{where}: 'asked' is '{row.asked}', not one of {', '.join(_ASKED)}.")
    if bool(row.query) == bool(row.query_clip):
        raise DataError(f"{where}: exactly one of 'query' and 'query_clip' must be filled.")


def _read_index(path: Path) -> list[dict[str, Any]]:
    """Read an index file."""
    if not path.is_file():
        raise DataError(f"No index at {path}; a protocol lies beside its index.json.")
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["protocols"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is not a protocol index: {error!r}") from error
    return list(entries)
