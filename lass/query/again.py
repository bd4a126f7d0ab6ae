"""A second look: a query that also knows what a first look took out, and what it left.

Words name a kind of sound; the recording holds one of its kind. What the first look took out says
which one, though not purely, and what it left says what is not meant.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lass.query.algebra import combine, push_away

__all__ = ["HEARD_SHARE", "LEFT_WEIGHT", "REST_WEIGHT", "ask_again", "ask_for_rest"]

Vector = NDArray[np.float32]

HEARD_SHARE = 0.25
"""How much of the second query is what was taken out, when the first look was sure."""

LEFT_WEIGHT = 0.25
"""How far the second query is pushed away from what was left, when the first look was sure."""

REST_WEIGHT = 0.75
"""How far the query for the rest is pushed away from what was asked for."""


def ask_again(
    query: Vector,
    *,
    heard: Vector,
    left: Vector | None,
    sure: float,
    left_counts: float = 1.0,
    strength: float = 1.0,
    normalised: bool = True,
) -> Vector:
    """The query of a second look.

    Args:
        query: the query of the first look, float32 ``(dim,)``.
        heard: vector of what the first look took out, of the same space.
        left: vector of what it left; None if that was silence.
        sure: how sure the first look was that the sound is there, 0…1.
        left_counts: how much of that what was left matters, 0…1.
        strength: how much both count, as a factor.
        normalised: whether the result has length 1.

    Returns:
        float32 ``(dim,)``.

    Raises:
        QueryError: the vectors cancel each other.

    Example:
        >>> import numpy as np
        >>> dog, bark, rain = np.eye(3, dtype=np.float32)
        >>> ask_again(dog, heard=bark, left=rain, sure=1.0).round(2)
        array([ 0.93,  0.31, -0.2 ], dtype=float32)
    """
    # Where the first look was in doubt, it may have taken the wrong sound: then neither counts.
    counts = strength * min(max(sure, 0.0), 1.0)
    share = counts * HEARD_SHARE
    nearer = combine([query, heard], [1.0 - share, share], normalised=normalised)
    away = [] if left is None else [left]
    return push_away(nearer, away, counts * LEFT_WEIGHT * left_counts, normalised=normalised)


def ask_for_rest(query: Vector, *, left: Vector, normalised: bool = True) -> Vector:
    """The query for everything else: what a first look left, pushed away from what was asked for.

    Args:
        query: the query of the first look, float32 ``(dim,)``.
        left: vector of what it left, of the same space.
        normalised: whether the result has length 1.

    Returns:
        float32 ``(dim,)``.

    Raises:
        QueryError: the vectors cancel each other.

    Example:
        >>> dog, rain = np.eye(2, dtype=np.float32)
        >>> ask_for_rest(dog, left=rain).round(2)
        array([-0.39,  0.92], dtype=float32)
    """
    return push_away(left, [query], REST_WEIGHT, normalised=normalised)
