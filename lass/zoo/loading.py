"""Loading a model folder: configuration, checked weights, and the query encoder it needs.

A model folder holds ``config.json`` (what the network is, and the SHA-256 of every weight file),
``model.safetensors`` and a model card. Nothing in it is ever executed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lass.bounds import built
from lass.errors import ChecksumError, ConfigError, ModelError, brief
from lass.zoo.fitting import (
    as_transformers_saves_it,
    check_space,
    encoder_config,
    encoder_folder,
    encoder_for,
    separator_config,
)
from lass.zoo.folders import model_folder, read_config, require

if TYPE_CHECKING:
    from lass.networks.protocols import Network
    from lass.query import QueryEncoder

__all__ = [
    "LoadedModel",
    "encoder_folder",
    "fill",
    "load",
    "load_encoder",
    "network_of",
    "read_config",
    "save_model",
    "verify",
]


@dataclass
class LoadedModel:
    """A separator's network with what is needed to ask it.

    Args:
        name: folder name.
        network: in evaluation mode.
        encoder: turns queries into vectors of the network's space.
        config: the folder's ``config.json``.
    """

    name: str
    network: Network
    encoder: QueryEncoder
    config: dict[str, Any]

    def to(self, device: str) -> None:
        """Move the network to a device."""
        network: Any = self.network
        network.to(device)


def verify(folder: Path) -> None:
    """Compare every weight file with the SHA-256 that the configuration states.

    Args:
        folder: a model folder.

    Raises:
        ChecksumError: no hash is stated, or a file is missing or is not the published one.
    """
    hashes = read_config(folder).get("sha256", {})
    if not isinstance(hashes, dict) or not isinstance(hashes.get("model.safetensors"), str):
        raise ChecksumError(
            f"{folder / 'config.json'} states no SHA-256 of model.safetensors: install the model "
            "again"
        )
    for name, expected in hashes.items():
        path = folder / Path(name).name
        if not path.is_file():
            raise ChecksumError(
                f"model file {path} is missing: install the model again, or give another with "
                "--model"
            )
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise ChecksumError(
                f"model file {path} is not the published one (SHA-256 {found[:12]}…, expected "
                f"{str(expected)[:12]}…): it is damaged or was changed; install the model again"
            )


def load(name_or_path: str | Path = "default", *, encoder: str | Path | None = None) -> LoadedModel:
    """Load a separator and its query encoder.

    Args:
        name_or_path: the name of a model, or a folder.
        encoder: another encoder for the same space; the model's own if None.

    Returns:
        The model, on the CPU, ready to run.

    Raises:
        ModelNotFoundError: there is no such model, or its encoder is missing.
        ChecksumError: a file is not the published one.
        ModelError: the model is no separator, or network and encoder do not fit.
    """
    folder = model_folder(name_or_path)
    config = separator_config(folder)
    verify(folder)
    beside = encoder_for(folder, config, encoder)
    network = network_of(folder, config)
    speaking = _stems(folder, config) if beside is None else load_encoder(beside)
    check_space(folder, config, speaking.space)
    return LoadedModel(folder.name, network.eval(), speaking, config)


def network_of(folder: Path, config: dict[str, Any]) -> Any:  # noqa: ANN401 (any module)
    """Build a model's network and fill it with the folder's weights.

    Args:
        folder: a model folder, verified.
        config: its configuration, with an entry ``network``.

    Returns:
        The module, as built: not in evaluation mode.

    Raises:
        ConfigError: the network is unknown, or larger than the weights could fill.
        ModelError: the weights do not fit.
    """
    from lass.networks import build

    network: Any = built(lambda: build(config["network"]), weights=folder / "model.safetensors")
    fill(network, folder)
    return network


def _stems(folder: Path, config: dict[str, Any]) -> QueryEncoder:
    """What asks a separator with fixed stems, by their names."""
    from lass.query.stems import StemEncoder

    require(config, folder, "stems")
    names = config["stems"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{folder / 'config.json'} has no list of names under 'stems'")
    return StemEncoder(names, space=str(config["space"]))


def load_encoder(name_or_path: str | Path = "compact") -> QueryEncoder:
    """Load a query encoder.

    Args:
        name_or_path: the name of an encoder, or a folder.

    Returns:
        The encoder.

    Raises:
        ModelNotFoundError: there is no such model.
        ChecksumError: a file is not the published one.
        ModelError: it is no encoder.
    """
    from lass.query.backends import open_backend

    folder = model_folder(name_or_path)
    config = encoder_config(folder)
    if not as_transformers_saves_it(config):  # whose folders state no hashes
        verify(folder)
    return open_backend(folder, config)


def save_model(
    folder: Path, tensors: dict[str, Any], config: dict[str, Any], *, files: tuple[str, ...] = ()
) -> None:
    """Write ``model.safetensors`` and ``config.json`` with the SHA-256 of all weight files.

    Args:
        folder: the model folder.
        tensors: what goes into ``model.safetensors``.
        config: the configuration without hashes.
        files: names of further weight files in the folder to vouch for.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)  # safetensors leaves it readable by its maker only
    hashes = {}
    for name in ("model.safetensors", *files):
        with (folder / name).open("rb") as file:
            hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
    text = json.dumps({**config, "sha256": hashes}, indent=2)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")


def fill(network: Any, folder: Path) -> None:  # noqa: ANN401 (any module)
    """Load a folder's weights into a network of the same shape.

    Args:
        network: a module; its weights are replaced.
        folder: a model folder.

    Raises:
        ModelError: the weights do not fit.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from lass.packing import unpack

    try:
        network.load_state_dict(unpack(load_file(folder / "model.safetensors")))
    except (RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"the weights in {folder} do not fit its config.json ({brief(error)}): install the "
            "model again"
        ) from error
