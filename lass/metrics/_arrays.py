"""One way of taking signals in: NumPy arrays and torch tensors, checked, in float64.

Every metric is written once, against the few operations the two libraries share. torch is looked
up only when a tensor has been handed in, so NumPy users never pay for its import.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from lass.errors import AudioError

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

__all__ = ["AnySignal", "Signal", "as_numpy", "decibel", "is_tensor", "like", "prepare"]

Signal = TypeVar("Signal", "npt.NDArray[Any]", "torch.Tensor")
"""A NumPy array or a torch tensor: what goes in decides what comes out."""

AnySignal: TypeAlias = Any
"""Inside the metrics: an array or a tensor whose library no longer matters."""


def is_tensor(value: object) -> bool:
    """Tell whether ``value`` is a torch tensor, without importing torch.

    Args:
        value: Anything.

    Returns:
        True for a torch tensor.

    Example:
        >>> is_tensor([1.0])
        False
    """
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def prepare(*, same_shape: bool = True, **signals: AnySignal) -> list[AnySignal]:
    """Check signals and give them back in float64.

    Args:
        same_shape: Whether all shapes must be equal. Nothing is ever broadcast: a silent broadcast
            of a mono reference against a stereo estimate is a classic wrong number.
        **signals: Named signals, each ``(..., samples)``; the names appear in the messages.

    Returns:
        The signals in the order given, float64, of the library they came from.

    Raises:
        AudioError: When a signal is no array, not floating point, empty or not finite, when the
            shapes differ, or when NumPy and torch are mixed.

    Example:
        >>> ref, est = prepare(reference=np.ones(4, np.float32), estimate=np.zeros(4))
        >>> ref.dtype, est.shape
        (dtype('float64'), (4,))
    """
    kinds = {name: is_tensor(value) for name, value in signals.items()}
    if len(set(kinds.values())) > 1:
        said = ", ".join(f"{name} is {'torch' if t else 'NumPy'}" for name, t in kinds.items())
        raise AudioError(
            f"The signals mix NumPy and torch ({said}); convert them to one of the two."
        )
    ready = [_to_float64(name, value) for name, value in signals.items()]
    if same_shape and len({tuple(x.shape) for x in ready}) > 1:
        said = ", ".join(f"{n} {tuple(x.shape)}" for n, x in zip(signals, ready, strict=True))
        raise AudioError(f"The signals must have one shape, but got {said}; cut or pad them first.")
    return ready


def _to_float64(name: str, value: AnySignal) -> AnySignal:
    """Check one signal and convert it."""
    tensor = is_tensor(value)
    if not tensor and not isinstance(value, np.ndarray):
        raise AudioError(
            f"The {name} is a {type(value).__name__}; expected a NumPy array or a torch tensor "
            "of shape (..., samples)."
        )
    floating = value.is_floating_point() if tensor else np.issubdtype(value.dtype, np.floating)
    if not floating:
        raise AudioError(
            f"The {name} has dtype {value.dtype}; expected floating point with full scale 1.0 "
            "(divide 16-bit integers by 32768)."
        )
    if value.ndim == 0 or 0 in tuple(value.shape):
        raise AudioError(
            f"The {name} has shape {tuple(value.shape)}; expected (..., samples) with at least "
            "one sample."
        )
    wide = value.double() if tensor else np.asarray(value, dtype=np.float64)
    # A sum is finite only if every sample is, and costs a tenth of looking at each one.
    with np.errstate(invalid="ignore", over="ignore"):
        finite = bool(abs(wide.sum()) < float("inf"))
    if not finite:
        raise AudioError(f"The {name} has samples that are not finite (NaN or infinity).")
    return wide


def decibel(power_ratio: AnySignal) -> AnySignal:
    """Turn a ratio of powers into decibels.

    Args:
        power_ratio: Array or tensor of any shape, positive, no unit.

    Returns:
        ``10 * log10(power_ratio)`` in dB, of the same library and shape.

    Example:
        >>> float(decibel(np.asarray(100.0)))
        20.0
    """
    if is_tensor(power_ratio):
        return 10.0 * power_ratio.log10()
    return 10.0 * np.log10(power_ratio)


def as_numpy(value: AnySignal) -> npt.NDArray[np.float64]:
    """Give a prepared signal as a NumPy float64 array (off the device, without gradient).

    Args:
        value: Array or tensor of any shape.

    Returns:
        The same numbers as a NumPy array.

    Example:
        >>> as_numpy(np.ones(2))
        array([1., 1.])
    """
    if is_tensor(value):
        return np.asarray(value.detach().cpu().numpy(), dtype=np.float64)
    return np.asarray(value, dtype=np.float64)


def like(result: npt.NDArray[np.float64], example: AnySignal) -> AnySignal:
    """Give a NumPy result back as the library of ``example``.

    Args:
        result: Array of any shape.
        example: A signal that went in.

    Returns:
        A tensor on the device of ``example`` if that is a tensor, else ``result``.

    Example:
        >>> like(np.ones(2), np.zeros(3))
        array([1., 1.])
    """
    if is_tensor(example):
        return example.new_tensor(result)
    return result
