"""Where models are: in a checkout, in an installed wheel, or wherever the user says."""

from __future__ import annotations

from pathlib import Path

from lass.errors import ModelNotFoundError

__all__ = ["list_models", "model_folder", "resources"]


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


def list_models() -> list[str]:
    """Names of the models that ship, sorted."""
    folder = resources("models")
    if not folder.is_dir():
        return []
    return sorted(path.parent.name for path in folder.glob("*/config.json"))


def model_folder(name_or_path: str | Path) -> Path:
    """Folder of a model.

    Args:
        name_or_path: the name of a shipped model, or a folder.

    Returns:
        A folder that holds ``config.json``.

    Raises:
        ModelNotFoundError: there is no such model; the message lists those there are.
    """
    text = str(name_or_path)
    shipped = resources("models", text)
    simple = text not in ("", ".", "..") and not any(mark in text for mark in "/\\")
    for folder in (shipped, Path(text)) if simple else (Path(text),):
        if (folder / "config.json").is_file():
            return folder
    names = ", ".join(list_models()) or "none"
    raise ModelNotFoundError(
        f"no model {text!r}: expected the name of a shipped model ({names}) or a folder with "
        "config.json and model.safetensors"
    )
