"""What networks made for one sample rate have in common: the way in and out, and presence.

Such networks bring their published front end. Around it, this module takes any sample rate in
training (by Fourier interpolation, which gradients pass through; files go through the SoX resampler
of :mod:`lass.separation.fixed_rate`), and reads presence off what the mask takes.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from lass.errors import ConfigError

__all__ = [
    "FixedRateModule",
    "change_rate",
    "check_windows",
    "coarse_power",
    "inverse_stft",
    "share_logits",
    "stft",
]

_APART_S = 0.01  # silence that keeps the end of a signal from ringing into its beginning


class FixedRateModule(nn.Module):
    """Base of the networks that are made for one sample rate.

    A subclass gives :meth:`estimate`; calling it then works like a
    :class:`lass.networks.separator.SeparationNetwork`, in training and in the separator.

    The published networks have no presence head. Their logits here are the log-odds of the energy
    that the mask took in a coarse frame against what it left (:func:`share_logits`). They are cut
    off from the gradient: a presence loss would only push the masks open.

    Args:
        sample_rate: rate in Hz that the network works at.
        hop: step between frames in samples.
    """

    frame_multiple: ClassVar[int]
    look_frames: ClassVar[int]
    context_frames: ClassVar[int]

    def __init__(self, *, sample_rate: int, hop: int) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.hop = hop

    def estimate(self, audio: Tensor, queries: Tensor) -> Tensor:
        """Separate at the network's own rate.

        Args:
            audio: ``(batch, samples)``.
            queries: ``(batch, queries, query_dim)``.

        Returns:
            ``(batch, queries, samples)``.
        """
        raise NotImplementedError

    def forward(
        self,
        audio: Tensor,
        queries: Tensor,
        *,
        sample_rate: int,
        others: Tensor | None = None,
        rests: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Separate each item by each of its queries, at any sample rate.

        Sound above half the network's own rate is in no estimate.

        Args:
            audio: mono waveforms ``(batch, samples)``.
            queries: query vectors ``(batch, queries, query_dim)``. With fewer items than ``audio``,
                only the first items are separated.
            sample_rate: samples per second.
            others: vectors to be recognised without being separated, which these networks cannot.
            rests: items whose queries share out the mixture, which is not done here.

        Returns:
            Estimates ``(batch, queries, samples)`` and presence logits
            ``(batch, queries, coarse frames)``; one coarse frame is ``frame_multiple`` frames.

        Raises:
            ConfigError: there are ``others`` or ``rests``.
        """
        if rests is not None:
            raise ConfigError(
                f"{type(self).__name__} has no mask at any rate to share out: set rest to 0 in "
                "the recipe's mixtures"
            )
        if others is not None:
            raise ConfigError(
                f"{type(self).__name__} has no presence head, so it cannot be trained with "
                "distractors: set distractors to 0 in the recipe's mixtures"
            )
        own = change_rate(audio[: len(queries)], from_hz=sample_rate, to_hz=self.sample_rate)
        estimates = self.estimate(own, queries)
        step = self.frame_multiple * self.hop
        logits = share_logits(estimates.detach(), own[:, None], step=step)
        back = change_rate(estimates, from_hz=self.sample_rate, to_hz=sample_rate)
        return back[..., : audio.shape[-1]], logits


def share_logits(estimate: Tensor, mixture: Tensor, *, step: int) -> Tensor:
    """Log-odds of the energy in an estimate against the energy of what it leaves.

    0 means as much taken as left, 2.3 ten decibels more. Where nothing sounds it is -9.2.

    Args:
        estimate: ``(..., samples)``.
        mixture: same shape, or broadcast to it.
        step: samples of a coarse frame.

    Returns:
        ``(..., ceil(samples / step))``.

    Example:
        >>> share_logits(torch.ones(1, 8), 2 * torch.ones(1, 8), step=4)
        tensor([[0., 0.]])
    """
    taken, left = coarse_power(estimate, step), coarse_power(mixture - estimate, step)
    # The floors decide only below -100 dBFS: nothing taken from nothing is not "half taken".
    return torch.log((taken + 1e-14) / (left + 1e-10))


def coarse_power(audio: Tensor, step: int) -> Tensor:
    """Mean power ``(..., ceil(samples / step))`` of stretches of ``step`` samples."""
    padded = nn.functional.pad(audio, (0, -audio.shape[-1] % step))
    power: Tensor = padded.unflatten(-1, (-1, step)).square().mean(dim=-1)
    return power


def change_rate(audio: Tensor, *, from_hz: int, to_hz: int) -> Tensor:
    """Change the sample rate by Fourier interpolation; gradients pass through.

    Args:
        audio: ``(..., samples)``.
        from_hz: its sample rate in Hz.
        to_hz: the wanted sample rate in Hz.

    Returns:
        ``(..., ceil(samples * to_hz / from_hz))``.

    Example:
        >>> change_rate(torch.zeros(2, 441), from_hz=44100, to_hz=16000).shape
        torch.Size([2, 160])
    """
    if from_hz == to_hz:
        return audio
    common = math.gcd(from_hz, to_hz)
    up, down = to_hz // common, from_hz // common
    samples = audio.shape[-1]
    periods = -(-(samples + round(_APART_S * from_hz)) // down)  # both lengths must be whole
    spectrum = torch.fft.rfft(audio, n=periods * down)
    changed: Tensor = torch.fft.irfft(spectrum, n=periods * up) * (up / down)
    return changed[..., : -(-samples * up // down)]


def check_windows(*, n_fft: int, hop: int) -> None:
    """Refuse windows that do not cover the signal to its end.

    Raises:
        ConfigError: the step is more than half a window.
    """
    if not 0 < hop <= n_fft // 2:
        raise ConfigError(f"hop is {hop}, expected 1 to {n_fft // 2}: half of n_fft at most")


def stft(audio: Tensor, *, n_fft: int, hop: int, pad_mode: str) -> Tensor:
    """Centred spectrum with a periodic Hann window.

    Args:
        audio: ``(batch, samples)``; very short ones are lengthened by silence to be reflected.
        n_fft: window and transform length in samples.
        hop: step in samples.
        pad_mode: ``reflect`` or ``constant``.

    Returns:
        Complex ``(batch, n_fft / 2 + 1, 1 + samples // hop)``.
    """
    if audio.shape[-1] <= n_fft // 2:
        audio = nn.functional.pad(audio, (0, n_fft // 2 + 1 - audio.shape[-1]))
    window = torch.hann_window(n_fft, device=audio.device)
    return torch.stft(
        audio.float(), n_fft, hop, window=window, pad_mode=pad_mode, return_complex=True
    )


def inverse_stft(spectrum: Tensor, *, n_fft: int, hop: int, samples: int) -> Tensor:
    """Waveforms ``(..., samples)`` of spectra ``(..., bins, frames)``, the inverse of `stft`."""
    window = torch.hann_window(n_fft, device=spectrum.device)
    audio = torch.istft(spectrum.flatten(0, -3), n_fft, hop, window=window, length=samples)
    waveforms: Tensor = audio.unflatten(0, spectrum.shape[:-2])
    return waveforms
