"""Checkpoints of asteroid: a model's name, what it is built with, and its weights.

They are read as plain values and tensors; asteroid's own loader would unpickle them whole. Whether
the weights fit the model is found out by building it, which needs the package asteroid.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lass.errors import ModelError
from lass.zoo.layouts import Layout

__all__ = ["asteroid_layout"]

_FASTEST = 768_000
_KEYS = ("model_name", "model_args", "state_dict")


def asteroid_layout(held: Any) -> Layout | None:  # noqa: ANN401 (whatever a checkpoint holds)
    """Say which model of asteroid a checkpoint holds.

    Args:
        held: all that is in the checkpoint.

    Returns:
        The model, or None where it is no checkpoint of asteroid.

    Raises:
        ModelError: it is one, but not of a kind that can be used here.

    Example:
        >>> asteroid_layout({"state_dict": {}}) is None
        True
    """
    from torch import Tensor

    if not isinstance(held, Mapping) or not all(key in held for key in _KEYS):
        return None
    name, arguments, state = (held[key] for key in _KEYS)
    if not (isinstance(arguments, Mapping) and isinstance(state, Mapping)):
        raise ModelError("this is a checkpoint of asteroid, but its entries are no tables")
    from lass.networks.asteroid import STEMS

    if not isinstance(name, str) or name not in STEMS:
        raise ModelError(
            f"this is asteroid's model {str(name)[:40]!r}, which cannot be used here: expected "
            f"one of {', '.join(STEMS)}"
        )
    rate = arguments.get("sample_rate")
    stems = arguments.get("n_src", 1)
    if not isinstance(rate, (int, float)) or not 1000 <= rate <= _FASTEST or rate != int(rate):
        raise ModelError(
            f"this checkpoint of asteroid states the sample rate {str(rate)[:20]!r}: expected "
            f"whole Hz, 1000 to {_FASTEST}"
        )
    if isinstance(stems, bool) or not isinstance(stems, int) or stems < 1:
        raise ModelError(f"this checkpoint of asteroid states {str(stems)[:20]!r} stems")
    own = {k: list(v) if isinstance(v, tuple) else v for k, v in arguments.items()}
    own.pop("sample_rate")
    core = {
        "model": name,
        "arguments": {**own, "n_src": stems} if "n_src" in own else own,
        "query_dim": stems,
        "sample_rate": int(rate),
    }
    tensors = {f"model.{k}": v for k, v in state.items() if isinstance(v, Tensor)}
    return Layout("asteroid-stems", f"asteroid-{name.lower()}", core, tensors)
