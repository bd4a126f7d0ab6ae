"""CLIPSep's network: a U-Net makes maps of the sound once, the query weighs them.

Rebuilt from a description of what the network computes (Dong et al., "CLIPSep: Learning
Text-queried Sound Separation with Noisy Unlabeled Videos", ICLR 2023), with late fusion: mask =
σ(Σ_k q_k·s_k·U_k + b). ``frame_net``, ``synth_net`` and ``pit_nets`` have the authors' names. The
layout inside the U-Net is our own: a converter has to rename the keys of released weights.

Its queries are CLIP vectors as the encoder gives them, of any length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from lass.errors import ConfigError
from lass.networks.fixed_rate import FixedRateModule, check_windows, inverse_stft, stft

__all__ = ["ClipSep", "ClipSepConfig", "warp_matrices"]

_BASE = 21.0
_SLOPE = 0.2


@dataclass(frozen=True)
class ClipSepConfig:
    """Shape of the network; the defaults are those published.

    Args:
        query_dim: width of the query vector.
        channels: widths of the U-Net's levels, finest first; each halves both sides.
        maps: output maps of the U-Net, and width of the projected query.
        bands: rows of the warped spectrogram, a multiple of ``2 ** len(channels)``.
        fusion: where the query enters; only ``late`` is built.
        noise_heads: heads of noise-invariant training (2 in CLIPSep-NIT); not used in separation.
        sample_rate: rate in Hz that it works at.
        n_fft: window length in samples.
        hop: step between frames in samples.
    """

    query_dim: int = 512
    channels: tuple[int, ...] = (64, 128, 256, 512, 512, 512, 512)
    maps: int = 32
    bands: int = 256
    fusion: Literal["late"] = "late"
    noise_heads: int = 0
    sample_rate: int = 16000
    n_fft: int = 1024
    hop: int = 256

    def __post_init__(self) -> None:
        """Refuse what is not built and shapes that the levels cannot halve."""
        if self.fusion != "late":
            raise ConfigError(f"fusion is {self.fusion!r}, expected 'late': no other is built")
        if len(self.channels) < 2 or self.bands % 2 ** len(self.channels):
            raise ConfigError(
                f"bands is {self.bands}, expected a multiple of 2 ** {len(self.channels)}, the "
                "number of channels (at least 2)"
            )
        check_windows(n_fft=self.n_fft, hop=self.hop)


class ClipSep(FixedRateModule):
    """Waveforms and queries in, waveforms out.

    Args:
        config: the network's shape.
    """

    frame_multiple = 16
    look_frames = 256  # 4.1 s, the published block
    context_frames = 48

    def __init__(self, config: ClipSepConfig) -> None:
        super().__init__(sample_rate=config.sample_rate, hop=config.hop)
        self.config = config
        self.unet = _UNet(config.channels, config.maps)
        self.frame_net = nn.Linear(config.query_dim, config.maps)
        self.synth_net = _Weigh(config.maps)
        if config.noise_heads:
            self.pit_nets = nn.ModuleList(
                nn.Linear(config.maps, config.maps) for _ in range(config.noise_heads)
            )
        warp, unwarp = warp_matrices(bins=config.n_fft // 2 + 1, bands=config.bands)
        self.register_buffer("_warp", warp, persistent=False)
        self.register_buffer("_unwarp", unwarp, persistent=False)
        self.apply(_initialise)

    def estimate(self, audio: Tensor, queries: Tensor) -> Tensor:
        """Separate ``(batch, samples)`` at the network's rate to ``(batch, queries, samples)``.

        Unlike the published scripts it does not clip, and masks are never made binary.
        """
        spectrum = self._analyse(audio)
        weights = torch.sigmoid(self.frame_net(queries))
        return self._take(spectrum, self._look(spectrum), weights, samples=audio.shape[-1])

    def explain(self, audio: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Separate at the network's rate by the queries and by the noise heads (CLIPSep-NIT).

        A head turns the mean of an item's projected queries, before the sigmoid, into weights.

        Args:
            audio: ``(batch, samples)``.
            queries: ``(batch, queries, query_dim)``.

        Returns:
            Estimates ``(batch, queries, samples)`` and noise ``(batch, heads, samples)``.

        Raises:
            ConfigError: the network has no noise heads.
        """
        if not self.config.noise_heads:
            raise ConfigError("this network has no noise heads: set noise_heads to 2 in its core")
        projected = self.frame_net(queries)
        mean = projected.mean(dim=1)
        noise = torch.stack([head(mean) for head in self.pit_nets], dim=1)
        spectrum = self._analyse(audio)
        weights = torch.sigmoid(torch.cat([projected, noise], dim=1))
        taken = self._take(spectrum, self._look(spectrum), weights, samples=audio.shape[-1])
        return taken[:, : queries.shape[1]], taken[:, queries.shape[1] :]

    def _analyse(self, audio: Tensor) -> Tensor:
        """Complex spectrum ``(batch, bins, frames)``."""
        return stft(audio, n_fft=self.config.n_fft, hop=self.hop, pad_mode="constant")

    def _look(self, spectrum: Tensor) -> Tensor:
        """The U-Net's maps ``(batch, maps, bands, frames)``.

        What is shorter than the U-Net's grid is repeated, as the authors do with short clips.
        """
        frames = spectrum.shape[-1]
        whole = -(-frames // 2 ** len(self.config.channels)) * 2 ** len(self.config.channels)
        with torch.autocast(spectrum.device.type, enabled=False):
            warped = torch.log(self.get_buffer("_warp") @ (spectrum.abs() + 1e-10))
        tiled = warped[..., torch.arange(whole, device=warped.device) % frames]
        maps: Tensor = self.unet(tiled[:, None])
        return maps[..., :frames].float()

    def _take(self, spectrum: Tensor, maps: Tensor, weights: Tensor, *, samples: int) -> Tensor:
        """Waveforms ``(batch, queries, samples)`` for weights ``(batch, queries, maps)``."""
        with torch.autocast(spectrum.device.type, enabled=False):
            mask = self.get_buffer("_unwarp") @ torch.sigmoid(self.synth_net(maps, weights.float()))
        return inverse_stft(
            spectrum[:, None] * mask, n_fft=self.config.n_fft, hop=self.hop, samples=samples
        )


def warp_matrices(*, bins: int, bands: int) -> tuple[Tensor, Tensor]:
    """Interpolation from bins to logarithmically spaced bands, and back.

    With y in -1…1 over the rows of the result, rows are read at ``(21^((y+1)/2) - 11) / 10`` of the
    bins and at ``2·log(10y + 11) / log 21 - 1`` of the bands, linearly between neighbours.

    Args:
        bins: rows of the spectrum.
        bands: rows of the warped one.

    Returns:
        ``(bands, bins)`` and ``(bins, bands)``.

    Example:
        >>> warp, unwarp = warp_matrices(bins=513, bands=256)
        >>> warp[0, 0].item(), unwarp[512, 255].item()
        (1.0, 1.0)
    """
    row = torch.linspace(-1.0, 1.0, bands, dtype=torch.float64)
    bin_ = torch.linspace(-1.0, 1.0, bins, dtype=torch.float64)
    warp = (_BASE ** ((row + 1.0) / 2.0) - 11.0) / 10.0
    unwarp = 2.0 * torch.log(10.0 * bin_ + 11.0) / math.log(_BASE) - 1.0
    return _reading(warp, bins), _reading(unwarp, bands)


def _reading(places: Tensor, rows: int) -> Tensor:
    """Matrix ``(places, rows)`` that reads rows at places in -1…1, linearly between them."""
    position = ((places + 1.0) / 2.0 * (rows - 1)).clamp(0.0, rows - 1.0)
    distance = position[:, None] - torch.arange(rows, dtype=torch.float64)
    return (1.0 - distance.abs()).clamp(min=0.0).float()


class _Weigh(nn.Module):
    """The weighted sum of maps, ``Σ_k q_k·s_k·U_k + b``."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(maps))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, maps: Tensor, weights: Tensor) -> Tensor:
        """Logits ``(batch, queries, bands, frames)`` of ``(batch, maps, …)`` and weights."""
        return torch.einsum("nkft,nqk->nqft", maps, weights * self.scale) + self.bias


class _UNet(nn.Module):
    """Strided convolutions down, bilinear upsampling and convolutions up.

    A leaky rectifier stands before every convolution down but the first. The authors' works in
    place, so a skip carries what has passed it. As a rectifier follows on the way up, which lets
    the same values through either way, that changes no result.
    """

    def __init__(self, widths: tuple[int, ...], outputs: int) -> None:
        super().__init__()
        levels = len(widths)
        above = (1, *widths)
        self.bn0 = nn.BatchNorm2d(1)
        self.down = nn.ModuleList(
            nn.Conv2d(above[i], above[i + 1], 4, 2, 1, bias=False) for i in range(levels)
        )
        self.down_norm = nn.ModuleList(nn.BatchNorm2d(width) for width in widths[1:-1])
        # From the bottom: what comes up is as wide as the level below, beside the skip but there.
        self.up = nn.ModuleList(
            nn.Conv2d(
                widths[i] * (1 if i == levels - 1 else 2),
                widths[i - 1] if i else outputs,
                3,
                padding=1,
                bias=i == 0,
            )
            for i in reversed(range(levels))
        )
        self.up_norm = nn.ModuleList(nn.BatchNorm2d(width) for width in reversed(widths[:-1]))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, 1, bands, frames)`` to ``(batch, outputs, bands, frames)``."""
        x = self.down[0](self.bn0(x))
        skips = []
        for level, down in enumerate(self.down[1:]):
            x = nn.functional.leaky_relu(x, _SLOPE)
            skips.append(x)
            x = down(x)
            if level < len(self.down_norm):  # the innermost has none
                x = self.down_norm[level](x)
        for up, norm in zip(self.up[:-1], self.up_norm, strict=True):
            x = torch.cat([skips.pop(), norm(up(_double(x)))], dim=1)
        maps: Tensor = self.up[-1](_double(x))
        return maps


def _double(x: Tensor) -> Tensor:
    """Rectify and double both sides."""
    return nn.functional.interpolate(
        torch.relu(x), scale_factor=2, mode="bilinear", align_corners=True
    )


def _initialise(module: nn.Module) -> None:
    """Small normal weights, as published."""
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, std=1e-3)
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=1e-4)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, mean=1.0, std=0.02)
        nn.init.zeros_(module.bias)
