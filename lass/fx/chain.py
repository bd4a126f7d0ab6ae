"""Effects in their order: process, curve, parameters, presets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import torch
from torch import Tensor

from lass.audio.validation import check_rate
from lass.errors import EffectError
from lass.fx.checks import Settings
from lass.fx.equalisers import FilterEffect
from lass.fx.presets import effects_from_json, effects_to_json
from lass.fx.processing import apply_effects, open_effects, process_effects
from lass.fx.sequence import EffectSequence
from lass.fx.streaming import BlockStream

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from lass.fx.exports import Export

__all__ = ["Chain", "Tail"]

_LARGEST_BYTES = 1 << 20

Tail = Literal["cut", "keep"]


class Chain(EffectSequence):
    """Effects, one after another; it never changes.

    In :attr:`parameters` and in ``settings`` an effect goes by its name; the second of a
    kind is ``eq_2``, and so on.

    Args:
        effects: In the order in which the sound goes through them; none is allowed.

    Raises:
        EffectError: If something is no effect.

    Example:
        >>> from lass.fx import EQ, Reverb
        >>> chain = Chain([EQ(high_shelf_gain_db=4.0), Reverb(decay_s=2.0, mix=0.3)])
        >>> chain.parameters["reverb"]["decay_s"]
        2.0
        >>> bool(chain.response_db([16000.0])[0] > 3)
        True
        >>> chain.apply(np.zeros((2, 100), np.float32), sample_rate=44100).shape
        (2, 100)
    """

    def process(
        self,
        audio: Tensor,
        *,
        sample_rate: int,
        settings: Mapping[str, Settings] | None = None,
    ) -> Tensor:
        """Apply all effects at once; differentiable in the audio and in the settings.

        The whole signal is transformed: for long recordings use `apply` or `render_file`.

        Args:
            audio: ``(channels, samples)`` or ``(batch, channels, samples)``, floating type.
            sample_rate: Sample rate in Hz.
            settings: Values by effect and parameter that stand in for the chain's own,
                numbers or tensors of shape ``()`` or ``(batch,)``, as of `settings_at`. They
                are not checked against the ranges.

        Returns:
            Audio of the input's shape; ``(batch, channels, samples)`` if a setting has a
            batch, also where the audio has none.

        Raises:
            AudioError: If the audio or the rate is not as described.
            EffectError: If a setting is unknown or has a wrong shape.

        Example:
            >>> from lass.fx import EQ, Reverb
            >>> chain = Chain([EQ(), Reverb()])
            >>> mix = torch.tensor([0.1, 0.5], requires_grad=True)
            >>> out = chain.process(torch.ones(1, 64), sample_rate=8000,
            ...                     settings={"reverb": {"mix": mix}})
            >>> out.shape, out.requires_grad
            (torch.Size([2, 1, 64]), True)
        """
        given = settings or {}
        self.check_keys(given)
        return process_effects(
            self._effects,
            audio,
            sample_rate=sample_rate,
            settings=[given.get(key, {}) for key in self.keys],
        )

    @overload
    def apply(self, audio: Tensor, *, sample_rate: int, tail: Tail = "cut") -> Tensor: ...

    @overload
    def apply(
        self, audio: NDArray[np.floating], *, sample_rate: int, tail: Tail = "cut"
    ) -> NDArray[np.float32]: ...

    def apply(
        self, audio: Tensor | NDArray[np.floating], *, sample_rate: int, tail: Tail = "cut"
    ) -> Tensor | NDArray[np.float32]:
        """Apply all effects to a recording, block by block, without gradients.

        Nothing is normalised: effects that add up may exceed full scale.

        Args:
            audio: ``(channels, samples)``, finite; NumPy or torch.
            sample_rate: Sample rate in Hz.
            tail: ``"cut"`` keeps the length, ``"keep"`` appends what sounds on (`tail_s`).

        Returns:
            Float32 audio of the same kind.

        Raises:
            AudioError: If the audio or the rate is not as described.
            EffectError: If ``tail`` is neither.

        Example:
            >>> from lass.fx import Delay
            >>> echo = Chain([Delay(time_ms=500.0, feedback=0.0, mix=0.5)])
            >>> echo.apply(np.ones((1, 10), np.float32), sample_rate=1000, tail="keep").shape
            (1, 510)
        """
        extra = self.tail_samples(sample_rate, tail=tail)
        if isinstance(audio, Tensor):
            made = apply_effects(
                self._effects, audio.detach().cpu().numpy(), sample_rate=sample_rate, extra=extra
            )
            return torch.from_numpy(made).to(audio.device)
        return apply_effects(self._effects, audio, sample_rate=sample_rate, extra=extra)

    def stream(self, *, sample_rate: int, channels: int) -> BlockStream:
        """Open the chain for blocks of any size.

        Neighbouring linear effects become one convolution. It gives what `process` gives, to
        the rounding of float32.

        Args:
            sample_rate: Sample rate in Hz.
            channels: Channels of the signal.

        Returns:
            A stream of float32 tensors ``(channels, samples)``. It may hold samples back
            until `finish`; in all it gives as many as it took.

        Example:
            >>> from lass.fx import Gain
            >>> opened = Chain([Gain(gain_db=20.0)]).stream(sample_rate=8000, channels=1)
            >>> opened.push(torch.ones(1, 2))
            tensor([[10., 10.]])
        """
        return open_effects(self._effects, sample_rate=sample_rate, channels=channels)

    def tail_samples(self, sample_rate: int, *, tail: Tail = "keep") -> int:
        """Tell how much longer the output is than the input.

        Args:
            sample_rate: Sample rate in Hz.
            tail: As for `apply`.

        Returns:
            Samples: the sum over the effects of `Effect.tail_s`, or 0 for ``"cut"``.

        Raises:
            EffectError: If ``tail`` is neither.

        Example:
            >>> from lass.fx import Gain
            >>> Chain([Gain()]).tail_samples(44100)
            0
        """
        if tail not in ("cut", "keep"):
            raise EffectError(f"tail is {tail!r}, expected 'cut' or 'keep'")
        if tail == "cut":
            return 0
        return round(sum(effect.tail_s() for effect in self._effects) * sample_rate)

    def response_db(
        self, frequencies_hz: ArrayLike, *, sample_rate: int = 44100
    ) -> NDArray[np.float64]:
        """Give the combined curve of the equalisers and cuts.

        Args:
            frequencies_hz: Frequencies, any shape, from 0 to half the sample rate.
            sample_rate: Sample rate in Hz.

        Returns:
            Magnitude in dB, same shape, down to -400; 0 where there is no equaliser. Other
            effects are not part of it.

        Raises:
            EffectError: If a frequency is outside.

        Example:
            >>> from lass.fx import EQ
            >>> Chain([EQ(low_shelf_gain_db=6.0)]).response_db([0.0, 10000.0]).round(1).tolist()
            [6.0, 0.0]
        """
        check_rate(sample_rate)
        frequencies = np.asarray(frequencies_hz, np.float64)
        if not ((frequencies >= 0) & (frequencies <= sample_rate / 2)).all():
            raise EffectError(
                f"a frequency is outside 0 to {sample_rate / 2:g} Hz, half the sample rate; "
                "leave it out or give another sample_rate"
            )
        points = torch.from_numpy(frequencies.reshape(-1).copy())
        with torch.no_grad():
            curve = self.magnitude_db(points, sample_rate=sample_rate)[0]
        return np.asarray(curve.numpy().reshape(frequencies.shape), np.float64)

    def magnitude_db(
        self,
        frequencies_hz: Tensor,
        *,
        sample_rate: int,
        settings: Mapping[str, Settings] | None = None,
    ) -> Tensor:
        """Give the curve of `response_db`, differentiable in the settings.

        Args:
            frequencies_hz: ``(points,)``, from 0 to half the sample rate.
            sample_rate: Sample rate in Hz.
            settings: As for `process`.

        Returns:
            Magnitude in dB ``(batch or 1, points)``.

        Example:
            >>> Chain([]).magnitude_db(torch.tensor([100.0]), sample_rate=8000)
            tensor([[0.]])
        """
        given = settings or {}
        self.check_keys(given)
        total = torch.zeros_like(frequencies_hz)[None]
        for key, effect in zip(self.keys, self._effects, strict=True):
            if isinstance(effect, FilterEffect):
                total = total + effect.magnitude_db(
                    frequencies_hz, sample_rate=sample_rate, settings=given.get(key)
                )
        return total

    def describe(self) -> str:
        """Say in plain words what the chain does, one line per effect."""
        return "\n".join(effect.describe() for effect in self._effects) or "no effects"

    def to_json(self) -> str:
        """Write the chain as a preset.

        Returns:
            JSON text that `from_json` reads back exactly.

        Example:
            >>> Chain.from_json(Chain([]).to_json()) == Chain([])
            True
        """
        return effects_to_json(self._effects)

    @classmethod
    def from_json(cls, text: str) -> Chain:
        """Read a preset; see :func:`lass.fx.presets.effects_from_json`."""
        return cls(effects_from_json(text))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the chain as a preset file.

        Args:
            path: The file, by custom ``.json``; an older one is replaced.

        Raises:
            EffectError: If it cannot be written.

        Example:
            >>> import tempfile
            >>> path = Path(tempfile.mkdtemp()) / "none.json"
            >>> Chain([]).save(path)
            >>> Chain.load(path)
            Chain([])
        """
        try:
            Path(path).write_text(self.to_json() + "\n", encoding="utf-8")
        except OSError as error:
            raise EffectError(
                f"cannot write the preset {path}: {error.strerror or error}; choose another name"
            ) from error

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Chain:
        """Read a preset file.

        Args:
            path: The file.

        Returns:
            The chain.

        Raises:
            EffectError: If the file cannot be read or is not a valid preset.
        """
        try:
            if os.path.exists(path) and not Path(path).is_file():
                raise EffectError(f"the preset {path} is no file; give a .json file")
            with Path(path).open("rb") as file:
                content = file.read(_LARGEST_BYTES + 1)
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            raise EffectError(
                f"cannot read the preset {path}: {getattr(error, 'strerror', None) or error}"
            ) from error
        if len(content) > _LARGEST_BYTES:
            raise EffectError(
                f"{path} is larger than {_LARGEST_BYTES >> 20} MiB, which no preset is; choose "
                "another"
            )
        try:
            return cls.from_json(content.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise EffectError(f"cannot read the preset {path}: {error}") from error
        except EffectError as error:
            raise EffectError(f"{path}: {error}") from error

    def to_sox(self) -> Export:
        """Write the chain for SoX; see :func:`lass.fx.exports.to_sox`."""
        from lass.fx.exports import to_sox

        return to_sox(self._effects)

    def to_ffmpeg(self) -> Export:
        """Write the chain for FFmpeg's ``-af``; see :func:`lass.fx.exports.to_ffmpeg`."""
        from lass.fx.exports import to_ffmpeg

        return to_ffmpeg(self._effects)

    def to_pedalboard(self) -> Export:
        """Write the chain as Python source; see :func:`lass.fx.boards.to_pedalboard`."""
        from lass.fx.boards import to_pedalboard

        return to_pedalboard(self._effects)
