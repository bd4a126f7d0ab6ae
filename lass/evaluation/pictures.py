"""Small spectrogram pictures as PNG bytes, from NumPy and zlib alone."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from lass.evaluation.bounds import stft

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["draw_power", "peak_power", "png", "spectrogram"]

WIDTH, HEIGHT, RANGE_DB = 300, 96, 70.0
_LEVELS = 64
_ANCHORS = np.array(
    [(0, 0, 4), (43, 17, 92), (120, 28, 109), (192, 58, 80), (242, 115, 34), (252, 253, 191)],
    dtype=np.float64,
)


def png(indices: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8]) -> bytes:
    """Write a picture of indexed colours.

    Args:
        indices: ``(height, width)`` uint8, top row first.
        palette: ``(colours, 3)`` uint8, at most 256 colours.

    Returns:
        A PNG file.

    Source:
        ISO/IEC 15948 (PNG), colour type 3, no filter.

    Example:
        >>> picture = png(np.zeros((2, 3), np.uint8), np.zeros((1, 3), np.uint8))
        >>> picture[1:4], picture[16:24].hex()
        (b'PNG', '0000000300000002')
    """
    height, width = indices.shape
    lines = np.zeros((height, width + 1), dtype=np.uint8)
    lines[:, 1:] = indices
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = (
        (b"IHDR", head),
        (b"PLTE", palette.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    )
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def spectrogram(
    samples: npt.NDArray[np.floating], *, sample_rate: int, reference_power: float | None = None
) -> bytes:
    """Draw a spectrogram: time across, frequency upwards on a mel scale, 70 dB of range.

    Args:
        samples: ``(samples,)``.
        sample_rate: Rate in Hz.
        reference_power: STFT power that is drawn brightest; give `peak_power` of the mixture to
            all pictures that belong together. The signal's own peak by default.

    Returns:
        A PNG file of at most 300 x 96 pixels.

    Example:
        >>> spectrogram(np.zeros(8000), sample_rate=8000)[1:4]
        b'PNG'
    """
    power = np.abs(stft(samples, sample_rate=sample_rate)) ** 2
    columns = _pooled(power, np.linspace(0, len(power), min(WIDTH, len(power)) + 1))
    top = reference_power or float(power.max())
    return draw_power(columns, sample_rate=sample_rate, reference_power=top)


def draw_power(
    columns: npt.NDArray[np.float64], *, sample_rate: int, reference_power: float
) -> bytes:
    """Draw spectra side by side: frequency upwards on a mel scale, 70 dB of range.

    Args:
        columns: power of each bin ``(columns, bins)``, from 0 to half the rate.
        sample_rate: Rate in Hz.
        reference_power: The power that is drawn brightest.

    Returns:
        A PNG file, a pixel a column.

    Example:
        >>> draw_power(np.ones((4, 257)), sample_rate=8000, reference_power=1.0)[1:4]
        b'PNG'
    """
    top = max(reference_power, 1e-12)
    rows = _pooled(columns.T, _mel_edges(columns.shape[1], sample_rate))[::-1]
    level = 1.0 + 10.0 * np.log10(np.maximum(rows, 1e-30) / top) / RANGE_DB
    indices = np.round(np.clip(level, 0.0, 1.0) * (_LEVELS - 1)).astype(np.uint8)
    at = np.linspace(0, len(_ANCHORS) - 1, _LEVELS)
    colours = [np.interp(at, np.arange(len(_ANCHORS)), _ANCHORS[:, c]) for c in range(3)]
    return png(indices, np.stack(colours, axis=1).round().astype(np.uint8))


def peak_power(samples: npt.NDArray[np.floating], *, sample_rate: int) -> float:
    """Largest STFT power of a signal ``(samples,)``, for `spectrogram`.

    Example:
        >>> peak_power(np.zeros(800), sample_rate=8000)
        0.0
    """
    return float(np.max(np.abs(stft(samples, sample_rate=sample_rate)) ** 2))


def _mel_edges(bins: int, sample_rate: int) -> npt.NDArray[np.float64]:
    """Edges of the picture's rows in bins, evenly spaced in mel."""
    highest = 2595.0 * np.log10(1.0 + sample_rate / 2 / 700.0)
    hertz = 700.0 * (10.0 ** (np.linspace(0.0, highest, HEIGHT + 1) / 2595.0) - 1.0)
    return np.asarray(hertz / (sample_rate / 2) * bins)


def _pooled(
    values: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Largest value between edges along the first axis; at least one row each."""
    start = np.minimum(edges[:-1].astype(int), len(values) - 1)
    stop = np.maximum(np.ceil(edges[1:]).astype(int), start + 1)
    return np.stack([values[a:b].max(axis=0) for a, b in zip(start, stop, strict=True)])
