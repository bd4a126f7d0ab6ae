"""What every effect is: named settings, a differentiable process, and a stream."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Self

import torch
from torch import Tensor

from lass.errors import EffectError
from lass.fx.checks import Settings, check_amount, check_audio, check_batches, has_batch
from lass.fx.convolution import convolve
from lass.fx.streaming import BlockStream, FirStream, PointwiseStream

if TYPE_CHECKING:
    from lass.fx.parameters import Parameter

__all__ = ["Effect", "LinearEffect"]


class Effect(ABC):
    """An effect with its settings; it never changes, `replace` gives another.

    Args:
        settings: Values by parameter name; what is not given has its default.

    Raises:
        EffectError: If a name is unknown or a value out of range.

    Example:
        >>> from lass.fx import Gain
        >>> quieter = Gain(gain_db=-6.0)
        >>> dict(quieter.settings), quieter.replace(gain_db=0.0) == Gain()
        ({'gain_db': -6.0}, True)
    """

    name: ClassVar[str]
    """Its name in presets and in :attr:`Chain.parameters`."""
    parameters: ClassVar[tuple[Parameter, ...]]
    """Its settings, in order."""
    pointwise: ClassVar[bool] = False
    """True if every output sample depends on one input sample alone."""

    def __init__(self, /, **settings: float) -> None:  # a preset may call a setting "self"
        known = {parameter.name: parameter for parameter in self.parameters}
        for key in settings:
            if key not in known:
                raise EffectError(_unknown(self.name, key, list(known)))
        self._settings = {
            key: parameter.checked(settings.get(key, parameter.default), effect=self.name)
            for key, parameter in known.items()
        }

    @property
    def settings(self) -> Mapping[str, float]:
        """Its values by parameter name, read only."""
        return MappingProxyType(self._settings)

    @property
    def options(self) -> Mapping[str, int]:
        """What belongs to a preset but is no setting to optimise, such as a seed."""
        return {}

    def replace(self, /, **settings: float) -> Self:
        """Make another with some settings changed.

        Args:
            settings: The values to change.

        Returns:
            A new effect of the same kind.

        Raises:
            EffectError: As for the class.

        Example:
            >>> from lass.fx import Reverb
            >>> Reverb(decay_s=3.0).replace(mix=0.5)
            Reverb(decay_s=3, mix=0.5)
        """
        return type(self)(**{**self._settings, **settings}, **self.options)

    def scaled(self, amount: float) -> Self:
        """Make one that does less of the same, or more.

        Args:
            amount: 0 for no effect, 1 for this one, more to exaggerate up to the ranges.

        Returns:
            A new effect of the same kind.

        Raises:
            EffectError: If the amount is negative or not finite.

        Example:
            >>> from lass.fx import Gain
            >>> Gain(gain_db=6.0).scaled(0.5)
            Gain(gain_db=3)
        """
        check_amount(amount)
        return self.replace(
            **{p.name: p.scaled(self._settings[p.name], amount) for p in self.parameters}
        )

    def process(
        self, audio: Tensor, *, sample_rate: int, settings: Settings | None = None
    ) -> Tensor:
        """Apply the effect; differentiable in the audio and in the settings.

        Args:
            audio: ``(channels, samples)`` or ``(batch, channels, samples)``, floating type.
            sample_rate: Sample rate in Hz.
            settings: Values that stand in for the effect's own, numbers or tensors of shape
                ``()`` or ``(batch,)``. They are not checked against the ranges.

        Returns:
            Audio of the input's shape; ``(batch, channels, samples)`` if a setting has a
            batch, also where the audio has none.

        Raises:
            AudioError: If the audio or the rate is not as described.
            EffectError: If a setting is unknown or has a wrong shape.

        Example:
            >>> from lass.fx import Gain
            >>> level = torch.tensor([0.0, 20.0], requires_grad=True)
            >>> out = Gain().process(torch.ones(1, 3), sample_rate=8000,
            ...                      settings={"gain_db": level})
            >>> out.shape, out[1, 0, 0].item()
            (torch.Size([2, 1, 3]), 10.0)
        """
        batch = check_audio(audio, sample_rate)
        values = self.tensors(settings, like=audio)
        check_batches([batch.shape[0], *(len(value) for value in values.values())])
        made = self.run(batch, values, sample_rate) if audio.shape[-1] else batch
        return made if audio.ndim == 3 or has_batch(settings or {}) else made[0]

    @abstractmethod
    def run(self, audio: Tensor, values: Mapping[str, Tensor], sample_rate: int) -> Tensor:
        """Process checked audio ``(batch, channels, samples)``, values ``(batch or 1,)``."""

    def stream(self, *, sample_rate: int, channels: int) -> BlockStream:
        """Open the effect for blocks of any size, with its own settings.

        Args:
            sample_rate: Sample rate in Hz.
            channels: Channels of the signal.

        Returns:
            A stream that gives what `process` gives for the whole signal.

        Example:
            >>> from lass.fx import Gain
            >>> opened = Gain(gain_db=20.0).stream(sample_rate=8000, channels=1)
            >>> opened.push(torch.ones(1, 2))
            tensor([[10., 10.]])
        """
        return PointwiseStream(lambda block: self.process(block, sample_rate=sample_rate))

    def tail_s(self) -> float:
        """Tell how long the effect sounds on after the input ends, in seconds."""
        return 0.0

    def describe(self) -> str:
        """Say in plain words what the settings do."""
        parts = [f"{_plain(p.name)} {_number(p, self._settings[p.name])}" for p in self.parameters]
        return f"{_plain(self.name)}: {', '.join(parts)}"

    def tensors(self, settings: Settings | None, *, like: Tensor) -> dict[str, Tensor]:
        """Complete settings and bring them to a shape ``(batch or 1,)`` and a type.

        Args:
            settings: As for `process`.
            like: Tensor of the wanted type and device.

        Returns:
            A tensor for every parameter.

        Raises:
            EffectError: If a setting is unknown or has a wrong shape.

        Example:
            >>> from lass.fx import Gain
            >>> Gain().tensors(None, like=torch.zeros(1))
            {'gain_db': tensor([0.])}
        """
        given = settings or {}
        for key in given:
            if key not in self._settings:
                raise EffectError(_unknown(self.name, key, list(self._settings)))
        result = {}
        for key, own in self._settings.items():
            value = torch.as_tensor(given.get(key, own), dtype=like.dtype, device=like.device)
            if value.ndim > 1:
                raise EffectError(
                    f"{self.name}: {key} has shape {tuple(value.shape)}, expected () or (batch,)"
                )
            result[key] = value.reshape(-1)
        return result

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        assert isinstance(other, Effect)
        return self._settings == other._settings and self.options == other.options

    def __hash__(self) -> int:
        return hash((type(self), *self._settings.values(), *self.options.values()))

    def __repr__(self) -> str:
        changed = [
            f"{p.name}={self._settings[p.name]:g}"
            for p in self.parameters
            if self._settings[p.name] != p.default
        ]
        changed += [f"{key}={value}" for key, value in self.options.items() if value]
        return f"{type(self).__name__}({', '.join(changed)})"


class LinearEffect(Effect):
    """An effect that is a convolution: neighbours in a chain share one transform."""

    recursive: ClassVar[bool] = False
    """True if the stream does not convolve with the whole response."""

    @abstractmethod
    def impulse_response(
        self,
        *,
        sample_rate: int,
        channels: int = 1,
        settings: Settings | None = None,
        max_samples: int | None = None,
        like: Tensor | None = None,
    ) -> Tensor:
        """Give the response to a click of height 1.

        Args:
            sample_rate: Sample rate in Hz.
            channels: Channels of the signal.
            settings: As for `process`.
            max_samples: Longest response wanted.
            like: Tensor of the wanted type and device; float32 without.

        Returns:
            ``(batch or 1, channels or 1, taps)``; differentiable in the settings.
        """

    def run(self, audio: Tensor, values: Mapping[str, Tensor], sample_rate: int) -> Tensor:
        """Process checked audio ``(batch, channels, samples)``, values ``(batch or 1,)``."""
        response = self.impulse_response(
            sample_rate=sample_rate,
            channels=audio.shape[1],
            settings=values,
            max_samples=audio.shape[2],
            like=audio,
        )
        return convolve(audio, [response])

    def stream(self, *, sample_rate: int, channels: int) -> BlockStream:
        """Open the effect for blocks of any size; see :meth:`Effect.stream`."""
        with torch.no_grad():
            response = self.impulse_response(sample_rate=sample_rate, channels=channels)
        return FirStream(response[0])


def _unknown(effect: str, key: str, known: list[str]) -> str:
    near = get_close_matches(key, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
    return f"{effect} has no setting {key!r}; {hint}"


def _plain(name: str) -> str:
    """A name without its unit."""
    for ending in ("_db", "_hz", "_ms", "_s"):
        name = name.removesuffix(ending)
    return name.replace("_", " ")


def _number(parameter: Parameter, value: float) -> str:
    sign = "+" if parameter.unit == "dB" else ""
    shown = f"{value:{sign}.3g}"
    return f"{shown} {parameter.unit}" if parameter.unit else shown
