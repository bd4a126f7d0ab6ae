"""Manifests: which clips there are, what is heard in them, and where they come from."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lass.errors import DataError

__all__ = ["Clip", "is_validation", "read_manifests", "split_validation"]

_LARGEST_RATE = 768_000
_COLUMNS = ("key", "shard", "dataset", "split", "label", "caption", "source", "sample_rate")


@dataclass(frozen=True)
class Clip:
    """One recording of one sound.

    Args:
        key: name inside its shard, without the ending.
        shard: tar file that holds it.
        dataset: where it was published.
        split: ``train`` or ``test``.
        label: what is heard, as a person would write it.
        caption: a longer description, or empty.
        source: recording, speaker, player or kit; clips of one source are never mixed.
        sample_rate: samples per second.
    """

    key: str
    shard: str
    dataset: str
    split: str
    label: str
    caption: str
    source: str
    sample_rate: int


def read_manifests(folder: Path, *, split: str = "train") -> list[Clip]:
    """Read every ``manifest-*.csv`` of a data folder.

    Args:
        folder: the data pack.
        split: keep only clips of this split.

    Returns:
        The clips, in the order of the files.

    Raises:
        DataError: no manifest is there, or one lacks a column, cannot be read, or has a row that
            is not as it should be.
    """
    paths = sorted(folder.glob("manifest-*.csv"))
    if not paths:
        raise DataError(
            f"no manifest-*.csv in {folder}: expected a folder with manifests and .tar shards; "
            "give it with --data"
        )
    clips: list[Clip] = []
    for path in paths:
        if not path.is_file():
            raise DataError(f"the manifest {path} is no file: remove it, or give another --data")
        try:
            with path.open(newline="", encoding="utf-8") as file:
                clips.extend(_rows(file, path, split))
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror or error}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataError(
                f"{path.name} is no table with commas in UTF-8 ({error}): get it again"
            ) from error
    return clips


def _rows(file: Iterable[str], path: Path, split: str) -> Iterator[Clip]:
    reader = csv.DictReader(file)
    missing = [c for c in _COLUMNS if c not in (reader.fieldnames or ())]
    if missing:
        raise DataError(f"{path.name} lacks the columns {', '.join(missing)}")
    for row in reader:
        if row["split"] == split:
            yield _clip(row, f"{path.name}, line {reader.line_num}")


def _clip(row: dict[str, str], where: str) -> Clip:
    if None in row.values():
        raise DataError(f"{where}: the row is too short, expected {', '.join(_COLUMNS)}")
    values = {name: row[name] for name in _COLUMNS}
    shard, rate = values["shard"], values.pop("sample_rate")
    if shard in ("", ".", "..") or set(shard) & set("/\\\0"):
        raise DataError(
            f"{where}: the shard is {shard[:80]!r}, expected the plain name of a file beside it"
        )
    # At most nine digits: `int` refuses texts of thousands, and takes those of other scripts.
    number = int(rate) if rate.isascii() and rate.isdigit() and len(rate) < 10 else 0
    if not 0 < number <= _LARGEST_RATE:
        raise DataError(f"{where}: the sample rate is {rate[:20]!r}, expected whole Hz")
    return Clip(sample_rate=number, **values)


def is_validation(clip: Clip) -> bool:
    """Whether a train clip is kept aside for choices (a tenth of the sources, by hash).

    Example:
        >>> is_validation(Clip("k", "s.tar", "d", "train", "dog", "", "fs100032", 16000))
        False
    """
    digest = hashlib.md5(clip.source.encode(), usedforsecurity=False).hexdigest()
    return int(digest, 16) % 10 == 0


def split_validation(clips: Sequence[Clip]) -> tuple[list[int], list[int]]:
    """Indices of the clips to train on, and of those kept aside for choices.

    Example:
        >>> clip = Clip("k", "s.tar", "d", "train", "dog", "", "fs100032", 16000)
        >>> split_validation([clip])
        ([0], [])
    """
    train: list[int] = []
    kept: list[int] = []
    for index, clip in enumerate(clips):
        (kept if is_validation(clip) else train).append(index)
    return train, kept
