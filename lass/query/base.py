"""What all backends share: prompts, the cache of texts, and the algebra of queries."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lass.errors import QueryError
from lass.query.algebra import combine, embed
from lass.query.cache import TextCache
from lass.query.prompts import AS_TYPED, check_templates, fill
from lass.query.types import Query, QueryEmbedding

__all__ = ["Encoder"]

_FORMAT = "1"  # changes whenever the same weights and words would give another vector


class Encoder(ABC):
    """A backend with templates and, if wanted, a cache.

    Args:
        folder: where its files are.
        space: name of its space.
        dim: width of its vectors.
        normalised: whether its vectors have length 1.
        licence: of the weights; ``not stated`` where nobody says.
        templates: sentences that words are put into; the vectors of all are averaged.
        cache: keeps vectors of texts; None computes them every time.
    """

    files: Sequence[str] = ("config.json", "model.safetensors", "tokenizer.json")
    """What decides about a text's vector, where the configuration states no hashes."""

    def __init__(
        self,
        folder: Path,
        *,
        space: str,
        dim: int,
        normalised: bool = True,
        licence: str = "not stated",
        templates: Sequence[str] = AS_TYPED,
        hashes: Mapping[str, str] | None = None,
        cache: TextCache | None = None,
    ) -> None:
        self.folder = folder
        self.space = space
        self.dim = dim
        self.normalised = normalised
        self.licence = licence
        self.templates = check_templates(templates)
        self.cache = cache
        self._hashes = dict(hashes or {})

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that decides about the vector of a text, but for the templates."""
        hashes = self._hashes or {
            name: _file_hash(self.folder / name)
            for name in self.files
            if (self.folder / name).is_file()
        }
        told = json.dumps([_FORMAT, type(self).__name__, self.normalised, hashes], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts, from the cache where they are in it.

        Args:
            texts: what to listen for.

        Returns:
            float32 ``(texts, dim)``.

        Raises:
            QueryError: a text cannot be understood.
        """
        result = np.zeros((len(texts), self.dim), np.float32)
        unknown: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            found = None if self.cache is None else self.cache.get(self._key(text), dim=self.dim)
            if found is None:
                unknown.setdefault(text.strip(), []).append(row)
            else:
                result[row] = found
        for text, vector in zip(unknown, self._prompted(list(unknown)), strict=True):
            result[unknown[text]] = vector
            if self.cache is not None:
                self.cache.put(self._key(text), vector)
        return result

    def encode_audio(self, audio: NDArray[np.float32], *, sample_rate: int) -> NDArray[np.float32]:
        """Vector of a recording.

        Args:
            audio: float32 ``(channels, samples)``; channels are averaged.
            sample_rate: in Hz.

        Returns:
            float32 ``(dim,)``.

        Raises:
            QueryError: the backend does not hear.
        """
        raise QueryError(
            f"the encoder of the space {self.space!r} does not understand recordings: ask by words"
        )

    def encode(self, query: Query) -> QueryEmbedding:
        """Vector of a query and of all that it is made of."""
        return embed(query, self)

    @abstractmethod
    def _phrases(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Vectors ``(phrases, dim)`` of whole sentences, at least one."""

    def _prompted(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts, each the mean over the templates; a repeated template counts twice."""
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        templates = list(dict.fromkeys(self.templates))
        counts = [self.templates.count(template) for template in templates]
        filled = [fill(template, text) for text in texts for template in templates]
        vectors = self._phrases(filled).reshape(len(texts), len(templates), self.dim)
        if len(templates) == 1:
            return vectors[:, 0]
        return np.stack([combine(list(v), counts, normalised=self.normalised) for v in vectors])

    def _key(self, text: str) -> str:
        return TextCache.key(self.fingerprint, *self.templates, text.strip())


def stated(config: Mapping[str, Any], key: str, default: str) -> str:
    """An entry of a configuration as text, or the default where it is missing."""
    value = config.get(key)
    return value if isinstance(value, str) and value else default


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
