"""Reverberation: noise that decays, band by band.

The impulse response is fixed noise in twelve bands, each under its own exponential
(J. A. Moorer, "About this reverberation business", CMJ 3(2), 1979; C. J. Steinmetz,
V. K. Ithapu, P. Calamia, "Filtered noise shaping for time domain room impulse response
estimation", WASPAA 2021). It is differentiable in everything but the seed.
"""

from __future__ import annotations

import math
import numbers
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from lass.errors import EffectError
from lass.fx.checks import Settings
from lass.fx.delay import shift_slope
from lass.fx.effect import LinearEffect
from lass.fx.noise import BAND_CENTRES_HZ, band_noise
from lass.fx.parameters import Parameter

__all__ = ["BandReverb", "NoiseReverb", "Reverb"]

_NEPERS_60_DB = math.log(1000.0)
_LENGTH = 1.2
"""Length of the response in decay times: it ends at -72 dB."""


class _Shape(NamedTuple):
    """What a reverb's settings mean for its bands; all ``(batch or 1, …)``."""

    gains: Tensor  # (batch, 12), linear
    decays_s: Tensor  # (batch, 12), time to -60 dB
    pre_delay_s: Tensor  # (batch,)
    width: Tensor  # (batch,)
    mix: Tensor  # (batch,)


class NoiseReverb(LinearEffect):
    """What the two reverbs share.

    Args:
        seed: Chooses the noise; the same seed gives the same room.
        settings: Values by parameter name.
    """

    def __init__(self, /, *, seed: int = 0, **settings: float) -> None:
        super().__init__(**settings)
        self._seed: int = _checked_seed(seed, self.name)

    @property
    def options(self) -> Mapping[str, int]:
        """The seed."""
        return {"seed": self._seed}

    @abstractmethod
    def shape(self, values: Mapping[str, Tensor], sample_rate: int) -> _Shape:
        """Say what values of shape ``(batch or 1,)`` mean for the bands."""

    def impulse_response(
        self,
        *,
        sample_rate: int,
        channels: int = 1,
        settings: Settings | None = None,
        max_samples: int | None = None,
        like: Tensor | None = None,
    ) -> Tensor:
        """Give the response to a click, direct sound included.

        See :meth:`LinearEffect.impulse_response`. Every channel has its own room; ``width``
        says how different the rooms are.
        """
        values = self.tensors(settings, like=torch.zeros(()) if like is None else like)
        shape = self.shape(values, sample_rate)
        longest_s = float(shape.decays_s.detach().max())
        samples = max(math.ceil(_LENGTH * longest_s * sample_rate), 1)
        samples = min(samples, max_samples or samples)
        wet = _mixed(self._decaying(shape, samples, channels, sample_rate), shape.width)
        response = _shifted(wet * shape.mix[:, None, None], shape.pre_delay_s * sample_rate)
        dry = torch.nn.functional.pad((1 - shape.mix)[:, None, None], (0, response.shape[-1] - 1))
        return (response + dry)[..., :max_samples]

    def tail_s(self) -> float:
        """Tell how long the reverb lasts, in seconds: pre-delay and 1.2 decay times."""
        shape = self.shape(self.tensors(None, like=torch.zeros(())), 44100)
        if float(shape.mix) == 0.0:
            return 0.0
        return float(shape.pre_delay_s) + _LENGTH * float(shape.decays_s.max())

    def _decaying(self, shape: _Shape, samples: int, channels: int, rate: int) -> Tensor:
        """Noise under its envelopes, summed over bands: ``(batch, channels, samples)``."""
        like = shape.gains
        time_s = torch.arange(samples, dtype=like.dtype, device=like.device) / rate
        rates = _NEPERS_60_DB / shape.decays_s
        total = torch.zeros(())
        noise = band_noise(sample_rate=rate, samples=samples, channels=channels, seed=self._seed)
        for band, sound in enumerate(noise):
            envelope = shape.gains[:, band, None] * torch.exp(-rates[:, band, None] * time_s)
            total = total + envelope[:, None] * sound.to(like)
        return total


class Reverb(NoiseReverb):
    """A room in six settings.

    At a ``mix`` of 1, white noise comes out as loud as it went in, if nothing is damped.

    Args:
        seed: Chooses the noise; the same seed gives the same room.
        settings: ``decay_s``, time until the sound has fallen by 60 dB (T60); ``pre_delay_ms``
            before the room answers; ``mix``, share of the room; ``width``: 0 for the same
            room in all channels, 1 for independent ones; ``brightness_hz``, above which the
            room's answer falls by 12 dB per octave; ``damping``, how much faster high sound
            dies away: the decay above 1 kHz is divided by ``(f / 1 kHz) ** damping``.

    Example:
        >>> hall = Reverb(decay_s=2.5, mix=0.4)
        >>> hall.impulse_response(sample_rate=8000, channels=2).shape[:2]
        torch.Size([1, 2])
    """

    name: ClassVar[str] = "reverb"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("decay_s", "s", 0.1, 20.0, 1.5, scale="log"),
        Parameter("pre_delay_ms", "ms", 0.0, 200.0, 10.0),
        Parameter("mix", "", 0.0, 1.0, 0.25, neutral=0.0),
        Parameter("width", "", 0.0, 1.0, 1.0),
        Parameter("brightness_hz", "Hz", 200.0, 20000.0, 8000.0, scale="log"),
        Parameter("damping", "", 0.0, 1.0, 0.0),
    )

    def shape(self, values: Mapping[str, Tensor], sample_rate: int) -> _Shape:
        """Spread the settings over the bands."""
        decay = values["decay_s"][:, None]
        centres = torch.tensor(BAND_CENTRES_HZ, dtype=decay.dtype, device=decay.device)
        octaves = torch.log(centres.clamp_min(1000.0) / 1000.0)
        decays_s = decay * torch.exp(-values["damping"][:, None] * octaves)
        # Energy 1 for the undamped room; damping and brightness only take away.
        energy = -torch.expm1(-2 * _NEPERS_60_DB / (decay * sample_rate))
        tone = (1 + (centres / values["brightness_hz"][:, None]) ** 4).rsqrt()
        gains = energy.sqrt() * tone
        batch = max(len(gains), len(decays_s))
        return _Shape(
            gains.expand(batch, -1),
            decays_s.expand(batch, -1),
            values["pre_delay_ms"] / 1000.0,
            values["width"],
            values["mix"],
        )

    def describe(self) -> str:
        """Say in plain words what the room is like."""
        s = self.settings
        said = [
            f"{s['decay_s']:.2g} s decay",
            f"{100 * s['mix']:.0f} % of the sound",
            f"after {s['pre_delay_ms']:.2g} ms",
            f"darker above {s['brightness_hz']:.0f} Hz",
            f"width {100 * s['width']:.0f} %",
        ]
        if s["damping"] >= 0.005:
            said.append(f"at 8000 Hz {s['decay_s'] / 8 ** s['damping']:.2g} s decay")
        return "reverb: " + ", ".join(said)


class BandReverb(NoiseReverb):
    """The 25-parameter reverb of the field: gain and decay of each band, and the mix.

    It follows dasp-pytorch and Text2FX in its bands and its level (the mean of twelve bands
    of unit noise), with the decays in seconds. There, a normalised decay d means
    ``10.27 / (10 d + 1)`` seconds at 44.1 kHz.

    Args:
        seed: Chooses the noise.
        settings: ``band_<n>_gain`` (0 to 1) and ``band_<n>_decay_s`` for n from 0 to 11, and
            ``mix``.

    Example:
        >>> len(BandReverb.parameters)
        25
    """

    name: ClassVar[str] = "band_reverb"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *(Parameter(f"band_{n}_gain", "", 0.0, 1.0, 0.5) for n in range(12)),
        *(Parameter(f"band_{n}_decay_s", "s", 0.1, 20.0, 1.5, scale="log") for n in range(12)),
        Parameter("mix", "", 0.0, 1.0, 0.25, neutral=0.0),
    )

    def shape(self, values: Mapping[str, Tensor], sample_rate: int) -> _Shape:
        """Collect the settings of the bands."""
        columns = torch.broadcast_tensors(*values.values())
        table = torch.stack(columns, dim=-1)
        zero = torch.zeros_like(values["mix"])
        return _Shape(table[:, :12] / 12.0, table[:, 12:24], zero, zero + 1, values["mix"])


def _checked_seed(seed: object, effect: str) -> int:
    if (
        not isinstance(seed, numbers.Integral)
        or isinstance(seed, bool)
        or not 0 <= int(seed) < 2**32
    ):
        raise EffectError(f"{effect}: seed is {seed!r}, expected a whole number from 0 to 2**32-1")
    return int(seed)


def _mixed(rooms: Tensor, width: Tensor) -> Tensor:
    """Mix independent rooms ``(batch, channels, samples)`` to a correlation of 1 - width²."""
    channels = rooms.shape[1]
    if channels == 1:
        return rooms
    # The square root of the correlation matrix: own share on the diagonal, common share off it.
    own = width[:, None, None]
    common = ((own.square() + channels * (1 - own.square())).sqrt() - own) / channels
    return own * rooms + common * rooms.sum(dim=1, keepdim=True)


def _shifted(response: Tensor, delay: Tensor) -> Tensor:
    """Start each response later by a whole number of samples, with the gradient of any number."""
    steps = delay.detach().round().long()
    longest = int(steps.max())
    batch = max(len(response), len(steps))
    response = response.expand(batch, -1, -1)
    parts: Iterable[tuple[int, Tensor]] = [(0, response)]
    if delay.requires_grad:
        parts = shift_slope(response, response * (delay - delay.detach())[:, None, None])
    rows = []
    for row, step in enumerate(steps.expand(batch).tolist()):
        total = response.new_zeros(())
        for offset, part in parts:
            # A negative width cuts off: the sample that would come before the direct sound.
            before, after = step + offset, longest + 1 - step - offset
            total = total + torch.nn.functional.pad(part[row], (before, after))
        rows.append(total)
    return torch.stack(rows)
