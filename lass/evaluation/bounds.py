"""What doing nothing and what knowing the answer score: the two ends of every result.

Half of a 0 dB mixture gains 3.01 dB of SDR and has 0 dB of SI-SDR; an oracle mask, made from the
true target and rest, shows how far any mask of that kind could go at the stated resolution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["BOUNDS", "istft", "oracle_estimates", "stft"]

WINDOW_S, HOP_S = 0.032, 0.016

BOUNDS = {
    "mixture": "the mixture itself",
    "half": "half the mixture",
    "ratio_mask": "oracle ratio mask |T| / (|T| + |R|), STFT 32 ms, hop 16 ms, sqrt-Hann",
    "binary_mask": "oracle binary mask |T| > |R|, same STFT",
    "real_mask": "best real mask in [0, 1]: Re(T / X) clipped, same STFT",
}
"""Each bound's name and what it is; T, R, X are the STFTs of target, rest and mixture."""


def _frames(sample_rate: int) -> tuple[int, int, npt.NDArray[np.float64]]:
    """Window length and hop in samples, and the square root of a periodic Hann window."""
    hop = round(HOP_S * sample_rate)
    size = 2 * hop
    window = np.sin(np.pi * np.arange(size) / size)
    return size, hop, window


def stft(samples: npt.NDArray[np.floating], *, sample_rate: int) -> npt.NDArray[np.complex128]:
    """Short-time Fourier transform: 32 ms sqrt-Hann windows every 16 ms, ends padded.

    Args:
        samples: ``(..., samples)``.
        sample_rate: Rate in Hz.

    Returns:
        ``(..., frames, bins)``.

    Example:
        >>> stft(np.zeros((1, 16000)), sample_rate=16000).shape
        (1, 64, 257)
    """
    size, hop, window = _frames(sample_rate)
    count = -(-samples.shape[-1] // hop) + 1
    tail = (count + 1) * hop - hop - samples.shape[-1]
    edges = [(0, 0)] * (samples.ndim - 1) + [(hop, tail)]
    padded = np.pad(np.asarray(samples, dtype=np.float64), edges)
    frames = np.lib.stride_tricks.sliding_window_view(padded, size, axis=-1)[..., ::hop, :]
    return np.fft.rfft(frames * window, axis=-1)


def istft(
    spectrum: npt.NDArray[np.complex128], *, sample_rate: int, length: int
) -> npt.NDArray[np.float64]:
    """Inverse of `stft`.

    Args:
        spectrum: ``(..., frames, bins)``.
        sample_rate: Rate in Hz.
        length: Samples to give back.

    Returns:
        ``(..., length)``; equal to what `stft` was given to float64 rounding.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((1, 1000))
        >>> y = istft(stft(x, sample_rate=8000), sample_rate=8000, length=1000)
        >>> bool(np.allclose(x, y))
        True
    """
    size, hop, window = _frames(sample_rate)
    frames = np.fft.irfft(spectrum, n=size, axis=-1) * window
    # Hop is half a window: each hop-long piece is the sum of one frame's head and the last's tail.
    out = np.zeros((*frames.shape[:-2], frames.shape[-2] + 1, hop))
    out[..., :-1, :] += frames[..., :hop]
    out[..., 1:, :] += frames[..., hop:]
    return np.asarray(out.reshape(*out.shape[:-2], -1)[..., hop : hop + length])


def oracle_estimates(
    mixture: npt.NDArray[np.floating],
    target: npt.NDArray[np.floating],
    *,
    sample_rate: int,
) -> dict[str, npt.NDArray[np.float64]]:
    """Make the bounds of one mixture.

    Args:
        mixture: ``(..., samples)``.
        target: What is asked for, same shape.
        sample_rate: Rate in Hz.

    Returns:
        An estimate of the target, same shape, for each name of `BOUNDS`. Silent bins (no energy in
        target and rest) are passed as zero.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((2, 1, 800))
        >>> sorted(oracle_estimates(x[0] + x[1], x[0], sample_rate=8000)) == sorted(BOUNDS)
        True
    """
    mix = np.asarray(mixture, dtype=np.float64)
    true = np.asarray(target, dtype=np.float64)
    mix_bins = stft(mix, sample_rate=sample_rate)
    true_bins = stft(true, sample_rate=sample_rate)
    true_size, rest_size = np.abs(true_bins), np.abs(mix_bins - true_bins)
    whole = true_size + rest_size
    power = np.abs(mix_bins) ** 2
    real = np.real(true_bins * np.conj(mix_bins))
    masks = {
        "ratio_mask": np.divide(true_size, whole, out=np.zeros_like(whole), where=whole > 0),
        "binary_mask": (true_size > rest_size).astype(np.float64),
        "real_mask": np.clip(
            np.divide(real, power, out=np.zeros_like(power), where=power > 0), 0.0, 1.0
        ),
    }
    estimates = {"mixture": mix, "half": 0.5 * mix}
    for name, mask in masks.items():
        estimates[name] = istft(mask * mix_bins, sample_rate=sample_rate, length=mix.shape[-1])
    return estimates
