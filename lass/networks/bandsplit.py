"""A dual-path network over band groups and time, with gated recurrent units.

The idea of band-split recurrent networks (Luo and Yu, 2023) in a small form: bands are gathered
into tokens, recurrent layers run over frequency and over time in turn, and the query steers the
last layers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lass.networks.blocks import FiLM
from lass.networks.presence import PresenceHead

__all__ = ["BandSplit", "BandSplitConfig", "BandSplitState"]


@dataclass(frozen=True)
class BandSplitConfig:
    """Shape of the network.

    Args:
        query_dim: width of the query vector.
        input_channels: feature channels of the front end.
        bands: number of bands, a multiple of ``group``.
        group: bands gathered into one token.
        frames: frames gathered into one token.
        width: width of a token.
        shared_layers: dual-path layers before the query enters.
        query_layers: dual-path layers that the query steers.
    """

    query_dim: int = 256
    input_channels: int = 3
    bands: int = 160
    group: int = 8
    frames: int = 2
    width: int = 96
    shared_layers: int = 3
    query_layers: int = 2


@dataclass
class BandSplitState:
    """What all queries share.

    Args:
        tokens: ``(batch, width, groups, token frames)``.
        detail: fine map ``(batch, 24, bands, frames)``.
    """

    tokens: Tensor
    detail: Tensor

    def first(self, count: int) -> BandSplitState:
        """The state of the first ``count`` items."""
        return BandSplitState(self.tokens[:count], self.detail[:count])

    def repeat(self, times: int) -> BandSplitState:
        """The same state for ``times`` queries an item."""
        return BandSplitState(
            self.tokens.repeat_interleave(times, 0), self.detail.repeat_interleave(times, 0)
        )


class _DualPath(nn.Module):
    """A recurrent layer over frequency, then one over time, each with a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.units = nn.ModuleList(
            nn.GRU(width, width, bidirectional=True, batch_first=True) for _ in range(2)
        )
        self.outs = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens ``(batch, groups, frames, width)`` to the same shape."""
        for axis in range(2):
            y = x.transpose(1, 2) if axis == 0 else x
            steps = self.units[axis](self.norms[axis](y).flatten(0, 1))[0]
            y = y + self.outs[axis](steps).view_as(y)
            x = y.transpose(1, 2) if axis == 0 else y
        return x


class BandSplit(nn.Module):
    """Masks on bands from band features and a query.

    Args:
        config: the network's shape.
    """

    def __init__(self, config: BandSplitConfig) -> None:
        super().__init__()
        self.config = config
        self.frame_multiple = config.frames
        patch = (config.group, config.frames)
        self.norm = nn.BatchNorm1d(config.input_channels * config.bands)
        self.gather = nn.Conv2d(config.input_channels, config.width, patch, patch)
        self.place = nn.Parameter(torch.zeros(1, config.width, config.bands // config.group, 1))
        self.shared = nn.Sequential(*[_DualPath(config.width) for _ in range(config.shared_layers)])
        self.steered = nn.ModuleList(_DualPath(config.width) for _ in range(config.query_layers))
        self.film = nn.ModuleList(
            FiLM(config.query_dim, config.width) for _ in range(config.query_layers)
        )
        self.presence = PresenceHead(config.width, config.query_dim)
        self.detail = nn.Conv2d(config.input_channels, 24, 3, padding=1)
        self.scatter = nn.ConvTranspose2d(config.width, 24, patch, patch)
        self.mask = nn.Conv2d(24, 3, 3, padding=1)

    def encode(self, features: Tensor, *, separated: int | None = None) -> BandSplitState:
        """Look at features ``(batch, input_channels, active bands, frames)`` once.

        Only the first ``separated`` items can be decoded; all if None.
        """
        missing = self.config.bands - features.shape[2]
        x = nn.functional.pad(features, (0, 0, 0, missing))
        x = self.norm(x.flatten(1, 2)).unflatten(1, (-1, self.config.bands))
        x = x[:, :, : features.shape[2]]
        tokens = self.gather(x) + self.place[:, :, : features.shape[2] // self.config.group]
        tokens = self.shared(tokens.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return BandSplitState(tokens, self.detail(x[:separated]))

    def decode(self, state: BandSplitState, query: Tensor) -> tuple[Tensor, Tensor]:
        """Raw mask channels ``(batch, 3, bands, frames)`` and presence logits for one query."""
        x = state.tokens
        presence = self.presence(x.mean(dim=2), query)
        for film, layer in zip(self.film, self.steered, strict=True):
            x = layer(film(x, query).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return self.mask(torch.relu(self.scatter(x) + state.detail)), presence

    def recognise(self, state: BandSplitState, queries: Tensor) -> Tensor:
        """Presence logits ``(batch, queries, frames)`` of many queries, without their masks."""
        return self.presence.match(state.tokens.mean(dim=2), queries)
