"""From a rendering to files: bit depth kept, one common gain, nothing half-written.

Everything is rendered once into the session's own folder. Only then is it known how loud the
loudest output is, and whether an integer format needs a gain, the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from lass.audio import Resampler, Writer, choose_subtype, common_gain, container_of
from lass.errors import AudioWriteError
from lass.separation.naming import output_paths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.audio import AudioInfo
    from lass.edit.store import Samples, Scratch

__all__ = ["Exported", "Job", "OnExisting", "export_names"]

_BLOCK = 1 << 18
_MIX_WORD = "=edit"  # a name that no query has; it becomes NAME.edit.wav

OnExisting = Literal["error", "overwrite", "skip"]


@dataclass(frozen=True)
class Exported:
    """What was written.

    Args:
        files: by name: ``mix``, ``rest``, or a part's.
        gain_db: common gain that was needed so that nothing clips; 0 if none.
        skipped: the files existed and were left alone.
    """

    files: dict[str, Path]
    gain_db: float = 0.0
    skipped: bool = False


def export_names(
    source: Path,
    folder: Path | None,
    *,
    mix: str | None,
    parts: Sequence[str],
    rest: str | None,
    format: str | None = None,  # noqa: A002 (the field's word)
) -> dict[str, Path]:
    """Files for the outputs of a session.

    Args:
        source: the recording, whose name they get.
        folder: where they go; next to the recording if None.
        mix: name of the edited recording, if it is wanted.
        parts: names of the parts that are wanted.
        rest: name of the rest, if it is wanted.
        format: ending of the files; the recording's if None.

    Returns:
        Name → file.

    Raises:
        AudioWriteError: a name is too long for a file.

    Example:
        >>> names = export_names(Path("in.wav"), None, mix="mix", parts=["dog"], rest=None)
        >>> {name: str(path) for name, path in names.items()}
        {'mix': 'in.edit.wav', 'dog': 'in.dog.wav'}
    """
    words = [*([] if mix is None else [_MIX_WORD]), *parts]
    paths = output_paths(source, words, folder=folder, format=format, residual=True)
    named = {mix if word == _MIX_WORD and mix is not None else word: path
             for word, path in paths.parts.items()}  # fmt: skip
    if rest is not None:
        assert paths.residual is not None
        named[rest] = paths.residual
    return named


@dataclass
class Job:
    """Files to write, checked before anything is rendered.

    Args:
        files: name → file.
        sample_rate: samples per second of what is rendered.
        channels: its channels.
        told: the recording's file, whose bit depth is kept and which is never replaced.
        to_rate: samples per second of the files.
        subtype: bit depth by libsndfile's name, or ``auto``.
        on_existing: ``error``, ``overwrite`` or ``skip``.
        expected: samples per channel that will be rendered.

    Raises:
        AudioWriteError: a file exists, would replace the recording, or cannot hold the sound.
    """

    files: Mapping[str, Path]
    sample_rate: int
    channels: int
    told: AudioInfo | None
    to_rate: int
    subtype: str
    on_existing: OnExisting
    expected: int
    skipped: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Complain now about what would be wrong later."""
        for path in self.files.values():
            if self.told is not None and path.exists() and path.samefile(self.told.path):
                raise AudioWriteError(
                    f"an output would replace the recording {path}: choose another name"
                )
            self._writer(path)
        existing = [path for path in self.files.values() if path.exists()]
        if existing and self.on_existing == "error":
            raise AudioWriteError(
                f"{existing[0]} exists already; choose another name, or say what to do with "
                "`--on-existing overwrite` or `--on-existing skip` (in Python: on_existing=...)"
            )
        self.skipped = self.on_existing == "skip" and len(existing) == len(self.files)

    def run(
        self,
        blocks: Iterator[tuple[str, NDArray[np.float32]]],
        scratch: Scratch,
        on_progress: Callable[[str, float], None] | None = None,
    ) -> Exported:
        """Render and write.

        Args:
            blocks: what is rendered, by name.
            scratch: where it waits.
            on_progress: called with ``"writing"`` and the share that is done.

        Returns:
            What was written.

        Raises:
            AudioWriteError: a file cannot be written; nothing half-written is left.
        """
        files = {name: Path(path) for name, path in self.files.items()}
        if self.skipped:
            return Exported(files, skipped=True)
        with ExitStack() as kept:
            held, peaks = self._hold(blocks, scratch, kept)
            subtypes = {self._writer(path).subtype for path in files.values()}
            gain = min(common_gain(peaks, subtype=subtype) for subtype in subtypes)
            for path in files.values():
                _make_folder(path.parent)
            total, done = sum(signal.length for signal in held.values()), 0
            with ExitStack() as stack:
                for name, signal in held.items():
                    writer = stack.enter_context(self._writer(files[name]))
                    for start in range(0, signal.length, _BLOCK):
                        block = signal.read(start, min(start + _BLOCK, signal.length))
                        writer.write(block if gain == 1.0 else block * np.float32(gain))
                        done += block.shape[1]
                        if on_progress is not None:
                            on_progress("writing", done / max(total, 1))
        return Exported(files, gain_db=20.0 * float(np.log10(gain)))

    def _hold(
        self,
        blocks: Iterator[tuple[str, NDArray[np.float32]]],
        scratch: Scratch,
        kept: ExitStack,
    ) -> tuple[dict[str, Samples], list[float]]:
        """Everything rendered, at the files' rate, and the peak of each output."""
        writers, peaks = {}, {}
        for name in self.files:
            writers[name] = scratch.writer(self.channels)
            kept.callback(writers[name].discard)
            peaks[name] = 0.0
        resamplers = {name: self._resampler() for name in self.files}

        def hold(name: str, block: NDArray[np.float32]) -> None:
            peaks[name] = max(peaks[name], float(np.abs(block).max(initial=0.0)))
            writers[name].write(block)

        for name, block in blocks:
            hold(name, resamplers[name].push(block))
        for name, resampler in resamplers.items():
            hold(name, resampler.finish())
        return {name: writer.finish() for name, writer in writers.items()}, list(peaks.values())

    def _resampler(self) -> Resampler:
        return Resampler(channels=self.channels, from_hz=self.sample_rate, to_hz=self.to_rate)

    def _writer(self, path: Path) -> Writer:
        return Writer(
            path,
            sample_rate=self.to_rate,
            channels=self.channels,
            subtype=choose_subtype(container_of(path), subtype=self.subtype, like=self.told),
            on_existing=self.on_existing,
            expected_samples=-(-self.expected * self.to_rate // self.sample_rate),
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioWriteError(
            f"cannot make the folder {folder}: {error.strerror or error}; choose another"
        ) from error
