"""Changes of a source that keep what it is: length, speed, colour, room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["equalise", "fit_length", "place_in_room", "speed"]

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


def place_in_room(
    audio: Array,
    *,
    sample_rate: int,
    generator: np.random.Generator,
    decay_s: tuple[float, float] = (0.1, 0.8),
    direct_db: tuple[float, float] = (-3.0, 12.0),
) -> Array:
    """Let a sound ring in a random room: decaying noise after the direct sound (Moorer, 1979).

    Args:
        audio: ``(samples,)``.
        sample_rate: samples per second.
        generator: source of randomness.
        decay_s: least and largest time in which the room falls by 60 dB, in seconds.
        direct_db: least and largest level of the direct sound above the room's, in decibels.

    Returns:
        float32 ``(samples,)``; the end of the room's sound is cut.
    """
    decay = float(np.exp(generator.uniform(*np.log(decay_s))))
    time_s = np.arange(round(min(decay, 0.6) * sample_rate)) / sample_rate
    tail = generator.standard_normal(time_s.size) * 10.0 ** (-3.0 * time_s / decay)
    # Walls and air take the highs first: the tail is a moving average of the noise, more so in
    # one room than in another.
    width = int(generator.integers(1, 6))
    tail = np.convolve(tail, np.full(width, 1.0 / width), mode="same")
    tail *= 10.0 ** (-generator.uniform(*direct_db) / 20.0) / np.sqrt(np.sum(tail**2) + 1e-12)
    size = audio.size + tail.size
    wet = np.fft.irfft(np.fft.rfft(audio, size) * np.fft.rfft(tail, size), size)
    return audio + wet[: audio.size].astype(np.float32)
