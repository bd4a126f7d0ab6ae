"""From a recipe and a data pack to a task that can be trained, and from a run to a model folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from lass.data import ClipStore, MixtureSampler, QueryTable, read_manifests, split_validation
from lass.data.queries import read_phrases
from lass.networks import build
from lass.training.noise import NoiseInvariantNetwork, NoiseInvariantTask
from lass.training.recipe import Recipe
from lass.training.tasks import JointNetwork, JointTask, SeparatorTask, Task
from lass.zoo import model_folder, verify
from lass.zoo.loading import fill

if TYPE_CHECKING:
    from lass.query.compact import CompactEncoder

__all__ = ["open_task", "query_table", "start_from"]

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
    clips = read_manifests(data)
    on_message(f"{len(clips)} training clips")
    store = ClipStore.open(data, clips, cache=cache)
    train, _ = split_validation(clips)
    wordings = QueryTable.wordings(
        [clip.label for clip in clips], read_phrases(data / "phrases.csv")
    )
    texts = sorted({text for options in wordings.values() for text in options})
    torch.manual_seed(recipe.run.seed)
    if recipe.task == "joint":
        return _joint(recipe, store, train, wordings, texts)
    from lass.query.compact import CompactEncoder

    on_message(f"embedding {len(texts)} wordings and {len(clips)} clips")
    encoder = CompactEncoder(model_folder(recipe.encoder))
    table = query_table(encoder, store, wordings, texts)
    sampler = MixtureSampler(store, train, table, recipe.mixtures, seed=recipe.run.seed)
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
        name_or_path: a shipped model's name or a model folder, of the recipe's network.

    Raises:
        ModelError: the weights do not fit the recipe's network.
    """
    folder = model_folder(name_or_path)
    verify(folder)
    module = task.module
    fill(module.network if isinstance(module, NoiseInvariantNetwork) else module, folder)


def query_table(
    encoder: CompactEncoder,
    store: ClipStore,
    wordings: dict[str, list[str]],
    texts: Sequence[str],
) -> QueryTable:
    """Vectors of all wordings and all clips in the encoder's space."""
    vectors = dict(zip(texts, encoder.encode_text(texts), strict=True))
    rate = store.low_hz
    examples = [
        encoder.encode_audio(_enough(store.audio(i, sample_rate=rate), rate), sample_rate=rate)
        for i in range(len(store.clips))
    ]
    return QueryTable(wordings, vectors, examples=np.stack(examples))


def _enough(audio: np.ndarray[Any, Any], rate: int) -> np.ndarray[Any, Any]:
    """At most 5 s, as ``(1, samples)``."""
    return audio[None, : 5 * rate]


def _joint(
    recipe: Recipe,
    store: ClipStore,
    train: Sequence[int],
    wordings: dict[str, list[str]],
    texts: Sequence[str],
) -> Task:
    from lass.query.compact import TextEncoder

    encoder = TextEncoder(model_folder(recipe.encoder))
    vectors = dict(zip(texts, encoder(texts).numpy(), strict=True))
    table = QueryTable(wordings, vectors)
    sampler = MixtureSampler(store, train, table, recipe.mixtures, seed=recipe.run.seed)
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
