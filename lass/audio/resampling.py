"""Changing the sample rate, of a whole signal or of a stream, by the SoX resampler.

The output length is exact: ``ceil(samples * to_hz / from_hz)``, whatever the block sizes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lass.audio.validation import check_rate, validate
from lass.errors import AudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Resampler", "resample", "resampled_length"]

_QUALITY = "HQ"


def resampled_length(samples: int, *, from_hz: int, to_hz: int) -> int:
    """Tell how long a signal becomes.

    Args:
        samples: Samples per channel before.
        from_hz: Sample rate before, in Hz.
        to_hz: Sample rate after, in Hz.

    Returns:
        ``ceil(samples * to_hz / from_hz)``, in exact integer arithmetic.

    Example:
        >>> resampled_length(44100, from_hz=44100, to_hz=48000)
        48000
        >>> resampled_length(1, from_hz=48000, to_hz=44100)
        1
    """
    return -(-samples * to_hz // from_hz)


def resample(audio: NDArray[np.floating], *, from_hz: int, to_hz: int) -> NDArray[np.float32]:
    """Change the sample rate of a signal (soxr, high quality, linear phase).

    Args:
        audio: Signal ``(channels, samples)``.
        from_hz: Its sample rate in Hz.
        to_hz: The wanted sample rate in Hz.

    Returns:
        A new float32 array ``(channels, ceil(samples * to_hz / from_hz))``; a plain copy
        if both rates are equal.

    Raises:
        AudioError: If the signal or a rate is not valid.

    Example:
        >>> import numpy as np
        >>> resample(np.zeros((2, 100), np.float32), from_hz=44100, to_hz=48000).shape
        (2, 109)
    """
    signal = validate(audio, sample_rate=from_hz)
    resampler = Resampler(channels=signal.shape[0], from_hz=from_hz, to_hz=to_hz)
    return np.concatenate([resampler.push(signal), resampler.finish()], axis=1)


class Resampler:
    """Change the sample rate of a stream of blocks, in constant memory.

    The blocks together are what `resample` gives for the whole signal.

    Args:
        channels: Number of channels.
        from_hz: Sample rate of the blocks in Hz.
        to_hz: The wanted sample rate in Hz.

    Raises:
        AudioError: If a number is not positive.

    Example:
        >>> import numpy as np
        >>> resampler = Resampler(channels=1, from_hz=8000, to_hz=16000)
        >>> first = resampler.push(np.zeros((1, 500), np.float32))
        >>> last = resampler.finish()
        >>> first.shape[1] + last.shape[1]
        1000
    """

    def __init__(self, *, channels: int, from_hz: int, to_hz: int) -> None:
        self.from_hz, self.to_hz = check_rate(from_hz), check_rate(to_hz)
        if channels < 1:
            raise AudioError(f"channels is {channels}, expected 1 or more")
        self.channels = channels
        self._taken = 0
        self._given = 0
        self._finished = False
        self._soxr = None
        if self.from_hz != self.to_hz:
            import soxr

            self._soxr = soxr.ResampleStream(
                self.from_hz, self.to_hz, channels, dtype="float32", quality=_QUALITY
            )

    def push(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take a block and give what is ready; the resampler holds back a few milliseconds.

        Args:
            block: Float32 block ``(channels, samples)``, any length.

        Returns:
            Float32 block ``(channels, samples)`` at the new rate, possibly of zero samples.

        Raises:
            AudioError: If the block has another number of channels, or the stream has ended.
        """
        if self._finished:
            raise AudioError("this resampler was finished; make a new one for another signal")
        if block.ndim != 2 or block.shape[0] != self.channels:
            raise AudioError(f"block has shape {block.shape}, expected ({self.channels}, samples)")
        self._taken += block.shape[1]
        ready = self._run(block, last=False)
        self._given += ready.shape[1]
        return ready

    def finish(self) -> NDArray[np.float32]:
        """End the stream.

        Returns:
            The rest, float32 ``(channels, samples)``; with it the total length is exact.
        """
        if self._finished:
            return np.zeros((self.channels, 0), np.float32)
        total = resampled_length(self._taken, from_hz=self.from_hz, to_hz=self.to_hz)
        missing = total - self._given
        self._finished = True
        if self._soxr is None or missing == 0:
            return np.zeros((self.channels, 0), np.float32)
        # soxr rounds the length to the nearest sample. A little silence behind the signal
        # makes its output long enough to be cut at the exact place.
        behind = np.zeros((self.channels, 16 + 4 * (self.from_hz // self.to_hz + 1)), np.float32)
        return self._run(behind, last=True)[:, :missing]

    def _run(self, block: NDArray[np.float32], *, last: bool) -> NDArray[np.float32]:
        if self._soxr is None:
            return np.array(block, np.float32)
        frames = np.ascontiguousarray(block.T, dtype=np.float32)
        return np.ascontiguousarray(self._soxr.resample_chunk(frames, last=last).T)
