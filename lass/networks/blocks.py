"""Building blocks shared by the separators."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["ConvBlock", "FiLM", "TemporalBlock"]


class FiLM(nn.Module):
    """Scale and shift of each channel, chosen by the query (Perez et al., 2018).

    It starts as the identity, so that an untrained condition does no harm.

    Args:
        query_dim: width of the query vector.
        channels: number of channels to steer.
    """

    def __init__(self, query_dim: int, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(query_dim, 2 * channels)
        nn.init.normal_(self.linear.weight, std=0.02)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor, query: Tensor) -> Tensor:
        """Steer ``x`` ``(batch, channels, bands, frames)`` by ``query`` ``(batch, dim)``."""
        scale, shift = self.linear(query)[:, :, None, None].chunk(2, dim=1)
        steered: Tensor = x * (1.0 + scale) + shift
        return steered


class ConvBlock(nn.Module):
    """Two 3×3 convolutions with batch normalisation and a shortcut.

    Args:
        inputs: channels in.
        outputs: channels out.
        stride: step of the first convolution over (bands, frames).
    """

    def __init__(self, inputs: int, outputs: int, *, stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        nn.init.constant_(self.norm2.weight, 0.3)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, inputs, bands, frames)`` to ``(batch, outputs, …)``."""
        x = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(x + self.norm2(self.conv2(x)))


class TemporalBlock(nn.Module):
    """Dilated convolution over time with a shortcut: context without recurrence.

    Args:
        channels: width.
        dilation: distance between taps in frames.
    """

    def __init__(self, channels: int, *, dilation: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(
            channels, channels, 3, padding=dilation, dilation=dilation, bias=False
        )
        self.norm1 = nn.BatchNorm1d(channels)
        self.conv2 = nn.Conv1d(channels, channels, 1, bias=False)
        self.norm2 = nn.BatchNorm1d(channels)
        nn.init.constant_(self.norm2.weight, 0.3)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, channels, frames)`` to the same shape."""
        more: Tensor = self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))
        return x + more
