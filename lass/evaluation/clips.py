"""Test clips of the data pack, read by key out of the WebDataset shards.

The manifests say in which shard a clip lies; a shard's table of contents is read once, when its
first clip is asked for, and clips are then read where they lie: no archive is unpacked to disk.
Clips of train shards are refused, so that no result is ever measured on training material.
"""

from __future__ import annotations

import csv
import io
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lass.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Clip", "ClipStore"]

_COLUMNS = ("key", "shard", "dataset", "split", "label", "source", "sample_rate", "duration_s")


@dataclass(frozen=True)
class Clip:
    """What the manifest says of one clip.

    Attributes:
        key: Name of the clip, unique in the pack.
        shard: File name of its archive.
        dataset: Where it comes from, ``esc50`` for one.
        split: ``train`` or ``test``.
        label: Its class.
        source: The recording, speaker or player; two clips of one source are never mixed.
        sample_rate: Rate in Hz.
        duration_s: Length in seconds.
    """

    key: str
    shard: str
    dataset: str
    split: str
    label: str
    source: str
    sample_rate: int
    duration_s: float

    @property
    def is_test(self) -> bool:
        """Whether the clip may be used to report a result."""
        return self.split == "test" and "-train-" not in self.shard


@dataclass
class ClipStore:
    """The clips of a data folder, by key.

    Args:
        data_dir: Folder with ``manifest-*.csv`` and the shards they name.

    Raises:
        DataError: When there is no manifest or one lacks a column.

    Example:
        >>> ClipStore("/nowhere")
        Traceback (most recent call last):
        lass.errors.DataError: No manifest-*.csv in /nowhere; give the folder of the data pack.
    """

    data_dir: str | Path
    clips: dict[str, Clip] = field(init=False, repr=False)
    _members: dict[str, dict[str, tuple[int, int]]] = field(
        init=False, repr=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        """Read the manifests."""
        self.data_dir = Path(self.data_dir)
        manifests = sorted(self.data_dir.glob("manifest-*.csv"))
        if not manifests:
            raise DataError(
                f"No manifest-*.csv in {self.data_dir}; give the folder of the data pack."
            )
        self.clips = {clip.key: clip for path in manifests for clip in _read_manifest(path)}

    def test_clips(self, dataset: str) -> list[Clip]:
        """List the test clips of a dataset.

        Args:
            dataset: Name in the manifest's ``dataset`` column.

        Returns:
            The clips in order of their keys, which does not depend on the manifest's order.
        """
        found = [c for c in self.clips.values() if c.dataset == dataset and c.is_test]
        return sorted(found, key=lambda clip: clip.key)

    def get(self, key: str) -> Clip:
        """Look a clip up.

        Args:
            key: The clip's key.

        Returns:
            What the manifest says of it.

        Raises:
            DataError: When there is no such clip or it is a training clip.
        """
        clip = self.clips.get(key)
        if clip is None:
            raise DataError(f"No clip '{key}' in the manifests of {self.data_dir}.")
        if not clip.is_test:
            raise DataError(
                f"Clip '{key}' is training material (split {clip.split}, shard {clip.shard}); "
                "a protocol may only use test clips."
            )
        return clip

    def read(self, key: str) -> tuple[npt.NDArray[np.float64], int]:
        """Read a clip's samples.

        Args:
            key: The clip's key.

        Returns:
            Samples ``(samples,)``, the mean of the channels, full scale 1.0; and the rate in Hz.

        Raises:
            DataError: When the clip or its shard is missing, or cannot be decoded.
        """
        import soundfile

        clip = self.get(key)
        path = Path(self.data_dir) / clip.shard
        if clip.shard not in self._members:
            self._members[clip.shard] = _table_of_contents(path)
        place = self._members[clip.shard].get(key)
        if place is None:
            raise DataError(
                f"Shard {path} has no member '{key}.ogg' although the manifest says so."
            )
        with path.open("rb") as shard:
            shard.seek(place[0])
            content = shard.read(place[1])
        try:
            samples, rate = soundfile.read(io.BytesIO(content), dtype="float64", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise DataError(f"Clip '{key}' in {path} cannot be decoded: {error}") from error
        return samples.mean(axis=1), int(rate)


def _read_manifest(path: Path) -> list[Clip]:
    """Read one manifest."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [c for c in _COLUMNS if c not in (reader.fieldnames or ())]
        if missing:
            raise DataError(f"{path} lacks the column(s) {', '.join(missing)}.")
        return [
            Clip(
                key=row["key"],
                shard=row["shard"],
                dataset=row["dataset"],
                split=row["split"],
                label=row["label"],
                source=row["source"],
                sample_rate=int(row["sample_rate"]),
                duration_s=float(row["duration_s"]),
            )
            for row in reader
        ]


def _table_of_contents(path: Path) -> dict[str, tuple[int, int]]:
    """Map each key of a shard to the position and size of its sound file, in bytes."""
    if not path.is_file():
        raise DataError(f"The shard {path} is missing; check the data folder.")
    try:
        with tarfile.open(path, "r:") as archive:
            return {
                member.name.rsplit("/", 1)[-1].removesuffix(".ogg"): (
                    member.offset_data,
                    member.size,
                )
                for member in archive
                if member.isfile() and member.name.endswith(".ogg")
            }
    except tarfile.TarError as error:
        raise DataError(f"{path} is not a tar archive: {error}") from error
