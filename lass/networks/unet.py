"""The band U-Net: one encoder pass a recording, one light decoder pass a query.

The encoder does not see the query, so that several queries share it, and so do the convolutions
over its skip connections. The query steers the decoder: by FiLM at every level (``film``), or by
weighing the decoder's output maps as CLIPSep does (``inner``, Dong et al., 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from lass.networks.blocks import ConvBlock, FiLM, TemporalBlock
from lass.networks.presence import EvidenceHead, PresenceHead

__all__ = ["BandUNet", "BandUNetConfig", "BandUNetState"]


@dataclass(frozen=True)
class BandUNetConfig:
    """Shape of the network.

    Args:
        query_dim: width of the query vector.
        input_channels: feature channels of the front end.
        bands: number of bands, a multiple of ``2 ** (len(channels) - 1)``.
        channels: width of each level, finest first.
        context: width of the time network at the bottom.
        dilations: reach of its blocks in frames of the coarsest level.
        fusion: where the query enters.
        maps: output maps of the ``inner`` fusion.
        dropout: share of the coarsest map's channels, and of the time network's features, that are
            left out in training.
        evidence: the decoder is told when the query matches what the encoder heard, and presence
            also looks at the coarsest map after the query has steered it.
    """

    query_dim: int = 256
    input_channels: int = 3
    bands: int = 160
    channels: tuple[int, ...] = (32, 64, 96, 128, 192)
    context: int = 384
    dilations: tuple[int, ...] = (1, 2, 4)
    fusion: Literal["film", "inner"] = "film"
    maps: int = 32
    dropout: float = 0.0
    evidence: bool = False


@dataclass
class BandUNetState:
    """What the encoder found: shared by all queries on the same audio.

    Args:
        bottom: coarsest map ``(batch, channels, bands / 16, frames / 16)``.
        skips: convolved skip maps, finest first.
        context: time features ``(batch, context, frames / 16)``.
    """

    bottom: Tensor
    skips: list[Tensor]
    context: Tensor

    def first(self, count: int) -> BandUNetState:
        """The state of the first ``count`` items."""
        return BandUNetState(
            self.bottom[:count], [skip[:count] for skip in self.skips], self.context[:count]
        )

    def span(self, start: int, stop: int) -> BandUNetState:
        """The state of a stretch of time, in coarse frames."""
        levels = len(self.skips)
        return BandUNetState(
            self.bottom[..., start:stop],
            [
                skip[..., start << (levels - level) : stop << (levels - level)]
                for level, skip in enumerate(self.skips)
            ],
            self.context[..., start:stop],
        )

    def repeat(self, times: int) -> BandUNetState:
        """The same state for ``times`` queries an item."""
        if times == 1:
            return self
        return BandUNetState(
            self.bottom.repeat_interleave(times, 0),
            [skip.repeat_interleave(times, 0) for skip in self.skips],
            self.context.repeat_interleave(times, 0),
        )


class BandUNet(nn.Module):
    """Masks on bands from band features and a query.

    Args:
        config: the network's shape.
    """

    def __init__(self, config: BandUNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.channels
        levels = len(widths) - 1
        film = config.fusion == "film"
        self.frame_multiple = 2**levels
        self.norm = nn.BatchNorm1d(config.input_channels * config.bands)
        self.stem = nn.Conv2d(config.input_channels, widths[0], 3, padding=1)
        self.down = nn.ModuleList(
            ConvBlock(widths[i], widths[i + 1], stride=(2, 2)) for i in range(levels)
        )
        self.skip = nn.ModuleList(
            nn.Conv2d(widths[i], widths[i], 3, padding=1, bias=False) for i in range(levels)
        )
        rows = config.bands // self.frame_multiple
        self.flatten = nn.Conv1d(rows * widths[-1], config.context, 1)
        self.context = nn.Sequential(
            *[TemporalBlock(config.context, dilation=d) for d in config.dilations]
        )
        self.drop_channels = nn.Dropout2d(config.dropout)
        self.drop_context = nn.Dropout1d(config.dropout)
        self.unflatten = nn.Conv1d(config.context, rows * widths[-1], 1)
        self.presence = PresenceHead(config.context, config.query_dim)
        self.evidence = EvidenceHead(widths[-1]) if config.evidence else None
        if config.evidence:
            self.hint = nn.Conv1d(1, widths[-1], 1, bias=False)
            nn.init.zeros_(self.hint.weight)

        self.bottom_film = FiLM(config.query_dim, widths[-1]) if film else None
        self.bottom = ConvBlock(widths[-1], widths[-1])
        self.up = nn.ModuleList(
            nn.Conv2d(widths[i + 1], widths[i], 1, bias=False) for i in range(levels)
        )
        self.up_norm = nn.ModuleList(nn.BatchNorm2d(widths[i]) for i in range(levels))
        self.film = nn.ModuleList(
            FiLM(config.query_dim, widths[i]) for i in range(levels if film else 0)
        )
        self.merge = nn.ModuleList(
            nn.Conv2d(widths[i], widths[i], 3, padding=1, bias=False) for i in range(levels)
        )
        self.merge_norm = nn.ModuleList(nn.BatchNorm2d(widths[i]) for i in range(levels))
        if film:
            self.mask = nn.Conv2d(widths[0], 3, 1)
        else:
            self.mask = nn.Conv2d(widths[0], 3 * config.maps, 1)
            self.weigh = nn.Linear(config.query_dim, config.maps)
            self.bias = nn.Parameter(torch.zeros(3))
        nn.init.normal_(self.mask.weight, std=0.02)
        if self.mask.bias is not None:
            nn.init.zeros_(self.mask.bias)

    def encode(self, features: Tensor, *, separated: int | None = None) -> BandUNetState:
        """Look at the audio once.

        Args:
            features: ``(batch, input_channels, active bands, frames)``; both lengths multiples of
                ``frame_multiple``.
            separated: how many items will be decoded; the others can only be recognised, and the
                skip maps are left out for them. All if None.

        Returns:
            The state that :meth:`decode` needs.
        """
        x = self.stem(self._normalise(features))
        skips = []
        for down, skip in zip(self.down, self.skip, strict=True):
            skips.append(skip(x[:separated]))
            x = down(x)
        rows = self.config.bands // self.frame_multiple
        missing = rows - x.shape[2]
        heard = self.drop_channels(x)
        flat = nn.functional.pad(heard, (0, 0, 0, missing)).flatten(1, 2)
        context = self.drop_context(self.context(self.drop_context(self.flatten(flat))))
        back = self.unflatten(context).unflatten(1, (-1, rows))
        return BandUNetState(x + back[:, :, : x.shape[2]], skips, context)

    def decode(self, state: BandUNetState, query: Tensor) -> tuple[Tensor, Tensor]:
        """Mask and presence for one query an item.

        Args:
            state: the encoder's result for ``batch`` items.
            query: ``(batch, query_dim)``.

        Returns:
            Raw mask channels ``(batch, 3, active bands, frames)`` and presence logits
            ``(batch, frames / frame_multiple)``.
        """
        x = state.bottom
        if self.bottom_film is not None:
            x = self.bottom_film(x, query)
        presence = self.presence(state.context, query)
        if self.evidence is not None:
            x = x + self.hint(torch.tanh(presence / 4.0)[:, None])[:, :, None]
        x = self.bottom(x)
        if self.evidence is not None:
            presence = presence + self.evidence(x)
        for level in reversed(range(len(self.up))):
            x = nn.functional.interpolate(self.up[level](x), scale_factor=2, mode="nearest")
            x = self.up_norm[level](x + state.skips[level])
            if len(self.film):
                x = self.film[level](x, query)
            x = torch.relu(x)
            x = torch.relu(x + self.merge_norm[level](self.merge[level](x)))
        return self._mask(x, query), presence

    def recognise(self, state: BandUNetState, queries: Tensor) -> Tensor:
        """Presence logits ``(batch, queries, frames)`` of many queries, without their masks."""
        return self.presence.match(state.context, queries)

    def _mask(self, x: Tensor, query: Tensor) -> Tensor:
        mask: Tensor = self.mask(x)
        if self.config.fusion == "inner":
            weights = torch.sigmoid(self.weigh(query))
            maps = mask.unflatten(1, (3, self.config.maps))
            mask = torch.einsum("nckbt,nk->ncbt", maps, weights) + self.bias[:, None, None]
        return mask

    def _normalise(self, features: Tensor) -> Tensor:
        """Batch normalisation a band: the usual slope of spectra is taken out."""
        missing = self.config.bands - features.shape[2]
        x = nn.functional.pad(features, (0, 0, 0, missing))
        x = self.norm(x.flatten(1, 2)).unflatten(1, (-1, self.config.bands))
        kept: Tensor = x[:, :, : features.shape[2]]
        return kept.contiguous(memory_format=torch.channels_last)
