"""Echoes."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from lass.fx.checks import Settings
from lass.fx.effect import LinearEffect
from lass.fx.parameters import Parameter
from lass.fx.streaming import BlockStream

__all__ = ["Delay", "shift_slope"]

_FAINTEST = 1e-6
"""Echoes below -120 dB are left out of the impulse response."""
_LONGEST_S = 60.0


class Delay(LinearEffect):
    """Repeat the sound after a time, again and again, each time weaker.

    Echoes fall on whole samples. The gradient of the time is that of moving every echo by a
    fraction of a sample.

    Args:
        settings: ``time_ms`` between echoes; ``feedback``, the factor from one to the next;
            ``mix``, the share of the echoes.

    Example:
        >>> click = torch.zeros(1, 5)
        >>> click[0, 0] = 1.0
        >>> echo = Delay(time_ms=2.0, feedback=0.5, mix=0.5)
        >>> (echo.process(click, sample_rate=1000) + 0.0).round(decimals=4)
        tensor([[0.5000, 0.0000, 0.5000, 0.0000, 0.2500]])
    """

    name: ClassVar[str] = "delay"
    recursive: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("time_ms", "ms", 1.0, 2000.0, 250.0, scale="log"),
        Parameter("feedback", "", 0.0, 0.95, 0.3),
        Parameter("mix", "", 0.0, 1.0, 0.25, neutral=0.0),
    )

    def impulse_response(
        self,
        *,
        sample_rate: int,
        channels: int = 1,
        settings: Settings | None = None,
        max_samples: int | None = None,
        like: Tensor | None = None,
    ) -> Tensor:
        """Give the response to a click; see :meth:`LinearEffect.impulse_response`.

        Without ``max_samples`` it ends after 60 s or at -120 dB.
        """
        values = self.tensors(settings, like=torch.zeros(()) if like is None else like)
        time_ms, feedback, mix = torch.broadcast_tensors(
            values["time_ms"], values["feedback"], values["mix"]
        )
        delay = (time_ms * (sample_rate / 1000.0)).clamp_min(1.0)
        step = delay.detach().round()
        longest = max_samples or round(_LONGEST_S * sample_rate)
        count = _echoes(float(feedback.detach().max()), longest / float(step.min()))
        taps = min(longest, count * int(step.max()) + 2)
        number = torch.arange(1, count + 1, device=delay.device)
        at = number * step[:, None].long()
        height = mix[:, None] * feedback[:, None] ** (number - 1)
        moved = height * number * (delay - delay.detach())[:, None]
        response = delay.new_zeros(len(delay), taps + 2)
        # Echoes behind the end meet in the last place, which is cut off.
        for offset, part in shift_slope(height, moved):
            response = response.scatter_add(1, (at + offset).clamp_max(taps + 1), part)
        dry = torch.nn.functional.pad(1 - mix[:, None], (0, taps - 1))
        whole: Tensor = dry + response[:, :taps]
        return whole[:, None]

    def stream(self, *, sample_rate: int, channels: int) -> BlockStream:
        """Open the effect for blocks of any size; see :meth:`Effect.stream`."""
        s = self.settings
        step = max(round(float(torch.tensor(s["time_ms"])) * sample_rate / 1000.0), 1)
        return _DelayStream(step, s["feedback"], s["mix"], channels)

    def tail_s(self) -> float:
        """Tell how long the echoes last: until -60 dB, in seconds."""
        s = self.settings
        if s["mix"] == 0.0:
            return 0.0
        times = 1.0 if s["feedback"] < 1e-3 else 1.0 + math.log(1e-3) / math.log(s["feedback"])
        return min(times * s["time_ms"] / 1000.0, _LONGEST_S)

    def describe(self) -> str:
        """Say in plain words what it does."""
        s = self.settings
        return (
            f"delay: an echo every {s['time_ms']:.3g} ms, each {100 * s['feedback']:.0f} % of "
            f"the one before, {100 * s['mix']:.0f} % of the sound"
        )


class _DelayStream:
    """The recursion itself: ``echo[n] = input[n - step] + feedback echo[n - step]``."""

    def __init__(self, step: int, feedback: float, mix: float, channels: int) -> None:
        self._feedback, self._mix = feedback, mix
        # What comes out of the delay line next, oldest sample first.
        self._line = torch.zeros(channels, step)

    def push(self, block: Tensor) -> Tensor:
        samples, step = block.shape[-1], self._line.shape[-1]
        # Rows of one step each; a row needs the one before and nothing else.
        rows = -(-samples // step)
        padded = torch.nn.functional.pad(block, (0, rows * step - samples))
        echoes = [self._line]
        for row in padded.split(step, dim=-1):
            echoes.append(torch.add(row, echoes[-1], alpha=self._feedback))
        line = torch.cat(echoes, dim=-1)
        self._line = line[:, samples : samples + step].clone()
        return torch.lerp(block, line[:, :samples], self._mix)

    def finish(self) -> Tensor:
        return self._line[:, :0]


def shift_slope(height: Tensor, moved: Tensor) -> tuple[tuple[int, Tensor], ...]:
    """Let a click on a whole sample have the gradient of one between samples.

    Args:
        height: Height of the click.
        moved: Height times the shift in samples to the right, of value 0 and with a gradient.

    Returns:
        Offsets and what to add there: the click, and the central difference of its shift.

    Example:
        >>> [(at, part.item()) for at, part in shift_slope(torch.ones(1), torch.zeros(1))]
        [(0, 1.0), (1, 0.0), (-1, -0.0)]
    """
    return (0, height), (1, 0.5 * moved), (-1, -0.5 * moved)


def _echoes(feedback: float, until: float) -> int:
    """How many echoes there are before the end or the noise floor."""
    audible = 1 if feedback < _FAINTEST else math.log(_FAINTEST) / math.log(min(feedback, 0.999))
    return max(math.ceil(min(audible + 1, until)), 1)
