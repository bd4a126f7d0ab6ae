"""A second look at every piece: what the first one took out tells what to look for.

The network is asked twice. The second query also holds the sound of the first result, as any
example recording would be given, and is pushed away from what was left (:mod:`lass.query.again`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lass.query.again import ask_again
from lass.query.types import QueryEncoder

if TYPE_CHECKING:
    from lass.zoo import LoadedModel

__all__ = ["SecondLook", "second_look_of"]

_SILENT = 1e-5  # peak below which there is nothing to hear (-100 dBFS)
_MATTERS = 0.1  # share of the power from which on the rest counts in full


class SecondLook:
    """Makes the queries of a second look from the results of the first.

    Args:
        encoder: a query encoder that hears, of the network's space, with vectors of length 1.
        sample_rate: samples per second of what will be heard.

    Example:
        >>> import numpy as np
        >>> class Ear:
        ...     def encode_audio(self, audio, *, sample_rate):
        ...         return np.float32([0, 1]) if audio.max() > 0.5 else np.float32([0, -1])
        >>> part, whole = np.full(8, 0.6, np.float32), np.full(8, 0.9, np.float32)
        >>> look = SecondLook(Ear(), sample_rate=16000)
        >>> look(np.float32([[1, 0]]), parts=part[None], whole=whole, sure=[1.0]).round(2)
        array([[0.88, 0.48]], dtype=float32)
    """

    def __init__(self, encoder: QueryEncoder, *, sample_rate: int) -> None:
        self._encoder = encoder
        self._rate = sample_rate

    def __call__(
        self,
        queries: NDArray[np.float32],
        *,
        parts: NDArray[np.float32],
        whole: NDArray[np.float32],
        sure: Sequence[float],
    ) -> NDArray[np.float32]:
        """The second queries.

        Args:
            queries: the first ones ``(queries, dim)``.
            parts: what they took out, mono ``(queries, samples)``.
            whole: what it was taken from ``(samples,)``.
            sure: how sure each sound is there, 0…1.

        Returns:
            float32 ``(queries, dim)``; a query whose result is silent stays as it was.
        """
        asked = []
        for query, part, likely in zip(queries, parts, sure, strict=True):
            rest = whole - part
            heard, left = self._heard(part), self._heard(rest)
            if heard is not None:
                # What is left of a sound that was alone is a faint trace of itself.
                share = float(np.mean(rest**2) / (np.mean(rest**2) + np.mean(part**2)))
                counts = min(1.0, share / _MATTERS)
                query = ask_again(query, heard=heard, left=left, sure=likely, left_counts=counts)
            asked.append(query)
        return np.stack(asked)

    def _heard(self, audio: NDArray[np.float32]) -> NDArray[np.float32] | None:
        if float(np.abs(audio).max(initial=0.0)) <= _SILENT:
            return None
        return self._encoder.encode_audio(audio[None], sample_rate=self._rate)


def second_look_of(model: LoadedModel, *, sample_rate: int) -> SecondLook | None:
    """The second look of a model that was trained for one; None for all others."""
    if model.config.get("second_look") is not True:
        return None
    return SecondLook(model.encoder, sample_rate=sample_rate)
