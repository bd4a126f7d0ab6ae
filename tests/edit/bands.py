"""A separator whose parts are known exactly: bands of frequency, cut with a brick wall.

It has what a session uses of :class:`lass.Separator` and counts how often it was asked.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from lass.separation.engine import Piece
from lass.separation.events import Track

RATE = 16000
BANDS_HZ = {
    "low": (0, 1000),
    "bass": (0, 1000),  # the very same sound by another name
    "middle": (1000, 4000),
    "high": (4000, 9000),
    "nothing": (8001, 9000),
}
FRAME_S = 0.032


def band(audio, query, rate=RATE):
    """A part by the definition of the fake."""
    low, high = BANDS_HZ[query]
    spectrum = np.fft.rfft(audio.astype(np.float64))
    hz = np.fft.rfftfreq(audio.shape[1], 1 / rate)
    spectrum[:, (hz < low) | (hz >= high)] = 0
    return np.fft.irfft(spectrum, audio.shape[1]).astype(np.float32)


class BandSeparator:
    """Splits by bands; counts what it separates."""

    def __init__(self):
        self.model = SimpleNamespace(
            name="bands", config={"sha256": {"model.safetensors": "0" * 64}}
        )
        self.asked = []

    def open(self, queries, negatives=(), *, sample_rate, channels):
        assert not negatives
        names = [query.name for query in queries]
        self.asked.append(names)
        return _BandStream(names, sample_rate)


class _BandStream:
    def __init__(self, names, rate):
        self._names, self._rate = names, rate

    def track(self):
        return self

    def run(self, blocks):
        audio = np.concatenate(list(blocks), axis=1)
        self._parts = np.stack([band(audio, name, self._rate) for name in self._names])
        for start in range(0, audio.shape[1], 5000):
            stretch = slice(start, start + 5000)
            yield Piece(audio[:, stretch], self._parts[..., stretch])

    def scores(self):
        loud = np.sqrt(np.mean(np.square(self._parts, dtype=np.float64), axis=(1, 2)))
        return [float(level > 1e-3) * 0.9 + 0.05 for level in loud]

    def tracks(self):
        hop = round(FRAME_S * self._rate)
        result = []
        for part in self._parts:
            frames = part[:, : part.shape[1] // hop * hop].reshape(len(part), -1, hop)
            power = np.square(frames, dtype=np.float64).mean(axis=(0, 2))
            level_db = 10 * np.log10(np.maximum(power, 1e-12)).astype(np.float32)
            scores = (level_db > -40).astype(np.float32)
            result.append(Track(scores, level_db, FRAME_S, FRAME_S / 2, part.shape[1] / self._rate))
        return result


def knocks(times_s, *, hz=500.0, seconds=2.0, rate=RATE, channels=2):
    """Short tones at some times, and a steady quiet tone far above them."""
    time = np.arange(round(seconds * rate)) / rate
    audio = 0.05 * np.sin(2 * np.pi * 6000 * time)
    for at in times_s:
        inside = (time >= at) & (time < at + 0.2)
        audio = audio + inside * 0.4 * np.sin(2 * np.pi * hz * time)
    return np.tile(audio, (channels, 1)).astype(np.float32)


def noise(*, seconds=1.5, rate=RATE, channels=2, seed=0):
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal((channels, round(seconds * rate)))).astype(np.float32)
