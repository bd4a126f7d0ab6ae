"""An ear for effects: where a sound lies on the scales of the words, with gradients.

The audio towers of query spaces learn to know a dog whatever the room, so they hardly hear what an
equaliser or a reverb does. This ear is made for that alone: tone and decay of a sound, summed up in
a few statistics, are placed by a small network on the scales on which `WordModel` places words. It
was trained on recordings before and after effects (``eval/fx_learn_ear.py``).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from lass.errors import ModelError, ModelNotFoundError
from lass.fx.hearing import TOWER_HZ, to_rate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Ear", "statistics"]

BANDS = 32
_LOWEST_HZ, _HIGHEST_HZ = 60.0, 7800.0
_WINDOW, _HOP = 512, 256
_SMOOTHED = 5  # frames; the trembling of a noise from frame to frame says nothing about the room
_FLOOR_DB = -70.0


def statistics(audio: Tensor) -> Tensor:
    """Sum up tone and decay of sounds, whatever their level; differentiable.

    Args:
        audio: Mono sounds ``(batch, samples)`` at `TOWER_HZ`.

    Returns:
        ``(batch, 4 * BANDS)`` in dB: mean level of each band against the whole, its spread over
        time, and how steeply it rises and falls (root mean square, in dB a frame of 16 ms).
    """
    padded = nn.functional.pad(audio, (0, max(0, 2 * _WINDOW - audio.shape[-1])))
    window = torch.hann_window(_WINDOW, dtype=audio.dtype)
    spectrum = torch.stft(padded, _WINDOW, _HOP, window=window, return_complex=True)
    power = _bands(audio.dtype) @ spectrum.abs().square()
    smooth = nn.functional.avg_pool1d(power, min(_SMOOTHED, power.shape[-1]), stride=1)
    whole = power.sum(dim=1).mean(dim=-1)[:, None, None]
    level_db = 10.0 * torch.log10(smooth / whole.clamp(min=1e-12) + 10.0 ** (_FLOOR_DB / 10.0))
    tone = 10.0 * torch.log10(
        power.mean(dim=-1) / whole[..., 0].clamp(min=1e-12) + 10.0 ** (_FLOOR_DB / 10.0)
    )
    step = torch.diff(level_db, dim=-1, append=level_db[..., -1:])
    spread = (level_db.var(dim=-1, correction=0) + 1e-6).sqrt()
    rise = (torch.relu(step).square().mean(dim=-1) + 1e-6).sqrt()
    fall = (torch.relu(-step).square().mean(dim=-1) + 1e-6).sqrt()
    return torch.cat([tone - tone.mean(dim=1, keepdim=True), spread, rise, fall], dim=1)


def _bands(dtype: torch.dtype) -> Tensor:
    """Triangles on a logarithmic axis ``(BANDS, bins)``, each of at least one bin."""
    hz = torch.fft.rfftfreq(_WINDOW, 1 / TOWER_HZ)
    edges = torch.logspace(
        torch.log10(torch.tensor(_LOWEST_HZ)), torch.log10(torch.tensor(_HIGHEST_HZ)), BANDS + 2
    )
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    width = TOWER_HZ / _WINDOW
    up = (hz - low) / (centre - low).clamp(min=width)
    down = (high - hz) / (high - centre).clamp(min=width)
    return torch.minimum(up, down).clamp(min=0.0).to(dtype)


class Ear(nn.Module):
    """Places a sound on the scales of the words.

    Args:
        scales: Number of scales.
        width: Width of the hidden layer.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, *, scales: int = 8, width: int = 96) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(4 * BANDS))
        self.register_buffer("deviation", torch.ones(4 * BANDS))
        self.hidden = nn.Linear(4 * BANDS, width)
        self.place = nn.Linear(width, scales)

    def forward(self, heard: Tensor) -> Tensor:
        """Places ``(batch, scales)`` of `statistics` ``(batch, 4 * BANDS)``."""
        x = (heard - self.mean) / self.deviation
        placed: Tensor = self.place(torch.nn.functional.gelu(self.hidden(x)))
        return placed

    @classmethod
    def load(cls, folder: Path | None = None) -> Ear:
        """Load the ear that ships.

        Args:
            folder: Where its file is; the shipped folder if None.

        Raises:
            ModelError: If the file is missing or not of this kind.

        Example:
            >>> ear = Ear.load()
            >>> ear(statistics(torch.randn(1, 16000))).shape
            torch.Size([1, 8])
        """
        from safetensors import SafetensorError, safe_open

        from lass.zoo import resources

        path = (folder or resources("models", "fx-words")) / "ear.safetensors"
        try:
            with safe_open(path, framework="pt") as file:
                shape = json.loads(file.metadata()["shape"])
                state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            ear = cls(scales=int(shape["scales"]), width=int(shape["width"]))
            ear.load_state_dict(state)
        except FileNotFoundError as error:
            raise ModelNotFoundError(f"the ear {path} is missing: install lass again") from error
        except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelError(f"{path} is no ear ({error}): install lass again") from error
        return ear.eval().requires_grad_(False)

    def similarity(
        self, audio: NDArray[np.float32], sample_rate: int, ratings: NDArray[np.float64]
    ) -> float:
        """Say how well a sound fits words.

        Args:
            audio: ``(channels, samples)``.
            sample_rate: In Hz.
            ratings: Place of the words on the scales ``(scales,)``; its length does not count.

        Returns:
            -1 to 1: 0 for a sound that is neither like the words nor unlike them; 0 too for words
            without a place.
        """
        mono = to_rate(torch.from_numpy(audio.mean(axis=0)), sample_rate=sample_rate)
        wanted = torch.from_numpy(ratings).float()
        way = wanted / wanted.norm().clamp(min=1e-9)
        with torch.no_grad():
            return float(torch.tanh(self(statistics(mono[None]))[0] @ way))
