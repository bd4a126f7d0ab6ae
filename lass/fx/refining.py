"""A short refinement by ear: settings near what words mean, fitted to one recording.

The ear for effects hears the recording through the effects, and the settings follow its gradient.
They are drawn back to what the words mean the harder, the surer the word model is: what moves is
the model's own uncertainty, a few broad waves of the tone curve and three settings of the room.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from lass.fx.ear import Ear, statistics
from lass.fx.equalisers import GRAPHIC_FREQUENCIES_HZ
from lass.fx.hearing import TOWER_HZ
from lass.fx.reverb import Reverb
from lass.fx.wording import MOST_MIX, waves

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.fx.wording import Target

__all__ = ["SECONDS", "Refined", "refine"]

SECONDS = 4.0
"""So much of a recording is enough."""
_MOST = 2.0
"""Settings move by so many standard deviations at most."""
_PATIENCE, _ENOUGH = 5, 1e-3
_MOST_DB = 15.0
_SILENCE_S = 0.25  # behind the clip: the filter's response shall not come round


@dataclass(frozen=True)
class Refined:
    """What a refinement found.

    Args:
        target: The wanted curve and room, moved.
        moved: By how many standard deviations: the waves of the curve, then decay, mix and
            brightness.
        similarities: How well the clip fits the words in the end, to the ear, for each start.
        before: The same for what the words alone ask for.
        steps: Gradient steps that were taken.
    """

    target: Target
    moved: NDArray[np.float64]
    similarities: NDArray[np.float64]
    before: float
    steps: int


def refine(
    target: Target,
    audio: Tensor,
    ear: Ear,
    *,
    tone: bool = True,
    room: bool = True,
    weight: float = 1.0,
    seed: int = 0,
    restarts: int = 3,
    steps: int = 20,
) -> Refined:
    """Move a target towards what the ear takes for the words, near where the words put it.

    Level does not count: the ear does not hear it. The curve stays within 15 dB and the mix
    within its range, so that nothing falls silent.

    Args:
        target: What the words ask for.
        audio: The clip, mono ``(samples,)`` at `TOWER_HZ`, not silent.
        ear: What listens.
        tone: Whether the curve may move.
        room: Whether the reverb may move; where it has no mix, it is not heard and stays.
        weight: How much the ear counts against one standard deviation.
        seed: Of the starts and of the noise of the reverb.
        restarts: Starts: what the words say, and draws near it.
        steps: Gradient steps at most; it ends earlier where nothing improves.

    Returns:
        The target of the best start.
    """
    room = room and target.room["mix"] > 0.0
    waved = 4 if tone else 0
    size = waved + (3 if room else 0)
    way = torch.from_numpy(target.ratings).float()
    way = way / way.norm().clamp(min=1e-9)
    generator = torch.Generator().manual_seed(seed)
    begin = 0.5 * torch.randn(restarts, size, generator=generator)
    begin[0] = 0.0
    hears = _Hears(target, audio, ear, waved=waved, room=room, seed=seed)
    with torch.no_grad():
        start = float(hears(torch.zeros(1, size))[0] @ way)
    z = begin.clone().requires_grad_()
    optimiser = torch.optim.Adam([z], lr=0.15)
    best, best_cost, fits = begin.clone(), torch.full((restarts,), math.inf), torch.zeros(restarts)
    waited = taken = 0
    while size and taken < steps and waited < _PATIENCE:
        moved = _bounded(z)
        fit = hears(moved) @ way
        cost = 0.5 * moved.square().sum(dim=1) - weight * fit
        better = cost.detach() < best_cost - _ENOUGH
        waited = 0 if bool(better.any()) else waited + 1
        best = torch.where(better[:, None], moved.detach(), best)
        best_cost = torch.where(better, cost.detach(), best_cost)
        fits = torch.where(better, fit.detach(), fits)
        optimiser.zero_grad()
        cost.sum().backward()
        optimiser.step()
        taken += 1
    chosen = best[int(best_cost.argmin())]
    return Refined(
        target=hears.moved(chosen.double().numpy()),
        moved=chosen.double().numpy(),
        similarities=torch.tanh(fits).double().numpy(),
        before=math.tanh(start),
        steps=taken,
    )


def _bounded(z: Tensor) -> Tensor:
    return _MOST * torch.tanh(z / _MOST)


class _Hears:
    """What the ear hears of a clip through a target that has moved."""

    def __init__(
        self, target: Target, audio: Tensor, ear: Ear, *, waved: int, room: bool, seed: int
    ) -> None:
        self._target, self._ear, self._waved, self._room = target, ear, waved, room
        self._samples = audio.shape[-1]
        padded = self._samples + round(_SILENCE_S * TOWER_HZ)
        self._spectrum = torch.fft.rfft(audio, n=padded)
        self._padded = padded
        self._reverb = Reverb(seed=seed, **target.room)
        # A curve in dB at the centres, straight over octaves in between, flat outside.
        hz = np.fft.rfftfreq(padded, 1 / TOWER_HZ)
        octaves = np.log2(np.maximum(hz, 1.0))
        centres = np.log2(np.array(GRAPHIC_FREQUENCIES_HZ))
        rows = (target.curve_db, *self._steps())
        shapes = np.stack([np.interp(octaves, centres, row) for row in rows])
        self._shapes = torch.from_numpy(shapes).float()

    def _steps(self) -> NDArray[np.float64]:
        """By how many dB a standard deviation moves the bands ``(waves, 40)``."""
        t = self._target
        return np.asarray(waves() * t.keep * t.curve_deviation_db / math.sqrt(2.0))[: self._waved]

    def __call__(self, moved: Tensor) -> Tensor:
        """Places ``(batch, scales)`` of moves ``(batch, waves + room)``."""
        made = self._spectrum.expand(len(moved), -1)
        if self._waved:
            curve_db = self._shapes[0] + moved[:, : self._waved] @ self._shapes[1:]
            made = made * 10.0 ** (curve_db.clamp(-_MOST_DB, _MOST_DB) / 20.0)
        sound = torch.fft.irfft(made, n=self._padded)[:, : self._samples]
        if self._target.room["mix"] > 0.0 and self._room:
            sound = self._reverb.process(
                sound[:, None], sample_rate=TOWER_HZ, settings=self._settings(moved)
            )[:, 0]
        placed: Tensor = self._ear(statistics(sound))
        return placed

    def _settings(self, moved: Tensor) -> dict[str, Tensor]:
        """Settings of the reverb, inside their ranges."""
        room, deviation = self._target.room, self._target.room_deviation
        decay, mix, bright = moved[:, self._waved :].unbind(dim=1)
        logit = math.log(room["mix"] / (MOST_MIX - room["mix"]))
        return {
            "decay_s": (room["decay_s"] * torch.exp(deviation["decay_s"] * decay)).clamp(0.2, 12.0),
            "mix": MOST_MIX * torch.sigmoid(logit + deviation["mix"] * mix),
            "brightness_hz": (
                room["brightness_hz"] * torch.exp(deviation["brightness_hz"] * bright)
            ).clamp(500.0, 18000.0),
        }

    def moved(self, by: NDArray[np.float64]) -> Target:
        """The target, moved."""
        target = self._target
        if self._waved:
            curve_db = target.curve_db + by[: self._waved] @ self._steps()
            target = replace(target, curve_db=np.clip(curve_db, -_MOST_DB, _MOST_DB))
        if self._room:
            settings = self._settings(torch.from_numpy(by)[None])
            found = {name: float(value) for name, value in settings.items()}
            target = replace(target, room={**target.room, **found})
        return target
