"""A BERT-shaped text encoder (Devlin et al., 2019) in plain torch: token numbers to one vector."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

__all__ = ["TextTower", "TextTowerConfig"]


@dataclass(frozen=True)
class TextTowerConfig:
    """Shape of the encoder; the defaults are those of MiniLM-L6-H384 (Wang et al., 2020)."""

    vocabulary: int = 30522
    width: int = 384
    layers: int = 6
    heads: int = 12
    hidden: int = 1536
    positions: int = 512


class _Layer(nn.Module):
    """Self-attention and a feed-forward net, each followed by layer normalisation."""

    def __init__(self, config: TextTowerConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.value = nn.Linear(config.width, config.width)
        self.output = nn.Linear(config.width, config.width)
        self.norm1 = nn.LayerNorm(config.width, eps=1e-12)
        self.wide = nn.Linear(config.width, config.hidden)
        self.narrow = nn.Linear(config.hidden, config.width)
        self.norm2 = nn.LayerNorm(config.width, eps=1e-12)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map ``(batch, tokens, width)``; ``mask`` ``(batch, 1, 1, tokens)`` is true at words."""
        split = (-1, self.heads, x.shape[-1] // self.heads)
        q, k, v = (
            part(x).unflatten(-1, split[1:]).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = self.norm1(x + self.output(mixed.transpose(1, 2).flatten(2)))
        out: Tensor = self.norm2(x + self.narrow(nn.functional.gelu(self.wide(x))))
        return out


class TextTower(nn.Module):
    """Token numbers in, one unit vector a sentence out (mean over tokens).

    Args:
        config: the encoder's shape.
    """

    def __init__(self, config: TextTowerConfig) -> None:
        super().__init__()
        self.config = config
        self.words = nn.Embedding(config.vocabulary, config.width)
        self.positions = nn.Embedding(config.positions, config.width)
        self.segments = nn.Embedding(2, config.width)
        self.norm = nn.LayerNorm(config.width, eps=1e-12)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Encode sentences.

        Args:
            tokens: word-piece numbers ``(batch, tokens)``.
            mask: 1 at words and 0 at padding, same shape.

        Returns:
            Unit vectors ``(batch, width)``.
        """
        place = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.words(tokens) + self.positions(place) + self.segments.weight[0]
        x = self.norm(x)
        attend = mask.bool()[:, None, None, :]
        for layer in self.layers:
            x = layer(x, attend)
        weight = mask[..., None].to(x.dtype)
        mean = (x * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1.0)
        return nn.functional.normalize(mean, dim=-1)
