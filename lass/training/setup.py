"""From a recipe and a data pack to a task that can be trained, and from a run to a model folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lass.data import MixtureSampler, QueryTable
from lass.networks import build
from lass.training.growing import grow
from lass.training.material import Material, open_material
from lass.training.noise import NoiseInvariantNetwork, NoiseInvariantTask
from lass.training.recipe import Recipe
from lass.training.tasks import JointNetwork, JointTask, SeparatorTask, Task
from lass.zoo import model_folder, verify
from lass.zoo.folders import read_config, require
from lass.zoo.loading import network_of

__all__ = ["open_task", "start_from"]

Report = Callable[[str], None]


def open_task(
    recipe: Recipe, data: Path, *, cache: Path, on_message: Report = lambda _: None
) -> Task:
    """Read the data pack and build what a recipe describes.

    Args:
        recipe: what to train and how.
        data: the data pack.
        cache: folder for decoded clips.
        on_message: called with a line for the user at each slow stage.

    Returns:
        The task, with freshly drawn weights.
    """
    on_message(f"reading {data}")
    material = open_material(data, cache=cache)
    clips = len(material.store.clips)
    on_message(f"{clips} training clips")
    torch.manual_seed(recipe.run.seed)
    if recipe.task == "joint":
        return _joint(recipe, material)
    from lass.query.compact import CompactEncoder

    on_message(f"embedding {len(material.texts)} wordings and {clips} clips, unless they are kept")
    encoder = CompactEncoder(model_folder(recipe.encoder))
    table = material.table(encoder, cache=cache)
    sampler = MixtureSampler(
        material.store, material.trained, table, recipe.mixtures, seed=recipe.run.seed
    )
    network = build(recipe.network)
    if recipe.noise.heads == 0:
        return SeparatorTask(network, sampler, **recipe.loss)
    settings = {k: v for k, v in vars(recipe.noise).items() if k != "heads"}
    heads = recipe.noise.heads
    wrapped = NoiseInvariantNetwork(network, query_dim=encoder.dim, heads=heads)
    return NoiseInvariantTask(wrapped, sampler, **recipe.loss, **settings)


def start_from(task: Task, name_or_path: str | Path) -> None:
    """Begin with the weights of a model instead of freshly drawn ones.

    A checkpoint in the run's folder still wins: it is further on.

    Args:
        task: the task, as opened.
        name_or_path: a shipped model's name or a model folder, of the recipe's network or of a
            narrower one (:func:`lass.training.growing.grow`).

    Raises:
        ModelError: the weights do not fit the recipe's network.
    """
    folder = model_folder(name_or_path)
    config = read_config(folder)
    verify(folder)
    require(config, folder, "network")
    module = task.module
    wider = module.network if isinstance(module, NoiseInvariantNetwork) else module
    grow(wider, network_of(folder, config).state_dict())


def _joint(recipe: Recipe, material: Material) -> Task:
    from lass.query.compact import TextEncoder

    encoder = TextEncoder(model_folder(recipe.encoder))
    texts, wordings = material.texts, material.wordings
    vectors = dict(zip(texts, encoder(texts).numpy(), strict=True))
    table = QueryTable(wordings, vectors)
    sampler = MixtureSampler(
        material.store, material.trained, table, recipe.mixtures, seed=recipe.run.seed
    )
    audio: Any = build(recipe.network)
    network = JointNetwork(audio, text_dim=next(iter(vectors.values())).size, dim=audio.config.dim)
    return JointTask(
        network,
        sampler,
        torch.from_numpy(np.stack([vectors[name] for name in table.labels])),
        table.labels,
        {label: np.stack([vectors[t] for t in options]) for label, options in wordings.items()},
        **recipe.loss,
    )
