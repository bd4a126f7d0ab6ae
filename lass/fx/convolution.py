"""Convolution by FFT, differentiable, with several responses in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor

__all__ = ["combine", "convolve", "fast_length"]


def fast_length(samples: int) -> int:
    """Find a length near above that the FFT is quick at.

    Args:
        samples: Smallest length wanted.

    Returns:
        The smallest even number that is not below and has no prime factor above 5.

    Example:
        >>> fast_length(1021), fast_length(220501)
        (1024, 221184)
    """
    best = 1 << max(samples - 1, 1).bit_length()
    power_of_5 = 1
    while power_of_5 < best:
        odd = power_of_5
        while odd < best:
            doublings = max((-(-samples // odd) - 1).bit_length(), 1)
            best = min(best, odd << doublings) if odd << doublings >= samples else best
            odd *= 3
        power_of_5 *= 5
    return best


def convolve(audio: Tensor, responses: Sequence[Tensor]) -> Tensor:
    """Convolve a signal with one impulse response after another.

    The transform is long enough that nothing wraps round: the result is the beginning of the
    linear convolution. Several responses cost one transform of the signal.

    Args:
        audio: Signal ``(batch, channels, samples)``.
        responses: Impulse responses, each ``(batch or 1, channels or 1, taps)``.

    Returns:
        Signal ``(batch, channels, samples)``, as long as the input; differentiable.

    Example:
        >>> click = torch.tensor([[[1.0, 0.0, 0.0, 0.0]]])
        >>> response = torch.tensor([[[0.5, 0.25]]])
        >>> [round(x, 4) for x in convolve(click, [response, response])[0, 0].tolist()]
        [0.25, 0.25, 0.0625, 0.0]
    """
    samples = audio.shape[-1]
    if samples == 0 or not responses:
        return audio
    heads = [response[..., :samples] for response in responses]
    size = fast_length(samples + sum(head.shape[-1] - 1 for head in heads))
    transfer = reduce(torch.mul, (torch.fft.rfft(head, size) for head in heads))
    made: Tensor = torch.fft.irfft(torch.fft.rfft(audio, size) * transfer, size)
    return made[..., :samples]


def combine(responses: Sequence[Tensor]) -> Tensor:
    """Make one impulse response that does what several do in turn.

    Args:
        responses: Impulse responses, each ``(batch or 1, channels or 1, taps)``.

    Returns:
        One of the full length of their convolution.

    Example:
        >>> response = torch.tensor([[[1.0, 1.0]]])
        >>> [round(x, 4) for x in combine([response, response])[0, 0].tolist()]
        [1.0, 2.0, 1.0]
    """
    if len(responses) == 1:
        return responses[0]
    taps = sum(response.shape[-1] - 1 for response in responses) + 1
    size = fast_length(taps)
    transfer = reduce(torch.mul, (torch.fft.rfft(response, size) for response in responses))
    made: Tensor = torch.fft.irfft(transfer, size)
    return made[..., :taps]
