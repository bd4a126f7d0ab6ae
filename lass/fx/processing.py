"""Sound through effects in their order, at once or block by block.

Neighbouring linear effects become one convolution: their responses are multiplied in the
frequency domain and the signal is transformed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lass.audio.validation import check_rate, validate
from lass.errors import AudioError
from lass.fx.checks import Settings, check_audio, check_batches, has_batch
from lass.fx.convolution import combine, convolve
from lass.fx.effect import Effect, LinearEffect
from lass.fx.streaming import BlockStream, Cascade, FirStream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["apply_effects", "open_effects", "process_effects"]

_BLOCK = 1 << 18


def process_effects(
    effects: Sequence[Effect],
    audio: Tensor,
    *,
    sample_rate: int,
    settings: Sequence[Settings],
) -> Tensor:
    """Process a whole signal; differentiable; see :meth:`lass.fx.Chain.process`.

    Args:
        effects: In their order.
        audio: ``(channels, samples)`` or ``(batch, channels, samples)``.
        sample_rate: Sample rate in Hz.
        settings: For each effect, the values that stand in for its own.

    Returns:
        Audio of the same length.

    Raises:
        AudioError: If the audio or the rate is not as described.
        EffectError: If a setting is unknown or has a wrong shape.

    Example:
        >>> from lass.fx import Gain
        >>> louder = [Gain(gain_db=20.0)]
        >>> process_effects(louder, torch.ones(1, 2), sample_rate=8000, settings=[{}])
        tensor([[10., 10.]])
    """
    signal = check_audio(audio, sample_rate)
    pairs = zip(effects, settings, strict=True)
    for linear, group in groupby(pairs, key=lambda pair: isinstance(pair[0], LinearEffect)):
        if not linear or audio.shape[-1] == 0:
            for effect, given in group:
                signal = effect.process(signal, sample_rate=sample_rate, settings=given)
            continue
        responses = [
            effect.impulse_response(
                sample_rate=sample_rate,
                channels=signal.shape[1],
                settings=given,
                max_samples=signal.shape[2],
                like=signal,
            )
            for effect, given in group
            if isinstance(effect, LinearEffect)
        ]
        check_batches([len(signal), *map(len, responses)])
        signal = convolve(signal, responses)
    return signal if audio.ndim == 3 or any(map(has_batch, settings)) else signal[0]


def open_effects(effects: Sequence[Effect], *, sample_rate: int, channels: int) -> BlockStream:
    """Open effects for blocks of any size; see :meth:`lass.fx.Chain.stream`.

    Args:
        effects: In their order.
        sample_rate: Sample rate in Hz.
        channels: Channels of the signal.

    Returns:
        A stream.

    Raises:
        AudioError: If the rate or the number of channels is not positive.

    Example:
        >>> open_effects([], sample_rate=8000, channels=1).push(torch.ones(1, 2))
        tensor([[1., 1.]])
    """
    check_rate(sample_rate)
    if channels < 1:
        raise AudioError(f"channels is {channels}, expected 1 or more")
    streams: list[BlockStream] = []
    for finite, group in groupby(effects, key=_is_finite):
        if not finite:
            streams += [e.stream(sample_rate=sample_rate, channels=channels) for e in group]
            continue
        with torch.no_grad():
            responses = [
                effect.impulse_response(sample_rate=sample_rate, channels=channels)
                for effect in group
                if isinstance(effect, LinearEffect)
            ]
            streams.append(FirStream(combine(responses)[0]))
    return Cascade(streams)


def apply_effects(
    effects: Sequence[Effect],
    audio: NDArray[np.floating],
    *,
    sample_rate: int,
    extra: int = 0,
) -> NDArray[np.float32]:
    """Send an array through the stream; see :meth:`lass.fx.Chain.apply`.

    Args:
        effects: In their order.
        audio: ``(channels, samples)``, finite.
        sample_rate: Sample rate in Hz.
        extra: Samples of silence to append first.

    Returns:
        A new array ``(channels, samples + extra)``.

    Raises:
        AudioError: If the audio or the rate is not as described.

    Example:
        >>> import numpy as np
        >>> apply_effects([], np.ones((1, 2)), sample_rate=8000, extra=1)
        array([[1., 1., 0.]], dtype=float32)
    """
    signal = torch.from_numpy(validate(audio, sample_rate=sample_rate))
    opened = open_effects(effects, sample_rate=sample_rate, channels=len(signal))
    blocks = [*signal.split(_BLOCK, dim=-1), torch.zeros(len(signal), extra)]
    parts = [opened.push(block) for block in blocks if block.shape[-1]]
    parts.append(opened.finish())
    whole = [part for part in parts if part.shape[-1]] or [torch.zeros_like(signal)]
    result: NDArray[np.float32] = torch.cat(whole, dim=-1).numpy()
    return result


def _is_finite(effect: Effect) -> bool:
    return isinstance(effect, LinearEffect) and not effect.recursive
