"""Networks without the work of drawing their first weights, for weights that are read from a file.

The device ``meta`` avoids that work, too, but drawing there imports more than 800 modules when it
is first done, which takes more than a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.overrides import TorchFunctionMode

__all__ = ["Undrawn"]


class Undrawn(TorchFunctionMode):
    """Inside it, the functions of ``torch.nn.init`` leave tensors as they are.

    What is built inside holds whatever the memory held: load all weights before it is used.

    Example:
        >>> import torch
        >>> with Undrawn():
        ...     layer = torch.nn.Linear(2, 1)
        >>> _ = layer.load_state_dict({"weight": torch.ones(1, 2), "bias": torch.zeros(1)})
        >>> layer(torch.ones(1, 2)).item()
        2.0
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 (whatever the function gives)
        """Skip what draws; do everything else."""
        given = dict(kwargs or {})
        if getattr(func, "__module__", None) == "torch.nn.init":
            return args[0] if args else given["tensor"]
        return func(*args, **given)
