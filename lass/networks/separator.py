"""A complete separation network: front end, mask network, and the complex mask between them."""

from __future__ import annotations

from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from lass.networks.bandsplit import BandSplit, BandSplitState
from lass.networks.frontend import Frontend
from lass.networks.sharing import share_out
from lass.networks.unet import BandUNet, BandUNetState

__all__ = ["SeparationNetwork"]

State: TypeAlias = BandUNetState | BandSplitState


class SeparationNetwork(nn.Module):
    """Waveforms and queries in, waveforms and presence out.

    The mask has a size in 0…1 and a rotation of the phase (Kong et al., 2021): bins of the mixture
    are scaled and turned, so silence stays silence.

    Args:
        frontend: the spectrum's settings.
        core: the network that makes masks on bands.
    """

    def __init__(self, frontend: Frontend, core: BandUNet | BandSplit) -> None:
        super().__init__()
        self.frontend = frontend
        self.core = core

    def forward(
        self,
        audio: Tensor,
        queries: Tensor,
        *,
        sample_rate: int,
        others: Tensor | None = None,
        rests: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Separate each item by each of its queries.

        Args:
            audio: mono waveforms ``(batch, samples)``.
            queries: query vectors ``(batch, queries, query_dim)``. With fewer items than ``audio``,
                only the first items are separated.
            sample_rate: samples per second.
            others: vectors ``(audio's batch, others, query_dim)`` to be recognised, not separated.
            rests: items ``(batch,)`` whose last query asks for all that the first one leaves: the
                first mask is shared out with it (:mod:`lass.networks.sharing`).

        Returns:
            Estimates ``(batch, queries, samples)`` and presence logits
            ``(batch, queries, coarse frames)``; one coarse frame is ``core.frame_multiple``
            frames. With ``others`` also their logits ``(audio's batch, others, coarse frames)``.
        """
        spectrum = self.frontend.analyse(audio, sample_rate=sample_rate)
        batch, count = queries.shape[:2]
        state = self.look(spectrum, sample_rate=sample_rate, separated=batch)
        masks, presence = self.mask(
            state.first(batch).repeat(count),
            queries.flatten(0, 1),
            frames=spectrum.shape[-1],
            sample_rate=sample_rate,
        )
        masks = masks.unflatten(0, (batch, count))
        if rests is not None:
            shared = share_out(masks[rests, 0], masks[rests, -1])
            masks = masks.index_put((rests, torch.tensor(0, device=rests.device)), shared)
        masked = spectrum[:batch, None] * masks
        estimates = self.frontend.synthesise(masked, samples=audio.shape[-1])
        presence = presence.unflatten(0, (batch, count))
        if others is None:
            return estimates, presence
        return estimates, presence, self.core.recognise(state, others).float()  # type: ignore[arg-type]

    def look(self, spectrum: Tensor, *, sample_rate: int, separated: int | None = None) -> State:
        """Everything that does not depend on the query.

        Args:
            spectrum: complex ``(batch, bins, frames)``; silence is added up to the core's grid.
            sample_rate: samples per second.
            separated: how many items will be masked; the others can only be recognised.

        Returns:
            The core's state, to be used with :meth:`mask` for any number of queries.
        """
        missing = -spectrum.shape[-1] % self.core.frame_multiple
        padded = nn.functional.pad(spectrum, (0, missing))
        features = self.frontend.features(padded, sample_rate=sample_rate)
        return self.core.encode(features, separated=separated)

    def mask(
        self,
        state: Any,  # noqa: ANN401 (the core's own state; each core has its type)
        query: Tensor,
        *,
        frames: int,
        sample_rate: int,
    ) -> tuple[Tensor, Tensor]:
        """Complex masks for one query an item.

        Args:
            state: from :meth:`look`.
            query: ``(batch, query_dim)``.
            frames: number of frames wanted.
            sample_rate: samples per second.

        Returns:
            Complex masks ``(batch, bins, frames)`` and presence logits ``(batch, coarse frames)``.
        """
        raw, presence = self.core.decode(state, query)
        raw = raw[..., :frames].float()
        size, turn = torch.sigmoid(raw[:, :1]), torch.tanh(raw[:, 1:])
        spread = self.frontend.spread_mask(torch.cat([size, turn], 1), sample_rate=sample_rate)
        rotation = torch.complex(1.0 + spread[:, 1], spread[:, 2])
        rotation = rotation / rotation.abs().clamp(min=1e-4)
        return spread[:, 0] * rotation, presence.float()
