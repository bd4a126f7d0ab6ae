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

from lass.bounds import built
from lass.errors import QueryError
from lass.networks import build
from lass.networks.undrawn import Undrawn
from lass.packing import unpack
from lass.query.base import Encoder, stated
from lass.query.cache import TextCache
from lass.query.prompts import AS_TYPED
from lass.query.tokens import Tokens, batches

__all__ = ["CompactEncoder", "TextEncoder"]

_MAX_TOKENS = 128
_TOWER_HZ = 16000


class TextEncoder:
    """Words to a unit vector of the text teacher's space.

    Args:
        folder: holds ``text.safetensors`` and ``tokenizer.json``.
        tower: shape of the network where it is not the usual one.
    """

    def __init__(self, folder: Path, *, tower: Mapping[str, Any] | None = None) -> None:
        file = folder / "text.safetensors"
        with Undrawn():
            network: Any = built(
                lambda: build({"kind": "text-tower", "tower": tower or {}}), weights=file
            )
        weights = unpack(load_file(file))
        network.load_state_dict(weights, assign=True)
        self._tower = network.eval()
        known = network.config.vocabulary
        self._tokens = Tokens(folder, longest=_MAX_TOKENS, padding=0, known=known)

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors ``(texts, width)``.

        Texts of similar length are computed together. A matrix product adds up in another order
        for other numbers of rows, so a text alone differs from the same text among others by
        rounding, less than 1e-6.
        """
        rows = self._tokens([_checked(text) for text in texts])
        result = torch.zeros(len(rows), self._tower.config.width)
        for indices in batches(rows):
            tokens, mask = self._tokens.padded([rows[index] for index in indices])
            with torch.inference_mode():
                result[indices] = self._tower(tokens, mask)
        return result


def _checked(text: str) -> str:
    """A text, unless it is of a script that the encoder never learned."""
    plain = unicodedata.normalize("NFKD", text)
    if not any(character.isascii() and character.isalnum() for character in plain):
        raise QueryError(
            f"the query {text.strip()[:40]!r} has no word that this model knows: ask in English"
        )
    return text.strip()


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
        file = folder / "model.safetensors"
        weights = unpack(load_file(file))
        self._projection = weights.pop("projection.weight")
        self._audio: Any = built(lambda: build(config["audio"]), weights=file)
        self._audio.load_state_dict({k.removeprefix("audio."): v for k, v in weights.items()})
        self._audio.eval()
        self._text: TextEncoder | None = None

    @property
    def tower(self) -> Any:  # noqa: ANN401 (an audio tower)
        """The audio tower, for those who need gradients through it."""
        return self._audio

    @property
    def tower_hz(self) -> int:
        """Rate in Hz of the sound that the tower learned from."""
        return _TOWER_HZ

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
