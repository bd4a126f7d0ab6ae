"""A second look at every piece: what the first one took out tells what to look for.

The first look is short: a few seconds in which the network is surest, of all channels together. Its
result is heard by the query encoder, as any example recording would be, and so is what it left;
both go into the query with which the piece is then separated (:mod:`lass.query.again`). What it
left is asked for as well, and the piece is settled between the sound and the rest
(:mod:`lass.separation.settling`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lass.networks.frontend import hop_samples
from lass.networks.patterns import refine
from lass.networks.sharing import squared
from lass.query.again import ask_again, ask_for_rest
from lass.query.algebra import is_silent
from lass.separation.presence import BestSecond, PresenceScale, mean_power

if TYPE_CHECKING:
    from lass.query.types import QueryEncoder
    from lass.separation.engine import View

__all__ = ["Asked", "SecondLook"]

_LONGEST_S = 6.0  # what is listened to; more of a piece hardly says more
_MARGIN = 4  # coarse frames on either side that the masks of the first look depend on
_MATTERS = 0.1  # share of the power from which on the rest counts in full


class Asked(NamedTuple):
    """What a piece is asked.

    Args:
        query: for the sound ``(dim,)``.
        rest: for all else ``(dim,)``; None if nothing is known of it.
        rest_counts: how much the rest is to be believed, 0…1.
    """

    query: Tensor
    rest: Tensor | None = None
    rest_counts: float = 1.0


class SecondLook:
    """Makes the queries of a second look at a piece.

    Args:
        network: a separation network that tells how well queries match, in evaluation mode.
        encoder: a query encoder that hears, of the network's space, with vectors of length 1.
        sample_rate: samples per second.
        presence: how the network's certainty is read.
    """

    def __init__(
        self,
        network: Any,  # noqa: ANN401 (a network whose state can be cut)
        encoder: QueryEncoder,
        *,
        sample_rate: int,
        presence: PresenceScale | None = None,
    ) -> None:
        self._network = network
        self._encoder = encoder
        self._rate = sample_rate
        self._hop = hop_samples(sample_rate, network.frontend.config.hop_ms)
        self._presence = presence or PresenceScale()

    @torch.inference_mode()
    def __call__(
        self,
        queries: Tensor,
        audio: NDArray[np.float32],
        view: View,
        inside: slice,
        *,
        samples: int,
    ) -> list[Asked]:
        """The second queries, and those for the rest.

        Args:
            queries: the first ones ``(queries, dim)``.
            audio: the piece with its context, mono ``((frames + 1) * hop,)``.
            view: what the network saw of it.
            inside: the frames that will be separated, on the network's grid.
            samples: how many samples there are from the middle of their first frame on; what
                comes after is padding.

        Returns:
            For each query; one whose result is silent stays as it was.
        """
        grid = self._network.core.frame_multiple
        matches = self._network.core.recognise(view.state, queries[None])[0].float()
        known = range(inside.start // grid, inside.stop // grid)
        end = (inside.start + 1) * self._hop + samples
        asked = []
        for query, match in zip(queries, matches, strict=True):
            window = self._surest(match, known)
            part, sure = self._take(view, query, match, window)
            begin = (window.start * grid + 1) * self._hop
            whole = audio[begin : min(begin + part.size, end)]
            asked.append(self._told(query, part[: whole.size], whole, sure))
        return asked

    def _surest(self, match: Tensor, known: range) -> range:
        """The stretch of coarse frames in which a query matches best."""
        grid = self._network.core.frame_multiple
        wanted = max(1, round(_LONGEST_S * self._rate / (self._hop * grid)))
        if len(known) <= wanted:
            return known
        odds = torch.sigmoid(match[known.start : known.stop])
        start = int(odds.unfold(0, wanted, 1).mean(dim=1).argmax()) + known.start
        return range(start, start + wanted)

    def _take(
        self, view: View, query: Tensor, match: Tensor, window: range
    ) -> tuple[NDArray[np.float32], float]:
        """What a query takes out of a window, from its first frame's middle on, and how surely."""
        grid, hop = self._network.core.frame_multiple, self._hop
        first = max(0, window.start - _MARGIN)
        last = min(len(match), window.stop + _MARGIN)
        masks, logits = self._network.mask(
            view.state.span(first, last),
            query[None],
            frames=(last - first) * grid,
            sample_rate=self._rate,
        )
        whole = view.spectrum[:, window.start * grid : window.stop * grid]
        skipped = (window.start - first) * grid
        mask = masks[0, :, skipped : skipped + whole.shape[1]]
        masked = whole * mask

        evidence = self._presence.evidence(
            logits[0, window.start - first : window.stop - first],
            match[window.start : window.stop] if self._presence.match else None,
        )
        powers = [mean_power(one, hop=hop, frames=grid) for one in (masked, whole)]
        odds = self._presence.of_powers(evidence, *powers)
        best = BestSecond(1, frames=round(self._rate / (hop * grid)))
        best.add(odds[None].cpu().numpy())

        refined = whole * refine(mask, squared(whole), bin_hz=self._rate / (2.0 * hop))
        part = self._network.frontend.synthesise(refined, samples=(whole.shape[1] - 1) * hop)
        return part.cpu().numpy(), best.scores()[0]

    def _told(
        self, query: Tensor, part: NDArray[np.float32], whole: NDArray[np.float32], sure: float
    ) -> Asked:
        """A query that knows what was heard and what was left, and the one for what was left."""
        rest = whole - part
        heard, left = self._heard(part), self._heard(rest)
        if heard is None:
            return Asked(query)
        # What is left of a sound that was alone is a faint trace of itself.
        share = float(np.mean(rest**2) / (np.mean(rest**2) + np.mean(part**2)))
        counts = min(1.0, share / _MATTERS)
        first = query.cpu().numpy()
        told = ask_again(first, heard=heard, left=left, sure=sure, left_counts=counts)
        second = torch.from_numpy(told).to(query.device)
        if left is None:
            return Asked(second)
        others = torch.from_numpy(ask_for_rest(first, left=left)).to(query.device)
        return Asked(second, others, counts)

    def _heard(self, audio: NDArray[np.float32]) -> NDArray[np.float32] | None:
        if is_silent(audio):
            return None
        return self._encoder.encode_audio(audio[None], sample_rate=self._rate)
