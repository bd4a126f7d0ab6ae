"""Effects that look at one moment alone: gain, saturation, stereo width."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from lass.fx.effect import Effect
from lass.fx.parameters import Parameter

__all__ = ["Gain", "Saturation", "StereoWidth", "decibels_to_factor", "stereo_pairs"]


def decibels_to_factor(gain_db: Tensor) -> Tensor:
    """Turn decibels into a linear factor.

    Args:
        gain_db: Gain in dB, any shape.

    Returns:
        The factor by which samples are multiplied.

    Example:
        >>> decibels_to_factor(torch.tensor(20.0))
        tensor(10.)
    """
    return torch.exp(gain_db * (math.log(10.0) / 20.0))


class Gain(Effect):
    """Louder or quieter.

    Args:
        settings: ``gain_db``.

    Example:
        >>> Gain(gain_db=-3.0).describe()
        'gain: gain -3 dB'
    """

    name: ClassVar[str] = "gain"
    pointwise: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("gain_db", "dB", -24.0, 24.0, 0.0, neutral=0.0),
    )

    def run(self, audio: Tensor, values: Mapping[str, Tensor], sample_rate: int) -> Tensor:
        """Process checked audio; see :meth:`Effect.run`."""
        return audio * decibels_to_factor(values["gain_db"])[:, None, None]


class Saturation(Effect):
    """Round the peaks, which adds harmonics: ``tanh(g x) / tanh(g)``.

    Full scale stays full scale, so it cannot clip what did not clip before; quiet sound
    becomes louder by almost the drive.

    Args:
        settings: ``drive_db``, the gain g before the curve; ``mix``, the share of the result.

    Example:
        >>> one = torch.tensor([[1.0, -1.0, 0.0]])
        >>> Saturation(drive_db=12.0).process(one, sample_rate=8000).round(decimals=4)
        tensor([[ 1., -1.,  0.]])
    """

    name: ClassVar[str] = "saturation"
    pointwise: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("drive_db", "dB", 0.0, 36.0, 12.0),
        Parameter("mix", "", 0.0, 1.0, 1.0, neutral=0.0),
    )

    def run(self, audio: Tensor, values: Mapping[str, Tensor], sample_rate: int) -> Tensor:
        """Process checked audio; see :meth:`Effect.run`."""
        drive = decibels_to_factor(values["drive_db"])[:, None, None]
        mix = values["mix"][:, None, None]
        return (1 - mix) * audio + mix * (torch.tanh(drive * audio) / torch.tanh(drive))


class StereoWidth(Effect):
    """Narrow or widen: the difference of left and right is multiplied by the width.

    With more than two channels each left-right pair is treated so, in the order of wav files
    (5.1: L R C LFE Ls Rs); centre, subwoofer and mono stay as they are.

    Args:
        settings: ``width``: 0 is mono, 1 no change, 2 twice as wide.

    Example:
        >>> left = torch.tensor([[1.0], [0.0]])
        >>> StereoWidth(width=0.0).process(left, sample_rate=8000)[:, 0]
        tensor([0.5000, 0.5000])
    """

    name: ClassVar[str] = "stereo_width"
    pointwise: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("width", "", 0.0, 2.0, 1.0, neutral=1.0),
    )

    def run(self, audio: Tensor, values: Mapping[str, Tensor], sample_rate: int) -> Tensor:
        """Process checked audio; see :meth:`Effect.run`."""
        channels = audio.shape[1]
        swap = torch.eye(channels, dtype=audio.dtype, device=audio.device)
        for left, right in stereo_pairs(channels):
            swap[[left, right]] = swap[[right, left]]
        other = swap @ audio
        middle = 0.5 * (audio + other)
        return middle + values["width"][:, None, None] * (audio - middle)


def stereo_pairs(channels: int) -> tuple[tuple[int, int], ...]:
    """Tell which channels are left and right of each other.

    Args:
        channels: Number of channels, in the order of wav files.

    Returns:
        Pairs of channel numbers; none for mono and for unusual numbers of channels.

    Example:
        >>> stereo_pairs(2), stereo_pairs(6)
        (((0, 1),), ((0, 1), (4, 5)))
    """
    layouts = {
        2: ((0, 1),),
        3: ((0, 1),),
        4: ((0, 1), (2, 3)),
        5: ((0, 1), (3, 4)),
        6: ((0, 1), (4, 5)),
        8: ((0, 1), (4, 5), (6, 7)),
    }
    return layouts.get(channels, ())
