"""Encoders of other people, from a local folder: configuration, weights, words to numbers.

Two layouts are read. A folder as `transformers` saves it: ``config.json``, ``model.safetensors``
(or ``pytorch_model.bin``) and ``tokenizer.json``. Or a model folder of ours, whose ``config.json``
holds the former's under ``transformers`` beside space, licence and hashes. Nothing is downloaded,
and nothing in the files is executed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lass.bounds import built
from lass.errors import ConfigError, LassError, ModelError, brief
from lass.query.tokens import Tokens, batches

__all__ = [
    "Pretrained",
    "encoding",
    "fill_network",
    "network_class",
    "open_network",
    "refuse_broken",
    "text_vectors",
]

_BROKEN = {
    "larger_clap_music": "its text tower is broken in transformers, and words would mean nothing; "
    "use laion/larger_clap_music_and_speech or laion/larger_clap_general",
}
_LARGEST = 1_000_000  # of all numbers in a configuration; the words of a vocabulary come nearest
_DEEPEST = 1000  # layers
# Entries that make transformers look for code: attention as programs from the network, and such.
_FETCHING = ("attn_implementation", "auto_map", "experts_implementation", "quantization_config")
# Tables that follow from the configuration; whether files hold them has changed over the years.
_DERIVED = ("position_ids", "token_type_ids", "relative_position_index")


@dataclass(frozen=True)
class Pretrained:
    """A folder with a foreign encoder.

    Args:
        folder: where its files are.
        own: our entries: ``space``, ``licence``, ``source``, ``templates``, ``sha256`` and others;
            empty in a folder as transformers saves it.
        config: the configuration that transformers understands.
    """

    folder: Path
    own: dict[str, Any]
    config: dict[str, Any]

    @classmethod
    def read(cls, folder: Path, *, kind: str) -> Pretrained:
        """Read a folder's configuration.

        Args:
            folder: in either layout.
            kind: the ``model_type`` that is expected, ``clap`` or ``clip``.

        Returns:
            The folder, checked.

        Raises:
            ModelError: it is no such encoder, or is known to be broken.
        """
        try:
            table = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise ModelError(f"cannot read {folder / 'config.json'}: {error}") from error
        own = table if isinstance(table, dict) and "transformers" in table else {}
        config = own.get("transformers", table)
        found = config.get("model_type") if isinstance(config, dict) else None
        if found != kind:
            raise ModelError(
                f"{folder} holds a model of the kind {found!r}, expected {kind!r}: give the folder "
                "of another encoder"
            )
        refuse_broken(folder, own.get("source"), config.get("_name_or_path"))
        return cls(folder, own, config)

    @property
    def published_name(self) -> str:
        """Last part of the name under which the weights were published, as far as it is known."""
        source = self.own.get("source") or self.config.get("_name_or_path") or self.folder.name
        return str(source).rstrip("/").rsplit("/", 1)[-1]

    def number(self, key: str, default: int, *, section: str = "") -> int:
        """A whole number of the configuration.

        Args:
            key: its name.
            default: what it is where nothing is said.
            section: name of the table in which it stands; the configuration itself if empty.

        Raises:
            ConfigError: it is no such number, or beyond all bounds.
        """
        table = self.config.get(section) if section else self.config
        value = table.get(key, default) if isinstance(table, dict) else default
        broken = table is not None and not isinstance(table, dict)
        if broken or type(value) is not int or not 0 <= value <= _LARGEST:
            raise ConfigError(
                f"{self.folder / 'config.json'} says {str(table if broken else value)[:20]!r} "
                f"where {section or key} stands: copy the published file there"
            )
        return value

    def weights_file(self) -> Path:
        """Where the weights are.

        Raises:
            ModelError: there are none.
        """
        for name in ("model.safetensors", "pytorch_model.bin"):
            if (self.folder / name).is_file():
                return self.folder / name
        raise ModelError(
            f"{self.folder} has neither model.safetensors nor pytorch_model.bin: copy the "
            "encoder's files there"
        )

    def weights(self) -> dict[str, Any]:
        """The weights by name, as float32 tensors on the CPU.

        Raises:
            ModelError: there are none, or they cannot be read without running code from the file.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        path = self.weights_file()
        try:
            if path.suffix == ".safetensors":
                tensors = load_file(path)
            else:
                tensors = torch.load(path, map_location="cpu", weights_only=True)
        except (SafetensorError, RuntimeError, OSError, EOFError, ValueError) as error:
            raise ModelError(
                f"the weights in {self.folder} cannot be read: {brief(error)}"
            ) from error
        except Exception as error:  # pickle's own errors have no common base
            raise ModelError(
                f"the weights in {self.folder} hold more than numbers and are not opened: give "
                "model.safetensors"
            ) from error
        return {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}


def text_vectors(
    network: Any,  # noqa: ANN401 (a model of transformers)
    tokens: Tokens,
    rows: Sequence[Sequence[int]],
    *,
    dim: int,
) -> NDArray[np.float32]:
    """Vectors of sentences as a network gives them.

    Args:
        network: a model of transformers with ``get_text_features``.
        tokens: what made the rows.
        rows: numbers of each sentence's tokens.
        dim: width of a vector.

    Returns:
        float32 ``(rows, dim)``.
    """
    import torch

    result = np.zeros((len(rows), dim), np.float32)
    for indices in batches(rows):
        numbers, mask = tokens.padded([rows[index] for index in indices])
        with torch.inference_mode():
            told = network.get_text_features(input_ids=numbers, attention_mask=mask)
        result[indices] = told.pooler_output.numpy()
    return result


def open_network(stored: Pretrained, folder: Path, name: str) -> Any:  # noqa: ANN401
    """A model of transformers with its weights, in evaluation mode.

    Args:
        stored: what lies in the folder.
        folder: where it lies.
        name: how its classes begin, ``Clap`` or ``CLIP``.

    Raises:
        ModelError: transformers is missing, or the weights do not fit.
    """
    family = name.lower()
    model = network_class(f"models.{family}.modeling_{family}", f"{name}Model")
    configuration = network_class(f"models.{family}.configuration_{family}", f"{name}Config")
    told = _safe(stored.config, folder)
    network = built(lambda: model(configuration.from_dict(told)), weights=stored.weights_file())
    fill_network(network, stored.weights(), folder)
    return network.eval()


@contextmanager
def encoding(folder: Path) -> Iterator[None]:
    """Blame the files for whatever goes wrong while a network of others encodes something.

    Args:
        folder: where the files are.

    Raises:
        ModelError: something went wrong.
    """
    try:
        yield
    except LassError:
        raise
    except Exception as error:  # those of torch and transformers have no base of their own
        raise ModelError(
            f"the encoder in {folder} fails ({brief(error)}): its config.json is not that of its "
            "weights; copy the published files there"
        ) from error


def _safe(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A configuration without what would fetch something, or make tables beyond all bounds."""
    kept = {}
    for name, value in config.items():
        if isinstance(value, dict):
            kept[name] = _safe(value, folder)
        elif not name.strip("_").startswith(_FETCHING):
            most = _DEEPEST if name in ("depths", "num_hidden_layers") else _LARGEST
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, int | float) and not abs(one) <= most:
                    raise ConfigError(
                        f"{folder / 'config.json'} says {name} is {str(one)[:20]}: no encoder that "
                        "is known is that large; copy the published file there"
                    )
            kept[name] = value
    return kept


def network_class(module: str, name: str) -> Any:  # noqa: ANN401 (a class without types)
    """A class of transformers, or one sentence on what is missing.

    Raises:
        ModelError: transformers is not installed, or cannot be loaded.
    """
    from importlib import import_module

    try:
        return getattr(import_module(f"transformers.{module}"), name)
    except ModuleNotFoundError as error:
        if error.name == "transformers":
            raise ModelError(
                "this encoder needs transformers, which is not installed: "
                'pip install "lass[clap]", or use the model default'
            ) from error
        raise ModelError(f"transformers cannot be loaded: {brief(error)}") from error
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise ModelError(
            f"transformers is installed but cannot be loaded ({brief(error)}): uninstall "
            "torchaudio if it is there, and install transformers 5 or later"
        ) from error


def fill_network(network: Any, tensors: dict[str, Any], folder: Path) -> None:  # noqa: ANN401
    """Load weights into a network, all of them and no others.

    Args:
        network: a module of transformers; its weights are replaced.
        tensors: weights by name.
        folder: for the message.

    Raises:
        ModelError: the weights do not fit.
    """
    try:
        result = network.load_state_dict(tensors, strict=False)
    except RuntimeError as error:
        raise ModelError(
            f"the weights in {folder} do not fit its config.json ({brief(error)})"
        ) from error
    for names, wrong in ((result.missing_keys, "lack"), (result.unexpected_keys, "have also")):
        left = [name for name in names if not name.endswith(_DERIVED)]
        if left:
            raise ModelError(
                f"the weights in {folder} do not fit its config.json: they {wrong} {left[0]} and "
                f"{len(left) - 1} more"
            )


def refuse_broken(folder: Path, *names: object) -> None:
    """Refuse weights that are known to be broken.

    Args:
        folder: where they are.
        names: what they are called elsewhere.

    Raises:
        ModelError: with the reason.
    """
    for name in (folder.name, *names):
        short = str(name or "").rstrip("/").rsplit("/", 1)[-1]
        if short in _BROKEN:
            raise ModelError(f"laion/{short} is refused: {_BROKEN[short]}")
