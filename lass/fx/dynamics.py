"""The compressor, without a loop over samples.

Level, static curve, release, attack, gain. The release is a decaying maximum, which in the
logarithm is a running maximum (``cummax``) of a tilted curve; the attack is a one-pole
low-pass, a convolution. Both orders are those of the "decoupled" peak detector of
Giannoulis, Massberg and Reiss, "Digital dynamic range compressor design", JAES 60(6), 2012,
equations 4 and 16.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from lass.fx.convolution import convolve
from lass.fx.effect import Effect
from lass.fx.levels import decibels_to_factor
from lass.fx.parameters import Parameter
from lass.fx.streaming import BlockStream, FirStream

__all__ = ["Compressor"]

_QUIETEST = 1e-8
"""-160 dB; below, the level is not followed."""
_NOTHING = 1e-12
"""Reduction in dB that stands for none where a logarithm is taken."""
_ATTACK_MEMORY = 11.5
"""Time constants after which the attack filter is cut off: 100 dB."""


class Compressor(Effect):
    """Make the loud parts quieter, all channels by the same gain.

    Args:
        settings: ``threshold_db``, above which it works; ``ratio`` of dB in to dB out above
            it, 1 for no effect; ``attack_ms`` and ``release_ms``, time constants;
            ``knee_db``, width of the soft bend; ``make_up_db``, gain afterwards.

    Example:
        >>> loud = torch.ones(1, 8000)
        >>> out = Compressor(threshold_db=-20.0, ratio=4.0, knee_db=0.0).process(
        ...     loud, sample_rate=8000)
        >>> round(20 * math.log10(out[0, -1].item()), 2)
        -15.0
    """

    name: ClassVar[str] = "compressor"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("threshold_db", "dB", -60.0, 0.0, -24.0),
        Parameter("ratio", "", 1.0, 20.0, 3.0, scale="log", neutral=1.0),
        Parameter("attack_ms", "ms", 1.0, 100.0, 10.0, scale="log"),
        Parameter("release_ms", "ms", 5.0, 1000.0, 100.0, scale="log"),
        Parameter("knee_db", "dB", 0.0, 12.0, 6.0),
        Parameter("make_up_db", "dB", 0.0, 24.0, 0.0, neutral=0.0),
    )

    def run(self, audio: Tensor, values: Mapping[str, Tensor], sample_rate: int) -> Tensor:
        """Process checked audio; see :meth:`Effect.run`."""
        released, _ = _release(_excess_db(audio, values), values, sample_rate, None)
        smooth = convolve(released[:, None], [_attack(values, sample_rate)[:, None]])
        return audio * _gain(smooth, values)

    def stream(self, *, sample_rate: int, channels: int) -> BlockStream:
        """Open the effect for blocks of any size; see :meth:`Effect.stream`."""
        return _CompressorStream(self.tensors(None, like=torch.zeros(())), sample_rate)

    def describe(self) -> str:
        """Say in plain words what it does."""
        s = self.settings
        if s["ratio"] == 1.0:
            return f"compressor: off, {s['make_up_db']:+.2g} dB"
        return (
            f"compressor: {s['ratio']:.2g} to 1 above {s['threshold_db']:.3g} dB, attack "
            f"{s['attack_ms']:.2g} ms, release {s['release_ms']:.3g} ms, knee "
            f"{s['knee_db']:.2g} dB, then {s['make_up_db']:+.2g} dB"
        )


class _CompressorStream:
    """The same, block by block: the running maximum and the attack filter go on."""

    def __init__(self, values: Mapping[str, Tensor], sample_rate: int) -> None:
        self._values, self._rate = values, sample_rate
        self._attack = FirStream(_attack(values, sample_rate))
        self._last: Tensor | None = None
        self._waiting = torch.zeros(1, 0)

    def push(self, block: Tensor) -> Tensor:
        excess = _excess_db(block[None], self._values)
        released, self._last = _release(excess, self._values, self._rate, self._last)
        held = self._waiting if self._waiting.shape[-1] else block[:, :0]
        self._waiting = torch.cat([held, block], dim=-1)
        return self._apply(self._attack.push(released))

    def finish(self) -> Tensor:
        return self._apply(self._attack.finish())

    def _apply(self, smooth: Tensor) -> Tensor:
        ready, self._waiting = self._waiting.tensor_split([smooth.shape[-1]], dim=-1)
        return ready * _gain(smooth, self._values)[0]


def _excess_db(audio: Tensor, values: Mapping[str, Tensor]) -> Tensor:
    """How far the loudest channel is above the threshold, with the knee; ``(batch, samples)``."""
    level_db = 20 * torch.log10(audio.abs().amax(dim=1).clamp_min(_QUIETEST))
    over = level_db - values["threshold_db"][:, None]
    knee = values["knee_db"][:, None].clamp_min(1e-6)
    bend = (over + knee / 2).clamp_min(0.0).square() / (2 * knee)
    return torch.where(over > knee / 2, over, bend)


def _release(
    excess_db: Tensor, values: Mapping[str, Tensor], sample_rate: int, last: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Let the excess fall no faster than the release; give the state for the next block, too."""
    if excess_db.shape[-1] == 0:
        return excess_db, torch.zeros(1) if last is None else last
    # In float64: the tilt grows with time, and its rounding would become gain.
    decay = (1000.0 / (values["release_ms"].double() * sample_rate))[:, None]
    time = torch.arange(1, excess_db.shape[-1] + 1, dtype=torch.float64, device=excess_db.device)
    tilted = torch.log(excess_db.double().clamp_min(_NOTHING)) + decay * time
    if last is not None:
        tilted = torch.cat([last[:, None], tilted], dim=-1)
    highest = torch.cummax(tilted, dim=-1).values
    highest = highest if last is None else highest[:, 1:]
    level = highest - decay * time
    return torch.exp(level).to(excess_db.dtype), level[:, -1].detach()


def _attack(values: Mapping[str, Tensor], sample_rate: int) -> Tensor:
    """Impulse response of the attack low-pass, ``(batch, taps)``, sum 1."""
    constant = values["attack_ms"][:, None] * (sample_rate / 1000.0)
    taps = max(math.ceil(_ATTACK_MEMORY * float(constant.detach().max())), 1)
    time = torch.arange(taps, dtype=constant.dtype, device=constant.device)
    response = torch.exp(-time / constant)
    return response / response.sum(dim=-1, keepdim=True)


def _gain(smooth_db: Tensor, values: Mapping[str, Tensor]) -> Tensor:
    # The ratio comes last: at 1 the gain is 0 dB, and its gradient is still there.
    slope = 1 - 1 / values["ratio"][:, None, None]
    return decibels_to_factor(values["make_up_db"][:, None, None] - slope * smooth_db)
