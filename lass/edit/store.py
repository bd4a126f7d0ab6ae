"""Signals on disk: a recording of any length and its parts, read wherever they are needed.

Everything a session holds lies as plain float32 in one private folder, which goes when the session
is closed. Reading a stretch takes memory for that stretch alone.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from lass.audio import AudioInfo, info, stream, validate
from lass.errors import AudioError, AudioReadError, EditError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Recording", "Samples", "SamplesWriter", "Scratch", "take"]

_BLOCK_S = 5.0
_VALUE = np.dtype("<f4")


@dataclass(frozen=True)
class Samples:
    """A finished signal on disk.

    Args:
        path: float32 values, all channels of a sample together.
        stored: channels in the file.
        channels: channels that are given out: as stored, or two equal ones of one.
        length: samples per channel.
    """

    path: Path
    stored: int
    channels: int
    length: int

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Read a stretch; before the beginning and after the end there is silence.

        Args:
            start: first sample, which may be negative.
            stop: sample to stop before.

        Returns:
            ``(channels, stop - start)``.
        """
        first, last = max(start, 0), min(stop, self.length)
        found = np.zeros((self.channels, max(stop - start, 0)), np.float32)
        if last > first:
            width = self.stored
            values = np.fromfile(
                self.path,
                _VALUE,
                count=(last - first) * width,
                offset=first * width * _VALUE.itemsize,
            )
            found[:, first - start : last - start] = values.reshape(-1, width).T
        return found


class SamplesWriter:
    """Write a signal block by block; a ``with`` block that fails removes it.

    Args:
        path: the file to make.
        channels: number of channels.
    """

    def __init__(self, path: Path, channels: int) -> None:
        self._path, self._channels, self._length = path, channels, 0
        self._file: BinaryIO = path.open("xb")

    def write(self, block: NDArray[np.float32]) -> bytes:
        """Append a block ``(channels, samples)``; returns it as it is stored."""
        stored = np.ascontiguousarray(block.T, _VALUE).tobytes()
        try:
            self._file.write(stored)
        except OSError as error:
            raise EditError(
                f"the session's temporary folder {self._path.parent} is full "
                f"({error.strerror or error}): make room, or set TMPDIR to a larger disk"
            ) from error
        self._length += block.shape[1]
        return stored

    def finish(self) -> Samples:
        """Close the file and give the signal."""
        self._file.close()
        return Samples(self._path, self._channels, self._channels, self._length)

    def discard(self) -> None:
        """Remove what was written."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class Scratch:
    """A private folder for the signals of one session; it goes with the session."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="lass-edit-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def writer(self, channels: int) -> SamplesWriter:
        """Begin a signal."""
        if not self._remove.alive:
            raise EditError("the session is closed: open it again")
        return SamplesWriter(self._folder / f"{secrets.token_hex(8)}.f32", channels)

    @property
    def closed(self) -> bool:
        """Whether everything is gone."""
        return not self._remove.alive

    def close(self) -> None:
        """Remove everything."""
        self._remove()


@dataclass(frozen=True)
class Recording:
    """The recording that is edited.

    Args:
        samples: its signal.
        sample_rate: samples per second.
        sha256: hash of its samples as float32, all channels of a sample together, with the rate
            and the number of channels before them; tags and names of files do not change it.
        told: what its file is, or None if it was given as an array.
    """

    samples: Samples
    sample_rate: int
    sha256: str
    told: AudioInfo | None

    @property
    def channels(self) -> int:
        """Channels of everything that is rendered."""
        return self.samples.channels

    @property
    def length(self) -> int:
        """Samples per channel."""
        return self.samples.length

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.length / self.sample_rate

    @property
    def own(self) -> Samples:
        """The signal with the channels that were recorded."""
        return replace(self.samples, channels=self.samples.stored)

    @property
    def doubled(self) -> bool:
        """Whether one channel is given out as two."""
        return self.samples.channels != self.samples.stored


def take(
    source: object,
    sample_rate: int | None,
    scratch: Scratch,
    *,
    to_stereo: bool = False,
    on_progress: Callable[[str, float], None] | None = None,
) -> Recording:
    """Take a recording into a session.

    Args:
        source: a path, or an array ``(channels, samples)``.
        sample_rate: samples per second of an array; a file tells its own.
        scratch: where it is kept.
        to_stereo: whether one channel becomes two equal ones.
        on_progress: called with ``"reading"`` and the share that is done.

    Returns:
        The recording.

    Raises:
        AudioReadError: the file cannot be read or is empty.
        AudioError: the array is not as described.
        EditError: an array came without a rate, or a file with one that is not its own.
    """
    told: AudioInfo | None = None
    blocks: Iterable[NDArray[np.float32]]
    if isinstance(source, str | Path):
        told = info(source)
        if sample_rate not in (None, told.sample_rate):
            raise EditError(
                f"{source} has {told.sample_rate} Hz, but sample_rate={sample_rate} was given: "
                "leave it out for a file"
            )
        rate, channels, length = told.sample_rate, told.channels, told.samples
        blocks = stream(source, block_samples=round(_BLOCK_S * rate))
    else:
        if sample_rate is None:
            raise EditError("an array needs its rate: give sample_rate=, such as 44100")
        signal = validate(source, sample_rate=sample_rate)
        rate, (channels, length) = int(sample_rate), signal.shape
        blocks = [signal]
    digest = hashlib.sha256(f"{rate} Hz, {channels} channels\n".encode())
    writer, done = scratch.writer(channels), 0
    try:
        for block in blocks:
            digest.update(writer.write(block))
            done += block.shape[1]
            if on_progress is not None:
                on_progress("reading", min(done / max(length, 1), 1.0))
    except BaseException:
        writer.discard()
        raise
    samples = writer.finish()
    if samples.length == 0:
        if told is not None:
            raise AudioReadError(f"{source} holds no samples, expected a recording; get it again")
        raise AudioError("the audio has no samples, expected at least one; give a recording")
    if to_stereo and channels == 1:
        samples = replace(samples, channels=2)
    return Recording(samples, rate, digest.hexdigest(), told)
