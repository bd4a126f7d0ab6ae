"""Audio towers with gradients in the sound: what the published methods listen with.

The encoders of `lass.query` turn recordings into vectors; here is the same path in torch from end
to end, so that settings of effects can follow the gradient. For CLAP that means the spectrogram:
its own extractor works in NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from lass.errors import QueryError
from lass.query.pretrained import encoding

if TYPE_CHECKING:
    from lass.query.clap import ClapEncoder
    from lass.query.compact import CompactEncoder
    from lass.query.types import QueryEncoder

__all__ = ["Tower", "open_tower"]

_MEL_FLOOR = 1e-10
_MOST_WINDOWS = 6


class Tower(Protocol):
    """Hears sounds, with gradients."""

    @property
    def sample_rate(self) -> int:
        """Rate that it hears at, in Hz."""
        ...

    def embed(self, audio: Tensor) -> Tensor:
        """Unit vectors ``(batch, dim)`` of mono sounds ``(batch, samples)``."""
        ...


def open_tower(encoder: QueryEncoder) -> Tower:
    """Open the audio tower of an encoder.

    Args:
        encoder: Of the kind ``compact`` or ``clap``.

    Returns:
        The tower; its weights take no gradients.

    Raises:
        QueryError: If the encoder does not hear, or gives no gradients.

    Example:
        >>> from lass.zoo import load_encoder
        >>> tower = open_tower(load_encoder("compact"))
        >>> tower.embed(torch.randn(2, tower.sample_rate)).shape
        torch.Size([2, 256])
    """
    from lass.query.clap import ClapEncoder
    from lass.query.clip import ClipEncoder
    from lass.query.compact import CompactEncoder

    if isinstance(encoder, ClapEncoder):
        return _Clap(encoder)
    if isinstance(encoder, CompactEncoder):
        return _Compact(encoder)
    if isinstance(encoder, ClipEncoder):
        raise QueryError(
            f"the encoder of the space {encoder.space!r} does not hear, so it cannot judge "
            "effects; use the encoder compact or clap"
        )
    raise QueryError(
        f"the encoder of the space {encoder.space!r} gives no gradients; use the encoder compact "
        "or clap, or the method 'default'"
    )


class _Compact:
    """The tower of our own encoders."""

    def __init__(self, encoder: CompactEncoder) -> None:
        self.sample_rate = encoder.tower_hz
        self._network: Any = encoder.tower.requires_grad_(False)

    def embed(self, audio: Tensor) -> Tensor:
        """See `Tower`."""
        made: Tensor = self._network.embed(audio, sample_rate=self.sample_rate)
        return made


class _Clap:
    """HTSAT of CLAP behind a log-mel spectrogram in torch.

    Its numbers are those of the extractor. Of sounds longer than the window up to six windows are
    heard and averaged, as by `ClapEncoder`, also by models with fusion.
    """

    def __init__(self, encoder: ClapEncoder) -> None:
        self._folder = encoder.folder
        self._network: Any = encoder.network.requires_grad_(False)
        self._features: Any = encoder.features
        self._fused = self._features.truncation == "fusion"

    @property
    def sample_rate(self) -> int:
        """See `Tower`."""
        return int(self._features.sampling_rate)

    def embed(self, audio: Tensor) -> Tensor:
        """See `Tower`."""
        length = int(self._features.nb_max_samples)
        samples = audio.shape[-1]
        if samples <= length:
            return self._heard(self._filled(audio, length))
        count = min(-(-samples // length), _MOST_WINDOWS)
        starts = torch.linspace(0, samples - length, count).round().long().tolist()
        heard = [self._heard(audio[:, start : start + length]) for start in starts]
        return torch.nn.functional.normalize(torch.stack(heard).mean(dim=0), dim=-1)

    def _filled(self, audio: Tensor, length: int) -> Tensor:
        """The sound repeated as often as it fits, then silence: as the extractor does it."""
        if self._features.padding in ("repeat", "repeatpad"):
            times = length // max(audio.shape[-1], 1)
            times += self._features.padding == "repeat"
            audio = audio.repeat(1, times)[:, :length]
        return torch.nn.functional.pad(audio, (0, length - audio.shape[-1]))

    def _heard(self, audio: Tensor) -> Tensor:
        """Unit vectors of sounds of the window's length."""
        levels_db = self._levels_db(audio)[:, None]
        if self._fused:
            levels_db = levels_db.expand(-1, 4, -1, -1)
        # The extractor of models with fusion calls a sound long if no other is, so ours are.
        longer = torch.full((len(audio), 1), self._fused)
        with encoding(self._folder), _plain_norms(self._network):
            told = self._network.get_audio_features(input_features=levels_db, is_longer=longer)
        return torch.nn.functional.normalize(told.pooler_output, dim=-1)

    def _levels_db(self, audio: Tensor) -> Tensor:
        """Log-mel spectrogram ``(batch, frames, bands)``."""
        size, hop = int(self._features.fft_window_size), int(self._features.hop_length)
        window = torch.hann_window(size, dtype=audio.dtype)
        spectrum = torch.stft(audio, size, hop, window=window, return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        bands = self._bands.to(audio.dtype) @ power
        return 10.0 * torch.log10(bands.clamp(min=_MEL_FLOOR)).transpose(1, 2)

    @cached_property
    def _bands(self) -> Tensor:
        features = self._features
        bank = features.mel_filters if self._fused else features.mel_filters_slaney
        return torch.from_numpy(bank.T.copy())


@contextmanager
def _plain_norms(network: torch.nn.Module) -> Iterator[None]:
    """Let batch normalisation be the multiplication and addition that it is outside training.

    On the CPU, torch 2.13 gives it a wrong gradient, without a word, where the sound comes in
    transposed with one channel, as CLAP does it.
    """
    norms = [norm for norm in network.modules() if isinstance(norm, torch.nn.BatchNorm2d)]
    hooks = [norm.register_forward_hook(_scaled) for norm in norms]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _scaled(norm: torch.nn.Module, given: tuple[Tensor, ...], _: Tensor) -> Tensor:
    """What a batch normalisation says, in place of its own result."""
    assert isinstance(norm, torch.nn.BatchNorm2d)
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None
    assert variance is not None
    scale = norm.weight * torch.rsqrt(variance + norm.eps)
    offset = norm.bias - mean * scale
    return given[0] * scale[:, None, None] + offset[:, None, None]
