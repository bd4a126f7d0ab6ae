"""What a browser needs of a signal: short sound files, a waveform and a spectrogram.

A signal goes through once, block by block. The sound is cut into segments of ten seconds, 16-bit
FLAC each, so that a browser decodes only what is near the playhead, and the pictures have a fixed
size, so that a long recording costs no more than a short one.
"""

from __future__ import annotations

import base64
import hashlib
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Preview", "Segment", "make_preview", "segment_samples"]

SEGMENT_S = 10.0
COLUMNS = 4000
PICTURE_COLUMNS = 1200
TRACK_COLUMNS = 600
_WINDOW = 2048
_EXCERPTS, _EXCERPT_S = 5, 4.0


@dataclass(frozen=True)
class Segment:
    """Ten seconds of sound, or what is left at the end.

    Args:
        data: a FLAC file of 16 bits.
        scale: what its samples are multiplied with, 1 unless the signal goes over full scale.
    """

    data: bytes
    scale: float


@dataclass(frozen=True)
class Preview:
    """A signal for the browser.

    Args:
        version: changes with the sound.
        segments: the sound.
        peaks: least and largest sample of each column by turns, int8, in base64.
        peak: largest absolute sample.
        power: spectra of short stretches at even distances ``(columns, bins)``.
        excerpt: all of a short signal, and five stretches of a long one ``(channels, samples)``.
        sample_rate: samples per second.
        pictures: spectrograms that were drawn, by the power that is brightest.
    """

    version: str
    segments: tuple[Segment, ...]
    peaks: str
    peak: float
    power: NDArray[np.float32]
    excerpt: NDArray[np.float32]
    sample_rate: int
    pictures: dict[float, bytes] = field(default_factory=dict, compare=False, repr=False)

    @property
    def size(self) -> int:
        """Bytes of sound."""
        return sum(len(segment.data) for segment in self.segments)

    def picture(self, reference_power: float) -> bytes:
        """Draw the spectrogram.

        Args:
            reference_power: the power that is drawn brightest, the same for all strips.

        Returns:
            A PNG file.
        """
        from lass.evaluation.pictures import draw_power

        if reference_power not in self.pictures:
            self.pictures[reference_power] = draw_power(
                self.power.astype(np.float64),
                sample_rate=self.sample_rate,
                reference_power=reference_power,
            )
        return self.pictures[reference_power]


def segment_samples(sample_rate: int) -> int:
    """Samples in a segment."""
    return round(SEGMENT_S * sample_rate)


def make_preview(
    blocks: Iterable[NDArray[np.float32]], *, sample_rate: int, length: int
) -> Preview:
    """Prepare a signal for the browser.

    Args:
        blocks: ``(channels, samples)`` each, of any size, ``length`` samples in all.
        sample_rate: samples per second.
        length: samples per channel.

    Returns:
        The preview.
    """
    segments: list[Segment] = []
    wave, spectra, excerpt = _Wave(length), _Spectra(length), _Excerpt(length, sample_rate)
    digest = hashlib.sha256()
    at = 0
    for block in _regrouped(blocks, segment_samples(sample_rate)):
        segment = _encode(block, sample_rate)
        digest.update(segment.data)
        segments.append(segment)
        wave.add(block, at)
        spectra.add(block, at)
        excerpt.add(block, at)
        at += block.shape[1]
    return Preview(
        version=digest.hexdigest()[:16],
        segments=tuple(segments),
        peaks=base64.b64encode(wave.bytes()).decode(),
        peak=wave.peak(),
        power=spectra.power,
        excerpt=excerpt.joined(),
        sample_rate=sample_rate,
    )


def _regrouped(blocks: Iterable[NDArray[np.float32]], count: int) -> Iterable[NDArray[np.float32]]:
    """The same signal in blocks of ``count`` samples, the last one shorter."""
    held: list[NDArray[np.float32]] = []
    size = 0
    for block in blocks:
        held.append(block)
        size += block.shape[1]
        if size < count:
            continue
        joined = np.concatenate(held, axis=1)
        whole = size - size % count
        for start in range(0, whole, count):
            yield joined[:, start : start + count]
        held, size = [joined[:, whole:]], size - whole
    if size:
        yield np.concatenate(held, axis=1)


def _encode(block: NDArray[np.float32], sample_rate: int) -> Segment:
    import soundfile

    # Browsers play one or two channels; of more, the mean is enough to listen to.
    heard = block if block.shape[0] <= 2 else block.mean(axis=0, keepdims=True)
    peak = float(np.abs(heard).max(initial=0.0))
    scale = 1.0 if peak < 1.0 else 2.0 ** math.ceil(math.log2(peak * 32768 / 32767))
    file = io.BytesIO()
    codes = np.round(heard.T / scale * 32768).clip(-32768, 32767).astype(np.int16)
    soundfile.write(file, codes, sample_rate, format="FLAC", subtype="PCM_16")
    return Segment(file.getvalue(), scale)


class _Wave:
    """Least and largest sample of each column."""

    def __init__(self, length: int) -> None:
        columns = max(1, min(COLUMNS, length))
        self._edges = np.linspace(0, length, columns + 1).astype(np.int64)
        self._low = np.full(columns, np.inf)
        self._high = np.full(columns, -np.inf)

    def add(self, block: NDArray[np.float32], at: int) -> None:
        stop = at + block.shape[1]
        first = int(np.searchsorted(self._edges, at, side="right")) - 1
        last = int(np.searchsorted(self._edges, stop, side="left"))
        starts = np.maximum(self._edges[first:last], at) - at
        inside = slice(first, last)
        least = np.minimum.reduceat(block.min(axis=0), starts)
        most = np.maximum.reduceat(block.max(axis=0), starts)
        self._low[inside] = np.minimum(self._low[inside], least)
        self._high[inside] = np.maximum(self._high[inside], most)

    def peak(self) -> float:
        return float(max(-self._low.min(), self._high.max(), 0.0))

    def bytes(self) -> bytes:
        pairs = np.stack([self._low, self._high], axis=1)
        pairs = np.where(np.isfinite(pairs), pairs, 0.0)
        return np.round(pairs * 127).clip(-127, 127).astype(np.int8).tobytes()


class _Spectra:
    """Power of short stretches at even distances."""

    def __init__(self, length: int) -> None:
        columns = max(1, min(PICTURE_COLUMNS, length // 64))
        self._middles = ((np.arange(columns) + 0.5) / columns * length).astype(np.int64)
        self._window = np.hanning(_WINDOW).astype(np.float32)
        self.power = np.zeros((columns, _WINDOW // 2 + 1), np.float32)

    def add(self, block: NDArray[np.float32], at: int) -> None:
        mono = block.mean(axis=0)
        if mono.size < _WINDOW:
            mono = np.pad(mono, (0, _WINDOW - mono.size))
        here = np.flatnonzero((self._middles >= at) & (self._middles < at + block.shape[1]))
        starts = np.clip(self._middles[here] - at - _WINDOW // 2, 0, mono.size - _WINDOW)
        for column, start in zip(here.tolist(), starts.tolist(), strict=True):
            spectrum = np.fft.rfft(mono[start : start + _WINDOW] * self._window)
            self.power[column] = np.abs(spectrum) ** 2


class _Excerpt:
    """Stretches that stand for the whole where loudness is measured."""

    def __init__(self, length: int, sample_rate: int) -> None:
        long = round(_EXCERPT_S * sample_rate)
        if length <= _EXCERPTS * long:
            self._spans = [(0, length)]
        else:
            starts = np.linspace(0, length - long, _EXCERPTS).astype(np.int64).tolist()
            self._spans = [(start, start + long) for start in starts]
        self._kept: list[NDArray[np.float32]] = []

    def add(self, block: NDArray[np.float32], at: int) -> None:
        for start, stop in self._spans:
            first, last = max(start - at, 0), min(stop - at, block.shape[1])
            if first < last:
                self._kept.append(block[:, first:last].copy())

    def joined(self) -> NDArray[np.float32]:
        return np.concatenate(self._kept, axis=1) if self._kept else np.zeros((1, 0), np.float32)
