"""What is listened for: queries by name, and their vectors in a model's space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lass.audio import validate
from lass.errors import QueryError
from lass.query import Query
from lass.query.algebra import embed, embed_slots
from lass.query.which import read_query

if TYPE_CHECKING:
    from lass.zoo import LoadedModel

__all__ = ["Asked", "named_queries", "vectors_of"]

Asked = Sequence[Query | str] | Query | str
"""One or several things to listen for."""


def named_queries(queries: Asked, *, needed: bool = True) -> dict[str, Query]:
    """Queries by name; the same words twice are one query, two examples are numbered.

    Args:
        queries: words, in which "the second knock" and its like are understood, or queries.
        needed: whether there must be one.

    Returns:
        Name → query, in order.

    Raises:
        QueryError: there is none, or one cannot be understood.
    """
    given = [queries] if isinstance(queries, (str, Query)) else queries
    named: dict[str, Query] = {}
    for query in (read_query(one) if isinstance(one, str) else one for one in given):
        name, number = query.name, 2
        while name in named and not _same(named[name], query):
            name, number = f"{query.name} {number}", number + 1
        named[name] = query
    if needed and not named:
        raise QueryError('no query was given: say what you want to hear, such as "violin"')
    return named


def vectors_of(
    named: dict[str, Query], negatives: Asked, model: LoadedModel
) -> NDArray[np.float32]:
    """Vectors ``(queries, dim)`` in a model's space, pushed away from the negatives.

    Args:
        named: name → query.
        negatives: what none of the parts should be.
        model: a loaded model.

    Returns:
        One vector a query, in their order.

    Raises:
        QueryError: one cannot be understood.
    """
    slots = model.config.get("negatives") == "slot"  # what it was trained to be told
    away = named_queries(negatives, needed=False).values()
    vectors = []
    for query in named.values():
        asked = query.minus(*away)
        for inner in asked.walk():
            if inner.example is not None:
                validate(inner.example, sample_rate=inner.example_rate)
        embedding = (embed_slots if slots else embed)(asked, model.encoder)
        embedding.check_space(model.config["space"])
        vectors.append(embedding.vector)
    return np.stack(vectors)


def _same(one: Query, other: Query) -> bool:
    return one is other or (one.plain and other.plain)
