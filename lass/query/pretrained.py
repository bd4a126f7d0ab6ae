"""Encoders of other people, from a local folder: configuration, weights, words to numbers.

Two layouts are read. A folder as `transformers` saves it: ``config.json``, ``model.safetensors``
(or ``pytorch_model.bin``) and ``tokenizer.json``. Or a model folder of ours, whose ``config.json``
holds the former's under ``transformers`` beside space, licence and hashes. Nothing is downloaded,
and nothing in the files is executed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lass.errors import ModelError
from lass.query.padding import batches, padded

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "Pretrained",
    "Tokens",
    "fill_network",
    "network_class",
    "open_network",
    "refuse_broken",
    "text_vectors",
]

_BATCH = 64  # sentences

_BROKEN = {
    "larger_clap_music": "its text tower is broken in transformers, and words would mean nothing; "
    "use laion/larger_clap_music_and_speech or laion/larger_clap_general",
}
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
        except (OSError, ValueError) as error:
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

    def weights(self) -> dict[str, Any]:
        """The weights by name, as float32 tensors on the CPU.

        Raises:
            ModelError: there are none, or they cannot be read without running code from the file.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        safe, pickled = self.folder / "model.safetensors", self.folder / "pytorch_model.bin"
        if not (safe.is_file() or pickled.is_file()):
            raise ModelError(
                f"{self.folder} has neither model.safetensors nor pytorch_model.bin: copy the "
                "encoder's files there"
            )
        try:
            if safe.is_file():
                tensors = load_file(safe)
            else:
                tensors = torch.load(pickled, map_location="cpu", weights_only=True)
        except (SafetensorError, RuntimeError, OSError, EOFError, ValueError) as error:
            raise ModelError(
                f"the weights in {self.folder} cannot be read: {_brief(error)}"
            ) from error
        except Exception as error:  # pickle's own errors have no common base
            raise ModelError(
                f"the weights in {self.folder} hold more than numbers and are not opened: give "
                "model.safetensors"
            ) from error
        return {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}


class Tokens:
    """Texts to padded numbers.

    Args:
        folder: holds ``tokenizer.json``.
        longest: how many numbers a text may have; what follows is cut.
        padding: the number that fills up shorter texts.

    Raises:
        ModelError: the file is missing or damaged.
    """

    def __init__(self, folder: Path, *, longest: int, padding: int) -> None:
        from tokenizers import Tokenizer

        path = folder / "tokenizer.json"
        if not path.is_file():
            raise ModelError(f"{folder} has no tokenizer.json: copy the encoder's tokenizer there")
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing more particular
            raise ModelError(f"{path} cannot be read: {_brief(error)}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(longest)
        self._padding = padding

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Numbers of each text, as many as it needs."""
        return [list(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts))]

    def padded(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Tensors ``(texts, longest)``: the numbers, and 1 where they are no filling."""
        return padded(rows, padding=self._padding)


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
    for indices in batches(rows, size=_BATCH):
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
    network = model(configuration.from_dict(stored.config))
    fill_network(network, stored.weights(), folder)
    return network.eval()


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
        raise ModelError(f"transformers cannot be loaded: {_brief(error)}") from error
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise ModelError(
            f"transformers is installed but cannot be loaded ({_brief(error)}): uninstall "
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
            f"the weights in {folder} do not fit its config.json ({_brief(error)})"
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


def _brief(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
