"""AudioSep's network: a residual U-Net on the magnitude spectrogram, steered by added biases.

Rebuilt from a description of what the network computes (Liu et al., "Separate Anything You
Describe", 2023; the mask with a phase rotation is that of Kong et al., 2021), with the names and
shapes of the published state dict, so that released weights load. Its Fourier transforms are those
of torch, not convolutions with stored kernels: the keys ``base.stft.*`` and ``base.istft.*`` of a
checkpoint are to be dropped.

Feature maps are ``(batch, channels, frames, bins)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lass.errors import ConfigError
from lass.networks.fixed_rate import FixedRateModule, check_windows, inverse_stft, stft

__all__ = ["ResUNet30", "ResUNet30Config"]

_LEVELS = 6
_POOLS = ((2, 2),) * 5 + ((1, 2),)
_SLOPE = 0.01
_MOMENTUM = 0.01

Shift = Callable[[str], Tensor]
"""Name of a bias → ``(batch, channels, 1, 1)``."""


@dataclass(frozen=True)
class ResUNet30Config:
    """Shape of the network; the defaults are those published.

    Args:
        query_dim: width of the query vector.
        channels: widths of the six levels, finest first.
        sample_rate: rate in Hz that it works at.
        n_fft: window length in samples; half of it a multiple of 64.
        hop: step between frames in samples.
    """

    query_dim: int = 512
    channels: tuple[int, ...] = (32, 64, 128, 256, 384, 384)
    sample_rate: int = 32000
    n_fft: int = 2048
    hop: int = 320

    def __post_init__(self) -> None:
        """Refuse shapes that the levels cannot halve."""
        if len(self.channels) != _LEVELS:
            raise ConfigError(
                f"channels has {len(self.channels)} widths, expected {_LEVELS}: one a level"
            )
        if self.n_fft % (2 ** (_LEVELS + 1)):
            raise ConfigError(f"n_fft is {self.n_fft}, expected a multiple of {2 ** (_LEVELS + 1)}")
        check_windows(n_fft=self.n_fft, hop=self.hop)


class ResUNet30(FixedRateModule):
    """Waveforms and queries in, waveforms out.

    The query enters every block from the first on, so that several queries share only the
    spectrum; in evaluation mode they are asked one by one, which keeps memory flat.

    Args:
        config: the network's shape.
    """

    frame_multiple = 32
    # Its convolutions reach 316 frames to either side. With less context than that, pieces of a
    # network at random weights differ from the whole by up to -20 dB.
    look_frames = 1280
    context_frames = 320

    def __init__(self, config: ResUNet30Config) -> None:
        super().__init__(sample_rate=config.sample_rate, hop=config.hop)
        self.config = config
        self.base = _Base(config)
        # One bias for every batch normalisation of a block, named by its place; "." is not
        # allowed in the name of a module, so the published names are joined by "->".
        self.film = nn.ModuleDict()
        for path, block in self.base.named_modules():
            for number in (1, 2):
                norm = getattr(block, f"bn{number}", None)
                if norm is not None:
                    name = "->".join([*path.split("."), f"beta{number}"])
                    self.film[name] = nn.Linear(config.query_dim, norm.num_features)
        self.apply(_initialise)

    def estimate(self, audio: Tensor, queries: Tensor) -> Tensor:
        """Separate ``(batch, samples)`` at the network's rate to ``(batch, queries, samples)``."""
        settings = {"n_fft": self.config.n_fft, "hop": self.hop}
        spectrum = stft(audio, pad_mode="reflect", **settings)
        seen = self._see(spectrum)
        if self.training:
            together = seen.repeat_interleave(queries.shape[1], 0)
            masks = self._mask(together, queries.flatten(0, 1), frames=spectrum.shape[-1])
            masks = masks.unflatten(0, queries.shape[:2])
        else:
            masks = torch.stack(
                [self._mask(seen, q, frames=spectrum.shape[-1]) for q in queries.unbind(1)], dim=1
            )
        return inverse_stft(spectrum[:, None] * masks, samples=audio.shape[-1], **settings)

    def _see(self, spectrum: Tensor) -> Tensor:
        """Normalised magnitudes ``(batch, 1, whole frames, n_fft / 2)``."""
        power = spectrum.real.square() + spectrum.imag.square()
        size = power.clamp(min=1e-10).sqrt()
        size = self.base.bn0(size[..., None])[..., 0].transpose(1, 2)[:, None]
        missing = -size.shape[2] % self.frame_multiple
        return nn.functional.pad(size, (0, 0, 0, missing))[..., :-1]

    def _mask(self, seen: Tensor, query: Tensor, *, frames: int) -> Tensor:
        """Complex masks ``(batch, bins, frames)`` for one query an item."""

        def shift(name: str) -> Tensor:
            bias: Tensor = self.film[name](query)
            return bias[:, :, None, None]

        raw = self.base(seen, shift)[:, :, :frames].float()
        raw = nn.functional.pad(raw, (0, 1)).transpose(2, 3)  # the bin that was dropped
        turn = torch.tanh(raw[:, 1:])
        # sqrt(max(x, e²)) is max(sqrt(x), e) with a gradient at 0. The dropped bin has no
        # direction, so its mask is 0.
        length = turn.square().sum(dim=1).clamp(min=1e-20).sqrt()
        size = torch.sigmoid(raw[:, 0]) / length
        return torch.complex(size * turn[:, 0], size * turn[:, 1])


class _Base(nn.Module):
    """Everything with convolutions; children have the published names."""

    def __init__(self, config: ResUNet30Config) -> None:
        super().__init__()
        widths = config.channels
        self.bn0 = nn.BatchNorm2d(config.n_fft // 2 + 1, momentum=_MOMENTUM)
        self.pre_conv = nn.Conv2d(1, widths[0], 1)
        inputs = (widths[0], *widths)
        for level in range(_LEVELS):
            block = _Encoder(f"encoder_block{level + 1}", inputs[level], widths[level])
            self.add_module(f"encoder_block{level + 1}", block)
        self.conv_block7a = _Encoder("conv_block7a", widths[-1], widths[-1])
        for number, level in enumerate(reversed(range(_LEVELS)), start=1):
            above = widths[min(level + 1, _LEVELS - 1)]
            name = f"decoder_block{number}"
            self.add_module(name, _Decoder(name, above, widths[level], up=_POOLS[level]))
        self.after_conv = nn.Conv2d(widths[0], 3, 1)

    def forward(self, x: Tensor, shift: Shift) -> Tensor:
        """Map ``(batch, 1, frames, bins)`` to raw mask channels ``(batch, 3, frames, bins)``."""
        x = self.pre_conv(x)
        skips = []
        for level, pool in enumerate(_POOLS, start=1):
            x = self.get_submodule(f"encoder_block{level}")(x, shift)
            skips.append(x)
            x = nn.functional.avg_pool2d(x, pool)
        x = self.conv_block7a(x, shift)
        for number in range(1, _LEVELS + 1):
            x = self.get_submodule(f"decoder_block{number}")(x, skips.pop(), shift)
        raw: Tensor = self.after_conv(x)
        return raw


class _Encoder(nn.Module):
    """One residual block; pooling is done outside, because the skip is taken before it."""

    def __init__(self, path: str, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv_block1 = _Residual(f"{path}->conv_block1", inputs, outputs)

    def forward(self, x: Tensor, shift: Shift) -> Tensor:
        result: Tensor = self.conv_block1(x, shift)
        return result


class _Residual(nn.Module):
    """Two 3×3 convolutions, each after normalisation, the query's bias and a leaky rectifier."""

    def __init__(self, path: str, inputs: int, outputs: int) -> None:
        super().__init__()
        self.path = path
        self.bn1 = nn.BatchNorm2d(inputs, momentum=_MOMENTUM)
        self.bn2 = nn.BatchNorm2d(outputs, momentum=_MOMENTUM)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x: Tensor, shift: Shift) -> Tensor:
        """Map ``(batch, inputs, frames, bins)`` to ``(batch, outputs, frames, bins)``."""
        y = self.conv1(_steer(self.bn1(x), shift(f"{self.path}->beta1")))
        y = self.conv2(_steer(self.bn2(y), shift(f"{self.path}->beta2")))
        result: Tensor = y.add_(x if self.shortcut is None else self.shortcut(x))
        return result


class _Decoder(nn.Module):
    """Upsampling, then a residual block on the result beside the skip.

    ``bn2`` is in every published checkpoint and in none of its sums.
    """

    def __init__(self, path: str, inputs: int, outputs: int, *, up: tuple[int, int]) -> None:
        super().__init__()
        self.path = path
        self.conv1 = nn.ConvTranspose2d(inputs, outputs, up, up, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs, momentum=_MOMENTUM)
        self.conv_block2 = _Residual(f"{path}->conv_block2", 2 * outputs, outputs)
        self.bn2 = nn.BatchNorm2d(inputs, momentum=_MOMENTUM)

    def forward(self, x: Tensor, skip: Tensor, shift: Shift) -> Tensor:
        """Map a coarse map and the finer skip to a map of the skip's shape."""
        y = self.conv1(_steer(self.bn1(x), shift(f"{self.path}->beta1")))
        result: Tensor = self.conv_block2(torch.cat([y, skip], dim=1), shift)
        return result


def _steer(normalised: Tensor, bias: Tensor) -> Tensor:
    """Add the query's bias and rectify, in place: maps are large."""
    return nn.functional.leaky_relu(normalised.add_(bias), _SLOPE, inplace=True)


def _initialise(module: nn.Module) -> None:
    """Xavier weights and zero biases, as published."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
