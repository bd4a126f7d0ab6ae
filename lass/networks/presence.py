"""Frame-wise presence of a query: does the sound occur, and when?"""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["PresenceHead"]


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
        frames, key = self.frames(context), self.query(query)[:, :, None]
        logits: Tensor = (frames * key).sum(dim=1) * self.scale + self.bias(query)
        return logits
