"""Refining a mask by what comes back in a recording.

A network sees a few seconds around each frame, and answers frame by frame. But sounds repeat
themselves: a bark has the spectrum of the bark before, rain sounds alike all along. So both sides
of a mask, the sound and its rest, are described by spectra that are switched on and off
(non-negative matrix factorisation), first as the mask divides the recording, then as the recording
itself divides best between the two descriptions. What a network leaves open in one moment is
decided by what it was sure of in others.
"""

from __future__ import annotations

import torch
from torch import Tensor

from lass.networks.sharing import around, squared

__all__ = ["heard_around", "refine"]

_PATTERNS = 64
_FIRST_STEPS = 4  # towards the mask's two sides; more would copy their mistakes
_JOINT_STEPS = 10  # towards the recording
_SHARE = 0.75  # of the refined mask in the result; the mask itself keeps the fine detail
_FINE_HZ, _MIDDLE_HZ = 4000.0, 8000.0  # bins are told apart up to the first, pairs up to the second
_FRAMES = 2  # frames that are taken together
_FLOOR, _TINY = 1e-6, 1e-8
_HEARD = 0.03  # share of the power from which on a sound counts as heard


def refine(mask: Tensor, power: Tensor, *, bin_hz: float, patterns: int = _PATTERNS) -> Tensor:
    """A mask that agrees with what comes back in the recording.

    Args:
        mask: complex mask of the sound ``(bins, frames)``.
        power: of the recording in each bin ``(bins, frames)``.
        bin_hz: distance of the bins in Hz.
        patterns: how many spectra describe the sound, and how many its rest.

    Returns:
        Complex ``(bins, frames)``; the same for the same input.

    Source:
        Multiplicative updates for the Kullback-Leibler divergence of magnitudes: Lee and Seung,
        "Algorithms for non-negative matrix factorization", NIPS 2000.

    Example:
        >>> barks = torch.tensor([1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
        >>> bark, rain = torch.outer(torch.tensor([1.0, 0.0]), barks), torch.tensor([[0.1], [1.0]])
        >>> mask = bark / (bark + rain)
        >>> mask[:, 4:] = (mask[:, 4:] + 0.5) / 2.0  # the second bark is in doubt
        >>> refined = refine(mask + 0j, (bark + rain).square(), bin_hz=31.25, patterns=4)
        >>> bool(refined[0, 4].real > mask[0, 4] + 0.1)
        True
    """
    zones = _zones(len(power), bin_hz)
    powers = torch.stack([power, power * squared(mask), power * squared(1.0 - mask)])
    coarse = _coarser(_means(powers, _FRAMES, dim=-1), zones)
    scale = coarse[0].mean().sqrt().clamp(min=torch.finfo(power.dtype).tiny)
    values, *sides = coarse.sqrt() / scale + _FLOOR
    share = _finer(_share_of(values, torch.stack(sides), patterns), zones)
    share = share.repeat_interleave(_FRAMES, dim=-1)[..., : mask.shape[-1]]
    refined: Tensor = mask + _SHARE * (share - mask)
    return refined


def heard_around(mask: Tensor, power: Tensor, *, frames: int) -> Tensor:
    """How far a sound is heard at all around each frame.

    Where it is not, nothing can be shared out to it, and what comes back is another sound.

    Args:
        mask: complex mask of the sound ``(bins, frames)``.
        power: of the recording in each bin ``(bins, frames)``.
        frames: how many frames around each one are judged together.

    Returns:
        0…1 ``(1, frames)``: 1 from 3 % of the power on; 0 in silence.

    Example:
        >>> mask = torch.tensor([[0.0, 0.0, 0.0, 1.0]]) + 0j
        >>> heard_around(mask, torch.ones(1, 4), frames=1).tolist()
        [[0.0, 0.0, 0.0, 1.0]]
    """
    sums = torch.stack([(power * squared(mask)).sum(dim=0), power.sum(dim=0)])
    part, whole = around(sums, frames=frames)
    share = part / whole.clamp(min=torch.finfo(power.dtype).tiny)
    heard: Tensor = (share / _HEARD).clamp(0.0, 1.0)[None]
    return heard


def _share_of(values: Tensor, sides: Tensor, patterns: int) -> Tensor:
    """Share of the first side in the recording, once both are described by patterns.

    Args:
        values: magnitudes of the recording ``(rows, columns)``, positive.
        sides: magnitudes of the sound and of its rest ``(2, rows, columns)``, positive.
        patterns: spectra a side.

    Returns:
        0…1 ``(rows, columns)``.
    """
    spectra, gains = _start(sides, patterns)
    for _ in range(_FIRST_STEPS):
        gains *= _pull(spectra.mT, sides / (spectra @ gains + _TINY), spectra.sum(1)[:, :, None])
        spectra *= _pull(sides / (spectra @ gains + _TINY), gains.mT, gains.sum(2)[:, None])
    spectra, gains = torch.cat(list(spectra), dim=1), torch.cat(list(gains), dim=0)
    for _ in range(_JOINT_STEPS):
        gains *= _pull(spectra.T, values / (spectra @ gains + _TINY), spectra.sum(0)[:, None])
        spectra *= _pull(values / (spectra @ gains + _TINY), gains.T, gains.sum(1)[None])
    share: Tensor = spectra[:, :patterns] @ gains[:patterns] / (spectra @ gains + _TINY)
    return share


def _pull(left: Tensor, right: Tensor, size: Tensor) -> Tensor:
    """The factor of one multiplicative update."""
    factor: Tensor = left @ right / (size + _TINY)
    return factor


def _start(sides: Tensor, patterns: int) -> tuple[Tensor, Tensor]:
    """Patterns that all are the mean, but for fixed noise that lets them grow apart."""
    _, rows, columns = sides.shape
    noise = torch.Generator().manual_seed(0)
    spectra = sides.mean(2, keepdim=True) * _around_one(rows, patterns, noise).to(sides.device)
    gains = sides.mean(1, keepdim=True) * _around_one(patterns, columns, noise).to(sides.device)
    level = (spectra.mean(1, keepdim=True) @ gains).mean((1, 2), keepdim=True)
    return spectra, gains * (sides.mean((1, 2), keepdim=True) / (level + _TINY))


def _around_one(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    return 0.5 + torch.rand(rows, columns, generator=generator)


def _zones(bins: int, bin_hz: float) -> list[tuple[int, int]]:
    """Bins that are taken together: (number of bins, how many make a row), lowest zone first."""
    fine, middle = (min(bins, round(hz / bin_hz)) for hz in (_FINE_HZ, _MIDDLE_HZ))
    zones = ((fine, 1), (middle - fine, 2), (bins - middle, 4))
    return [(size, width) for size, width in zones if size > 0]


def _coarser(powers: Tensor, zones: list[tuple[int, int]]) -> Tensor:
    """Mean powers ``(..., rows, columns)`` of powers ``(..., bins, columns)``."""
    parts = powers.split([size for size, _ in zones], dim=-2)
    return torch.cat(
        [_means(part, width, dim=-2) for part, (_, width) in zip(parts, zones, strict=True)],
        dim=-2,
    )


def _means(values: Tensor, width: int, *, dim: int) -> Tensor:
    """Means of so many neighbours each; the last ones may be fewer."""
    whole, left = divmod(values.shape[dim], width)
    kept, rest = values.split([whole * width, left], dim=dim)
    means = torch.stack(kept.unflatten(dim, (whole, width)).unbind(dim)).mean(dim=0)
    return torch.cat([means, rest.mean(dim=dim, keepdim=True)], dim=dim) if left else means


def _finer(rows: Tensor, zones: list[tuple[int, int]]) -> Tensor:
    """From rows ``(rows, columns)`` back to bins; each bin has the value of its row."""
    parts = rows.split([-(-size // width) for size, width in zones], dim=-2)
    return torch.cat(
        [
            part.repeat_interleave(width, dim=-2)[:size]
            for part, (size, width) in zip(parts, zones, strict=True)
        ],
        dim=-2,
    )
