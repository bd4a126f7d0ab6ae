"""From a query to its vector: what it is made of, by weight, and what it is not.

The same arithmetic for every backend. In a space whose vectors have length 1, every step ends on
the unit sphere; in a space of free vectors (CLIP as CLIPSep uses it) nothing is rescaled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lass.errors import QueryError
from lass.query.types import Query, QueryEmbedding, QueryEncoder

__all__ = ["combine", "embed", "embed_slots", "is_normalised", "is_silent", "push_away"]

Vector = NDArray[np.float32]

_SILENT = 1e-5  # peak below which there is nothing to hear (-100 dBFS)
_SHORTEST = 1e-6  # length below which the direction of a sum is rounding noise


def is_normalised(encoder: QueryEncoder) -> bool:
    """Whether an encoder's vectors have length 1."""
    return bool(getattr(encoder, "normalised", True))


def is_silent(audio: NDArray[np.float32]) -> bool:
    """Whether a recording of any shape holds nothing to hear: its peak is below -100 dBFS.

    Example:
        >>> is_silent(np.zeros((2, 8), np.float32)), is_silent(np.float32([[0.0, -0.5]]))
        (True, False)
    """
    return bool(np.abs(audio).max(initial=0.0) < _SILENT)


def combine(
    vectors: Sequence[Vector], weights: Sequence[float] | None = None, *, normalised: bool = True
) -> Vector:
    """Weighted mean of vectors of one space.

    Args:
        vectors: float32 ``(dim,)`` each.
        weights: from 0 up, not all 0; only their ratios count. All alike if None.
        normalised: whether the result has length 1.

    Returns:
        float32 ``(dim,)``; a single vector comes back as it was, bit for bit.

    Raises:
        QueryError: the vectors cancel each other.

    Example:
        >>> import numpy as np
        >>> combine([np.float32([1, 0]), np.float32([0, 1])], [1, 1], normalised=False)
        array([0.5, 0.5], dtype=float32)
    """
    shares = np.ones(len(vectors)) if weights is None else np.asarray(weights, np.float64)
    counted = [index for index, share in enumerate(shares) if share > 0.0]
    if len(counted) == 1:
        return vectors[counted[0]]
    chosen = np.stack([vectors[index] for index in counted]).astype(np.float64)
    # Largest first: the ratio of huge or tiny weights then never overflows.
    kept = shares[counted] / shares[counted].max()
    return _finish((kept / kept.sum()) @ chosen, normalised=normalised)


def push_away(
    vector: Vector, negatives: Sequence[Vector], weight: float, *, normalised: bool = True
) -> Vector:
    """A vector, moved away from the mean of others: ``(1 + α) q - α n``.

    Args:
        vector: float32 ``(dim,)``.
        negatives: float32 ``(dim,)`` each; none leaves the vector as it is.
        weight: α, from 0 up.
        normalised: whether the result has length 1.

    Returns:
        float32 ``(dim,)``.

    Raises:
        QueryError: nothing is left.
    """
    if not negatives or weight == 0.0:
        return vector
    away = np.mean(np.stack(negatives).astype(np.float64), axis=0)
    moved = (1.0 + weight) * vector.astype(np.float64) - weight * away
    return _finish(moved, normalised=normalised)


def embed(query: Query, encoder: QueryEncoder) -> QueryEmbedding:
    """Vector of a query in the encoder's space.

    Args:
        query: words, examples, images, saved vectors, and what is made of them.
        encoder: a backend.

    Returns:
        The vector with its space.

    Raises:
        QueryError: the encoder does not understand a part of the query, a saved part is of another
            space, or the parts cancel each other.

    Example:
        >>> from lass.zoo import load_encoder
        >>> embed(Query("voice").minus("music"), load_encoder()).vector.shape  # doctest: +SKIP
        (256,)
    """
    reader = _reader(query, encoder)
    return QueryEmbedding(reader.vector(query), encoder.space, reader.normalised)


def embed_slots(query: Query, encoder: QueryEncoder) -> QueryEmbedding:
    """Vector of a query for a model with a place of its own for what is not meant.

    Such a model was trained to be told both, and is asked by twice as many numbers: what is meant,
    and then the mean of what is not, or zeros. Their weight says only whether they count at all.
    Negatives inside a mixture of queries belong to that part alone and are pushed away from, as in
    :func:`embed`.

    Args:
        query: words, examples, images, saved vectors, and what is made of them.
        encoder: a backend.

    Returns:
        float32 ``(2 · dim,)`` with its space.

    Raises:
        QueryError: as :func:`embed`.

    Source:
        The two conditions of CLAPSep (Ma et al., 2024).
    """
    reader = _reader(query, encoder)
    meant, negatives = _taken_apart(query)
    away = [reader.vector(negative) for negative in negatives]
    beside = combine(away, normalised=reader.normalised) if away else np.zeros(encoder.dim)
    slots = np.concatenate([reader.vector(meant), beside]).astype(np.float32)
    return QueryEmbedding(slots, encoder.space, reader.normalised)


def _taken_apart(query: Query) -> tuple[Query, list[Query]]:
    """What is meant, and what is not; negatives of weight 0 count for nothing, as elsewhere."""
    negatives: list[Query] = []
    while query.negatives:
        if query.negative_weight > 0.0:
            negatives.extend(query.negatives)
        query = replace(query, negatives=())
        bare = query.parts and not (query.wordings or query.example is not None)
        if bare and len(query.parts) == 1 and query.image is None and query.embedding is None:
            query = query.parts[0][0]
    return query, negatives


def _reader(query: Query, encoder: QueryEncoder) -> _Reader:
    """What turns a query and its parts into vectors; all words are encoded in one batch."""
    words = list(dict.fromkeys(text for inner in query.walk() for text in inner.wordings))
    vectors = encoder.encode_text(words) if words else ()
    return _Reader(encoder, dict(zip(words, vectors, strict=True)), is_normalised(encoder))


@dataclass(frozen=True)
class _Reader:
    """Walks through a query; all its words are encoded already, in one batch."""

    encoder: QueryEncoder
    words: Mapping[str, Vector]
    normalised: bool

    def vector(self, query: Query) -> Vector:
        """Vector of a query with all that it is made of."""
        vectors, weights = [], []
        for part, weight in self._own(query):
            vectors.append(part)
            weights.append(weight)
        for inner, weight in query.parts:
            if weight > 0.0:
                vectors.append(self.vector(inner))
                weights.append(weight)
        positive = combine(vectors, weights, normalised=self.normalised)
        negatives = [self.vector(negative) for negative in query.negatives]
        return push_away(positive, negatives, query.negative_weight, normalised=self.normalised)

    def _own(self, query: Query) -> list[tuple[Vector, float]]:
        """What the query says itself, each with its share."""
        spoken: list[tuple[Vector, float]] = []
        if query.wordings:
            wordings = [self.words[text] for text in query.wordings]
            share = 1.0 - query.example_weight if query.example is not None else 1.0
            spoken.append((combine(wordings, normalised=self.normalised), share))
        if query.example is not None:
            if is_silent(query.example):
                raise QueryError(
                    "the example is silent: give a stretch of it in which the sound is heard"
                )
            heard = self.encoder.encode_audio(query.example, sample_rate=query.example_rate)
            spoken.append((heard, query.example_weight if spoken else 1.0))
        if query.image is not None:
            left = 1.0 - query.image_weight if spoken else 0.0
            spoken = [(vector, share * left) for vector, share in spoken]
            spoken.append((self._seen(query.image), 1.0 - left))
        if query.embedding is not None:
            spoken.append((self._known(query.embedding), 1.0))
        return spoken

    def _seen(self, image: NDArray[np.uint8]) -> Vector:
        look = getattr(self.encoder, "encode_image", None)
        if look is None:
            raise QueryError(
                f"the encoder of the space {self.encoder.space!r} does not understand images: ask "
                "by words or by an example recording, or use a model with a clip encoder"
            )
        vector: Vector = look(image)
        return vector

    def _known(self, embedding: QueryEmbedding) -> Vector:
        embedding.check_space(self.encoder.space)
        if embedding.vector.shape != (self.encoder.dim,):
            raise QueryError(
                f"the saved query has {embedding.vector.size} numbers, the space "
                f"{self.encoder.space!r} has {self.encoder.dim}: save the query again"
            )
        return embedding.vector


def _finish(vector: NDArray[np.float64], *, normalised: bool) -> Vector:
    length = float(np.linalg.norm(vector))
    if not length > _SHORTEST:
        raise QueryError(
            "the parts of the query cancel each other, and nothing is left to listen for: change "
            "their weights"
        )
    return (vector / length if normalised else vector).astype(np.float32)
