"""Frame-wise presence of a query: does the sound occur, and when?"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["EvidenceHead", "PresenceHead"]


class PresenceHead(nn.Module):
    """Match of each frame with a query, as a logit.

    Args:
        channels: width of the frame features.
        query_dim: width of the query vector.
        hidden: width of the space in which they meet.
    """

    def __init__(self, channels: int, query_dim: int, *, hidden: int = 128) -> None:
        super().__init__()
        self.frames = nn.Conv1d(channels, hidden, 1)
        self.query = nn.Linear(query_dim, hidden)
        self.bias = nn.Linear(query_dim, 1)
        self.scale = hidden**-0.5

    def forward(self, context: Tensor, query: Tensor) -> Tensor:
        """Logits ``(batch, frames)`` of features ``(batch, channels, frames)``."""
        return self.match(context, query[:, None])[:, 0]

    def match(self, context: Tensor, queries: Tensor) -> Tensor:
        """Logits ``(batch, queries, frames)`` of many queries ``(batch, queries, dim)`` at once."""
        meeting = self.query(queries) @ self.frames(context)
        logits: Tensor = meeting * self.scale + self.bias(queries)
        return logits


class EvidenceHead(nn.Module):
    """What a map that the query has steered says about presence, as a logit a frame.

    It starts at zero, so that it can join a network that was trained without it.

    Args:
        channels: width of the map.
        hidden: width of the layer between.
    """

    def __init__(self, channels: int, *, hidden: int = 128) -> None:
        super().__init__()
        self.gather = nn.Conv1d(2 * channels, hidden, 1)
        self.decide = nn.Conv1d(hidden, 1, 1)
        nn.init.zeros_(self.decide.weight)
        nn.init.zeros_(self.decide.bias)  # type: ignore[arg-type]

    def forward(self, steered: Tensor) -> Tensor:
        """Logits ``(batch, frames)`` of a map ``(batch, channels, rows, frames)``."""
        pooled = torch.cat([steered.mean(dim=2), steered.amax(dim=2)], dim=1)
        logits: Tensor = self.decide(torch.relu(self.gather(pooled)))[:, 0]
        return logits
