"""Manifests: which clips there are, what is heard in them, and where they come from."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lass.errors import DataError

__all__ = ["Clip", "is_validation", "read_manifests", "split_validation"]

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
        DataError: no manifest is there, or one lacks a column.
    """
    paths = sorted(folder.glob("manifest-*.csv"))
    if not paths:
        raise DataError(
            f"no manifest-*.csv in {folder}: expected a folder with manifests and .tar shards; "
            "give it with --data"
        )
    clips: list[Clip] = []
    for path in paths:
        with path.open(newline="", encoding="utf-8") as file:
            clips.extend(_rows(file, path, split))
    return clips


def _rows(file: Iterable[str], path: Path, split: str) -> Iterable[Clip]:
    reader = csv.DictReader(file)
    missing = [c for c in _COLUMNS if c not in (reader.fieldnames or ())]
    if missing:
        raise DataError(f"{path.name} lacks the columns {', '.join(missing)}")
    for row in reader:
        if row["split"] == split:
            values = {c: row[c] for c in _COLUMNS if c != "sample_rate"}
            yield Clip(sample_rate=int(row["sample_rate"]), **values)


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
