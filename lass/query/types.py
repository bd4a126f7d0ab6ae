"""Queries and their vectors: what every backend takes and gives."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lass.errors import QueryError

if TYPE_CHECKING:
    from typing import Self

    from lass.query.which import Which

__all__ = ["MAX_QUERY_CHARACTERS", "Query", "QueryEmbedding", "QueryEncoder", "as_query"]

MAX_QUERY_CHARACTERS = 1000
NEGATIVE_WEIGHT = 0.5
"""How far a query is pushed away from what it is not, unless somebody says otherwise."""

_MAX_NEGATIVE_WEIGHT = 10.0


@dataclass(frozen=True)
class QueryEmbedding:
    """A vector with the name of the space it lives in.

    Args:
        vector: float32 ``(dim,)``.
        space: name of the space, such as ``compact-v1``; vectors of two spaces never mix.
        normalised: whether vectors of that space have length 1.
    """

    vector: NDArray[np.float32]
    space: str
    normalised: bool = True

    def check_space(self, space: str) -> None:
        """Raise a :class:`QueryError` unless this vector lives in ``space``."""
        if self.space != space:
            raise QueryError(
                f"the query lives in the space {self.space!r}, the model understands {space!r}: "
                "encode the query with the model's own encoder"
            )


@dataclass(frozen=True)
class Query:
    """What somebody wants to hear: words, an example, an image, or several of them.

    Further queries are made of queries: :meth:`mix` puts several together by weight,
    :meth:`minus` says what is not meant, :meth:`load` brings back one that was saved.

    Args:
        text: words, or empty when they are not what is asked by.
        example: a recording of the sound, float32 ``(channels, samples)``, or None.
        example_rate: sample rate of the example in Hz.
        example_weight: share of the example when words are given, too, 0…1.
        image: a picture of what makes the sound, uint8 ``(height, width, 3)``, or several frames
            ``(frames, height, width, 3)``, which are averaged; or None.
        image_weight: share of the image when something else is given, too, 0…1.
        phrasings: other words for the same; all wordings are averaged.
        embedding: a vector that is known already, such as a saved one; then nothing else is given.
        label: what the query is called; its words if empty.
        parts: queries that this one is made of, each with its weight (see :meth:`mix`).
        negatives: what is not meant (see :meth:`minus`).
        negative_weight: how far the query is pushed away from the negatives, 0…10.
        which: which of the times that it is heard is meant; all of them if None.

    Raises:
        QueryError: nothing was given, or something that no model understands.

    Example:
        >>> Query("dog barking").name
        'dog barking'
        >>> Query("dog", phrasings=("a dog barking", "woof")).wordings
        ('dog', 'a dog barking', 'woof')
    """

    text: str = ""
    example: NDArray[np.float32] | None = None
    example_rate: int = 0
    example_weight: float = 0.5
    image: NDArray[np.uint8] | None = None
    image_weight: float = 0.5
    phrasings: tuple[str, ...] = ()
    embedding: QueryEmbedding | None = None
    label: str = ""
    parts: tuple[tuple[Query, float], ...] = ()
    negatives: tuple[Query, ...] = ()
    negative_weight: float = NEGATIVE_WEIGHT
    which: Which | None = None

    def __post_init__(self) -> None:
        """Refuse what no model can understand."""
        inner = (self.example, self.image, self.embedding, *self.parts)
        if not self.text.strip() and all(given is None for given in inner):
            raise QueryError(
                'the query is empty: say what you want to hear, for instance "violin", or give '
                "an example recording"
            )
        for words in self.wordings:
            _check_words(words)
        if self.phrasings and not all(words.strip() for words in (self.text, *self.phrasings)):
            raise QueryError("one of the phrasings is empty: leave it out, or give words")
        if self.example is not None and (self.example.ndim != 2 or self.example.shape[-1] == 0):
            raise QueryError(
                f"the example has shape {self.example.shape}: expected (channels, samples) with "
                "at least one sample"
            )
        if self.image is not None:
            _check_image(self.image)
        if self.embedding is not None and (self.text or self.example is not None or self.parts):
            raise QueryError(
                "a saved vector stands alone: put it together with others by Query.mix"
            )
        if any(inner.which for inner in self.walk() if inner is not self):
            raise QueryError(
                "a query for one of the times that a sound is heard cannot be part of another: "
                "choose the time of the whole"
            )
        self._check_weights()

    def _check_weights(self) -> None:
        for name in ("example_weight", "image_weight"):
            share = getattr(self, name)
            if not 0.0 <= share <= 1.0:
                raise QueryError(f"{name} is {share}: expected a share from 0 to 1")
        if not 0.0 <= self.negative_weight <= _MAX_NEGATIVE_WEIGHT:
            raise QueryError(
                f"the weight of what is not meant is {self.negative_weight}: expected 0 to "
                f"{_MAX_NEGATIVE_WEIGHT:g}, where {NEGATIVE_WEIGHT} is usual"
            )
        weights = [weight for _, weight in self.parts]
        if any(not math.isfinite(weight) or weight < 0.0 for weight in weights):
            raise QueryError(
                f"the weights {weights} cannot be used: expected numbers from 0 up; say what is "
                "not meant with minus"
            )
        if weights and not sum(weights) > 0.0:
            raise QueryError("all weights are 0: give at least one part of the query a weight")

    @property
    def name(self) -> str:
        """The label, the words, or what else it is made of, such as ``example``."""
        named = self.label.strip() or self.text.strip()
        if named:
            return named
        if self.parts:
            return " + ".join(dict.fromkeys(part.name for part, _ in self.parts))
        if self.embedding is not None:
            return "saved query"
        return "example" if self.example is not None else "image"

    @property
    def wordings(self) -> tuple[str, ...]:
        """The words of this query itself, without those of its parts; blanks are cut."""
        words = (self.text.strip(), *(phrase.strip() for phrase in self.phrasings))
        return tuple(text for text in words if text)

    @property
    def plain(self) -> bool:
        """Whether the query is words alone, so that its name says all of it."""
        given = (self.example, self.image, self.embedding)
        label = "" if self.which else self.label  # then it is the words as they were said
        made = (self.phrasings, self.parts, self.negatives, label)
        return bool(self.text.strip()) and all(one is None for one in given) and not any(made)

    def walk(self) -> Iterator[Query]:
        """This query and all that it is made of."""
        yield self
        for inner in (*(part for part, _ in self.parts), *self.negatives):
            yield from inner.walk()

    @classmethod
    def mix(
        cls,
        queries: Sequence[Query | str],
        weights: Sequence[float] | None = None,
        *,
        label: str = "",
    ) -> Self:
        """One query of several, averaged by weight.

        Args:
            queries: what is put together, in any order.
            weights: one from 0 up for each; only their ratios count. All alike if None.
            label: what the mixture is called; the names of its parts if empty.

        Returns:
            A query for sounds that are like all of them.

        Raises:
            QueryError: there is none, or the weights cannot be used.

        Example:
            >>> Query.mix(["dog", "wolf"], [3, 1]).name
            'dog + wolf'
        """
        if not queries:
            raise QueryError("no queries to mix were given: give at least one")
        shares = [1.0] * len(queries) if weights is None else [float(each) for each in weights]
        if len(shares) != len(queries):
            raise QueryError(
                f"{len(queries)} queries have {len(shares)} weights: give one for each"
            )
        parts = tuple(
            (as_query(query), share) for query, share in zip(queries, shares, strict=True)
        )
        return cls(parts=parts, label=label)

    def minus(self, *others: Query | str, weight: float = NEGATIVE_WEIGHT) -> Query:
        """This query, and not those.

        Args:
            others: what is not meant.
            weight: how far the query is pushed away from their mean, 0…10.

        Returns:
            A query of the same name.

        Raises:
            QueryError: the weight is out of range, or one of the others cannot be understood.

        Source:
            ``(1 + α) q - α n`` as in OmniSep (ICLR 2025).

        Example:
            >>> Query("voice").minus("music", weight=0.8).name
            'voice'
        """
        if not others:
            return self
        return Query(
            parts=((replace(self, which=None), 1.0),),
            label=self.name,
            negatives=tuple(map(as_query, others)),
            negative_weight=weight,
            which=self.which,
        )

    def save(
        self, path: str | Path, encoder: QueryEncoder | None = None, *, overwrite: bool = False
    ) -> Path:
        """Keep the query in a file: its vector, its space and what it was made of.

        Args:
            path: a file that ends in ``.lassquery``.
            encoder: turns the query into a vector; not needed for one that was loaded.
            overwrite: whether a file of that name may be replaced.

        Returns:
            The path.

        Raises:
            QueryError: the name does not fit, the file exists, or there is no encoder.

        Example:
            >>> import numpy as np, tempfile
            >>> known = Query(embedding=QueryEmbedding(np.ones(1, np.float32), "toy"), label="hum")
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     Query.load(known.save(f"{folder}/hum.lassquery")).name
            'hum'
        """
        from lass.query.saved import save_query

        return save_query(self, Path(path), encoder, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path) -> Query:
        """Bring back a query that was saved.

        Args:
            path: a ``.lassquery`` file.

        Returns:
            A query with the saved vector, which only models of its space understand.

        Raises:
            QueryError: the file is missing, damaged, or of a newer version.
        """
        from lass.query.saved import load_query

        return load_query(Path(path))


@runtime_checkable
class QueryEncoder(Protocol):
    """A backend: turns words and recordings into vectors of one space.

    Two things are optional: ``normalised`` (True if missing) says whether vectors have length 1,
    and ``encode_image`` takes pictures.
    """

    space: str
    dim: int

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors ``(texts, dim)``."""
        ...

    def encode_audio(self, audio: NDArray[np.float32], *, sample_rate: int) -> NDArray[np.float32]:
        """Vector ``(dim,)`` of a recording ``(channels, samples)``."""
        ...

    def encode(self, query: Query) -> QueryEmbedding:
        """Vector of a query with words, an example, or both."""
        ...


def as_query(query: Query | str) -> Query:
    """A query from words; queries pass through."""
    return Query(query) if isinstance(query, str) else query


def _check_words(text: str) -> None:
    if len(text) > MAX_QUERY_CHARACTERS:
        raise QueryError(
            f"the query has {len(text)} characters: at most {MAX_QUERY_CHARACTERS} are read; "
            "name one sound in a few words"
        )
    if any("\ud800" <= character <= "\udfff" for character in text):  # bytes that are no UTF-8
        raise QueryError(f"the query {text[:20]!r} is no text in UTF-8: name the sound in words")
    if not any(character.isalnum() for character in text):
        raise QueryError(f"the query {text[:20]!r} has no letter or digit: name the sound in words")


def _check_image(image: NDArray[np.uint8]) -> None:
    fits = image.ndim in (3, 4) and image.shape[-1] == 3 and image.size > 0
    if not fits or image.dtype != np.uint8:
        raise QueryError(
            f"the image has shape {image.shape} of {image.dtype}: expected (height, width, 3) of "
            "uint8, red, green and blue from 0 to 255"
        )
