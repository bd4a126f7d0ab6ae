"""Where models are: those that ship, those the user brought, and folders anywhere.

A name means a shipped model first, then one of the user's, then a folder of that name right here.
What ships is never hidden by something else of its name.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from lass.errors import ConfigError, ModelNotFoundError
from lass.places import data_folder

__all__ = [
    "destination",
    "home",
    "list_models",
    "list_user_models",
    "model_folder",
    "read_config",
    "require",
    "resources",
    "user_models",
]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def resources(*parts: str) -> Path:
    """Path of something that travels with the package, in a checkout and in a wheel alike.

    Args:
        parts: path below the project's top level, such as ``"models", "default"``.

    Returns:
        The path, whether it exists or not.

    Example:
        >>> resources("models").name
        'models'
    """
    package = Path(__file__).resolve().parent.parent
    inside = package / "_resources"
    return (inside if inside.is_dir() else package.parent).joinpath(*parts)


def home() -> Path:
    """The user's own folder of models and downloads; see :mod:`lass.places`.

    Returns:
        The path, whether it exists or not.

    Raises:
        ConfigError: there is no ``LASS_HOME`` and the user has no home folder.
    """
    return data_folder()


def user_models() -> Path:
    """Folder of the models that the user brought, whether it exists or not."""
    return home() / "models"


def list_models() -> list[str]:
    """Names of the models that ship, sorted."""
    return _names(resources("models"))


def list_user_models() -> list[str]:
    """Names of the models that the user brought, sorted; also those that a shipped one hides."""
    return _names(user_models())


def model_folder(name_or_path: str | Path) -> Path:
    """Folder of a model.

    Args:
        name_or_path: the name of a shipped model or of one of the user's, or a folder.

    Returns:
        A folder that holds ``config.json``.

    Raises:
        ModelNotFoundError: there is no such model; the message lists those there are.
    """
    text = str(name_or_path)
    simple = text not in ("", ".", "..") and not any(mark in text for mark in "/\\\0")
    places = [Path(text)]
    if simple:
        places = [resources("models", text), user_models() / text, *places]
    for folder in places:
        if _has_config(folder):
            return folder
    names = ", ".join([*list_models(), *list_user_models()]) or "none"
    from lass.zoo.published import list_published

    if text in (entry.name for entry in list_published()):
        raise ModelNotFoundError(
            f"no model {text!r} is here: run `lass models pull {text}` on a connected machine "
            f"(docs/models.md), or give one of {names}"
        )
    raise ModelNotFoundError(
        f"no model {text!r}: expected the name of a model ({names}) or a folder with "
        "config.json and model.safetensors"
    )


def read_config(folder: Path) -> dict[str, Any]:
    """The folder's ``config.json``, which must be a table.

    Raises:
        ConfigError: the file is not JSON or not a table.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"cannot read {folder / 'config.json'}: {error}") from error
    if not isinstance(config, dict):
        raise ConfigError(f"{folder / 'config.json'} holds no table")
    return config


def require(config: dict[str, Any], folder: Path, *keys: str) -> None:
    """Check that a configuration has what loading needs.

    Raises:
        ConfigError: an entry is missing.
    """
    for key in keys:
        if key not in config:
            raise ConfigError(
                f"{folder / 'config.json'} has no entry {key!r}: install the model again"
            )


def destination(name_or_path: str | Path) -> Path:
    """Where a new model of the user's goes.

    Args:
        name_or_path: a plain name, for the user's own folder of models, or a path.

    Returns:
        The folder, whether it exists or not.

    Raises:
        ConfigError: the name is no name, or a model that ships has it.
    """
    text = str(name_or_path)
    if text.startswith((".", "~")) or any(mark in text for mark in "/\\"):
        return Path(text).expanduser()
    if not _NAME.fullmatch(text):
        raise ConfigError(
            f"{text[:70]!r} is no name for a model: use letters, digits, '-', '_' and '.', at "
            "most 64, or give a path such as ./folder"
        )
    if _has_config(resources("models", text)):
        raise ConfigError(f"a model named {text!r} ships with lass: choose another name")
    return user_models() / text


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    found = (path.parent.name for path in folder.glob("*/config.json"))
    return sorted(name for name in found if not name.startswith("."))


def _has_config(folder: Path) -> bool:
    try:
        return (folder / "config.json").is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False
