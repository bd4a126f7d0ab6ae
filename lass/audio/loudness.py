"""Integrated loudness after ITU-R BS.1770-4, for any sample rate.

The K-weighting is two recursive filters. A recursive filter is slow in plain NumPy, so they
are applied in the frequency domain, piece by piece: each piece is preceded by as much of the
past as the filters remember (their response falls by more than 400 dB within half a second),
so nothing of the piece itself is disturbed by the circular convolution.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lass.audio.validation import validate

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["k_weighting", "loudness_lufs"]

# The analogue prototypes behind the two filters that the standard tabulates for 48 kHz.
_SHELF_HZ, _SHELF_GAIN_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_SHELF_SLOPE = 0.4996667741545416
_HIGHPASS_HZ, _HIGHPASS_Q = 38.13547087602444, 0.5003270373238773
_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_OFFSET_LU = -0.691
_MEMORY_S = 0.5
_PIECE_S = 10.0

Biquad = tuple[tuple[float, float, float], tuple[float, float, float]]


def k_weighting(sample_rate: int) -> list[Biquad]:
    """Give the two K-weighting filters for a sample rate.

    A filter whose corner is above half the rate is left out.

    Args:
        sample_rate: Sample rate in Hz.

    Returns:
        Numerator and denominator coefficients of each biquad.

    Example:
        >>> shelf, highpass = k_weighting(48000)
        >>> [round(value, 6) for value in shelf[0]]
        [1.535125, -2.691696, 1.198393]
    """
    filters: list[Biquad] = []
    if sample_rate > 2 * _SHELF_HZ:
        k = math.tan(math.pi * _SHELF_HZ / sample_rate)
        high = 10 ** (_SHELF_GAIN_DB / 20)
        band = high**_SHELF_SLOPE
        a0 = 1 + k / _SHELF_Q + k * k
        numerator = (
            (high + band * k / _SHELF_Q + k * k) / a0,
            2 * (k * k - high) / a0,
            (high - band * k / _SHELF_Q + k * k) / a0,
        )
        filters.append((numerator, _denominator(k, _SHELF_Q)))
    if sample_rate > 2 * _HIGHPASS_HZ:
        k = math.tan(math.pi * _HIGHPASS_HZ / sample_rate)
        filters.append(((1.0, -2.0, 1.0), _denominator(k, _HIGHPASS_Q)))
    return filters


def _denominator(k: float, q: float) -> tuple[float, float, float]:
    a0 = 1 + k / q + k * k
    return (1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0)


def loudness_lufs(audio: NDArray[np.floating], *, sample_rate: int) -> float:
    """Measure the integrated loudness (ITU-R BS.1770-4).

    K-weighted power of 400 ms blocks with 75 % overlap, gated at -70 LUFS and then 10 LU
    below the mean. Five channels are taken as L R C Ls Rs and six as L R C LFE Ls Rs (the
    order of wav files); otherwise every channel counts as a front channel. A signal shorter
    than 400 ms is measured as one block of its own length, which the standard leaves open.

    Args:
        audio: Signal ``(channels, samples)``, full scale 1.0.
        sample_rate: Sample rate in Hz.

    Returns:
        Loudness in LUFS; minus infinity for silence and for what is below the gate.

    Raises:
        AudioError: If the signal is not valid.

    Example:
        >>> import numpy as np
        >>> time_s = np.arange(48000 * 2) / 48000
        >>> tone = np.sin(2 * np.pi * 997 * time_s)[np.newaxis]
        >>> round(loudness_lufs(tone, sample_rate=48000), 1)
        -3.0
    """
    signal = validate(audio, sample_rate=sample_rate)
    steps = _power_per_step(signal, sample_rate)
    if steps.size == 0:
        return -math.inf
    # Four steps of 100 ms make a block of 400 ms.
    blocks = np.convolve(steps, np.full(4, 0.25), "valid") if steps.size >= 4 else steps[:1]
    blocks = blocks[_lufs(blocks) > _ABSOLUTE_GATE_LUFS]
    if blocks.size == 0:
        return -math.inf
    gate = float(_lufs(np.mean(blocks))) + _RELATIVE_GATE_LU
    return float(_lufs(np.mean(blocks[_lufs(blocks) > gate])))


def _lufs(power: NDArray[np.float64] | np.floating) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(_OFFSET_LU + 10 * np.log10(power), np.float64)


def _power_per_step(signal: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
    """Mean weighted power of each 100 ms, summed over channels; one value if under 400 ms."""
    samples = signal.shape[1]
    count = samples * 10 // sample_rate
    if count < 4 or sample_rate < 10:  # under 10 Hz a step would be empty
        edges = np.array([0, samples])
    else:
        edges = np.arange(count + 1, dtype=np.int64) * sample_rate // 10
    if samples == 0:
        return np.zeros(0)
    energies = np.zeros(len(edges) - 1)
    memory = math.ceil(_MEMORY_S * sample_rate)
    weights = _channel_weights(signal.shape[0])[:, np.newaxis]
    # A whole number of steps per piece; a step is cut by no piece.
    per_piece = max(int(_PIECE_S * 10), 1)
    for first in range(0, len(energies), per_piece):
        bounds = edges[first : first + per_piece + 1]
        start, stop = int(bounds[0]), int(bounds[-1])
        before = min(memory, start)
        weighted = _weigh(signal[:, start - before : stop], sample_rate, memory)[:, before:]
        power = np.sum(weights * weighted**2, axis=0)
        energies[first : first + len(bounds) - 1] = np.add.reduceat(power, bounds[:-1] - start)
    return energies / np.diff(edges)


def _weigh(piece: NDArray[np.float32], sample_rate: int, memory: int) -> NDArray[np.float64]:
    length = piece.shape[1]
    size = 1 << (length + memory - 1).bit_length()
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    response = np.ones_like(z)
    for numerator, denominator in k_weighting(sample_rate):
        response *= np.polyval(numerator[::-1], z) / np.polyval(denominator[::-1], z)
    spectrum = np.fft.rfft(piece.astype(np.float64), size, axis=1)
    return np.asarray(np.fft.irfft(spectrum * response, size, axis=1)[:, :length], np.float64)


def _channel_weights(channels: int) -> NDArray[np.float64]:
    if channels == 5:
        return np.array([1.0, 1.0, 1.0, 1.41, 1.41])
    if channels == 6:
        return np.array([1.0, 1.0, 1.0, 0.0, 1.41, 1.41])
    return np.ones(channels)
