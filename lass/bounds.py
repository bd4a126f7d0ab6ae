"""No network larger than the file that shall fill it: a configuration cannot ask for all memory."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from lass.errors import ConfigError, LassError, brief

__all__ = ["built"]

_WEIGHTS_PER_BYTE = 2
"""The tightest packing has 4 bits a weight."""
_SPARE_WEIGHTS = 1 << 16

_Network = TypeVar("_Network")


def built(make: Callable[[], _Network], *, weights: Path) -> _Network:
    """Build the network that a configuration describes, unless its weights cannot be in the file.

    Args:
        make: builds the network from the configuration.
        weights: the file beside ``config.json`` that holds its weights.

    Returns:
        What ``make`` returns.

    Raises:
        ConfigError: the configuration describes no network, or one many times larger than the file.
    """
    told = weights.with_name("config.json")
    try:
        most = _WEIGHTS_PER_BYTE * weights.stat().st_size + _SPARE_WEIGHTS
        with _at_most(most, told, weights.name):
            return make()
    except LassError:
        raise
    except Exception as error:  # those of torch and transformers have no base of their own
        raise ConfigError(
            f"{told} describes no network that can be built ({brief(error)}): install the model "
            "again"
        ) from error


@contextlib.contextmanager
def _at_most(most: int, told: Path, file: str) -> Iterator[None]:
    """Stop a network that is being built before its weights fill the memory.

    Weights are counted as they are registered, which is before anything is written to them.
    """
    from torch.nn.modules.module import register_module_parameter_registration_hook

    builder, count = threading.get_ident(), 0

    def counting(_module: object, _name: str, weight: Any) -> None:  # noqa: ANN401
        nonlocal count
        if weight is None or threading.get_ident() != builder:
            return
        count += weight.numel()
        if count > most:
            raise ConfigError(
                f"{told} describes a network of more than {most} weights, which {file} is too "
                "small to hold: install the model again"
            )

    hook = register_module_parameter_registration_hook(counting)
    try:
        yield
    finally:
        hook.remove()
