"""Small numbers for big matrices: 4- and 8-bit weights with a scale a group, in safetensors.

A matrix ``name`` is stored as ``name.q4`` (two values a byte) or ``name.q8`` and ``name.scale``
(16-bit floats, one a group of neighbouring columns). Everything else is stored as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

__all__ = ["pack", "unpack"]


def pack(
    tensors: Mapping[str, Tensor], *, bits: Callable[[str, Tensor], int], group: int = 16
) -> dict[str, Tensor]:
    """Round matrices to few bits.

    Args:
        tensors: the weights by name.
        bits: 4, 8, 16 or 32 for each name and tensor; only matrices can take 4 or 8.
        group: columns that share a scale at 4 bits; at 8 bits a whole row shares one.

    Returns:
        Tensors for safetensors.

    Example:
        >>> packed = pack({"w": torch.eye(16)}, bits=lambda name, tensor: 4)
        >>> sorted(packed), bool((unpack(packed)["w"] - torch.eye(16)).abs().max() < 1e-3)
        (['w.q4', 'w.scale'], True)
    """
    packed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        width = bits(name, tensor)
        if width >= 16:
            half = width == 16 and tensor.is_floating_point()
            packed[name] = (tensor.half() if half else tensor).contiguous()
            continue
        size = group if width == 4 else tensor.shape[1]
        values, scale = _round(tensor.float().unflatten(1, (-1, size)), limit=2 ** (width - 1) - 1)
        packed[f"{name}.scale"] = scale
        if width == 4:
            nibbles = (values + 8).to(torch.uint8).flatten(1)
            packed[f"{name}.q4"] = nibbles[:, 0::2] | (nibbles[:, 1::2] << 4)
        else:
            packed[f"{name}.q8"] = values.to(torch.int8).flatten(1)
    return packed


def unpack(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Bring packed weights back to float32 (other dtypes than floats are left alone).

    Args:
        packed: what :func:`pack` made.

    Returns:
        The weights by name.
    """
    tensors: dict[str, Tensor] = {}
    for name, stored in packed.items():
        if name.endswith(".scale") and _is_packed(packed, name.removesuffix(".scale")):
            continue  # of a packed matrix; a network may have a weight of that name, too
        if name.endswith(".q4"):
            pairs = torch.empty(*stored.shape, 2)
            torch.sub(stored & 15, 8.0, out=pairs[..., 0])
            torch.sub(stored >> 4, 8.0, out=pairs[..., 1])
            values = pairs.flatten(1)
        elif name.endswith(".q8"):
            values = stored.float()
        else:
            tensors[name] = stored.float() if stored.is_floating_point() else stored
            continue
        base = name[: -len(".q4")]
        scale = packed[f"{base}.scale"].float()
        values.unflatten(1, (scale.shape[1], -1)).mul_(scale[:, :, None])
        tensors[base] = values
    return tensors


def _is_packed(packed: Mapping[str, Tensor], name: str) -> bool:
    return f"{name}.q4" in packed or f"{name}.q8" in packed


def _round(groups: Tensor, *, limit: int) -> tuple[Tensor, Tensor]:
    """Whole numbers ``(rows, groups, columns)`` and 16-bit scales ``(rows, groups)``."""
    exact = groups.abs().amax(dim=2) / limit
    # Below 2^-14 a 16-bit float has few digits left: round up, or the largest value is cut off.
    scale = torch.where(exact < 2.0**-14, exact + 2.0**-25, exact).half()
    safe = scale.float().clamp(min=1e-8)[:, :, None]
    return (groups / safe).round().clamp(-limit, limit), scale
