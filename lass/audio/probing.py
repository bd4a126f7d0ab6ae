"""Opening a sound file, and telling what it is.

All ways in which a path can be no readable sound file end here, each in one sentence.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lass.audio.headers import OverlayFile, data_claim
from lass.errors import AudioReadError

if TYPE_CHECKING:
    import soundfile

__all__ = ["AudioInfo", "info", "open_sound"]

_UNKNOWN_LENGTH = 2**62  # libsndfile reports the largest 64-bit number
_COUNT_VALUES = 1 << 17
# As fast as any converter there is. A rate beyond is a damaged header, and whatever is computed for
# so many samples a second fills the memory.
_MAX_RATE = 768_000
_ADVICE = (
    "expected a wav, flac, ogg, opus, mp3 or aiff file; "
    "convert it first, for example with `ffmpeg -i INPUT out.wav`"
)


@dataclass(frozen=True)
class AudioInfo:
    """What a sound file is.

    Args:
        path: The file.
        sample_rate: Samples per second and channel, in Hz.
        channels: Number of channels.
        samples: Samples per channel, as far as can be told without decoding.
        format: Container, in libsndfile's words: ``"WAV"``, ``"FLAC"``, ``"OGG"``, …
        subtype: Coding: ``"PCM_16"``, ``"FLOAT"``, ``"VORBIS"``, …
    """

    path: Path
    sample_rate: int
    channels: int
    samples: int
    format: str
    subtype: str

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / self.sample_rate


def info(path: str | os.PathLike[str]) -> AudioInfo:
    """Tell what a sound file is, without decoding it where it tells its own length.

    Args:
        path: The file.

    Returns:
        Its sample rate, channels, length and coding.

    Raises:
        AudioReadError: If the path is no readable sound file.

    Example:
        >>> import numpy as np, tempfile
        >>> from pathlib import Path
        >>> from lass.audio import write
        >>> path = Path(tempfile.mkdtemp()) / "a.flac"
        >>> write(path, np.zeros((2, 24000), np.float32), sample_rate=48000)
        True
        >>> told = info(path)
        >>> told.duration_s, told.channels, told.format, told.subtype
        (0.5, 2, 'FLAC', 'PCM_24')
    """
    with open_sound(path) as file:
        return describe(Path(path), file)


def describe(path: Path, file: soundfile.SoundFile) -> AudioInfo:
    """Tell what an open sound file is.

    Args:
        path: Where it was opened.
        file: The open file.

    Returns:
        Its description.
    """
    return AudioInfo(
        path=path,
        sample_rate=int(file.samplerate),
        channels=int(file.channels),
        samples=int(file.frames) if file.frames < _UNKNOWN_LENGTH else _count(path),
        format=str(file.format),
        subtype=str(file.subtype),
    )


def _count(path: Path) -> int:
    """Decode a file that does not tell its length, such as a FLAC stream, to count its samples."""
    import soundfile

    total = 0
    try:
        with open_sound(path) as file:
            block = max(1, _COUNT_VALUES // int(file.channels))
            while frames := len(file.read(block, dtype="float32", always_2d=True)):
                total += frames
    except soundfile.SoundFileError as error:
        raise AudioReadError(
            f"{path} is damaged after {total} samples and does not tell its length; "
            "get the file again"
        ) from error
    return total


def open_sound(path: str | os.PathLike[str]) -> soundfile.SoundFile:
    """Open a sound file for reading.

    Args:
        path: The file.

    Returns:
        The open file, a context manager.

    Raises:
        AudioReadError: If the path is no readable sound file.
    """
    import soundfile

    path = Path(path)
    _check_path(path)
    try:
        claim = data_claim(path)
        # As bytes, because soundfile fails on names that are no Unicode (Windows has none such).
        source: Any = str(path) if os.name == "nt" else os.fsencode(path)
        if claim is not None and claim.patch:
            source = OverlayFile(path, claim.patch)
        file = soundfile.SoundFile(source)
    except OSError as error:
        raise AudioReadError(f"cannot read {path}: {error.strerror or error}") from error
    # soundfile asks for more arguments, by a TypeError, for a file named like headerless audio.
    except (soundfile.SoundFileError, TypeError, ValueError) as error:
        raise AudioReadError(f"{path} is not a sound file that can be read; {_ADVICE}") from error
    if not 0 < file.samplerate <= _MAX_RATE:
        stated = file.samplerate
        file.close()
        raise AudioReadError(
            f"{path} states a sample rate of {stated} Hz, expected 1 to {_MAX_RATE}: its header is "
            "damaged; get the file again"
        )
    # soundfile seeks to where it already is after every block of a seekable file. That is slow
    # for compressed formats and, near the end of an Opus file, gives wrong samples.
    file.seekable = lambda: False
    return file


def _check_path(path: Path) -> None:
    """Refuse what is no regular, non-empty, readable file."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise AudioReadError(f"{path} is a folder, expected a sound file; give a file in it")
        if not stat.S_ISREG(status.st_mode):
            raise AudioReadError(
                f"{path} is not a regular file (a pipe or device); save the sound to a file first"
            )
        if status.st_size == 0:
            raise AudioReadError(f"{path} is empty (0 bytes), expected a sound file; get it again")
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise AudioReadError(
            f"there is no file {path}; check the name and the current folder"
        ) from error
    except PermissionError as error:
        raise AudioReadError(
            f"no permission to read {path}; change it, for example with `chmod u+r`"
        ) from error
    except (OSError, ValueError) as error:
        raise AudioReadError(f"cannot read {path}: {error}; check the name") from error
