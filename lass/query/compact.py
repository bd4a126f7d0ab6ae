"""The encoder that ships: words and recordings in one small space, offline, on a CPU."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from lass.errors import QueryError
from lass.networks import build
from lass.query.base import Encoder, stated
from lass.query.cache import TextCache
from lass.query.padding import batches, padded
from lass.query.prompts import AS_TYPED
from lass.zoo.packing import unpack

__all__ = ["CompactEncoder", "TextEncoder"]

_MAX_TOKENS = 128
_BATCH = 64  # texts; more are not faster on a CPU
_TOWER_HZ = 16000


class TextEncoder:
    """Words to a unit vector of the text teacher's space.

    Args:
        folder: holds ``text.safetensors`` and ``tokenizer.json``.
        tower: shape of the network where it is not the usual one.
    """

    def __init__(self, folder: Path, *, tower: Mapping[str, Any] | None = None) -> None:
        from tokenizers import Tokenizer

        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        with torch.device("meta"):
            network: Any = build({"kind": "text-tower", "tower": tower or {}})
        weights = unpack(load_file(folder / "text.safetensors"))
        network.load_state_dict(weights, assign=True)
        self._tower = network.eval()

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors ``(texts, width)``.

        Texts of similar length are computed together. A matrix product adds up in another order
        for other numbers of rows, so a text alone differs from the same text among others by
        rounding, less than 1e-6.
        """
        rows = [self._tokens(text) for text in texts]
        result = torch.zeros(len(rows), self._tower.config.width)
        for indices in batches(rows, size=_BATCH):
            tokens, mask = padded([rows[index] for index in indices], padding=0)
            with torch.inference_mode():
                result[indices] = self._tower(tokens, mask)
        return result

    def _tokens(self, text: str) -> list[int]:
        """Numbers of the word pieces, refusing scripts that the encoder never learned."""
        plain = unicodedata.normalize("NFKD", text)
        if not any(character.isascii() and character.isalnum() for character in plain):
            raise QueryError(
                f"the query {text.strip()[:40]!r} has no word that this model knows: ask in English"
            )
        numbers: list[int] = self._tokenizer.encode(text.strip()).ids
        return numbers


class CompactEncoder(Encoder):
    """Backend ``compact``: a small text encoder, a projection, and an audio tower.

    Args:
        folder: a model folder such as ``models/compact``.
        templates: sentences that words are put into; the words as they are if None.
        cache: keeps vectors of texts; None computes them every time.
    """

    def __init__(
        self,
        folder: Path,
        *,
        templates: Sequence[str] | None = None,
        cache: TextCache | None = None,
    ) -> None:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        super().__init__(
            folder,
            space=config["space"],
            dim=config["dim"],
            licence=stated(config, "licence", "not stated"),
            templates=templates or config.get("templates", AS_TYPED),
            hashes=config.get("sha256"),
            cache=cache,
        )
        self._tower: Mapping[str, Any] = config.get("text", {})
        weights = unpack(load_file(folder / "model.safetensors"))
        self._projection = weights.pop("projection.weight")
        self._audio: Any = build(config["audio"])
        self._audio.load_state_dict({k.removeprefix("audio."): v for k, v in weights.items()})
        self._audio.eval()
        self._text: TextEncoder | None = None

    def encode_audio(self, audio: NDArray[np.float32], *, sample_rate: int) -> NDArray[np.float32]:
        """Unit vector of a recording.

        Args:
            audio: ``(channels, samples)``; channels are averaged.
            sample_rate: samples per second.

        Returns:
            float32 ``(dim,)``.
        """
        import soxr

        # The tower learned from sound at this rate only; near its upper edge any other rate would
        # look like no sound it has ever seen.
        mono = np.ascontiguousarray(audio.mean(axis=0), dtype=np.float32)
        heard = soxr.resample(mono, sample_rate, _TOWER_HZ) if sample_rate != _TOWER_HZ else mono
        wave = torch.from_numpy(heard if heard.size else np.zeros(1, np.float32))[None]
        with torch.inference_mode():
            vector: NDArray[np.float32]
            vector = self._audio.embed(wave, sample_rate=_TOWER_HZ)[0].numpy()
        return vector

    def _phrases(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of texts."""
        if self._text is None:
            self._text = TextEncoder(self.folder, tower=self._tower)
        joint = self._text(phrases) @ self._projection.T
        vectors: NDArray[np.float32] = torch.nn.functional.normalize(joint, dim=-1).numpy()
        return vectors
