"""Equaliser settings that follow a wanted curve, such as that of a word.

Least squares by Levenberg and Marquardt on the curve in dB: a few dozen small linear systems,
some tens of milliseconds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from torch import Tensor

from lass.errors import EffectError
from lass.fx.equalisers import EQ, GRAPHIC_FREQUENCIES_HZ, FilterEffect, GraphicEQ

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

__all__ = ["graphic_eq_for", "parametric_eq_for"]

_Filter = TypeVar("_Filter", bound=FilterEffect)

_STEPS = 40
_NUDGE = 1e-6


def graphic_eq_for(
    curve_db: ArrayLike | Tensor, *, frequencies_hz: ArrayLike | Tensor = GRAPHIC_FREQUENCIES_HZ
) -> GraphicEQ:
    """Find the band gains with which the graphic equaliser follows a curve.

    Its bells overlap, so the gains are not the curve itself. Below 150 Hz the centres are
    further apart than the bells are wide, and between them the curve sags.

    Args:
        curve_db: Wanted magnitude in dB ``(points,)``.
        frequencies_hz: Where, ``(points,)``, from 0 to 22050 Hz.

    Returns:
        The equaliser; where the curve asks for more than its range, the nearest.

    Raises:
        EffectError: If the shapes differ, or a value is not finite or out of range.

    Example:
        >>> made = graphic_eq_for(np.full(40, 3.0))
        >>> points = torch.tensor([208.0, 1114.0, 9917.0])
        >>> made.magnitude_db(points, sample_rate=44100).round()
        tensor([[3., 3., 3.]])
    """
    return _fitted(GraphicEQ(), *_checked(frequencies_hz, curve_db), like_start=0.02)


def parametric_eq_for(
    curve_db: ArrayLike | Tensor, *, frequencies_hz: ArrayLike | Tensor = GRAPHIC_FREQUENCIES_HZ
) -> EQ:
    """Find the settings with which the parametric equaliser comes nearest to a curve.

    Args:
        curve_db: Wanted magnitude in dB ``(points,)``.
        frequencies_hz: Where, ``(points,)``, from 0 to 22050 Hz.

    Returns:
        The equaliser; among settings that fit alike, one near the defaults.

    Raises:
        EffectError: If the shapes differ, or a value is not finite or out of range.

    Example:
        >>> wanted = EQ(low_shelf_gain_db=5.0, high_shelf_gain_db=-4.0)
        >>> points = torch.tensor(GRAPHIC_FREQUENCIES_HZ, dtype=torch.float64)
        >>> curve = wanted.magnitude_db(points, sample_rate=44100)[0]
        >>> made = parametric_eq_for(curve).magnitude_db(points, sample_rate=44100)[0]
        >>> bool((made - curve).abs().max() < 0.5)
        True
    """
    return _fitted(EQ(), *_checked(frequencies_hz, curve_db), like_start=0.1)


def _checked(
    frequencies_hz: ArrayLike | Tensor, curve_db: ArrayLike | Tensor
) -> tuple[Tensor, Tensor]:
    points = _tensor(frequencies_hz)
    curve = _tensor(curve_db)
    if points.ndim != 1 or points.shape != curve.shape or points.numel() == 0:
        raise EffectError(
            f"the curve has shape {tuple(curve.shape)} and the frequencies "
            f"{tuple(points.shape)}, expected (points,) for both"
        )
    if not (torch.isfinite(curve).all() and ((points >= 0) & (points <= 22050)).all()):
        raise EffectError("the curve or a frequency is not finite, or outside 0 to 22050 Hz")
    return points, curve


def _tensor(values: ArrayLike | Tensor) -> Tensor:
    if isinstance(values, Tensor):
        return values.detach().to("cpu", torch.float64)
    return torch.from_numpy(np.array(values, np.float64))


def _fitted(effect: _Filter, points: Tensor, curve: Tensor, *, like_start: float) -> _Filter:
    """Minimise the squared error plus the squared distance from the start, held in range.

    Args:
        effect: Where to start.
        points: Frequencies in Hz.
        curve: Wanted magnitude in dB.
        like_start: Weight of the distance, per logit: what the curve does not ask for stays.
    """
    parameters = effect.parameters
    rate = 48000 if float(points.max()) > 21000 else 44100

    def residuals(logits: Tensor) -> Tensor:
        """Errors ``(batch, points + parameters)`` of logits ``(batch, parameters)``."""
        places = torch.sigmoid(logits)
        settings = {p.name: p.value(places[:, n]) for n, p in enumerate(parameters)}
        made = effect.magnitude_db(points, sample_rate=rate, settings=settings)
        return torch.cat([made - curve, like_start * (logits - start)], dim=1)

    at = torch.tensor([p.position(effect.settings[p.name]) for p in parameters])
    start = torch.logit(at.double())
    logits, damping = start.clone(), 1e-2
    error = residuals(logits[None])[0]
    nudges = _NUDGE * torch.eye(len(start), dtype=start.dtype)
    for _ in range(_STEPS):
        # All columns in one batch; in float64 the difference has ten digits.
        jacobian = ((residuals(logits + nudges) - error) / _NUDGE).T
        normal = jacobian.T @ jacobian
        diagonal = torch.diag(normal.diagonal() + 1e-9)
        step = torch.linalg.solve(normal + damping * diagonal, jacobian.T @ error)
        tried = (logits - step.clamp(-2.0, 2.0)).clamp(-12.0, 12.0)
        new = residuals(tried[None])[0]
        gained = float(error.square().sum() - new.square().sum())
        if gained > 0:
            logits, error, damping = tried, new, damping / 4
            if gained < 1e-7:
                break
        elif math.isinf(damping := damping * 4):
            break
    places = torch.sigmoid(logits).tolist()
    return effect.replace(**_named(effect, places))


def _named(effect: FilterEffect, places: Sequence[float]) -> dict[str, float]:
    return {p.name: p.value(place) for p, place in zip(effect.parameters, places, strict=True)}
