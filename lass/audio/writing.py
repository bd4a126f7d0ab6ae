"""Writing sound files: whole or not at all.

A file grows under a hidden temporary name in its folder and takes its real name only when it
is complete and on the disk. Whatever goes wrong, a half-written output never stays behind and
an older file of that name stays as it was.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from lass.audio.containers import check_limits, choose_subtype, container_of
from lass.audio.quantising import quantise
from lass.audio.temporary import Temporary, claim
from lass.audio.validation import validate
from lass.errors import AudioError, AudioWriteError

if TYPE_CHECKING:
    from types import TracebackType

    import soundfile
    from numpy.typing import NDArray

    from lass.audio.probing import AudioInfo

__all__ = ["Writer", "write"]

_WRITE_BLOCK = 1 << 16
_HEADER_BYTES = 1 << 16
_STORED_BYTES = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4}
_STORED_BYTES |= {"FLOAT": 4, "DOUBLE": 8}

OnExisting = Literal["error", "overwrite", "skip"]


def write(
    path: str | os.PathLike[str],
    audio: NDArray[np.floating],
    *,
    sample_rate: int,
    subtype: str = "auto",
    like: AudioInfo | None = None,
    on_existing: OnExisting = "error",
) -> bool:
    """Write a signal to a sound file, completely or not at all.

    Nothing is normalised. A signal that would clip in an integer coding is refused; find the
    gain for it and for what belongs to it with `common_gain`.

    Args:
        path: The file; its suffix decides the format.
        audio: Signal ``(channels, samples)``, full scale 1.0.
        sample_rate: Its sample rate in Hz.
        subtype: Coding by libsndfile's name; ``"auto"`` keeps the bit depth of ``like``, and
            without it takes FLOAT for wav and aiff, PCM_24 for flac.
        like: The file whose bit depth is to be kept.
        on_existing: What to do if the file exists.

    Returns:
        True if the file was written, False if it existed and was skipped.

    Raises:
        AudioWriteError: If the file exists, cannot be written, or cannot hold the signal.
        AudioError: If the signal is not valid, or would clip.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.wav"
        >>> tone = np.full((2, 100), 0.5, np.float32)
        >>> write(path, tone, sample_rate=44100, subtype="PCM_16")
        True
        >>> write(path, tone, sample_rate=44100, on_existing="skip")
        False
    """
    signal = validate(audio, sample_rate=sample_rate)
    with Writer(
        path,
        sample_rate=sample_rate,
        channels=signal.shape[0],
        subtype=subtype,
        like=like,
        on_existing=on_existing,
        expected_samples=signal.shape[1],
    ) as writer:
        if not writer.skipped:
            writer.write(signal)
    return not writer.skipped


class Writer:
    """Write a sound file block by block; it appears at the clean end of the ``with`` block.

    An exception inside the block, Ctrl-C included, removes what was written.

    Args:
        path: The file; its suffix decides the format.
        sample_rate: Sample rate in Hz.
        channels: Number of channels.
        format: Name of a format, such as ``"flac"``, if the suffix shall not decide.
        subtype: Coding by libsndfile's name, or ``"auto"`` as for `write`.
        like: The file whose bit depth is to be kept.
        on_existing: What to do if the file exists. With ``"skip"``, ``skipped`` is true
            inside the block and blocks are ignored.
        expected_samples: Length per channel if it is known. A wav file that it makes larger
            than 4 GiB is written as RF64, which every current program reads.

    Raises:
        AudioWriteError: If the file exists, cannot be written, or cannot hold the signal.
        AudioError: If a block is not valid, or would clip.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.flac"
        >>> with Writer(path, sample_rate=8000, channels=1) as writer:
        ...     for _ in range(3):
        ...         writer.write(np.zeros((1, 500), np.float32))
        >>> writer.samples, path.exists()
        (1500, True)
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        sample_rate: int,
        channels: int,
        format: str | None = None,  # noqa: A002 - libsndfile's own word
        subtype: str = "auto",
        like: AudioInfo | None = None,
        on_existing: OnExisting = "error",
        expected_samples: int | None = None,
    ) -> None:
        if on_existing not in ("error", "overwrite", "skip"):
            raise AudioWriteError(
                f"on_existing is {on_existing!r}, expected 'error', 'overwrite' or 'skip'"
            )
        self.path = Path(path)
        self.sample_rate, self.channels = int(sample_rate), int(channels)
        self.samples = 0
        self.skipped = False
        container = container_of(path, name=format)
        check_limits(container, sample_rate=sample_rate, channels=channels)
        self.subtype = choose_subtype(container, subtype=subtype, like=like)
        self.format, self._max_bytes = container.format, container.max_bytes
        if self.format == "WAV" and self._bytes(expected_samples or 0) > (self._max_bytes or 0):
            self.format, self._max_bytes = "RF64", None
        self._on_existing = on_existing
        # A link is written through, as by any other program, and stays a link.
        self._target = Path(os.path.realpath(self.path))
        self._made: Temporary | None = None
        self._file: soundfile.SoundFile | None = None

    def __enter__(self) -> Self:
        self.skipped = self._existing_is_kept()
        if not self.skipped:
            try:
                self._open()
            except BaseException:
                self._discard()
                raise
        return self

    def write(self, block: NDArray[np.floating]) -> None:
        """Append a block.

        Args:
            block: Signal ``(channels, samples)``, full scale 1.0, any length.

        Raises:
            AudioWriteError: If the disk is full or the format's size limit is reached.
            AudioError: If the block is not valid, or would clip in an integer coding.
        """
        if self.skipped:
            return
        if self._file is None:
            raise AudioWriteError(f"{self.path} is not open; write inside `with Writer(...)`")
        signal = validate(block, sample_rate=self.sample_rate)
        if signal.shape[0] != self.channels:
            raise AudioError(f"block has shape {signal.shape}, expected ({self.channels}, samples)")
        self._check_size(self.samples + signal.shape[1])
        for start in range(0, signal.shape[1], _WRITE_BLOCK):
            self._append(self._file, signal[:, start : start + _WRITE_BLOCK])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.skipped:
            return
        if kind is not None:
            self._discard()
            return
        try:
            self._commit()
        except BaseException:
            self._discard()
            raise

    def _existing_is_kept(self) -> bool:
        if self._target.is_dir():
            raise AudioWriteError(f"{self.path} is a folder, expected a file name; add one")
        if not self._target.exists() or self._on_existing == "overwrite":
            return False
        if self._on_existing == "skip":
            return True
        raise AudioWriteError(
            f"{self.path} exists already; choose another name, or say what to do with "
            "`--on-existing overwrite` or `--on-existing skip` (in Python: on_existing=...)"
        )

    def _open(self) -> None:
        import soundfile

        try:
            # Made here, because the operating system says why it refuses and libsndfile does not.
            self._made = claim(self._target)
            self._file = soundfile.SoundFile(
                str(self._made.path),
                mode="w",
                samplerate=self.sample_rate,
                channels=self.channels,
                format=self.format,
                subtype=self.subtype,
            )
        except (FileNotFoundError, NotADirectoryError) as error:
            raise AudioWriteError(
                f"cannot write {self.path}: {self._target.parent} is no folder; make it first"
            ) from error
        except OSError as error:
            raise AudioWriteError(
                f"cannot write {self.path}: {error.strerror or error}; choose another folder"
            ) from error
        except soundfile.SoundFileError as error:
            raise AudioWriteError(
                f"{self.format} with {self.subtype} cannot hold {self.channels} channels at "
                f"{self.sample_rate} Hz; use .wav"
            ) from error

    def _append(self, file: soundfile.SoundFile, piece: NDArray[np.float32]) -> None:
        import soundfile

        codes = np.ascontiguousarray(quantise(piece, subtype=self.subtype).T)
        try:
            file.write(codes)
        # soundfile asserts that everything was written, which a full disk makes false.
        except (soundfile.SoundFileError, AssertionError, OSError) as error:
            raise self._failed() from error
        self.samples += piece.shape[1]

    def _commit(self) -> None:
        """Finish the temporary file, bring it to the disk, and give it its name."""
        import soundfile

        assert self._file is not None
        assert self._made is not None
        try:
            self._file.close()
            self._check_complete(self._made.path)
            _drop_peak_chunk(self._made.path, self.format)
            _sync(self._made.path)
            if self._on_existing == "error":
                self._existing_is_kept()  # it may have appeared in the meantime
            os.replace(self._made.path, self._target)
        except (soundfile.SoundFileError, OSError) as error:
            raise self._failed() from error
        self._made.release()
        if sys.platform != "win32":
            with contextlib.suppress(OSError):  # some file systems do not sync folders
                _sync(self._target.parent)

    def _check_complete(self, path: Path) -> None:
        """Open the finished file again: some failures show only so."""
        import soundfile

        with soundfile.SoundFile(str(path)) as file:
            stored = int(file.frames)
        if self.format not in ("OGG", "MP3") and stored != self.samples:
            raise self._failed()

    def _discard(self) -> None:
        if self._file is not None:
            # Closing may fail for the reason that brought us here; the file goes anyway.
            with contextlib.suppress(Exception):
                self._file.close()
        if self._made is not None:
            with contextlib.suppress(OSError):
                self._made.path.unlink(missing_ok=True)
            self._made.release()

    def _failed(self) -> AudioWriteError:
        try:
            free = f"{shutil.disk_usage(self._target.parent).free / 2**20:.1f} MiB free there"
        except OSError:
            free = "its folder cannot be reached"
        return AudioWriteError(
            f"could not finish writing {self.path} after {self.samples} samples ({free}); "
            "nothing was left behind; make room or choose another folder"
        )

    def _bytes(self, samples: int) -> int:
        return samples * self.channels * _STORED_BYTES.get(self.subtype, 1) + _HEADER_BYTES

    def _check_size(self, samples: int) -> None:
        if self._max_bytes is not None and self._bytes(samples) > self._max_bytes:
            raise AudioWriteError(
                f"{self.path} would grow over 4 GiB, the limit of {self.format}; "
                "use .flac or .w64, or give expected_samples for a wav file"
            )


def _drop_peak_chunk(path: Path, container: str) -> None:
    """Blank the PEAK chunk of a float file.

    It holds the clock time, and equal sounds shall give equal files. In a wav file it becomes
    padding, because some readers, scipy's among them, warn about a chunk they do not know.
    """
    if container not in ("WAV", "AIFF"):
        return
    with path.open("r+b") as file:
        head = file.read(96)  # libsndfile puts it among the first chunks
        at = head.find(b"PEAK")
        if at < 0 or b"data" in head[:at] or b"SSND" in head[:at]:
            return
        if container == "AIFF":
            file.seek(at + 12)
            file.write(bytes(4))
            return
        file.seek(at)
        file.write(b"JUNK")
        file.seek(at + 8)
        file.write(bytes(int.from_bytes(head[at + 4 : at + 8], "little")))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
