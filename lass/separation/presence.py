"""How likely it is that a sound is there, from what the network says and what it took out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["BestSecond", "PresenceScale", "mean_power"]

_SILENCE = 1e-10  # mean power below which a frame (about -100 dBFS) holds nothing to hear


@dataclass(frozen=True)
class PresenceScale:
    """From what the network says to how likely the sound is there: a fitted logistic curve.

    The network's own certainty and the level of what it took out, both a coarse frame at a time,
    say more together than either alone. The numbers come with a model; without them the network's
    certainty counts as it is.

    Args:
        bias: constant.
        certainty: weight of the network's logit.
        level: weight of the part's level against the recording in dB, down to -40.
        match: weight of the match of sound and query, before the query has steered anything; 0
            for networks that do not tell it.
    """

    bias: float = 0.0
    certainty: float = 1.0
    level: float = 0.0
    match: float = 0.0

    def evidence(self, logits: Tensor, match: Tensor | None = None) -> Tensor:
        """What the network says, weighed: logits ``(frames,)`` and, if it is told, the match."""
        weighed = self.certainty * logits
        return weighed if match is None else weighed + self.match * match

    def __call__(self, evidence: Tensor, level_db: Tensor) -> Tensor:
        """Likelihood 0…1 of coarse frames ``(frames,)``."""
        return torch.sigmoid(self.bias + evidence + self.level * level_db.clamp(-40.0, 0.0))

    def of_powers(self, evidence: Tensor, part: Tensor, whole: Tensor) -> Tensor:
        """Likelihood from the powers of a part and of the recording; 0 where nothing sounds."""
        level_db = 10.0 * torch.log10(part / whole.clamp(min=1e-20) + 1e-9)
        return self(evidence, level_db) * (whole > _SILENCE)


class BestSecond:
    """Presence of each query in its most certain coarse frames, one second of them.

    Args:
        queries: how many.
        frames: coarse frames in a second.
    """

    def __init__(self, queries: int, *, frames: int) -> None:
        self._best = np.zeros((queries, 0), np.float32)
        self._frames = max(1, frames)

    def add(self, odds: NDArray[np.float32]) -> None:
        """Look at more frames ``(queries, frames)``."""
        known = np.concatenate([self._best, odds], axis=1)
        self._best = np.sort(known, axis=1)[:, -self._frames :]

    def scores(self) -> list[float]:
        """Mean of each query so far, 0…1; 0 where nothing was heard yet."""
        if not self._best.size:
            return [0.0] * len(self._best)
        return [float(value) for value in self._best.mean(axis=1)]


def mean_power(spectrum: Tensor, *, hop: int, frames: int) -> Tensor:
    """Mean power of a signal in each so many frames of its spectrum.

    Args:
        spectrum: ``(bins, n · frames)``.
        hop: samples from frame to frame.
        frames: frames that are taken together.

    Returns:
        ``(n,)``.
    """
    power = spectrum.abs().square().mean(dim=0) / hop
    return power.reshape(-1, frames).mean(dim=1)
