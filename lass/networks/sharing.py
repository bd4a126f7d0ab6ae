"""Sharing out a mixture between a sound and the rest of it, once both have been asked for.

A mask says how much of the mixture belongs to one sound; the mask of all else says it again, from
the other side. Where the two add up to less or more than the mixture, the difference is shared out.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["agreement", "around", "share_out", "squared"]

_LEAST = 1e-4


def share_out(mask: Tensor, rest: Tensor, *, counts: Tensor | float = 1.0) -> Tensor:
    """The mask of a sound, once the mask of the rest has been heard.

    What neither mask claims, and what both do, is shared out by how much each of them claims.

    Args:
        mask: complex mask of the sound.
        rest: complex mask of all else, of the same shape.
        counts: how much the rest is believed, 0…1; a number, or a tensor that fits the shape.

    Returns:
        The sound's complex mask.

    Example:
        >>> mask, rest = torch.tensor([0.75 + 0j, 0.5 + 0j]), torch.tensor([0.25 + 0j, 0.0 + 0j])
        >>> share_out(mask, rest).real.round(decimals=2).tolist()
        [0.75, 1.0]
    """
    claimed = mask.abs()
    share = claimed / (claimed + rest.abs() + _LEAST)
    shared: Tensor = mask + counts * share * (1.0 - mask - rest)
    return shared


def agreement(mask: Tensor, rest: Tensor, power: Tensor, *, frames: int) -> Tensor:
    """How far a sound and what its rest leaves over are the same, around each frame.

    Args:
        mask: complex mask of the sound ``(..., bins, frames)``.
        rest: complex mask of all else.
        power: of the mixture in each bin ``(..., bins, frames)``.
        frames: how many frames around each one are judged together.

    Returns:
        The correlation of both, 0…1, ``(..., 1, frames)``; 0 in silence.

    Example:
        >>> mask, power = torch.full((1, 1, 4), 0.5 + 0j), torch.ones(1, 4)
        >>> agreement(mask, 1.0 - mask, power, frames=3).round(decimals=2).flatten().tolist()
        [1.0, 1.0, 1.0, 1.0]
    """
    over = 1.0 - rest
    sums = torch.stack(
        [
            (power * (mask.real * over.real + mask.imag * over.imag)).sum(dim=-2),
            (power * squared(mask)).sum(dim=-2),
            (power * squared(over)).sum(dim=-2),
        ]
    )
    both, first, second = around(sums, frames=frames)
    scale = first.sqrt() * second.sqrt()
    found: Tensor = (both / scale.clamp(min=torch.finfo(scale.dtype).tiny)).clamp(0.0, 1.0)
    return found[..., None, :]


def around(values: Tensor, *, frames: int) -> Tensor:
    """Mean of the values around each frame, with zeros before the first and after the last.

    Args:
        values: ``(..., frames)``.
        frames: how many of them are taken together; an even number is one more.

    Returns:
        Of the same shape.

    Example:
        >>> around(torch.tensor([3.0, 0.0, 0.0, 6.0]), frames=3).tolist()
        [1.0, 1.0, 2.0, 2.0]
    """
    width = min(frames, 2 * values.shape[-1] - 1) // 2
    means: Tensor = torch.nn.functional.avg_pool1d(
        values.reshape(-1, 1, values.shape[-1]), 2 * width + 1, stride=1, padding=width
    )
    return means.reshape(values.shape)


def squared(values: Tensor) -> Tensor:
    """Squared size of complex numbers; several times as fast as squaring their absolute value.

    Args:
        values: complex, of any shape.

    Returns:
        Real, of the same shape.

    Example:
        >>> squared(torch.tensor([3.0 + 4.0j])).tolist()
        [25.0]
    """
    return values.real.square() + values.imag.square()
