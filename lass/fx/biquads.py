"""Second-order filter sections, evaluated where float32 does not lose them.

The filters are those of R. Bristow-Johnson's cookbook ("Cookbook formulae for audio EQ
biquad filter coefficients"): an analogue prototype H(s), s in units of its corner, brought
to the sample rate by the bilinear transform. On the unit circle that transform is
``s = j tan(w/2) / tan(w0/2)``, so the response is computed from the prototype and never from
the digital coefficients, whose sum near 0 Hz cancels to a few digits in float32.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = [
    "HIGHEST_SHARE",
    "Sections",
    "cascade",
    "high_pass",
    "high_shelf",
    "low_pass",
    "low_shelf",
    "peak",
]

HIGHEST_SHARE = 0.98
"""Corners are kept below this share of half the sample rate."""

_MEMORY = 13.0
"""Time constants after which a section counts as silent: 113 dB."""


@dataclass(frozen=True)
class Sections:
    """A cascade of second-order sections.

    Args:
        numerator: Prototype coefficients of s², s, 1; ``(batch, sections, 3)``.
        denominator: The same below the line.
        frequency_hz: Corners ``(batch, sections)``.

    Example:
        >>> one = torch.tensor([1000.0])
        >>> bell = peak(one, gain_db=torch.tensor([6.0]), q=torch.tensor([2.0]))
        >>> bell.magnitude_db(torch.tensor([1000.0]), sample_rate=44100).round(decimals=3)
        tensor([[6.]])
    """

    numerator: Tensor
    denominator: Tensor
    frequency_hz: Tensor

    def response(self, frequencies_hz: Tensor, *, sample_rate: int) -> Tensor:
        """Evaluate the complex response of the cascade.

        Args:
            frequencies_hz: ``(points,)``, from 0 to half the sample rate.
            sample_rate: Sample rate in Hz.

        Returns:
            Complex ``(batch, points)``; differentiable in everything.

        Example:
            >>> cut = low_pass(torch.tensor([100.0]), depth=torch.tensor([1.0]))
            >>> cut.response(torch.zeros(1), sample_rate=8000)
            tensor([[1.+0.j]])
        """
        above, below = self._on_circle(frequencies_hz, sample_rate)
        ratio = torch.complex(*above) / torch.complex(*below)
        total = ratio[:, 0]
        for section in range(1, ratio.shape[1]):
            total = total * ratio[:, section]
        return total

    def magnitude_db(self, frequencies_hz: Tensor, *, sample_rate: int) -> Tensor:
        """Evaluate the magnitude of the cascade.

        Args:
            frequencies_hz: ``(points,)``, from 0 to half the sample rate.
            sample_rate: Sample rate in Hz.

        Returns:
            Magnitude in dB ``(batch, points)``, not below -400 dB; differentiable.

        Example:
            >>> flat = low_pass(torch.tensor([100.0]), depth=torch.tensor([0.0]))
            >>> flat.magnitude_db(torch.tensor([50.0, 900.0]), sample_rate=8000).abs().max()
            tensor(0.)
        """
        (a, b), (c, d) = self._on_circle(frequencies_hz, sample_rate)
        # The sum of logarithms is finer than the logarithm of a product of small numbers.
        floor = 1e-36
        power = torch.log10((a * a + b * b).clamp_min(floor) / (c * c + d * d).clamp_min(floor))
        return 10.0 * power.sum(dim=1).clamp_min(-40.0)

    def memory_samples(self, sample_rate: int) -> int:
        """Tell for how long the cascade sounds on.

        Args:
            sample_rate: Sample rate in Hz.

        Returns:
            Samples until the slowest pole has fallen by more than 100 dB, rounded up to a
            power of two so that a sequence of similar settings has one size.

        Example:
            >>> one = torch.tensor([1000.0])
            >>> bell = peak(one, gain_db=torch.tensor([6.0]), q=torch.tensor([2.0]))
            >>> bell.memory_samples(44100)
            1024
        """
        with torch.no_grad():
            d2, d1, d0 = self.denominator.detach().double().unbind(-1)
            corner = _below_nyquist(self.frequency_hz.detach().double(), sample_rate)
            # Both poles of each section, written so that nothing cancels.
            slow = d1 + torch.sqrt(torch.complex(d1 * d1 - 4 * d2 * d0, torch.zeros_like(d1)))
            poles = torch.stack([-2 * d0 / slow, -slow / (2 * d2)])
            poles = poles * torch.tan(math.pi * corner / sample_rate)
            radius = ((1 + poles) / (1 - poles)).abs().max()
        samples = _MEMORY / -math.log(min(max(float(radius), 1e-3), 1 - 1e-9))
        return 1 << max(math.ceil(samples) - 1, 63).bit_length()

    def impulse_response(self, *, sample_rate: int, max_samples: int | None = None) -> Tensor:
        """Sample the response densely and transform it back.

        Args:
            sample_rate: Sample rate in Hz.
            max_samples: Longest response wanted.

        Returns:
            Impulse response ``(batch, 1, taps)``; differentiable.

        Example:
            >>> flat = low_pass(torch.tensor([100.0]), depth=torch.tensor([0.0]))
            >>> response = flat.impulse_response(sample_rate=8000, max_samples=2)
            >>> [round(tap, 6) + 0.0 for tap in response[0, 0].tolist()]
            [1.0, 0.0]
        """
        size = self.memory_samples(sample_rate)
        points = torch.arange(
            size // 2 + 1, dtype=self.frequency_hz.dtype, device=self.frequency_hz.device
        )
        response = self.response(points * (sample_rate / size), sample_rate=sample_rate)
        made: Tensor = torch.fft.irfft(response, size)
        return made[:, None, :max_samples]

    def coefficients(self, sample_rate: int) -> NDArray[np.float64]:
        """Give the digital coefficients of the first of the batch, for other programs.

        Args:
            sample_rate: Sample rate in Hz.

        Returns:
            ``(sections, 6)``: b0 b1 b2 a0 a1 a2 with a0 = 1, as scipy's ``sos``.

        Example:
            >>> cut = low_pass(torch.tensor([2000.0]), depth=torch.tensor([1.0]))
            >>> cut.coefficients(8000).round(4).tolist()
            [[0.2929, 0.5858, 0.2929, 1.0, -0.0, 0.1716]]
        """
        corner = _below_nyquist(self.frequency_hz[0].detach().double(), sample_rate)
        k = torch.tan(math.pi * corner / sample_rate)
        rows = []
        for side in (self.numerator, self.denominator):
            # s = (1 - z⁻¹) / (k (1 + z⁻¹)), multiplied out.
            c2, c1, c0 = side[0].detach().double().unbind(-1)
            rows += [c2 + c1 * k + c0 * k * k, 2 * (c0 * k * k - c2), c2 - c1 * k + c0 * k * k]
        table = torch.stack(rows, dim=-1)
        return np.asarray((table / table[:, 3:4]).numpy(), np.float64)

    def _on_circle(
        self, frequencies_hz: Tensor, sample_rate: int
    ) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Numerator and denominator, each ``(batch, sections, points)`` real and imaginary."""
        half = frequencies_hz * (math.pi / sample_rate)
        sine, cosine = torch.sin(half), torch.cos(half)
        corner = _below_nyquist(self.frequency_hz, sample_rate) * (math.pi / sample_rate)
        sine_0, cosine_0 = torch.sin(corner)[..., None], torch.cos(corner)[..., None]
        # Both sides multiplied by cos² sin0², so that nothing is infinite at half the rate.
        square = sine.square() * cosine_0.square()
        constant = cosine.square() * sine_0.square()
        linear = (sine * cosine) * (sine_0 * cosine_0)

        def side(c: Tensor) -> tuple[Tensor, Tensor]:
            return c[..., 2:] * constant - c[..., :1] * square, c[..., 1:2] * linear

        return side(self.numerator), side(self.denominator)


def peak(frequency_hz: Tensor, *, gain_db: Tensor, q: Tensor) -> Sections:
    """Make bells.

    Args:
        frequency_hz: Centres ``(batch,)`` or ``(batch, sections)``.
        gain_db: Gain at the centre, same shape.
        q: Quality, same shape.

    Returns:
        The sections.

    Example:
        >>> bands = torch.tensor([[100.0, 1000.0]])
        >>> peak(bands, gain_db=torch.zeros(1, 2), q=torch.ones(1, 2)).numerator.shape
        torch.Size([1, 2, 3])
    """
    a, one = _amplitude(gain_db), torch.ones_like(gain_db * q)
    return _sections((one, a / q, one), (one, 1 / (a * q), one), frequency_hz)


def low_shelf(frequency_hz: Tensor, *, gain_db: Tensor, q: Tensor) -> Sections:
    """Make low shelves: the gain below the corner, half of it in dB at the corner.

    Args:
        frequency_hz: Corners ``(batch,)`` or ``(batch, sections)``.
        gain_db: Gain far below the corner, same shape.
        q: Quality, same shape; above 0.71 the curve overshoots.

    Returns:
        The sections.

    Example:
        >>> one = torch.tensor([100.0])
        >>> shelf = low_shelf(one, gain_db=torch.tensor([6.0]), q=torch.tensor([0.7]))
        >>> shelf.magnitude_db(torch.zeros(1), sample_rate=44100)
        tensor([[6.]])
    """
    a, one = _amplitude(gain_db), torch.ones_like(gain_db * q)
    slope = a.sqrt() / q
    return _sections((a, a * slope, a * a), (a, slope, one), frequency_hz)


def high_shelf(frequency_hz: Tensor, *, gain_db: Tensor, q: Tensor) -> Sections:
    """Make high shelves: the gain above the corner, half of it in dB at the corner.

    Args:
        frequency_hz: Corners ``(batch,)`` or ``(batch, sections)``.
        gain_db: Gain far above the corner, same shape.
        q: Quality, same shape; above 0.71 the curve overshoots.

    Returns:
        The sections.

    Example:
        >>> one = torch.tensor([100.0])
        >>> shelf = high_shelf(one, gain_db=torch.tensor([6.0]), q=torch.tensor([0.7]))
        >>> shelf.magnitude_db(torch.tensor([4000.0]), sample_rate=8000)
        tensor([[6.]])
    """
    a, one = _amplitude(gain_db), torch.ones_like(gain_db * q)
    slope = a.sqrt() / q
    return _sections((a * a, a * slope, a), (one, slope, a), frequency_hz)


def high_pass(frequency_hz: Tensor, *, depth: Tensor) -> Sections:
    """Make Butterworth high-passes of 12 dB per octave.

    Args:
        frequency_hz: Corner (-3 dB) ``(batch,)``.
        depth: 1 for the full filter, 0 for none; between, a shelf that lets ``1 - depth``
            through. It makes the way to "off" smooth.

    Returns:
        The sections.

    Example:
        >>> cut = high_pass(torch.tensor([100.0]), depth=torch.tensor([1.0]))
        >>> cut.magnitude_db(torch.tensor([100.0]), sample_rate=44100).round(decimals=2)
        tensor([[-3.0100]])
    """
    one, through = torch.ones_like(depth), 1 - depth
    root = math.sqrt(2.0)
    return _sections((one, root * through, through), (one, root * one, one), frequency_hz)


def low_pass(frequency_hz: Tensor, *, depth: Tensor) -> Sections:
    """Make Butterworth low-passes of 12 dB per octave.

    Args:
        frequency_hz: Corner (-3 dB) ``(batch,)``.
        depth: As for `high_pass`.

    Returns:
        The sections.

    Example:
        >>> cut = low_pass(torch.tensor([100.0]), depth=torch.tensor([1.0]))
        >>> cut.magnitude_db(torch.tensor([100.0]), sample_rate=44100).round(decimals=2)
        tensor([[-3.0100]])
    """
    one, through = torch.ones_like(depth), 1 - depth
    root = math.sqrt(2.0)
    return _sections((through, root * through, one), (one, root * one, one), frequency_hz)


def cascade(parts: Sequence[Sections]) -> Sections:
    """Put sections one after another.

    Args:
        parts: One or more, of batch sizes that are equal or 1.

    Returns:
        All of them as one.

    Example:
        >>> cut = low_pass(torch.tensor([100.0]), depth=torch.tensor([1.0]))
        >>> cascade([cut, cut]).frequency_hz
        tensor([[100., 100.]])
    """
    batch = max(part.frequency_hz.shape[0] for part in parts)
    return Sections(
        torch.cat([part.numerator.expand(batch, -1, -1) for part in parts], dim=1),
        torch.cat([part.denominator.expand(batch, -1, -1) for part in parts], dim=1),
        torch.cat([part.frequency_hz.expand(batch, -1) for part in parts], dim=1),
    )


def _amplitude(gain_db: Tensor) -> Tensor:
    """The cookbook's A: the square root of the linear gain."""
    return torch.exp(gain_db * (math.log(10.0) / 40.0))


def _below_nyquist(frequency_hz: Tensor, sample_rate: int) -> Tensor:
    return frequency_hz.clamp_max(HIGHEST_SHARE * sample_rate / 2)


def _sections(
    numerator: tuple[Tensor, Tensor, Tensor],
    denominator: tuple[Tensor, Tensor, Tensor],
    frequency_hz: Tensor,
) -> Sections:
    above = torch.stack(torch.broadcast_tensors(*numerator), dim=-1)
    below = torch.stack(torch.broadcast_tensors(*denominator), dim=-1)
    if above.ndim == 2:
        above, below, frequency_hz = above[:, None], below[:, None], frequency_hz[:, None]
    batch = max(above.shape[0], frequency_hz.shape[0])
    return Sections(
        above.expand(batch, -1, -1), below.expand(batch, -1, -1), frequency_hz.expand(batch, -1)
    )
