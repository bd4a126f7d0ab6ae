"""What a setting is: a name, a unit, a range, and where it does nothing."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Literal, TypeVar

import torch

from lass.errors import EffectError

__all__ = ["Parameter", "Scale"]

Scale = Literal["linear", "log"]

_Value = TypeVar("_Value", float, torch.Tensor)


@dataclass(frozen=True)
class Parameter:
    """One setting of an effect.

    An optimiser works on *positions* from 0 to 1, which are spread over the range evenly
    (``linear``) or by equal ratios (``log``, for frequencies and times, as the ear does).

    Args:
        name: Its name with the unit, such as ``"gain_db"``.
        unit: The unit alone: ``"dB"``, ``"Hz"``, ``"s"``, ``"ms"``, or ``""`` for a ratio.
        low: Smallest value.
        high: Largest value.
        default: Value of a new effect.
        scale: How positions are spread over the range.
        neutral: Value at which the effect does nothing, whatever its other settings are, if
            all its parameters with a neutral value have it; None if there is no such value.

    Example:
        >>> cutoff = Parameter("frequency_hz", "Hz", 20.0, 2000.0, 200.0, scale="log")
        >>> round(cutoff.position(200.0), 6)
        0.5
        >>> round(cutoff.value(0.5), 6)
        200.0
    """

    name: str
    unit: str
    low: float
    high: float
    default: float
    scale: Scale = "linear"
    neutral: float | None = None

    def position(self, value: _Value) -> _Value:
        """Tell where in its range a value lies.

        Args:
            value: A value in the parameter's unit; a float, or a tensor of any shape.

        Returns:
            The position, 0 at the low end and 1 at the high end; differentiable.

        Example:
            >>> Parameter("gain_db", "dB", -20.0, 20.0, 0.0).position(10.0)
            0.75
        """
        if self.scale == "linear":
            return (value - self.low) / (self.high - self.low)
        span = math.log(self.high / self.low)
        if isinstance(value, torch.Tensor):
            return torch.log(value / self.low) / span
        return math.log(value / self.low) / span

    def value(self, position: _Value) -> _Value:
        """Turn a position into a value.

        Args:
            position: From 0 to 1. A float outside is taken as the nearer end; a tensor is
                not held back, so that its gradient stays (use a sigmoid).

        Returns:
            The value in the parameter's unit; differentiable.

        Example:
            >>> Parameter("gain_db", "dB", -20.0, 20.0, 0.0).value(torch.tensor(0.75))
            tensor(10.)
        """
        if isinstance(position, torch.Tensor):
            if self.scale == "linear":
                return self.low + (self.high - self.low) * position
            return self.low * torch.exp(math.log(self.high / self.low) * position)
        inside = min(max(position, 0.0), 1.0)
        if self.scale == "linear":
            result = self.low + (self.high - self.low) * inside
        else:
            result = self.low * (self.high / self.low) ** inside
        return min(max(result, self.low), self.high)  # rounding may step over an end

    def scaled(self, value: float, amount: float) -> float:
        """Move a value towards or away from the neutral one.

        Args:
            value: A value inside the range.
            amount: 0 gives the neutral value, 1 the value itself, more than 1 exaggerates.

        Returns:
            The new value, held inside the range; the value itself if there is no neutral one.

        Example:
            >>> Parameter("gain_db", "dB", -20.0, 20.0, 0.0, neutral=0.0).scaled(6.0, 0.5)
            3.0
        """
        if self.neutral is None or amount == 1.0:
            return value
        if amount == 0.0:
            return self.neutral
        start = self.position(self.neutral)
        moved = self.value(start + amount * (self.position(value) - start))
        # Digits that only the change of scale made are no one's choice.
        return min(max(round(moved, 12), self.low), self.high)

    def checked(self, value: object, *, effect: str) -> float:
        """Check a value that someone gave.

        Args:
            value: What was given.
            effect: Name of the effect, for the message.

        Returns:
            The value as a plain float.

        Raises:
            EffectError: If it is not a finite number inside the range.

        Example:
            >>> Parameter("mix", "", 0.0, 1.0, 0.3).checked(2, effect="reverb")
            Traceback (most recent call last):
            ...
            lass.errors.EffectError: reverb: mix is 2, expected a number from 0 to 1
        """
        unit = f" {self.unit}" if self.unit else ""
        expected = f"expected a number from {self.low:g} to {self.high:g}{unit}"
        given = value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value
        if isinstance(given, bool) or not isinstance(given, numbers.Real):
            raise EffectError(f"{effect}: {self.name} is {given!r}, {expected}")
        try:
            number = float(given)
        except OverflowError:  # an integer of hundreds of digits
            number = math.inf
        # A position of 1 in float32 may lie a rounding step beyond the end.
        room = 1e-6 * (self.high - self.low)
        if not self.low - room <= number <= self.high + room:  # False for NaN, too
            raise EffectError(f"{effect}: {self.name} is {number:g}, {expected}")
        return min(max(number, self.low), self.high)
