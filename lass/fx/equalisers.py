"""Tone: parametric and graphic equaliser, low cut and high cut."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from lass.fx.biquads import (
    HIGHEST_SHARE,
    Sections,
    cascade,
    high_pass,
    high_shelf,
    low_pass,
    low_shelf,
    peak,
)
from lass.fx.checks import Settings
from lass.fx.effect import LinearEffect
from lass.fx.parameters import Parameter

__all__ = ["EQ", "GRAPHIC_FREQUENCIES_HZ", "FilterEffect", "GraphicEQ", "HighCut", "LowCut"]

GRAPHIC_FREQUENCIES_HZ: tuple[int, ...] = (
    20, 50, 83, 120, 161, 208, 259, 318, 383, 455, 537, 628, 729, 843, 971, 1114, 1273, 1452,
    1652, 1875, 2126, 2406, 2719, 3070, 3462, 3901, 4392, 4941, 5556, 6244, 7014, 7875, 8839,
    9917, 11124, 12474, 13984, 15675, 17566, 19682,
)  # fmt: skip
"""Centres of the 40 bands of SocialEQ and Audealize (Cartwright and Pardo 2013; Seetharaman
and Pardo 2016): spaced like the ear's critical bands, and the columns of the listeners'
curves."""

_GRAPHIC_Q = 4.31
_SECTIONS = ("low_shelf", "peak_1", "peak_2", "peak_3", "peak_4", "high_shelf")


class FilterEffect(LinearEffect):
    """An effect made of second-order sections; all channels are treated alike."""

    @abstractmethod
    def sections(self, values: Mapping[str, Tensor], sample_rate: int) -> Sections:
        """Make the sections of values of shape ``(batch or 1,)``."""

    def impulse_response(
        self,
        *,
        sample_rate: int,
        channels: int = 1,
        settings: Settings | None = None,
        max_samples: int | None = None,
        like: Tensor | None = None,
    ) -> Tensor:
        """Give the response to a click; see :meth:`LinearEffect.impulse_response`."""
        values = self.tensors(settings, like=torch.zeros(()) if like is None else like)
        made = self.sections(values, sample_rate)
        return made.impulse_response(sample_rate=sample_rate, max_samples=max_samples)

    def magnitude_db(
        self, frequencies_hz: Tensor, *, sample_rate: int, settings: Settings | None = None
    ) -> Tensor:
        """Evaluate the curve; differentiable in the settings.

        Args:
            frequencies_hz: ``(points,)``, from 0 to half the sample rate.
            sample_rate: Sample rate in Hz.
            settings: As for `process`.

        Returns:
            Magnitude in dB ``(batch or 1, points)``.

        Example:
            >>> bright = EQ(high_shelf_gain_db=6.0)
            >>> bright.magnitude_db(torch.tensor([20.0, 20000.0]), sample_rate=44100).round()
            tensor([[0., 6.]])
        """
        made = self.sections(self.tensors(settings, like=frequencies_hz), sample_rate)
        return made.magnitude_db(frequencies_hz, sample_rate=sample_rate)


def _gain(name: str) -> Parameter:
    return Parameter(f"{name}_gain_db", "dB", -20.0, 20.0, 0.0, neutral=0.0)


def _section(name: str, low_hz: float, high_hz: float, hz: float, q: float) -> list[Parameter]:
    return [
        _gain(name),
        Parameter(f"{name}_frequency_hz", "Hz", low_hz, high_hz, hz, scale="log"),
        Parameter(f"{name}_q", "", 0.1, 6.0, q, scale="log"),
    ]


class EQ(FilterEffect):
    """Parametric equaliser: low shelf, four bells, high shelf; 18 settings.

    Layout and ranges are those of the field (dasp-pytorch, Text2FX; there the upper ends are
    tied to 44.1 kHz, as here). A section whose frequency is above half the sample rate does
    nothing.

    Args:
        settings: ``<section>_gain_db``, ``<section>_frequency_hz`` and ``<section>_q`` for
            the sections ``low_shelf``, ``peak_1`` to ``peak_4`` and ``high_shelf``.

    Example:
        >>> EQ(low_shelf_gain_db=4.0, peak_2_gain_db=-2.0).describe()
        'eq: +4 dB below 120 Hz, -2 dB around 3500 Hz (Q 1)'
    """

    name: ClassVar[str] = "eq"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *_section("low_shelf", 20.0, 2000.0, 120.0, 0.7),
        *_section("peak_1", 80.0, 2000.0, 400.0, 1.0),
        *_section("peak_2", 2000.0, 8000.0, 3500.0, 1.0),
        *_section("peak_3", 8000.0, 12000.0, 9500.0, 1.0),
        *_section("peak_4", 12000.0, 21050.0, 15000.0, 1.0),
        *_section("high_shelf", 4000.0, 21050.0, 8000.0, 0.7),
    )

    def sections(self, values: Mapping[str, Tensor], sample_rate: int) -> Sections:
        """Make the six sections; see :class:`FilterEffect`."""
        parts = []
        for name in _SECTIONS:
            frequency_hz = values[f"{name}_frequency_hz"]
            gain_db = _heard(values[f"{name}_gain_db"], frequency_hz, sample_rate)
            make = {"low_shelf": low_shelf, "high_shelf": high_shelf}.get(name, peak)
            parts.append(make(frequency_hz, gain_db=gain_db, q=values[f"{name}_q"]))
        return cascade(parts)

    def describe(self) -> str:
        """Say in plain words which regions are changed; below 0.05 dB nothing is."""
        said = []
        for name in _SECTIONS:
            gain, hz, q = (self.settings[f"{name}_{x}"] for x in ("gain_db", "frequency_hz", "q"))
            if abs(gain) >= 0.05:
                where = {"low_shelf": "below", "high_shelf": "above"}.get(name, "around")
                detail = f" (Q {q:.2g})" if where == "around" else ""
                said.append(f"{gain:+.2g} dB {where} {_hertz(hz)}{detail}")
        return "eq: " + (", ".join(said) or "flat")


class GraphicEQ(FilterEffect):
    """Graphic equaliser: 40 bells at the centres of Audealize, Q 4.31.

    Neighbouring bells overlap: equal gains in a region add up to about twice as much in dB.
    `lass.fx.matching` finds the gains that follow a curve.

    Args:
        settings: ``gain_<Hz>hz_db`` for each of `GRAPHIC_FREQUENCIES_HZ`.

    Example:
        >>> GraphicEQ(gain_1114hz_db=3.0).describe()
        'graphic eq: +3 dB at 1114 Hz'
    """

    name: ClassVar[str] = "graphic_eq"
    parameters: ClassVar[tuple[Parameter, ...]] = tuple(
        Parameter(f"gain_{hz}hz_db", "dB", -20.0, 20.0, 0.0, neutral=0.0)
        for hz in GRAPHIC_FREQUENCIES_HZ
    )

    def sections(self, values: Mapping[str, Tensor], sample_rate: int) -> Sections:
        """Make the bells below half the sample rate; see :class:`FilterEffect`."""
        heard = [hz for hz in GRAPHIC_FREQUENCIES_HZ if hz < HIGHEST_SHARE * sample_rate / 2]
        heard = heard or [GRAPHIC_FREQUENCIES_HZ[0]]
        columns = torch.broadcast_tensors(*(values[f"gain_{hz}hz_db"] for hz in heard))
        gain_db = torch.stack(columns, dim=-1)
        centres = torch.tensor(heard, dtype=gain_db.dtype, device=gain_db.device)
        centres = centres.expand_as(gain_db)
        return peak(centres, gain_db=gain_db, q=torch.full_like(gain_db, _GRAPHIC_Q))

    def describe(self) -> str:
        """Say in plain words which bands are changed; below 0.05 dB nothing is."""
        said = [
            f"{gain:+.2g} dB at {_hertz(hz)}"
            for hz, gain in zip(GRAPHIC_FREQUENCIES_HZ, self.settings.values(), strict=True)
            if abs(gain) >= 0.05
        ]
        return "graphic eq: " + (", ".join(said) or "flat")


class LowCut(FilterEffect):
    """Take away what is below a frequency: Butterworth high-pass, 12 dB per octave.

    From 20 Hz down to 10 Hz the filter fades out, so that 10 Hz is off.

    Args:
        settings: ``frequency_hz``, where the level is 3 dB lower.

    Example:
        >>> LowCut(frequency_hz=80.0).describe()
        'low cut: below 80 Hz'
    """

    name: ClassVar[str] = "low_cut"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("frequency_hz", "Hz", 10.0, 4000.0, 80.0, scale="log", neutral=10.0),
    )

    def sections(self, values: Mapping[str, Tensor], sample_rate: int) -> Sections:
        """Make the section; see :class:`FilterEffect`."""
        frequency_hz = values["frequency_hz"]
        return high_pass(frequency_hz, depth=torch.log2(frequency_hz / 10.0).clamp(0.0, 1.0))

    def describe(self) -> str:
        """Say in plain words what is cut."""
        hz = self.settings["frequency_hz"]
        return f"low cut: below {_hertz(hz)}" if hz > 10.0 else "low cut: off"


class HighCut(FilterEffect):
    """Take away what is above a frequency: Butterworth low-pass, 12 dB per octave.

    From 20 kHz up to 24 kHz the filter fades out, so that 24 kHz is off. At or above half the
    sample rate it does nothing.

    Args:
        settings: ``frequency_hz``, where the level is 3 dB lower.

    Example:
        >>> HighCut(frequency_hz=5000.0).describe()
        'high cut: above 5000 Hz'
    """

    name: ClassVar[str] = "high_cut"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("frequency_hz", "Hz", 200.0, 24000.0, 8000.0, scale="log", neutral=24000.0),
    )

    def sections(self, values: Mapping[str, Tensor], sample_rate: int) -> Sections:
        """Make the section; see :class:`FilterEffect`."""
        frequency_hz = values["frequency_hz"]
        depth = (torch.log(24000.0 / frequency_hz) / math.log(24000.0 / 20000.0)).clamp(0.0, 1.0)
        return low_pass(frequency_hz, depth=_heard(depth, frequency_hz, sample_rate))

    def describe(self) -> str:
        """Say in plain words what is cut."""
        hz = self.settings["frequency_hz"]
        return f"high cut: above {_hertz(hz)}" if hz < 24000.0 else "high cut: off"


def _heard(amount: Tensor, frequency_hz: Tensor, sample_rate: int) -> Tensor:
    """The amount, or none where the frequency does not exist at the sample rate."""
    there = frequency_hz < HIGHEST_SHARE * sample_rate / 2
    return torch.where(there, amount, torch.zeros_like(amount))


def _hertz(frequency_hz: float) -> str:
    return f"{frequency_hz:.0f} Hz"
