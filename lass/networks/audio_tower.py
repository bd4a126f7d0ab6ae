"""A small audio encoder: band features to one unit vector in the joint text-audio space."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lass.networks.blocks import ConvBlock
from lass.networks.frontend import Frontend, FrontendConfig

__all__ = ["AudioTower", "AudioTowerConfig"]


@dataclass(frozen=True)
class AudioTowerConfig:
    """Shape of the encoder.

    Args:
        dim: width of the joint space.
        channels: width of each level.
        bands: lowest bands of the front end that are used (the others may be empty in a file).
    """

    dim: int = 256
    channels: tuple[int, ...] = (24, 48, 96, 160, 224)
    bands: int = 128


class AudioTower(nn.Module):
    """Waveform in, unit vector out.

    Only the bands up to 8 kHz are used, and it is trained at 16 kHz: bring audio to that rate first
    (the query encoder does), or the uppermost bands hold what training never showed.

    Args:
        config: the encoder's shape.
    """

    def __init__(self, config: AudioTowerConfig) -> None:
        super().__init__()
        self.config = config
        self.frontend = Frontend(FrontendConfig())
        widths = config.channels
        self.norm = nn.BatchNorm1d(config.bands)
        self.stem = nn.Conv2d(1, widths[0], 3, (2, 1), 1)
        self.blocks = nn.ModuleList(
            ConvBlock(widths[i], widths[i + 1], stride=(2, 2)) for i in range(len(widths) - 1)
        )
        rows = config.bands // 2 ** len(widths)
        self.flatten = nn.Conv1d(rows * widths[-1], 512, 1)
        self.attend = nn.Conv1d(512, 1, 1)
        self.project = nn.Linear(512, config.dim)

    def forward(self, features: Tensor) -> Tensor:
        """Encode the loudness channel of the features.

        Args:
            features: ``(batch, bands, frames)``, see :meth:`Frontend.features`.

        Returns:
            Unit vectors ``(batch, dim)``.
        """
        x = self.norm(features[:, : self.config.bands])[:, None]
        x = torch.relu(self.stem(x.contiguous(memory_format=torch.channels_last)))
        for block in self.blocks:
            x = block(x)
        frames = torch.relu(self.flatten(x.flatten(1, 2)))
        weights = torch.softmax(self.attend(frames).float(), dim=-1)
        vector = self.project((frames * weights).sum(dim=-1))
        return nn.functional.normalize(vector.float(), dim=-1)

    def embed(self, audio: Tensor, *, sample_rate: int) -> Tensor:
        """Encode mono waveforms ``(batch, samples)`` to unit vectors ``(batch, dim)``."""
        spectrum = self.frontend.analyse(audio, sample_rate=sample_rate)
        features = self.frontend.features(spectrum, sample_rate=sample_rate)[:, 0]
        vector: Tensor = self(features)
        return vector
