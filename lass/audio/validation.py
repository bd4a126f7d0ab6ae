"""The check that every public function makes of a caller's array."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING

import numpy as np

from lass.errors import AudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_rate", "validate"]

# libsndfile's limit, too. More "channels" than this are samples on the wrong axis.
MAX_CHANNELS = 1024


def validate(audio: object, *, sample_rate: object) -> NDArray[np.float32]:
    """Check a caller's signal.

    Args:
        audio: Array of floating type, ``(channels, samples)``, finite; zero samples are
            allowed, zero channels are not.
        sample_rate: Sample rate in Hz, a positive integer.

    Returns:
        The signal as contiguous float32; the same array where it is that already.

    Raises:
        AudioError: If anything is not as described.

    Example:
        >>> import numpy as np
        >>> validate(np.zeros((1, 4)), sample_rate=8000).dtype
        dtype('float32')
        >>> validate(np.zeros(4), sample_rate=8000)
        Traceback (most recent call last):
        ...
        lass.errors.AudioError: audio has shape (4,), expected (channels, samples); \
use audio[np.newaxis] for one channel
    """
    check_rate(sample_rate)
    if not isinstance(audio, np.ndarray):
        raise AudioError(
            f"audio is a {type(audio).__name__}, expected a NumPy array (channels, samples); "
            "convert it with np.asarray"
        )
    _check_shape(audio)
    if not np.issubdtype(audio.dtype, np.floating):
        raise AudioError(
            f"audio has type {audio.dtype}, expected a floating type with full scale 1.0; "
            "divide integers by their full scale, for example int16 by 32768"
        )
    with np.errstate(over="ignore"):  # what overflows float32 is reported as not finite below
        result = np.ascontiguousarray(audio, dtype=np.float32)
    finite = np.isfinite(result)
    if not finite.all():
        channel, sample = np.unravel_index(int(np.argmin(finite)), result.shape)
        raise AudioError(
            f"audio holds a NaN or infinite value at channel {channel}, sample {sample}; "
            "expected finite values; find where it comes from or replace it"
        )
    return result


def check_rate(sample_rate: object) -> int:
    """Check a sample rate.

    Args:
        sample_rate: Sample rate in Hz.

    Returns:
        The rate as a plain integer.

    Raises:
        AudioError: If it is not a positive integer.

    Example:
        >>> check_rate(44100)
        44100
    """
    if (
        isinstance(sample_rate, bool)
        or not isinstance(sample_rate, numbers.Integral)
        or not 0 < int(sample_rate) < 2**31
    ):
        raise AudioError(
            f"sample_rate is {sample_rate!r}, expected a positive integer in Hz such as 44100"
        )
    return int(sample_rate)


def _check_shape(audio: NDArray[np.generic]) -> None:
    if audio.ndim == 1:
        raise AudioError(
            f"audio has shape {audio.shape}, expected (channels, samples); "
            "use audio[np.newaxis] for one channel"
        )
    if audio.ndim != 2 or audio.shape[0] == 0:
        raise AudioError(
            f"audio has shape {audio.shape}, expected (channels, samples) "
            "with at least one channel; reshape it"
        )
    if audio.shape[0] > MAX_CHANNELS:
        raise AudioError(
            f"audio has shape {audio.shape}, expected (channels, samples) with at most "
            f"{MAX_CHANNELS} channels; transpose it with audio.T if samples come first"
        )
