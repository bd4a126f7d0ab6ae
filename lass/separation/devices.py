"""Where a network runs."""

from __future__ import annotations

import torch

from lass.errors import DeviceError

__all__ = ["device_named"]

_KINDS = ("cpu", "cuda", "mps", "xpu")


def device_named(name: str) -> str:
    """A device that is there.

    Args:
        name: ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``xpu``.

    Returns:
        Its name for torch.

    Raises:
        DeviceError: there is none of that name.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        if torch.device(name).type not in _KINDS:
            raise RuntimeError(name)
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise DeviceError(
            f"the device {name!r} is not available here: use --device cpu or --device auto"
        ) from error
    return name
