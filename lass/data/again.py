"""Queries of a second look for training, made of what is known of a mixture's clips.

At inference they come from what a first look took out and left, which is never quite the one sound
or the other. Here the vectors of the clips are mixed as such a look might.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lass.query.again import ask_again, ask_for_rest

if TYPE_CHECKING:
    from lass.data.queries import QueryTable

__all__ = ["as_again", "for_rest"]

Array = NDArray[np.float32]

_LARGEST_LEAK = 0.7  # of what does not belong into a first look's result, by length of its vector


def as_again(
    table: QueryTable,
    query: Array,
    asked: Sequence[int],
    rest: Sequence[int],
    generator: np.random.Generator,
) -> Array:
    """A query as a second look would ask it: a first look takes out and leaves a bit of all.

    Args:
        table: knows what the clips sound like.
        query: the vector of the first look.
        asked: the clip that it asks for; none if the sound is not there.
        rest: the mixture's other clips.
        generator: source of randomness.

    Returns:
        A unit vector ``(dim,)``.

    Raises:
        DataError: the table has no vectors of clips.
    """
    leaks, stays = generator.uniform(0.0, _LARGEST_LEAK, 2)
    heard = table.sounds(asked or rest, rest, leaks)
    left = table.sounds(rest or asked, asked, stays)
    sure = generator.uniform(0.5, 1.0) if asked else generator.uniform(0.0, 0.4)
    strength = generator.uniform(0.5, 2.0)
    return ask_again(query, heard=heard, left=left, sure=sure, strength=strength)


def for_rest(
    table: QueryTable,
    query: Array,
    asked: Sequence[int],
    rest: Sequence[int],
    generator: np.random.Generator,
) -> Array:
    """The query for all but what was asked for. Of a sound that is alone, a trace of it is left.

    Args:
        table: knows what the clips sound like.
        query: the vector of the first look.
        asked: the clip that it asks for; none if the sound is not there.
        rest: the mixture's other clips.
        generator: source of randomness.

    Returns:
        A unit vector ``(dim,)``.

    Raises:
        DataError: the table has no vectors of clips.
    """
    stays = generator.uniform(0.0, _LARGEST_LEAK)
    return ask_for_rest(query, left=table.sounds(rest or asked, asked, stays))
