"""The signal front end: a short-time Fourier transform in milliseconds, bands in Hertz.

Everything a separator needs to know about the sample rate lives here. Windows are given in
milliseconds and bands in Hertz, so one set of weights serves 8 kHz to 192 kHz without
resampling. Half-overlapping square-root Hann windows make analysis followed by synthesis exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

__all__ = ["Frontend", "FrontendConfig", "band_centres_hz", "hop_samples"]


@dataclass(frozen=True)
class FrontendConfig:
    """Settings of the front end.

    Args:
        hop_ms: step between frames in milliseconds; the window is twice as long.
        bands: number of frequency bands.
        linear_hz: below this frequency bands are equally wide, above it equally wide in octaves.
        top_hz: centre of the highest band.
        low_bands: bands used when nothing lies above ``low_hz``.
        low_hz: highest Nyquist frequency that ``low_bands`` bands cover.
        level_s: half length in seconds of the window over which the level is followed.
    """

    hop_ms: float = 16.0
    bands: int = 160
    linear_hz: float = 1500.0
    top_hz: float = 16000.0
    low_bands: int = 128
    low_hz: float = 8000.0
    level_s: float = 1.5


def hop_samples(sample_rate: int, hop_ms: float) -> int:
    """Number of samples nearest to ``hop_ms`` with no prime factor above 7.

    Fourier transforms of such lengths are fast; the step differs from the wish by under 2 % at
    usual rates, which no band notices.

    Args:
        sample_rate: samples per second.
        hop_ms: wished step in milliseconds.

    Returns:
        The step in samples, at least 8.

    Example:
        >>> hop_samples(16000, 16.0), hop_samples(44100, 16.0), hop_samples(48000, 16.0)
        (256, 700, 768)
    """
    wished = max(8.0, sample_rate * hop_ms / 1000.0)
    candidate = round(wished)
    for distance in range(candidate):
        for number in (candidate - distance, candidate + distance):
            if number >= 8 and _is_smooth(number):
                return number
    return candidate


def _is_smooth(number: int) -> bool:
    for prime in (2, 3, 5, 7):
        while number % prime == 0:
            number //= prime
    return number == 1


def band_centres_hz(config: FrontendConfig) -> Tensor:
    """Centres of the bands: linear up to ``linear_hz``, then logarithmic, without a jump in width.

    Args:
        config: the front end's settings.

    Returns:
        Increasing frequencies in Hz, shape ``(bands,)``.

    Example:
        >>> centres = band_centres_hz(FrontendConfig())
        >>> centres.shape, round(float(centres[-1]))
        (torch.Size([160]), 16000)
    """
    # With width w up to linear_hz and w·f/linear_hz above it, the number of bands is
    # (linear_hz / w)·(1 + ln(top_hz / linear_hz)); solve for w.
    span = 1.0 + math.log(config.top_hz / config.linear_hz)
    linear = (config.bands - 1) / span
    index = torch.arange(config.bands, dtype=torch.float64)
    low = index / linear * config.linear_hz
    high = config.linear_hz * torch.exp((index / linear - 1.0).clamp(min=0.0))
    return torch.where(index <= linear, low, high)


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # what is kept must serve training, too
def _band_matrices(config: FrontendConfig, sample_rate: int) -> tuple[Tensor, Tensor]:
    """Averaging of bins into bands ``(bands, bins)`` and interpolation back ``(bins, bands)``."""
    hop = hop_samples(sample_rate, config.hop_ms)
    frequencies = torch.arange(hop + 1, dtype=torch.float64) * sample_rate / (2 * hop)
    centres = band_centres_hz(config)
    bin_width = sample_rate / (2.0 * hop)
    below = torch.diff(centres, prepend=centres[:1] - (centres[1] - centres[0]))
    above = torch.diff(centres, append=centres[-1:] + (centres[-1] - centres[-2]))
    offset = frequencies[None, :] - centres[:, None]
    width = torch.where(offset < 0, below[:, None], above[:, None]).clamp(min=bin_width)
    average = (1.0 - offset.abs() / width).clamp(min=0.0)
    average = average / average.sum(dim=1, keepdim=True).clamp(min=1e-9)
    average[centres > sample_rate / 2.0 + bin_width] = 0.0

    right = torch.searchsorted(centres, frequencies).clamp(1, config.bands - 1)
    left = right - 1
    weight = (frequencies - centres[left]) / (centres[right] - centres[left])
    weight = weight.clamp(0.0, 1.0)  # above the top band its mask carries on
    spread = torch.zeros(hop + 1, config.bands, dtype=torch.float64)
    rows = torch.arange(hop + 1)
    spread[rows, left] = 1.0 - weight
    spread[rows, right] += weight
    return average.float(), spread.float()


class Frontend(nn.Module):
    """Waveform to spectrum to band features, and back. It has no weights.

    Args:
        config: windows in milliseconds, bands in Hz.
    """

    def __init__(self, config: FrontendConfig) -> None:
        super().__init__()
        self.config = config

    def analyse(self, audio: Tensor, *, sample_rate: int) -> Tensor:
        """Short-time spectrum.

        Args:
            audio: float32 ``(..., samples)``.
            sample_rate: samples per second.

        Returns:
            Complex spectrum ``(..., bins, frames)`` with ``frames = ceil(samples / hop) + 1``.
        """
        hop = hop_samples(sample_rate, self.config.hop_ms)
        steps = -(-audio.shape[-1] // hop)
        padded = nn.functional.pad(audio, (hop, steps * hop - audio.shape[-1] + hop))
        return self.transform(padded, hop=hop)

    def transform(self, padded: Tensor, *, hop: int) -> Tensor:
        """Spectrum of audio that is already cut to the grid of frames.

        Args:
            padded: float32 ``(..., (frames + 1) * hop)``.
            hop: step in samples.

        Returns:
            Complex ``(..., hop + 1, frames)``.
        """
        frames = padded.unfold(-1, 2 * hop, hop) * self._window(hop, padded)
        spectrum: Tensor = torch.fft.rfft(frames).transpose(-1, -2)
        return spectrum

    def inverse(self, spectrum: Tensor) -> Tensor:
        """Windowed waveform of each frame; neighbours overlap by half.

        Args:
            spectrum: complex ``(..., hop + 1, frames)``.

        Returns:
            float32 ``(..., frames, 2 * hop)``.
        """
        hop = spectrum.shape[-2] - 1
        frames: Tensor = torch.fft.irfft(spectrum.transpose(-1, -2), n=2 * hop)
        return frames * self._window(hop, frames)

    def synthesise(self, spectrum: Tensor, *, samples: int) -> Tensor:
        """Waveform of a spectrum, the inverse of :meth:`analyse`.

        Args:
            spectrum: complex ``(..., bins, frames)``.
            samples: length of the result.

        Returns:
            float32 ``(..., samples)``.
        """
        frames = self.inverse(spectrum)
        hop = spectrum.shape[-2] - 1
        overlapped = frames[..., 1:, :hop] + frames[..., :-1, hop:]
        return overlapped.flatten(-2)[..., :samples]

    def features(self, spectrum: Tensor, *, sample_rate: int) -> Tensor:
        """What the network sees of a spectrum.

        Three channels: the band level against the local level of the whole signal (so a quiet
        recording looks like a loud one), and the mean phase advance from frame to frame against
        that of the band's centre, as cosine and sine (of length 1 for tones, less for noise).

        Args:
            spectrum: complex ``(batch, bins, frames)``.
            sample_rate: samples per second.

        Returns:
            float32 ``(batch, 3, active bands, frames)``.
        """
        with torch.autocast(spectrum.device.type, enabled=False):
            return self._features(spectrum, sample_rate)

    def _features(self, spectrum: Tensor, sample_rate: int) -> Tensor:
        average, _ = _band_matrices(self.config, sample_rate)
        average = average[: self.active_bands(sample_rate)].to(spectrum.device)
        power = spectrum.real.square() + spectrum.imag.square()
        bands = average @ power
        level = self._local_level(bands, sample_rate)
        loudness = torch.log(bands / level + 1e-7) / 4.0

        previous = torch.cat([torch.zeros_like(spectrum[..., :1]), spectrum[..., :-1]], dim=-1)
        advance = spectrum * previous.conj()
        scale = average @ advance.abs() + 1e-7 * level
        cosine, sine = average @ advance.real / scale, average @ advance.imag / scale
        turn_cosine, turn_sine = self._expected_advance(bands.shape[-2], sample_rate, bands)
        return torch.stack(
            [
                loudness,
                cosine * turn_cosine + sine * turn_sine,
                sine * turn_cosine - cosine * turn_sine,
            ],
            dim=-3,
        )

    def _expected_advance(
        self, bands: int, sample_rate: int, like: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Cosine and sine of the phase that a tone at each band's centre gains in one step.

        Taking it out leaves the distance from the centre, which hardly depends on the exact step,
        and so on the sample rate.
        """
        angle = (
            2.0 * math.pi * self._step_s(sample_rate) * band_centres_hz(self.config)[:bands, None]
        )
        return torch.cos(angle).to(like), torch.sin(angle).to(like)

    def spread_mask(self, mask: Tensor, *, sample_rate: int) -> Tensor:
        """Bring a mask on bands to the bins of a spectrum; above the top band it carries on.

        Args:
            mask: float ``(..., active bands, frames)``.
            sample_rate: samples per second.

        Returns:
            float32 ``(..., bins, frames)``.
        """
        _, spread = _band_matrices(self.config, sample_rate)
        active = mask.shape[-2]
        if active < spread.shape[1]:
            spread = torch.cat(
                [spread[:, : active - 1], spread[:, active - 1 :].sum(1, keepdim=True)], dim=1
            )
        with torch.autocast(mask.device.type, enabled=False):
            return spread.to(mask.device) @ mask.float()

    def active_bands(self, sample_rate: int) -> int:
        """Number of bands worth computing at this rate (8 kHz audio has no top octave)."""
        low = sample_rate / 2.0 <= self.config.low_hz
        return self.config.low_bands if low else self.config.bands

    def _step_s(self, sample_rate: int) -> float:
        """Seconds from frame to frame."""
        return hop_samples(sample_rate, self.config.hop_ms) / sample_rate

    def _local_level(self, bands: Tensor, sample_rate: int) -> Tensor:
        """Mean band power around each frame; a fixed window, so chunks agree with the whole."""
        reach = round(self.config.level_s / self._step_s(sample_rate))
        power = bands.mean(dim=-2, keepdim=True).flatten(0, -3)
        mean = nn.functional.avg_pool1d(
            power, 2 * reach + 1, stride=1, padding=reach, count_include_pad=False
        )
        level: Tensor = mean.unflatten(0, bands.shape[:-2]) + 1e-12
        return level

    @staticmethod
    def _window(hop: int, like: Tensor) -> Tensor:
        hann = torch.hann_window(2 * hop, periodic=True, dtype=torch.float64, device=like.device)
        return hann.sqrt().to(like.dtype)
