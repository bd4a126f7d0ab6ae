"""The mask that a piece is separated with, once a sound and its rest have both been asked for."""

from __future__ import annotations

from torch import Tensor

from lass.networks.patterns import heard_around, refine
from lass.networks.sharing import agreement, share_out, squared

__all__ = ["settle"]

_AGREED_S = 6.0  # over how much a sound and its rest are compared
_HEARD_S = 1.5  # over how much it is judged whether a sound is heard at all


def settle(
    mask: Tensor,
    rest: Tensor,
    spectrum: Tensor,
    *,
    rest_counts: float,
    sample_rate: int,
    hop: int,
) -> Tensor:
    """Share the recording out between a sound and its rest, and let what comes back decide.

    First what the two masks leave open is shared out, as far as both tell the same
    (:mod:`lass.networks.sharing`); then both sides are described by what comes back in the
    recording (:mod:`lass.networks.patterns`). Where the sound is not heard its own mask stays.

    Args:
        mask: complex mask of the sound ``(bins, frames)``.
        rest: complex mask of all else.
        spectrum: of the recording, complex ``(bins, frames)``.
        rest_counts: how much the rest is to be believed, 0…1.
        sample_rate: samples per second.
        hop: samples from frame to frame.

    Returns:
        Complex mask ``(bins, frames)``.

    Example:
        >>> import torch
        >>> mask = torch.full((257, 40), 0.5 + 0j)
        >>> settle(mask, mask, mask, rest_counts=0.0, sample_rate=16000, hop=256).equal(mask)
        True
    """
    if rest_counts == 0.0:
        return mask
    frames_s = sample_rate / hop
    power = squared(spectrum)
    agreed = agreement(mask, rest, power, frames=round(_AGREED_S * frames_s))
    shared = share_out(mask, rest, counts=rest_counts * agreed**4)
    refined = refine(shared, power, bin_hz=sample_rate / (2.0 * hop))
    heard = heard_around(mask, power, frames=round(_HEARD_S * frames_s))
    settled: Tensor = mask + rest_counts * heard * (refined - mask)
    return settled
