"""Separation from file to files: bit depth, one common gain, nothing half-written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from numpy.typing import NDArray

from lass.audio import AudioInfo, Writer, choose_subtype, common_gain, container_of, info, stream
from lass.audio.quantising import BITS, largest_code
from lass.errors import AudioReadError, AudioWriteError
from lass.separation.naming import OutputPaths
from lass.separation.result import FileResult, Progress

if TYPE_CHECKING:
    from lass.separation.engine import Piece, Stream

__all__ = ["separate_file"]

_BLOCK_S = 5.0
_STRETCH = 1 << 15  # samples

Open = Callable[[int, int], "Stream"]
OnExisting = Literal["error", "overwrite", "skip"]


def separate_file(
    path: Path,
    outputs: OutputPaths,
    open_stream: Open,
    *,
    subtype: str = "auto",
    on_existing: str = "error",
    on_progress: Callable[[Progress], None] | None = None,
) -> FileResult:
    """Separate one file, block by block; see :meth:`lass.Separator.separate_file`.

    Args:
        path: the recording.
        outputs: where the results go.
        open_stream: (sample rate, channels) → a stream that makes the parts in their order.
        subtype: bit depth by libsndfile's name, or ``auto`` to keep the recording's.
        on_existing: ``error``, ``overwrite`` or ``skip``.
        on_progress: called after every block.

    Returns:
        What became of the file.

    Raises:
        AudioReadError: the recording cannot be read.
        AudioWriteError: a result cannot be written; nothing half-written is left.
    """
    told = info(path)
    files = list(outputs)
    coding = choose_subtype(container_of(files[0]), subtype=subtype, like=told)
    if on_existing == "skip" and all(file.exists() for file in files):
        return FileResult(path, outputs.parts, outputs.residual, {}, skipped=True)
    _make_folder(files[0].parent)

    job = _Job(open_stream, told, files, coding, cast(OnExisting, on_existing), on_progress)
    gain = 1.0
    try:
        scores = job.run(gain)
    except _WouldClipError as clipping:
        # Rounding each part moves the rest by up to half a step a part.
        room = 1.0 - len(files) * 2.0 ** (1 - min(BITS[coding], 24))
        gain = common_gain([clipping.peak], subtype=coding) * room
        scores = job.run(gain)
    return FileResult(
        path,
        outputs.parts,
        outputs.residual,
        dict(zip(outputs.parts, scores, strict=True)),
        gain_db=20.0 * float(np.log10(gain)),
    )


class _WouldClipError(Exception):
    """The outputs do not fit the integer format at their own level."""

    def __init__(self, peak: float) -> None:
        super().__init__(f"peak {peak}")
        self.peak = peak


@dataclass
class _Job:
    """One pass over a file."""

    open_stream: Open
    told: AudioInfo
    files: list[Path]
    subtype: str
    on_existing: OnExisting
    on_progress: Callable[[Progress], None] | None

    def run(self, gain: float) -> list[float]:
        """Write all outputs at this gain; a pass that would clip only looks for the peak."""
        separation = self.open_stream(self.told.sample_rate, self.told.channels)
        limit = 1.0 if self.subtype in BITS else np.inf
        peak, done = 0.0, 0
        with ExitStack() as stack:
            writers = [stack.enter_context(self._writer(file)) for file in self.files]
            for piece in separation.run(self._blocks()):
                for short in _cut(piece):
                    signals = _as_stored(short, gain, self.subtype)[: len(writers)]
                    peak = max(peak, *(float(np.abs(signal).max()) for signal in signals))
                    if peak <= limit:
                        for writer, signal in zip(writers, signals, strict=True):
                            writer.write(signal)
                done += piece.audio.shape[1]
                self._report(done)
            if done == 0:
                raise AudioReadError(
                    f"{self.told.path} holds no samples, expected a recording; get it again"
                )
            if peak > limit:
                raise _WouldClipError(peak)
        return separation.scores()

    def _blocks(self) -> Iterator[NDArray[np.float32]]:
        return stream(self.told.path, block_samples=round(_BLOCK_S * self.told.sample_rate))

    def _writer(self, path: Path) -> Writer:
        return Writer(
            path,
            sample_rate=self.told.sample_rate,
            channels=self.told.channels,
            subtype=self.subtype,
            on_existing=self.on_existing,
            expected_samples=self.told.samples,
        )

    def _report(self, done: int) -> None:
        if self.on_progress is not None:
            rate = self.told.sample_rate
            done_s, total_s = done / rate, self.told.samples / rate
            self.on_progress(Progress(Path(self.told.path), done_s, max(done_s, total_s)))


def _cut(piece: Piece) -> Iterator[Piece]:
    """Short stretches of a piece, so that working in double precision takes little memory."""
    for start in range(0, piece.audio.shape[1], _STRETCH):
        stretch = slice(start, start + _STRETCH)
        yield replace(piece, audio=piece.audio[:, stretch], parts=piece.parts[..., stretch])


def _as_stored(piece: Piece, gain: float, subtype: str) -> list[NDArray[np.float32]]:
    """Parts and rest as they will be stored, so that the stored files sum exactly.

    In an integer format everything is rounded to its steps first, the mixture too; the rest is
    what is then missing, and again a whole number of steps.
    """
    steps, top = _grid(subtype)
    mixture = _rounded(piece.audio, gain, steps, top)
    parts = _rounded(piece.parts, gain, steps, top)
    rest = mixture - parts.sum(axis=0)
    if steps:
        # Full scale has one step less above than below: the lowest part takes what is over.
        over = np.where((rest > top) & (rest <= 1.0), rest - top, 0.0)
        lowest = parts.argmin(axis=0)[None]
        raised = np.take_along_axis(parts, lowest, axis=0) + over
        np.put_along_axis(parts, lowest, raised, axis=0)
        rest -= over
    return [signal.astype(np.float32) for signal in (*parts, rest)]


def _grid(subtype: str) -> tuple[float, float]:
    """Steps of an integer format in 1.0, and its largest value; float32 holds 24 bits at most."""
    if subtype not in BITS:
        return 0.0, np.inf
    steps = 2.0 ** (min(BITS[subtype], 24) - 1)
    return steps, min(largest_code(subtype), 1.0 - 1.0 / steps)


def _rounded(
    audio: NDArray[np.float32], gain: float, steps: float, top: float
) -> NDArray[np.float64]:
    """Apply the gain and round to steps. What is beyond full scale stays: it asks for a gain."""
    wide = audio.astype(np.float64) * gain
    if not steps:
        return wide
    over = np.abs(wide) > 1.0
    return np.where(over, wide, np.minimum(np.rint(wide * steps) / steps, top))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioWriteError(
            f"cannot make the folder {folder}: {error.strerror or error}; choose another with "
            "--output-dir"
        ) from error
