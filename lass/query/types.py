"""Queries and their vectors: what every backend takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lass.errors import QueryError

__all__ = ["MAX_QUERY_CHARACTERS", "Query", "QueryEmbedding", "QueryEncoder", "as_query"]

MAX_QUERY_CHARACTERS = 1000


@dataclass(frozen=True)
class Query:
    """What somebody wants to hear: words, an example, or both.

    Args:
        text: words, or empty when only an example is given.
        example: a recording of the sound, float32 ``(channels, samples)``, or None.
        example_rate: sample rate of the example in Hz.
        example_weight: share of the example when both are given, 0…1.

    Example:
        >>> Query("dog barking").name
        'dog barking'
    """

    text: str = ""
    example: NDArray[np.float32] | None = None
    example_rate: int = 0
    example_weight: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what no model can understand."""
        text = self.text.strip()
        if not text and self.example is None:
            raise QueryError(
                'the query is empty: say what you want to hear, for instance "violin", or give '
                "an example recording"
            )
        if len(text) > MAX_QUERY_CHARACTERS:
            raise QueryError(
                f"the query has {len(text)} characters: at most {MAX_QUERY_CHARACTERS} are read; "
                "name one sound in a few words"
            )
        if text and not any(character.isalnum() for character in text):
            raise QueryError(
                f"the query {text[:20]!r} has no letter or digit: name the sound in words"
            )
        if self.example is not None and (self.example.ndim != 2 or self.example.shape[-1] == 0):
            raise QueryError(
                f"the example has shape {self.example.shape}: expected (channels, samples) with "
                "at least one sample"
            )

    @property
    def name(self) -> str:
        """The words, or ``example`` where there are none."""
        return self.text.strip() or "example"


@dataclass(frozen=True)
class QueryEmbedding:
    """A unit vector with the name of the space it lives in.

    Args:
        vector: float32 ``(dim,)``.
        space: name of the space, such as ``compact-v1``; vectors of two spaces never mix.
    """

    vector: NDArray[np.float32]
    space: str

    def check_space(self, space: str) -> None:
        """Raise a :class:`QueryError` unless this vector lives in ``space``."""
        if self.space != space:
            raise QueryError(
                f"the query lives in the space {self.space!r}, the model understands {space!r}: "
                "encode the query with the model's own encoder"
            )


@runtime_checkable
class QueryEncoder(Protocol):
    """A backend: turns words and recordings into vectors of one space."""

    space: str
    dim: int

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors ``(texts, dim)``."""
        ...

    def encode_audio(self, audio: NDArray[np.float32], *, sample_rate: int) -> NDArray[np.float32]:
        """Unit vector ``(dim,)`` of a recording ``(channels, samples)``."""
        ...

    def encode(self, query: Query) -> QueryEmbedding:
        """Vector of a query with words, an example, or both."""
        ...


def as_query(query: Query | str) -> Query:
    """A query from words; queries pass through."""
    return Query(query) if isinstance(query, str) else query
