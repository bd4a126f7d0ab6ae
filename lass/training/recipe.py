"""Recipes: a training run as a TOML file, checked entry by entry."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from lass.data import MixtureConfig
from lass.errors import ConfigError
from lass.networks.registry import config_from_dict

__all__ = ["NoiseConfig", "OptimiserConfig", "Recipe", "RunConfig", "load_recipe"]


@dataclass(frozen=True)
class RunConfig:
    """Length and bookkeeping of a run.

    The learning rate follows the share of the run that is done: of ``steps`` if they are given,
    else of ``minutes`` of training time (kept over interruptions).

    Args:
        seed: base of all randomness.
        steps: number of optimiser steps, or 0 to go by time.
        minutes: training time if ``steps`` is 0.
        precision: Fabric's name of the arithmetic, such as ``bf16-mixed`` or ``32-true``.
        checkpoint_minutes: time between checkpoints.
        log_every: steps between rows of the log.
        workers: processes that make batches.
    """

    seed: int = 0
    steps: int = 0
    minutes: float = 60.0
    precision: str = "bf16-mixed"
    checkpoint_minutes: float = 3.0
    log_every: int = 50
    workers: int = 1


@dataclass(frozen=True)
class OptimiserConfig:
    """The optimiser and its learning rate.

    Args:
        kind: ``adamw``, or ``muon`` for convolutions with AdamW for all else.
        learning_rate: highest rate.
        warmup_steps: steps of linear rise.
        hold: share of the run at the highest rate before a cosine falls to zero.
        weight_decay: decoupled decay.
        clip_norm: largest norm of the gradient.
        average: decay of the running average of the weights that is kept as the result.
    """

    kind: Literal["adamw", "muon"] = "adamw"
    learning_rate: float = 1e-3
    warmup_steps: int = 200
    hold: float = 0.0
    weight_decay: float = 1e-2
    clip_norm: float = 5.0
    average: float = 0.998


@dataclass(frozen=True)
class NoiseConfig:
    """Noise-invariant training (:mod:`lass.training.noise`).

    Args:
        heads: number of noise heads; 0 trains without them.
        allowance: share of the mixture that the heads may take for free.
        noise_weight: weight of what they take beyond it.
    """

    heads: int = 0
    allowance: float = 0.25
    noise_weight: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """Everything that defines a run apart from where the data are.

    Args:
        task: ``separator`` or ``joint``.
        run: length and bookkeeping.
        optimiser: kind and learning rate.
        mixtures: how training sound is made.
        network: description for :func:`lass.networks.build`.
        encoder: name or folder of the query encoder (``separator`` only).
        loss: settings of the loss.
        noise: noise-invariant training (``separator`` only).
    """

    task: Literal["separator", "joint"]
    run: RunConfig = field(default_factory=RunConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    mixtures: MixtureConfig = field(default_factory=MixtureConfig)
    network: Mapping[str, Any] = field(default_factory=dict)
    encoder: str = "compact"
    loss: Mapping[str, float] = field(default_factory=dict)
    noise: NoiseConfig = field(default_factory=NoiseConfig)


def load_recipe(path: Path) -> Recipe:
    """Read a recipe.

    Args:
        path: a TOML file.

    Returns:
        The recipe.

    Raises:
        ConfigError: the file is not TOML, or an entry is unknown.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read the recipe {path}: {error}") from error
    sections: dict[str, type[Any]] = {
        "run": RunConfig,
        "optimiser": OptimiserConfig,
        "mixtures": MixtureConfig,
        "noise": NoiseConfig,
    }
    if "datasets" in table.get("mixtures", {}):
        table["mixtures"]["datasets"] = tuple(table["mixtures"]["datasets"].items())
    for name, cls in sections.items():
        if name in table:
            table[name] = config_from_dict(cls, table[name])
    if table.get("task") not in ("separator", "joint"):
        raise ConfigError(
            f"{path.name}: task is {table.get('task')!r}, expected 'separator' or 'joint'"
        )
    return config_from_dict(Recipe, table)
