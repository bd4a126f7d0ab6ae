"""Which query encoder goes with which separator, told by configurations alone.

No weights are opened here, so whoever chooses is told at once what does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lass.errors import LassError, ModelError, ModelNotFoundError
from lass.zoo.folders import (
    list_models,
    list_user_models,
    model_folder,
    read_config,
    require,
    user_models,
)

__all__ = [
    "as_transformers_saves_it",
    "check",
    "check_space",
    "encoder_config",
    "encoder_folder",
    "encoder_for",
    "pairs",
    "separator_config",
]


def check(name_or_path: str | Path = "default", *, encoder: str | Path | None = None) -> None:
    """Say at once whether :func:`load` will find a separator and an encoder that fit.

    No weights are opened or compared with their hashes.

    Args:
        name_or_path: the name of a model, or a folder.
        encoder: another encoder for the same space; the model's own if None.

    Raises:
        ModelNotFoundError: there is no such model, or its encoder is missing.
        ModelError: the model is no separator, or network and encoder do not fit.

    Example:
        >>> check("default", encoder="compact")
    """
    _matched(model_folder(name_or_path), encoder)


def pairs() -> dict[str, list[str]]:
    """Installed separators, and the encoders by which each can be asked instead of its own.

    Returns:
        Names of encoders by the separator's name: those that ship first, both sorted. A separator
        without any encoder of its space is left out.

    Example:
        >>> "default" in pairs()
        True
    """
    names = list(dict.fromkeys([*list_models(), *list_user_models()]))
    spaces = {name: space_of(model_folder(name)) for name in names}
    found: dict[str, list[str]] = {}
    for name in names:
        try:
            space, own = _matched(model_folder(name), None)
        except LassError:
            continue
        others = (other for other in names if spaces[other] == space)
        found[name] = [other for other in others if own and model_folder(other) != own]
    return found


def _matched(folder: Path, given: str | Path | None) -> tuple[str, Path | None]:
    """Space of the separator in a folder, and the folder of an encoder that was found to fit."""
    config = separator_config(folder)
    beside = encoder_for(folder, config, given)
    if beside is not None:
        check_space(folder, config, _told_space(beside, encoder_config(beside)))
    return config["space"], beside


def separator_config(folder: Path) -> dict[str, Any]:
    """Configuration of a folder that must hold a separator."""
    config = read_config(folder)
    if config.get("task") != "separation":
        raise ModelError(
            f"the model {folder.name!r} is for {config.get('task', 'something else')!r}, not for "
            "separation: choose another with --model"
        )
    require(config, folder, "network", "encoder", "space")
    return config


def encoder_for(folder: Path, config: Mapping[str, Any], given: str | Path | None) -> Path | None:
    """Folder of the encoder that was asked for, or else the model's own; None for fixed stems."""
    from lass.query.stems import STEMS_ENCODER

    if given is not None:
        return model_folder(given)
    return None if config["encoder"] == STEMS_ENCODER else encoder_folder(folder, config)


def check_space(folder: Path, config: Mapping[str, Any], space: str) -> None:
    """Refuse an encoder of another space than the separator in a folder understands."""
    if space != config["space"]:
        raise ModelError(
            f"the model {folder.name!r} understands the space {config['space']!r} but its encoder "
            f"speaks {space!r}: the two were not made for each other; give one of the model's "
            "space with --encoder"
        )


def encoder_folder(folder: Path, config: Mapping[str, Any]) -> Path:
    """Folder of the query encoder that a separator needs.

    That is the one its configuration names, beside it or among the installed models; where that is
    not there, any of the user's encoders for the same space.

    Args:
        folder: the separator's folder.
        config: its configuration.

    Returns:
        The encoder's folder.

    Raises:
        ModelNotFoundError: no encoder of that space is there.
    """
    name, space = str(config["encoder"]), config["space"]
    beside = folder.parent / name
    if beside.is_dir():
        return beside
    try:
        return model_folder(name)
    except ModelNotFoundError as error:
        for other in list_user_models():
            if space_of(user_models() / other) == space:
                return user_models() / other
        raise ModelNotFoundError(
            f"the model {folder.name!r} needs a query encoder for the space {space!r}, such as "
            f"{name!r}, and none is installed: bring one with `lass models convert FOLDER` "
            "(docs/models.md says which), or give one with --encoder"
        ) from error


def encoder_config(folder: Path) -> dict[str, Any]:
    """Configuration of a folder that must hold a query encoder."""
    from lass.query.backends import backend_of

    config = read_config(folder)
    if config.get("task") == "separation":
        raise ModelError(
            f"the model {folder.name!r} is a separator, not a query encoder: choose another"
        )
    backend = backend_of(config)
    if not as_transformers_saves_it(config):
        require(config, folder, "space", "dim", *(["audio"] if backend == "compact" else []))
    return config


def as_transformers_saves_it(config: Mapping[str, Any]) -> bool:
    """Whether a configuration is that of a folder as transformers saves it, without hashes."""
    return "task" not in config and "model_type" in config


def _told_space(folder: Path, config: Mapping[str, Any]) -> str:
    """Name of the space of the query encoder in a folder."""
    from lass.query.backends import open_backend

    if as_transformers_saves_it(config):
        return open_backend(folder, config).space
    return str(config["space"])


def space_of(folder: Path) -> str:
    """Name of the space of a query encoder; empty for everything else."""
    try:
        config = encoder_config(folder)
        known = as_transformers_saves_it(config) or config.get("task") == "query"
        return _told_space(folder, config) if known else ""
    except LassError:
        return ""
