"""Twelve bands of fixed noise: the raw material of the reverb.

The noise comes from a seed. A longer piece begins with the shorter one, so that a decay that
grows a little changes the sound a little.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lass.fx.convolution import fast_length

__all__ = ["BAND_CENTRES_HZ", "band_noise"]

BAND_CENTRES_HZ: tuple[float, ...] = (
    16.0, 31.5, 63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0, 20000.0,
)  # fmt: skip
"""Octave bands (IEC 61260) between a low-pass and a high-pass band, as in dasp-pytorch."""

_CROSSOVERS_HZ = (*(22.3 * 2.0**k for k in range(10)), 18000.0)
_FADE_OCTAVES = 1 / 3
_FILTER_S = 0.093
"""Length of the band filters: fine enough to part 31.5 Hz from 63 Hz."""


_LARGEST_KEPT = 1 << 24
"""Numbers in a bank that is kept: 64 MiB. A longer one is made anew, band by band."""


def band_noise(*, sample_rate: int, samples: int, channels: int, seed: int) -> Iterable[Tensor]:
    """Make white noise, split into twelve bands whose sum it is.

    Args:
        sample_rate: Sample rate in Hz. Bands above half of it are silent.
        samples: Length.
        channels: Independent noises.
        seed: Seed, 0 or more.

    Returns:
        Twelve float32 tensors ``(channels, samples)``, one after another; the sum over all
        has variance 1. They may be shared: do not change them.

    Example:
        >>> long = list(band_noise(sample_rate=8000, samples=4096, channels=1, seed=0))
        >>> short = list(band_noise(sample_rate=8000, samples=1024, channels=1, seed=0))
        >>> len(long), torch.allclose(long[5][:, :1024], short[5], atol=1e-5)
        (12, True)
    """
    # In eighths of octaves, so that a decay that moves a little finds its noise ready.
    grain = max(1 << max(samples.bit_length() - 4, 0), 1 << 11)
    size = -(-samples // grain) * grain
    if len(BAND_CENTRES_HZ) * channels * size > _LARGEST_KEPT:
        return _bands(sample_rate, samples, channels, seed)
    return (band[:, :samples] for band in _bank(sample_rate, size, channels, seed))


# Kept for the next step of an optimisation, which needs the same noise again; two entries,
# because a chain rarely has more than two reverbs.
@lru_cache(maxsize=2)
def _bank(sample_rate: int, samples: int, channels: int, seed: int) -> Tensor:
    # Someone may come first in inference mode, and the next one want gradients.
    with torch.inference_mode(False), torch.no_grad():
        return torch.stack(list(_bands(sample_rate, samples, channels, seed)))


def _bands(sample_rate: int, samples: int, channels: int, seed: int) -> Iterator[Tensor]:
    taps = 1 << max(round(math.log2(_FILTER_S * sample_rate)), 2)
    size = fast_length(samples + taps)
    white = torch.zeros(channels, size)
    for channel in range(channels):
        # One stream of numbers per channel: the first ones do not depend on how many follow.
        source = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, channel))))
        drawn = source.standard_normal(samples + taps, dtype=np.float32)
        white[channel, : samples + taps] = torch.from_numpy(drawn)
    spectrum = torch.fft.rfft(white)
    for fir in _filters(taps, sample_rate):
        filtered = torch.fft.irfft(spectrum * torch.fft.rfft(fir, size), size)
        # From the first sample that the whole filter has seen: no fade-in.
        yield filtered[:, taps - 1 : taps - 1 + samples]


def _filters(taps: int, sample_rate: int) -> Tensor:
    """Band-passes ``(bands, taps)`` of linear phase that add up to a click."""
    frequencies = torch.fft.rfftfreq(taps, 1 / sample_rate, dtype=torch.float64)
    octave = torch.log2(frequencies.clamp_min(1e-3))
    below = [torch.zeros_like(octave)]
    for crossover in _CROSSOVERS_HZ:
        place = (octave - math.log2(crossover)) / _FADE_OCTAVES + 0.5
        below.append(0.5 + 0.5 * torch.cos(math.pi * place.clamp(0.0, 1.0)))
    below.append(torch.ones_like(octave))
    masks = torch.stack(below).diff(dim=0)
    window = torch.hann_window(taps, dtype=torch.float64)
    clicks: Tensor = torch.fft.irfft(masks, taps)
    return (clicks.roll(taps // 2, dims=-1) * window).float()
