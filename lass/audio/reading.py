"""Reading sound files, whole or block by block in constant memory.

The reader counts what it decodes and compares it with what the file promises, so half a
recording is never taken for a whole one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lass.audio.headers import data_claim, has_mp3_frame_count
from lass.audio.probing import AudioInfo, describe, open_sound
from lass.errors import AudioReadError

if TYPE_CHECKING:
    from collections.abc import Generator

    import soundfile
    from numpy.typing import NDArray

__all__ = ["read", "stream"]

_READ_VALUES = 1 << 19  # of all channels: a header may claim 1024 of them
# Silence packs well, but nobody needs gigabytes of it in memory at once.
_MOST_UNPACKED_BYTES = 1 << 30
_MOST_UNPACKED = 200
# Some encoders count their own information frame: two MP3 frames of slack, 1152 samples each.
_MP3_SLACK = 2 * 1152
_SAMPLE_BYTES = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4}
_SAMPLE_BYTES |= {"FLOAT": 4, "DOUBLE": 8, "ULAW": 1, "ALAW": 1}


def read(
    path: str | os.PathLike[str], *, start: int = 0, stop: int | None = None
) -> tuple[NDArray[np.float32], int]:
    """Read a sound file, or a span of it, into memory.

    Integer files are scaled so that full scale is 1.0. Float32 holds 24 bits exactly; a
    32-bit integer file is rounded to that.

    Args:
        path: A wav, flac, ogg, opus, mp3 or aiff file (or what else libsndfile reads).
        start: First sample to read.
        stop: Sample to stop before; None, or a number past the end, reads to the end.

    Returns:
        The signal, float32 ``(channels, samples)``, and its sample rate in Hz.

    Raises:
        AudioReadError: If the path is no readable sound file, if the file is truncated or
            damaged, if it holds NaN or infinite samples, if the span is not in it, or if it would
            unpack to more than 1 GiB and 200 times its size (`stream` reads such a file, too).

    Example:
        >>> import numpy as np, tempfile
        >>> from pathlib import Path
        >>> from lass.audio import write
        >>> path = Path(tempfile.mkdtemp()) / "a.wav"
        >>> _ = write(path, np.full((1, 1000), 0.25, np.float32), sample_rate=8000)
        >>> audio, sample_rate = read(path, start=100, stop=300)
        >>> audio.shape, float(audio[0, 0]), sample_rate
        ((1, 200), 0.25, 8000)
    """
    with open_sound(path) as file:
        told = describe(Path(path), file)
        _check_span(told, start, stop)
        _check_unpacked(told, start, stop)
        block_samples = max(1, _READ_VALUES // told.channels)
        blocks = list(_decode(file, told, block_samples, start, stop))
    if not blocks:
        return np.zeros((told.channels, 0), np.float32), told.sample_rate
    return np.concatenate(blocks, axis=1), told.sample_rate


def stream(
    path: str | os.PathLike[str],
    *,
    block_samples: int,
    start: int = 0,
    stop: int | None = None,
) -> Generator[NDArray[np.float32], None, None]:
    """Read a sound file block by block, in memory that does not grow with its length.

    The path is checked at once, not at the first block. The file is closed when the last
    block was taken, when the generator is closed or dropped, and when the consumer fails.

    Args:
        path: A sound file, as for `read`.
        block_samples: Samples per block; the last block may be shorter.
        start: First sample to read.
        stop: Sample to stop before; None reads to the end.

    Returns:
        A generator of float32 blocks ``(channels, samples)``, each its own array.

    Raises:
        AudioReadError: As for `read`; damage and NaN are reported when they are reached,
            truncation at the end.
        ValueError: If ``block_samples`` is not positive.

    Example:
        >>> import numpy as np, tempfile
        >>> from pathlib import Path
        >>> from lass.audio import write
        >>> path = Path(tempfile.mkdtemp()) / "a.wav"
        >>> _ = write(path, np.zeros((2, 1000), np.float32), sample_rate=8000)
        >>> [block.shape for block in stream(path, block_samples=400)]
        [(2, 400), (2, 400), (2, 200)]
    """
    if block_samples < 1:
        raise ValueError(f"block_samples is {block_samples}, expected 1 or more")
    with open_sound(path) as file:
        _check_span(describe(Path(path), file), start, stop)
    return _stream(Path(path), block_samples, start, stop)


def _stream(
    path: Path, block_samples: int, start: int, stop: int | None
) -> Generator[NDArray[np.float32], None, None]:
    with open_sound(path) as file:
        yield from _decode(file, describe(path, file), block_samples, start, stop)


def _decode(
    file: soundfile.SoundFile, told: AudioInfo, block_samples: int, start: int, stop: int | None
) -> Iterator[NDArray[np.float32]]:
    """Yield the blocks of a span and, at the end of the file, check that it was whole."""
    import soundfile

    position = start
    try:
        if start:
            file.seek(start)
        while stop is None or position < stop:
            wanted = block_samples if stop is None else min(block_samples, stop - position)
            frames = file.read(wanted, dtype="float32", always_2d=True)
            if len(frames) == 0:
                break
            block = np.ascontiguousarray(frames.T)
            _check_finite(block, told, position)
            position += block.shape[1]
            yield block
    except soundfile.SoundFileError as error:
        raise AudioReadError(
            f"{told.path} is damaged or truncated: {position} samples could be read, "
            f"expected {told.samples}; get the file again"
        ) from error
    if stop is None or position < stop:
        _check_whole(told, position)


def _check_span(told: AudioInfo, start: int, stop: int | None) -> None:
    if start < 0 or start > told.samples:
        raise AudioReadError(
            f"cannot start at sample {start}: {told.path} has {told.samples} samples; "
            f"give a start from 0 to {told.samples}"
        )
    if stop is not None and stop < start:
        raise AudioReadError(
            f"the span from sample {start} to {stop} of {told.path} is backwards; "
            "give a stop that is not before the start"
        )


def _check_unpacked(told: AudioInfo, start: int, stop: int | None) -> None:
    """Refuse to hold in memory what a small file unpacks to, or only claims to."""
    samples = min(told.samples, told.samples if stop is None else stop) - start
    needed = 4 * told.channels * max(samples, 0)
    size = told.path.stat().st_size
    if needed > max(_MOST_UNPACKED_BYTES, _MOST_UNPACKED * size):
        raise AudioReadError(
            f"{told.path} has {size} bytes and would take {needed / 2**30:.1f} GiB of memory: read "
            "a span of it, or read it block by block"
        )


def _check_finite(block: NDArray[np.float32], told: AudioInfo, position: int) -> None:
    if np.isfinite(block).all():
        return
    bad = ~np.isfinite(block).all(axis=0)
    at_s = (position + int(np.argmax(bad))) / told.sample_rate
    raise AudioReadError(
        f"{told.path} holds NaN or infinite samples, the first at {at_s:.4f} s; "
        "expected finite samples; repair the file or export it again"
    )


def _check_whole(told: AudioInfo, decoded: int) -> None:
    """Compare the decoded samples with what the file promises.

    Raises:
        AudioReadError: If samples are missing.
    """
    expected = _expected_samples(told)
    if decoded < expected:
        raise AudioReadError(
            f"{told.path} is truncated: {decoded} samples could be read, expected {expected}; "
            "get the file again (the part that is there can be read by giving a span)"
        )


def _expected_samples(told: AudioInfo) -> int:
    if told.format == "MP3":
        return told.samples - _MP3_SLACK if has_mp3_frame_count(told.path) else 0
    claim = data_claim(told.path)
    if claim is None or not claim.truncated:
        return told.samples
    width = _SAMPLE_BYTES.get(told.subtype)
    if width is not None and told.format not in ("FLAC", "OGG"):
        return max(claim.claimed_bytes // (width * told.channels), told.samples)
    # A compressed coding: only the share of the bytes is known.
    share = claim.claimed_bytes / max(claim.present_bytes, 1)
    return max(round(told.samples * share), told.samples + 1)
