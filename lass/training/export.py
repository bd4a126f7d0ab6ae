"""From a run to a model folder that can be shipped: averaged weights in 16-bit floats."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lass.errors import ModelNotFoundError
from lass.packing import pack
from lass.training.recipe import Recipe
from lass.zoo.folders import model_folder
from lass.zoo.loading import read_config, save_model

__all__ = ["export", "read_average", "without_noise_heads"]


def read_average(run: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Averaged weights of a run's last checkpoint, and its position.

    Args:
        run: folder with ``last.ckpt``.

    Returns:
        Weights by name, and ``{"step": …, "seconds": …}``.

    Raises:
        ModelNotFoundError: there is no checkpoint.
    """
    path = run / "last.ckpt"
    if not path.is_file():
        raise ModelNotFoundError(f"no checkpoint {path}: train first, or give the run's folder")
    state = torch.load(path, map_location="cpu", weights_only=True)
    return state["average"], state["position"]


def without_noise_heads(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of the network inside a :class:`lass.training.noise.NoiseInvariantNetwork`."""
    prefix = "network."
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def export(run: Path, recipe: Recipe, folder: Path, *, space: str = "compact-v1") -> None:
    """Write ``model.safetensors`` and ``config.json``; the model card is written by hand.

    Args:
        run: folder with ``last.ckpt``.
        recipe: the recipe of the run.
        folder: the model folder; text encoder files that lie in it are kept and vouched for.
        space: name of the joint space.
    """
    average, position = read_average(run)
    training = {"steps": position["step"], "minutes": round(position["seconds"] / 60.0, 1)}
    if recipe.task == "joint":
        weights = {k: v for k, v in average.items() if k != "log_scale"}
        config = {
            "task": "query",
            "space": space,
            "dim": int(average["projection.weight"].shape[0]),
            "audio": dict(recipe.network),
            "logit_scale": float(average["log_scale"].exp()),
        }
        files: tuple[str, ...] = ("text.safetensors", "tokenizer.json")
    else:
        weights = without_noise_heads(average) if recipe.noise.heads else average
        config = {
            "task": "separation",
            "space": read_config(model_folder(recipe.encoder))["space"],
            "encoder": recipe.encoder,
            "network": dict(recipe.network),
            **({"second_look": True} if _can_look_twice(recipe) else {}),
        }
        files = ()
    packed = pack(weights, bits=lambda name, tensor: 16 if tensor.ndim > 1 else 32)
    common = {"licence": "Apache-2.0", **_stated(folder), "training": training}
    save_model(folder, packed, {**config, **common}, files=files)


def _can_look_twice(recipe: Recipe) -> bool:
    """Whether a network learned to be asked by recordings, and its state can be cut in time."""
    return recipe.network.get("kind") == "band-unet" and recipe.mixtures.by_example > 0.0


def _stated(folder: Path) -> dict[str, Any]:
    """The table of licences that somebody wrote into the folder's configuration: it is kept."""
    if not (folder / "config.json").is_file():
        return {}
    held = read_config(folder).get("licences")
    return {} if held is None else {"licences": held}
