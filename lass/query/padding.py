"""Texts of different length in one batch: sorted by length, and filled up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["batches", "padded"]


def batches(rows: Sequence[Sequence[int]], *, size: int) -> list[list[int]]:
    """Indices of texts in batches of similar length, so that little is filled up.

    Args:
        rows: numbers of each text's tokens.
        size: texts in a batch at most.

    Returns:
        Every index once.

    Example:
        >>> batches([[1, 2, 3], [1], [1, 2]], size=2)
        [[1, 2], [0]]
    """
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    return [order[start : start + size] for start in range(0, len(order), size)]


def padded(rows: Sequence[Sequence[int]], *, padding: int) -> tuple[Tensor, Tensor]:
    """One tensor of texts of different length.

    Args:
        rows: numbers of each text's tokens, at least one text.
        padding: the number that fills up shorter texts.

    Returns:
        The numbers ``(texts, longest)``, and 1 where they are no filling, of the same shape.

    Example:
        >>> numbers, mask = padded([[5, 6], [7]], padding=0)
        >>> numbers.tolist(), mask.tolist()
        ([[5, 6], [7, 0]], [[1, 1], [1, 0]])
    """
    import torch

    width = max(map(len, rows))
    numbers = torch.full((len(rows), width), padding)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for row, ids in enumerate(rows):
        numbers[row, : len(ids)] = torch.tensor(ids)
        mask[row, : len(ids)] = 1
    return numbers, mask
