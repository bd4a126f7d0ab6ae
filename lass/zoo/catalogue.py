"""What is known of a model: the rows of `lass models list`, without opening any weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lass.errors import LassError
from lass.zoo import folders
from lass.zoo.folders import list_models, list_user_models, user_models
from lass.zoo.loading import read_config
from lass.zoo.published import NOT_STATED, Published

__all__ = ["describe", "describe_all", "describe_published", "measured"]

HEADLINE = "esc50-fold5"
"""The list whose SDRi stands for a model where there is room for one number."""

_RATES = {"resunet30": 32000, "clipsep": 16000}  # where a configuration does not say


def describe(folder: Path, *, shipped: bool | None = None) -> dict[str, Any]:
    """What a model is, and what may be done with it.

    Args:
        folder: a model folder.
        shipped: whether it ships; found out if None.

    Returns:
        ``name``, ``path``, ``shipped``, ``hidden`` (a shipped model has its name), ``task``,
        ``space``, ``encoder``, ``rate`` in Hz (None: any), ``megabytes``, ``licences`` of
        ``code``, ``weights`` and ``data``, ``who`` made each of these, ``sha256``, and ``sdri`` in
        dB on the list ``esc50-fold5`` (None: not measured).

    Raises:
        ConfigError: the configuration cannot be read.
    """
    config = read_config(folder)
    if shipped is None:
        shipped = folder.resolve().parent == folders.resources("models").resolve()
    hashes = _table(config, "sha256")
    return {
        "name": folder.name,
        "path": str(folder),
        "shipped": shipped,
        "hidden": not shipped and folder.parent == user_models() and folder.name in list_models(),
        "task": str(config.get("task", "query" if "model_type" in config else "")),
        "space": str(config.get("space", "")),
        "encoder": str(config.get("encoder", "")),
        "rate": _rate(config),
        "megabytes": round(_bytes(folder) / 1e6, 1),
        "licences": _licences(config, shipped=shipped),
        "who": _who(config),
        "sha256": str(hashes.get("model.safetensors", "")),
        "sdri": measured(config).get(HEADLINE),
    }


def describe_all() -> tuple[list[dict[str, Any]], list[LassError]]:
    """All models, those that ship first.

    Returns:
        A row for each model, and an error for each folder whose configuration cannot be read.
    """
    places = [(folders.resources("models", name), True) for name in list_models()]
    places += [(user_models() / name, False) for name in list_user_models()]
    rows: list[dict[str, Any]] = []
    errors: list[LassError] = []
    for folder, shipped in places:
        try:
            rows.append(describe(folder, shipped=shipped))
        except LassError as error:
            errors.append(error)
    return rows, errors


def describe_published(entry: Published) -> dict[str, Any]:
    """The same of a model that is published and not here, as far as it is known."""
    return {
        "name": entry.name,
        "title": entry.title,
        "task": "separation",
        "space": entry.space,
        "encoder": entry.encoder,
        "rate": _RATES[entry.network],
        "megabytes": round(entry.size_gb * 1000) or None,
        "licences": entry.licences,
        "sha256": entry.sha256,
        "page": entry.page,
        "paper": entry.paper,
        "pull": bool(entry.urls),
    }


def measured(config: Mapping[str, Any]) -> dict[str, float]:
    """SDR improvement in dB on each list on which these very weights were measured.

    Args:
        config: a separator's configuration.

    Returns:
        The mean by the list's name; empty where the stored results do not travel along.
    """
    digest = _table(config, "sha256").get("model.safetensors")
    found: dict[str, float] = {}
    if config.get("task") != "separation" or not digest:
        return found
    for path in sorted(folders.resources("eval", "results").glob("*.json")):
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            if held["extra"]["model_sha256"] == digest:
                mean = held["summary"]["sdr_improvement"]["mean"]
                found[str(held["protocol"]["name"])] = round(float(mean), 2)
        except (OSError, ValueError, KeyError, TypeError):
            continue  # another kind of file, or a list without this measure
    return found


def _table(config: Mapping[str, Any], key: str) -> dict[str, Any]:
    held = config.get(key)
    return held if isinstance(held, dict) else {}


def _rate(config: Mapping[str, Any]) -> int | None:
    network = _table(config, "network")
    rate = _table(network, "core").get("sample_rate", _RATES.get(str(network.get("kind"))))
    return rate if isinstance(rate, int) else None


def _licences(config: Mapping[str, Any], *, shipped: bool) -> dict[str, str]:
    """Licences of code, weights and data: stated, or the one of the folder, or not stated."""
    stated, whole = _table(config, "licences"), config.get("licence")
    usual = {
        "code": "Apache-2.0" if shipped else NOT_STATED,
        "weights": str(whole or NOT_STATED),
        "data": "see its card" if shipped else NOT_STATED,
    }
    return {key: _entry(stated.get(key), "licence") or value for key, value in usual.items()}


def _who(config: Mapping[str, Any]) -> dict[str, str]:
    """Who made code, weights and data: stated, or where a checkpoint came from."""
    stated = _table(config, "licences")
    source = config.get("source")
    title = _entry(source, "title") if isinstance(source, dict) else str(source or "")
    usual = {"code": title, "weights": title, "data": ""}
    return {
        key: _entry(stated.get(key), "who", told=False) or value or NOT_STATED
        for key, value in usual.items()
    }


def _entry(held: object, key: str, *, told: bool = True) -> str:
    """An entry of a table; a text alone is that entry where ``told``."""
    if isinstance(held, dict):
        return str(held.get(key) or "")
    return held if isinstance(held, str) and told else ""


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
