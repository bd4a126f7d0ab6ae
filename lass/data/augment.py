"""Changes of a source that keep what it is: length, speed, colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["equalise", "fit_length", "speed"]

Array = NDArray[np.float32]


def fit_length(audio: Array, *, samples: int, generator: np.random.Generator) -> Array:
    """Bring a clip to a length: cut it, or place it (once or several times) in silence.

    Args:
        audio: ``(n,)``.
        samples: wished length.
        generator: source of randomness.

    Returns:
        float32 ``(samples,)``.
    """
    if audio.size >= samples:
        return audio[:samples]
    result = np.zeros(samples, np.float32)
    position = int(generator.integers(0, samples - audio.size + 1))
    if audio.size == 0:
        return result
    repeat = audio.size < samples // 2 and generator.random() < 0.5
    if not repeat:
        result[position : position + audio.size] = audio
        return result
    position = int(generator.integers(0, audio.size + 1))
    while position < samples:
        part = audio[: samples - position]
        result[position : position + part.size] = part
        position += audio.size + int(generator.integers(0, samples // 8))
    return result


def speed(audio: Array, *, factor: float) -> Array:
    """Play faster (above 1) or slower, by linear interpolation; pitch moves along.

    Example:
        >>> speed(np.arange(8, dtype=np.float32), factor=2.0).tolist()
        [0.0, 2.0, 4.0, 6.0]
    """
    if audio.size < 2:
        return audio
    positions = np.arange(0.0, audio.size - 1, factor)
    played: Array = np.interp(positions, np.arange(audio.size), audio).astype(np.float32)
    return played


def equalise(
    audio: Array, *, sample_rate: int, generator: np.random.Generator, reach_db: float = 6.0
) -> Array:
    """Colour a sound by a smooth random curve over frequency.

    Args:
        audio: ``(samples,)``.
        sample_rate: samples per second.
        generator: source of randomness.
        reach_db: largest change in decibels.

    Returns:
        float32 ``(samples,)``.
    """
    knots_hz = np.array([60.0, 300.0, 1000.0, 3000.0, 10000.0])
    gains_db = generator.uniform(-reach_db, reach_db, knots_hz.size)
    frequencies = np.fft.rfftfreq(audio.size, 1.0 / sample_rate)
    curve_db = np.interp(np.log(frequencies + 1.0), np.log(knots_hz), gains_db)
    spectrum = np.fft.rfft(audio) * 10.0 ** (curve_db / 20.0)
    return np.fft.irfft(spectrum, audio.size).astype(np.float32)
