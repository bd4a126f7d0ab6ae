"""Loading a model folder: configuration, checked weights, and the query encoder it needs.

A model folder holds ``config.json`` (what the network is, and the SHA-256 of every weight file),
``model.safetensors`` and a model card. Nothing in it is ever executed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lass.errors import ChecksumError, ConfigError, LassError, ModelError, ModelNotFoundError
from lass.zoo.folders import list_user_models, model_folder, user_models

if TYPE_CHECKING:
    from lass.networks.protocols import Network
    from lass.query import QueryEncoder

_WEIGHTS_PER_BYTE = 2
"""The tightest packing has 4 bits a weight."""
_SPARE_WEIGHTS = 1 << 16

__all__ = [
    "LoadedModel",
    "encoder_folder",
    "fill",
    "load",
    "load_encoder",
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
    from lass.query.stems import STEMS_ENCODER

    folder = model_folder(name_or_path)
    config = read_config(folder)
    if config.get("task") != "separation":
        raise ModelError(
            f"the model {folder.name!r} is for {config.get('task', 'something else')!r}, not for "
            "separation: choose another with --model"
        )
    require(config, folder, "network", "encoder", "space")
    verify(folder)
    stems = encoder is None and config["encoder"] == STEMS_ENCODER
    beside = encoder_folder(folder, config) if encoder is None and not stems else encoder
    network: Any = _built(folder, config["network"])
    fill(network, folder)
    speaking = _stems(folder, config) if beside is None else load_encoder(beside)
    if speaking.space != config["space"]:
        raise ModelError(
            f"the model {folder.name!r} understands the space {config['space']!r} but its encoder "
            f"speaks {speaking.space!r}: the two were not made for each other; give one of the "
            "model's space with --encoder"
        )
    return LoadedModel(folder.name, network.eval(), speaking, config)


def _built(folder: Path, description: Any) -> Network:  # noqa: ANN401 (whatever JSON held)
    """The network that a configuration describes, unless its weights cannot be in the file.

    Raises:
        ConfigError: it describes none, or one many times larger than the weights beside it.
    """
    from lass.networks import build

    most = _WEIGHTS_PER_BYTE * (folder / "model.safetensors").stat().st_size + _SPARE_WEIGHTS
    try:
        with _at_most(most, folder):
            network: Any = build(description)
    except (
        ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeError
    ) as error:  # fmt: skip
        raise ConfigError(
            f"{folder / 'config.json'} describes no network that can be built ({error}): install "
            "the model again"
        ) from error
    return cast("Network", network)


@contextlib.contextmanager
def _at_most(weights: int, folder: Path) -> Iterator[None]:
    """Stop a network that is being built before its weights fill the memory.

    Weights are counted as they are registered, which is before anything is written to them.
    """
    from torch.nn.modules.module import register_module_parameter_registration_hook

    builder, count = threading.get_ident(), 0

    def counting(_module: object, _name: str, weight: Any) -> None:  # noqa: ANN401
        nonlocal count
        if weight is None or threading.get_ident() != builder:
            return
        count += weight.numel()
        if count > weights:
            raise ConfigError(
                f"{folder / 'config.json'} describes a network of more than {weights} weights, "
                "which model.safetensors is too small to hold: install the model again"
            )

    hook = register_module_parameter_registration_hook(counting)
    try:
        yield
    finally:
        hook.remove()


def _stems(folder: Path, config: dict[str, Any]) -> QueryEncoder:
    """What asks a separator with fixed stems, by their names."""
    from lass.query.stems import StemEncoder

    require(config, folder, "stems")
    names = config["stems"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{folder / 'config.json'} has no list of names under 'stems'")
    return StemEncoder(names, space=str(config["space"]))


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
            if _space_of(user_models() / other) == space:
                return user_models() / other
        raise ModelNotFoundError(
            f"the model {folder.name!r} needs a query encoder for the space {space!r}, such as "
            f"{name!r}, and none is installed: bring one with `lass models convert FOLDER` "
            "(docs/models.md says which), or give one with --encoder"
        ) from error


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
    folder = model_folder(name_or_path)
    config = read_config(folder)
    if config.get("task") == "separation":
        raise ModelError(
            f"the model {folder.name!r} is a separator, not a query encoder: choose another"
        )
    from lass.query.backends import backend_of, open_backend

    if not _as_transformers_saves_it(config):  # whose folders state no hashes
        backend = backend_of(config)
        require(config, folder, "space", "dim", *(["audio"] if backend == "compact" else []))
        verify(folder)
    return open_backend(folder, config)


def _as_transformers_saves_it(config: Mapping[str, Any]) -> bool:
    return "task" not in config and "model_type" in config


def _space_of(folder: Path) -> str:
    """Name of the space of a query encoder; empty for everything else."""
    from lass.query.backends import open_backend

    try:
        config = read_config(folder)
        if _as_transformers_saves_it(config):
            return open_backend(folder, config).space
    except LassError:
        return ""
    return str(config.get("space", "")) if config.get("task") == "query" else ""


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

    from lass.zoo.packing import unpack

    try:
        network.load_state_dict(unpack(load_file(folder / "model.safetensors")))
    except (RuntimeError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise ModelError(
            f"the weights in {folder} do not fit its config.json ({reason}): install the model "
            "again"
        ) from error
