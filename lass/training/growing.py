"""Going on with a wider network: what the narrower one has learned is kept, to the last bit.

Trained channels come first and read nothing of the new ones, so that the wider network begins with
the results of the narrower one; the new channels read everything, from freshly drawn weights
(after Net2Net, Chen et al., 2016, but with new channels in place of copies).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from lass.errors import ModelError
from lass.networks.blocks import FiLM

__all__ = ["grow"]


@torch.no_grad()
def grow(module: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Fill a network with the weights of a narrower one with the same layers.

    Args:
        module: a network as wide or wider, freshly drawn; changed in place.
        weights: the narrower network's ``state_dict``.

    Raises:
        ModelError: other layers, or a network that is narrower somewhere.

    Source:
        Chen, Goodfellow and Shlens, "Net2Net", ICLR 2016, arXiv:1511.05641.

    Example:
        >>> narrow, wide = nn.Linear(2, 1), nn.Linear(3, 1)
        >>> grow(wide, narrow.state_dict())
        >>> x = torch.randn(4, 3)
        >>> torch.equal(wide(x), narrow(x[:, :2]))
        True
    """
    state = module.state_dict()
    missing = sorted(state.keys() ^ weights.keys())
    if missing:
        raise ModelError(
            f"the weights do not fit: {missing[0]} is in one network and not in the other; "
            "expected the same layers, as wide or wider"
        )
    steering = {name for name, part in module.named_modules() if isinstance(part, FiLM)}
    for name, new in state.items():
        old = weights[name].to(new.dtype)
        # FiLM's rows are two blocks of channels: the scales, then the shifts.
        groups = 2 if name.rpartition(".linear.")[0] in steering else 1
        if old.ndim != new.ndim or any(a > b for a, b in zip(old.shape, new.shape, strict=True)):
            raise ModelError(
                f"the weights do not fit: {name} cannot grow from {tuple(old.shape)} to "
                f"{tuple(new.shape)}; expected the same layers, as wide or wider"
            )
        if new.ndim == 0:
            new.copy_(old)
            continue
        rows = new.unflatten(0, (groups, -1))
        kept = old.unflatten(0, (groups, -1))
        count = kept.shape[1]
        if new.ndim > 1:
            rows[:, :count] = 0.0
        rows[(slice(None), *(slice(size) for size in kept.shape[1:]))] = kept
