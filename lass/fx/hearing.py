"""How well a sound fits words: similarity in a query space, with gradients where it has them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from lass.audio import loudness_lufs
from lass.fx.towers import Tower, open_tower

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.query.types import QueryEncoder

__all__ = [
    "LISTENED_S",
    "LOOK_S",
    "TOWER_HZ",
    "Hearing",
    "loudest",
    "loudest_block",
    "matching_gain_db",
    "to_rate",
]

TOWER_HZ = 16000
"""Rate of the ear for effects and of the tower of ``compact``."""
LISTENED_S = 10.0
"""Settings are found on so many seconds of a recording."""
LOOK_S = 1.0
"""A long recording is looked through in blocks of so many seconds to find them."""
_HEADROOM = 0.999


class Hearing:
    """Similarity of sounds and prompts.

    Args:
        encoder: Encoder of words and sounds; the one that ships if None.
    """

    def __init__(self, encoder: QueryEncoder | None = None) -> None:
        from lass.zoo import load_encoder

        self.encoder: Any = load_encoder("compact") if encoder is None else encoder

    def text(self, phrase: str) -> Tensor:
        """Unit vector ``(dim,)`` of a phrase.

        Raises:
            QueryError: If the encoder does not understand it.
        """
        vector = torch.from_numpy(self.encoder.encode_text([phrase])[0].copy())
        return torch.nn.functional.normalize(vector, dim=-1)

    def sound(self, audio: NDArray[np.float32], sample_rate: int) -> Tensor:
        """Unit vector ``(dim,)`` of a recording ``(channels, samples)``, without gradients."""
        vector = torch.from_numpy(self.encoder.encode_audio(audio, sample_rate=sample_rate).copy())
        return torch.nn.functional.normalize(vector, dim=-1)

    @property
    def sample_rate(self) -> int:
        """Rate of the sounds that `embed` takes, in Hz."""
        return self._tower.sample_rate

    def embed(self, audio: Tensor) -> Tensor:
        """Unit vectors ``(batch, dim)`` of mono sounds ``(batch, samples)`` at `sample_rate`.

        Differentiable in the sound.

        Raises:
            QueryError: If the encoder gives no gradients.
        """
        return self._tower.embed(audio)

    @cached_property
    def _tower(self) -> Tower:
        return open_tower(self.encoder)


def to_rate(audio: Tensor, *, sample_rate: int, target_hz: int = TOWER_HZ) -> Tensor:
    """Bring a short sound to another rate in the frequency domain; differentiable.

    Args:
        audio: ``(..., samples)``, taken as periodic.
        sample_rate: Its rate in Hz.
        target_hz: The wanted rate in Hz.

    Returns:
        ``(..., round(samples * target_hz / sample_rate))``, at least one sample.

    Example:
        >>> to_rate(torch.ones(1, 441), sample_rate=44100).shape
        torch.Size([1, 160])
    """
    if sample_rate == target_hz:
        return audio
    length = max(round(audio.shape[-1] * target_hz / sample_rate), 1)
    spectrum = torch.fft.rfft(audio)[..., : length // 2 + 1]
    made: Tensor = torch.fft.irfft(spectrum, n=length)
    return made * (length / audio.shape[-1])


def loudest(audio: NDArray[np.float32], *, sample_rate: int, seconds: float = LISTENED_S) -> slice:
    """Find the stretch of a recording with the most energy.

    Args:
        audio: ``(channels, samples)``.
        sample_rate: In Hz.
        seconds: Length of the stretch at most.

    Returns:
        Where it is.

    Example:
        >>> quiet = np.zeros((1, 1000), np.float32)
        >>> quiet[0, 600:700] = 1.0
        >>> loudest(quiet, sample_rate=100, seconds=1.0)
        slice(600, 700, None)
    """
    window, samples = max(round(seconds * sample_rate), 1), audio.shape[1]
    if samples <= window:
        return slice(0, samples)
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio, dtype=np.float64).sum(axis=0))])
    start = int(np.argmax(energy[window:] - energy[:-window]))
    return slice(start, start + window)


def loudest_block(energies: Sequence[float]) -> int:
    """Find where the loudest `LISTENED_S` of a long recording begin, without holding it.

    Args:
        energies: Energy of each block of `LOOK_S`.

    Returns:
        Index of the first block of the loudest stretch.

    Example:
        >>> loudest_block([0.0] * 5 + [1.0] * 10 + [0.0] * 5)
        5
    """
    blocks = min(round(LISTENED_S / LOOK_S), len(energies))
    return int(np.argmax(np.convolve(energies, np.ones(blocks), "valid")))


def matching_gain_db(
    made: NDArray[np.float32], like: NDArray[np.float32], *, sample_rate: int
) -> float:
    """Find the gain that makes a sound as loud as another (ITU-R BS.1770) without clipping.

    Args:
        made: The sound to change ``(channels, samples)``.
        like: The sound to compare with.
        sample_rate: In Hz.

    Returns:
        Gain in dB, from -24 to 24; 0 where one of them is silent. A peak above full scale is
        brought down, unless ``like`` is as high.

    Example:
        >>> sound = np.random.default_rng(0).standard_normal((1, 8000)).astype(np.float32) / 10
        >>> round(matching_gain_db(sound / 2, sound, sample_rate=8000), 2)
        6.02
    """
    wanted = loudness_lufs(like, sample_rate=sample_rate)
    given = loudness_lufs(made, sample_rate=sample_rate)
    gain_db = wanted - given if math.isfinite(wanted) and math.isfinite(given) else 0.0
    peak = float(np.abs(made).max(initial=0.0))
    highest = max(_HEADROOM, float(np.abs(like).max(initial=0.0)))
    if peak > 0.0:
        gain_db = min(gain_db, 20.0 * math.log10(highest / peak))
    return float(np.clip(gain_db, -24.0, 24.0))
