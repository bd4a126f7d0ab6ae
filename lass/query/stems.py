"""Asking a model that was trained for fixed stems: their names are all the words it knows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lass.errors import ConfigError, QueryError
from lass.query.algebra import embed
from lass.query.types import Query, QueryEmbedding

__all__ = ["STEMS_ENCODER", "StemEncoder", "stem_names"]

STEMS_ENCODER = "stems"
"""What a separator's configuration names as its encoder when it has fixed stems."""

_MOST = 64


def stem_names(given: Sequence[str], *, count: int) -> list[str]:
    """Names of a model's stems.

    Args:
        given: names in the order of the outputs; ``source 1``, ``source 2`` and so on if none.
        count: how many outputs there are.

    Returns:
        The names.

    Raises:
        ConfigError: there are more or fewer names than outputs, or two are alike.

    Example:
        >>> stem_names([], count=2), stem_names(["vocals", "rest"], count=2)
        (['source 1', 'source 2'], ['vocals', 'rest'])
    """
    names = [str(name).strip() for name in given] or [f"source {n + 1}" for n in range(count)]
    if len(names) != count or not count:
        raise ConfigError(
            f"the model has {count} stems, and {len(names)} names were given: give one for each"
        )
    alike = len({name.casefold() for name in names}) < count
    if alike or count > _MOST or not all(any(c.isalnum() for c in name) for name in names):
        raise ConfigError(
            f"the stems cannot be called {', '.join(map(repr, names[:8]))}: give names with "
            f"letters or digits, each another, at most {_MOST}"
        )
    return names


class StemEncoder:
    """Backend ``stems``: the name of a stem becomes a vector with a 1 in its place.

    Args:
        names: of the stems, in the order of the model's outputs.
        space: name of the space, another one for each model.

    Example:
        >>> StemEncoder(["vocals", "rest"], space="stems-x").encode_text(["Rest"])
        array([[0., 1.]], dtype=float32)
    """

    normalised = False
    licence = "none: it has no weights"

    def __init__(self, names: Sequence[str], *, space: str) -> None:
        self.names = stem_names(names, count=len(names))
        self.space = space
        self.dim = len(self.names)

    def encode_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of stems.

        Args:
            texts: their names, in upper or lower case.

        Returns:
            float32 ``(texts, stems)``.

        Raises:
            QueryError: there is no such stem; the message lists those there are.
        """
        known = {name.casefold(): place for place, name in enumerate(self.names)}
        result = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            place = known.get(text.strip().casefold())
            if place is None:
                raise QueryError(
                    f"this model has fixed stems and none is called {text.strip()[:40]!r}: ask "
                    f"for {', '.join(map(repr, self.names))}"
                )
            result[row, place] = 1.0
        return result

    def encode_audio(self, audio: NDArray[np.float32], *, sample_rate: int) -> NDArray[np.float32]:
        """Refuse a recording.

        Raises:
            QueryError: always.
        """
        raise QueryError(
            "this model has fixed stems and cannot be asked by a recording: ask for "
            f"{', '.join(map(repr, self.names))}"
        )

    def encode(self, query: Query) -> QueryEmbedding:
        """Vector of a query and of all that it is made of."""
        return embed(query, self)
