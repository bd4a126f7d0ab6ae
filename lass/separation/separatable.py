"""A separator as the functions and programs of asteroid expect a model, without needing asteroid.

That is its protocol ``Separatable`` (``asteroid.separate``, version 0.7): ``in_channels``,
``sample_rate`` and ``forward_wav``, waveforms in and all sources out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lass.errors import AudioError
from lass.query import Query, as_query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lass.separation.separator import Separator

__all__ = ["Separatable"]


class Separatable:
    """A separator with its queries, as a model of fixed sources.

    ``asteroid.separate.separate`` changes the level of what it gets, so there parts and rest no
    longer sum to the recording; :meth:`forward_wav` itself keeps it.

    Args:
        separator: what separates.
        queries: what to listen for; one source each, in this order.
        sample_rate: rate in Hz of the waveforms that will come.
        residual: whether everything else is a last source.

    Example:
        >>> import lass
        >>> model = Separatable(lass.Separator.load(), ["violin"], sample_rate=16000)
        >>> model.forward_wav(torch.zeros(1, 8000)).shape
        torch.Size([2, 8000])
    """

    in_channels = 1

    def __init__(
        self,
        separator: Separator,
        queries: Sequence[Query | str],
        *,
        sample_rate: int,
        residual: bool = True,
    ) -> None:
        self.separator = separator
        self.queries = [as_query(query) for query in queries]
        self.sample_rate = sample_rate
        self.residual = residual

    def forward_wav(self, wav: Tensor) -> Tensor:
        """Separate mono waveforms.

        Args:
            wav: ``(samples,)``, ``(1, samples)`` or ``(batch, 1, samples)``.

        Returns:
            ``(sources, samples)``, or with a batch ``(batch, sources, samples)``.

        Raises:
            AudioError: the waveforms have another shape or more than one channel.
            QueryError: a query cannot be understood.
        """
        if wav.ndim not in (1, 2, 3) or (wav.ndim > 1 and wav.shape[-2] != 1):
            raise AudioError(
                f"the waveforms have shape {tuple(wav.shape)}: expected (samples,), (1, samples) "
                "or (batch, 1, samples)"
            )
        items = wav if wav.ndim == 3 else wav.reshape(1, 1, -1)
        made = torch.stack([self._one(item) for item in items])
        return made if wav.ndim == 3 else made[0]

    __call__ = forward_wav

    def _one(self, audio: Tensor) -> Tensor:
        """All sources ``(sources, samples)`` of ``(1, samples)``."""
        result = self.separator.separate(audio, self.sample_rate, self.queries)
        rest = [result.residual] if self.residual else []
        return torch.cat([*result.parts.values(), *rest])
