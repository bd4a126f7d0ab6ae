"""Losses of separation."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = [
    "error_level_db",
    "presence_loss",
    "presence_targets",
    "recognition_loss",
    "shape_error_db",
]


def error_level_db(
    estimate: Tensor, target: Tensor, mixture: Tensor, *, floor_db: float = -30.0
) -> Tensor:
    """Level of the error against the mixture, with a soft floor.

    ``10·log10(‖ŝ − s‖² + f·‖x‖²) − 10·log10(‖x‖²)`` with ``f = 10^(floor_db / 10)``. For a sound
    that is there this is negative SDR up to a constant, and once the error is below the floor it
    stops mattering; for an absent sound (``s = 0``) it is the leakage. One formula serves both.

    Args:
        estimate: ``(..., samples)``.
        target: same shape.
        mixture: same shape, or broadcast to it.
        floor_db: level below which errors hardly count.

    Returns:
        Decibels, shape ``(...)``.

    Example:
        >>> x = torch.ones(8)
        >>> round(float(error_level_db(0 * x, x, x)), 3)
        0.004
    """
    power = mixture.square().sum(dim=-1) + 1e-9
    error = (estimate - target).square().sum(dim=-1)
    return 10.0 * torch.log10(error / power + 10.0 ** (floor_db / 10.0))


def shape_error_db(
    estimate: Tensor,
    target: Tensor,
    mixture: Tensor,
    *,
    floor_db: float = -30.0,
    ceiling_db: float = 20.0,
) -> Tensor:
    """Negative SI-SDR, softly bounded on both sides: the error whatever the level.

    With ``p`` the part of the estimate along the target and ``e = ŝ − p``:
    ``10·log10(‖e‖² + f·‖p‖²) − 10·log10(‖p‖² + c·‖e‖²)`` with ``f = 10^(floor_db / 10)`` and
    ``c = 10^(−ceiling_db / 10)``. Below the floor, and for estimates that miss the target
    altogether, the gradient fades. :func:`error_level_db` alone rewards leaving out whatever is
    uncertain; this does not.

    Args:
        estimate: ``(..., samples)``.
        target: same shape.
        mixture: same shape, or broadcast to it; its level says what counts as silence.
        floor_db: errors below hardly count.
        ceiling_db: errors above hardly count.

    Returns:
        Decibels, shape ``(...)``; near 0 for a silent target or a silent estimate.

    Source:
        Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019, arXiv:1811.02508.

    Example:
        >>> s = torch.tensor([1.0, -1.0, 1.0, -1.0])
        >>> round(float(shape_error_db(0.5 * s, s, s)), 1)
        -30.0
    """
    silence = 1e-6 * mixture.square().sum(dim=-1) + 1e-9
    scale = (estimate * target).sum(dim=-1) / (target.square().sum(dim=-1) + 1e-9)
    along = scale[..., None] * target
    error = (estimate - along).square().sum(dim=-1)
    power = along.square().sum(dim=-1)
    floor, ceiling = 10.0 ** (floor_db / 10.0), 10.0 ** (-ceiling_db / 10.0)
    ratio = (error + floor * power + silence) / (power + ceiling * error + silence)
    return 10.0 * torch.log10(ratio)


def presence_targets(
    target: Tensor, mixture: Tensor, *, frames: int, below_db: float = -20.0
) -> Tensor:
    """When a sound is heard: its share of each frame, as 0 or 1.

    Args:
        target: ``(batch, queries, samples)``.
        mixture: ``(batch, samples)``.
        frames: number of frames to split the signal into.
        below_db: a frame counts when the target is above this against the mixture's mean level.

    Returns:
        ``(batch, queries, frames)``.
    """
    size = -(-target.shape[-1] // frames)
    padded = torch.nn.functional.pad(target, (0, size * frames - target.shape[-1]))
    power = padded.unflatten(-1, (frames, size)).square().mean(dim=-1)
    level = mixture.square().mean(dim=-1)[:, None, None]
    heard: Tensor = (power > level * 10.0 ** (below_db / 10.0)).to(target.dtype)
    return heard


def presence_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean binary cross-entropy of frame-wise presence."""
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)


def recognition_loss(asked: Tensor, others: Tensor, heard: Tensor) -> Tensor:
    """Cross-entropy of telling a sound that is there from sounds that are not.

    Logits are averaged over the frames in which the sound is heard, then compared as in
    contrastive training (InfoNCE, van den Oord et al., 2018).

    Args:
        asked: logits of the sounds that were asked for ``(batch, queries, frames)``.
        others: logits of sounds that are not there ``(batch, others, frames)``.
        heard: where each asked sound is heard, 0 or 1 ``(batch, queries, frames)``.

    Returns:
        Mean over the queries that are heard at all; 0 if none is.

    Example:
        >>> heard, others = torch.ones(1, 1, 4), torch.zeros(1, 3, 4)
        >>> round(float(recognition_loss(torch.zeros(1, 1, 4), others, heard)), 3)
        1.386
    """
    share = heard / heard.sum(dim=-1, keepdim=True).clamp(min=1.0)
    right = (asked * share).sum(dim=-1)
    wrong = torch.einsum("bkt,bqt->bqk", others, share)
    entropy = torch.logsumexp(torch.cat([right[..., None], wrong], dim=-1), dim=-1) - right
    there = (heard.amax(dim=-1) > 0).to(entropy.dtype)
    return (entropy * there).sum() / there.sum().clamp(min=1.0)
