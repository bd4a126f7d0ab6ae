"""Decoded clips in one flat file a rate, so that a random crop costs a copy and nothing else."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lass.data.manifest import Clip
from lass.errors import DataError

__all__ = ["ClipStore"]

Audio = NDArray[np.float32]


class ClipStore:
    """Clips of a data pack, decoded once to 16-bit files and mapped into memory.

    Every clip is kept at ``low_hz``; clips recorded at ``high_hz`` are kept at that rate as well.

    Args:
        folder: a folder made by :meth:`build`.
    """

    low_hz = 16000
    high_hz = 32000

    def __init__(self, folder: Path) -> None:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        self.clips = [Clip(**entry) for entry in index["clips"]]
        self._offsets = {int(hz): np.asarray(o) for hz, o in index["offsets"].items()}
        self._samples = {
            hz: np.load(folder / f"clips-{hz}.npy", mmap_mode="r") for hz in self._offsets
        }

    @classmethod
    def open(
        cls,
        data: Path,
        clips: Sequence[Clip],
        *,
        cache: Path,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> ClipStore:
        """Open the store of these clips, building it first where needed.

        Args:
            data: the data pack with its tar shards.
            clips: the clips wanted.
            cache: folder under which stores are kept.
            on_progress: called with (clips done, clips in all) while building.

        Returns:
            The store; ``clips`` keeps the given order.

        Raises:
            DataError: a shard or a clip is missing.
        """
        name = hashlib.sha256("\n".join(clip.key for clip in clips).encode()).hexdigest()[:12]
        folder = cache / f"clips-{name}"
        if not (folder / "index.json").exists():
            _build(folder, data, clips, on_progress)
        return cls(folder)

    def has_rate(self, index: int, sample_rate: int) -> bool:
        """Whether clip ``index`` is kept at this rate."""
        offsets = self._offsets[sample_rate]
        return bool(offsets[index + 1] > offsets[index])

    def length(self, index: int, *, sample_rate: int) -> int:
        """Number of samples of clip ``index`` at this rate."""
        offsets = self._offsets[sample_rate]
        return int(offsets[index + 1] - offsets[index])

    def audio(
        self, index: int, *, sample_rate: int, start: int = 0, stop: int | None = None
    ) -> Audio:
        """Samples of clip ``index`` at this rate, float32 ``(samples,)``."""
        first, last = self._offsets[sample_rate][index : index + 2]
        last = last if stop is None else min(first + stop, last)
        samples = self._samples[sample_rate][first + start : last]
        audio: Audio = samples.astype(np.float32) / np.float32(32768.0)
        return audio


def _build(
    folder: Path,
    data: Path,
    clips: Sequence[Clip],
    on_progress: Callable[[int, int], None] | None,
) -> None:
    """Decode all clips; the index is written last, so that a broken build is never opened."""
    import soundfile
    import soxr

    wanted = {clip.key: number for number, clip in enumerate(clips)}
    low: list[NDArray[np.int16]] = [np.zeros(0, np.int16)] * len(clips)
    high = list(low)
    done = 0
    for shard in sorted({clip.shard for clip in clips}):
        if not (data / shard).exists():
            raise DataError(f"shard {shard} is not in {data}: give the data pack with --data")
        with tarfile.open(data / shard) as tar:
            for member in tar:
                number = wanted.get(member.name.rsplit(".", 1)[0])
                file = tar.extractfile(member) if number is not None else None
                if number is None or file is None:
                    continue
                audio, rate = soundfile.read(io.BytesIO(file.read()), dtype="float32")
                if rate >= ClipStore.high_hz:
                    high[number] = _int16(soxr.resample(audio, rate, ClipStore.high_hz))
                low[number] = _int16(soxr.resample(audio, rate, ClipStore.low_hz))
                done += 1
                if on_progress is not None:
                    on_progress(done, len(clips))
    if done != len(clips):
        raise DataError(f"{len(clips) - done} of {len(clips)} clips are not in the shards")
    folder.mkdir(parents=True, exist_ok=True)
    offsets = {}
    for rate, parts in ((ClipStore.low_hz, low), (ClipStore.high_hz, high)):
        np.save(folder / f"clips-{rate}.npy", np.concatenate(parts))
        offsets[rate] = [0, *np.cumsum([part.size for part in parts]).tolist()]
    index = {"clips": [vars(clip) for clip in clips], "offsets": offsets}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")


def _int16(audio: Audio) -> NDArray[np.int16]:
    return np.round(np.clip(audio, -1.0, 32767 / 32768) * 32768.0).astype(np.int16)
