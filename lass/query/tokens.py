"""Texts as numbers, and texts of different length in one batch: by length, and filled up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lass.errors import ModelError, brief

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["NUMBERS", "Tokens", "batches", "padded"]

NUMBERS = 1024
"""Of a batch: more are not faster on a CPU."""

_START = 24


class Tokens:
    """Texts to padded numbers.

    Args:
        folder: holds ``tokenizer.json``.
        longest: how many numbers a text may have; what follows is cut.
        padding: the number that fills up shorter texts.
        known: numbers are below this one.

    Raises:
        ModelError: the file is missing or damaged.
    """

    def __init__(self, folder: Path, *, longest: int, padding: int, known: int) -> None:
        from tokenizers import Tokenizer

        self._path = folder / "tokenizer.json"
        if not self._path.is_file():
            raise ModelError(f"{folder} has no tokenizer.json: copy the encoder's tokenizer there")
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(self._path))
            self._tokenizer.no_padding()
            self._tokenizer.enable_truncation(longest)
        except BaseException as error:
            raise self._unusable(error) from error
        self._padding, self._known, self._longest = padding, known, longest

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Numbers of each text, as many as it needs.

        Raises:
            ModelError: the tokenizer fails, or its numbers are not those of the encoder.
        """
        try:
            rows = [list(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))]
        except BaseException as error:
            raise self._unusable(error) from error
        for row in rows:
            if not 0 < len(row) <= self._longest or max(row) >= self._known:
                raise ModelError(
                    f"{self._path} does not belong to this encoder, which knows {self._known} word "
                    f"pieces and takes 1 to {self._longest}: copy the encoder's own tokenizer there"
                )
        return rows

    def padded(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Tensors ``(texts, longest)``: the numbers, and 1 where they are no filling."""
        return padded(rows, padding=self._padding)

    def _unusable(self, error: BaseException) -> BaseException:
        """What to raise; what goes wrong inside the library is not always an Exception."""
        if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
            return error
        return ModelError(f"{self._path} cannot be read: {brief(error)}")


def batches(rows: Sequence[Sequence[int]], *, numbers: int = NUMBERS) -> list[list[int]]:
    """Indices of texts in batches of similar length, so that little is filled up.

    A network's weights are fetched from memory once a batch, which takes as long as computing
    about :data:`_START` numbers more. A batch ends where filling it up would cost more than that.

    Args:
        rows: numbers of each text's tokens.
        numbers: in a batch at most, filling included; a longer text is a batch of its own.

    Returns:
        Every index once.

    Example:
        >>> batches([[1, 2, 3], [1], [1, 2]], numbers=4)
        [[1, 2], [0]]
    """
    found: list[list[int]] = []
    longest = 0
    for index in sorted(range(len(rows)), key=lambda index: len(rows[index])):
        length = len(rows[index])
        size = len(found[-1]) if found else 0
        if not size or size * (length - longest) > _START or (size + 1) * length > numbers:
            found.append([])
        found[-1].append(index)
        longest = length
    return found


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
