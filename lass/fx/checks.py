"""What callers may give: audio tensors, settings with or without a batch, amounts."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from lass.audio.validation import check_rate
from lass.errors import AudioError, EffectError

__all__ = ["Settings", "check_amount", "check_audio", "check_batches", "has_batch"]

Settings = Mapping[str, Tensor | float]
"""Values by parameter name, each a number or a tensor of shape ``()`` or ``(batch,)``."""


def check_audio(audio: Tensor, sample_rate: int) -> Tensor:
    """Check a tensor of audio and give it a batch axis.

    Args:
        audio: ``(channels, samples)`` or ``(batch, channels, samples)``.
        sample_rate: Sample rate in Hz.

    Returns:
        A view ``(batch, channels, samples)``.

    Raises:
        AudioError: If type, shape or rate are wrong. Values are not looked at, which would
            cost time in every step of an optimisation.

    Example:
        >>> check_audio(torch.zeros(2, 5), 8000).shape
        torch.Size([1, 2, 5])
    """
    check_rate(sample_rate)
    if not isinstance(audio, Tensor):
        raise AudioError(
            f"audio is a {type(audio).__name__}, expected a torch tensor; for NumPy arrays use "
            "`Chain.apply`"
        )
    if audio.ndim not in (2, 3) or 0 in audio.shape[:-1]:
        raise AudioError(
            f"audio has shape {tuple(audio.shape)}, expected (channels, samples) or "
            "(batch, channels, samples); use audio[None] for one channel"
        )
    if not audio.is_floating_point():
        raise AudioError(
            f"audio has type {audio.dtype}, expected a floating type with full scale 1.0"
        )
    return audio if audio.ndim == 3 else audio[None]


def check_amount(amount: float) -> None:
    """Refuse an amount that is negative or no number.

    Args:
        amount: What was given to ``scaled``.

    Raises:
        EffectError: If it is not a finite number from 0.

    Example:
        >>> check_amount(0.5)
    """
    valid = isinstance(amount, numbers.Real) and not isinstance(amount, bool)
    if not valid or not math.isfinite(amount) or amount < 0:
        raise EffectError(
            f"amount is {amount!r}, expected a number from 0 (no effect); 1 is the whole effect"
        )


def check_batches(sizes: Iterable[int]) -> None:
    """Refuse batches that do not go together.

    Args:
        sizes: Sizes of the batches of audio and settings.

    Raises:
        EffectError: If two of them are neither equal nor 1.

    Example:
        >>> check_batches([1, 4, 4])
    """
    different = sorted({*sizes} - {1})
    if len(different) > 1:
        raise EffectError(
            f"audio and settings disagree on the batch ({', '.join(map(str, different))}); "
            "give one size, or 1"
        )


def has_batch(settings: Settings) -> bool:
    """Tell whether a setting has a batch axis.

    Args:
        settings: Values by parameter name.

    Returns:
        True if one of them is ``(batch,)``.

    Example:
        >>> has_batch({"mix": 0.5}), has_batch({"mix": torch.zeros(1)})
        (False, True)
    """
    return any(torch.as_tensor(value).ndim > 0 for value in settings.values())
