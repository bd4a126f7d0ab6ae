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

__all__ = ["FirstLook"]

Array = NDArray[np.float32]

_LARGEST_LEAK = 0.7  # of what does not belong into a first look's result, by length of its vector


class FirstLook:
    """What a first look would take out of a mixture and leave: a bit of all is in both.

    Args:
        table: knows what the clips sound like.
        asked: the clip that is asked for; none if the sound is not there.
        chosen: all clips of the mixture.
    """

    def __init__(self, table: QueryTable, asked: Sequence[int], chosen: Sequence[int]) -> None:
        self.table, self.asked = table, asked
        self.rest = [index for index in chosen if index not in asked]

    def ask_again(self, query: Array, generator: np.random.Generator) -> Array:
        """The query of a second look, a unit vector ``(dim,)``.

        Raises:
            DataError: the table has no vectors of clips.
        """
        leaks, stays = generator.uniform(0.0, _LARGEST_LEAK, 2)
        heard = self.table.sounds(self.asked or self.rest, self.rest, leaks)
        sure = generator.uniform(0.5, 1.0) if self.asked else generator.uniform(0.0, 0.4)
        strength = generator.uniform(0.5, 2.0)
        return ask_again(query, heard=heard, left=self._left(stays), sure=sure, strength=strength)

    def ask_for_rest(self, query: Array, generator: np.random.Generator) -> Array:
        """The query for all but what was asked for, a unit vector ``(dim,)``.

        Raises:
            DataError: the table has no vectors of clips.
        """
        return ask_for_rest(query, left=self._left(generator.uniform(0.0, _LARGEST_LEAK)))

    def _left(self, stays: float) -> Array:
        """What is left; of a sound that is alone, a trace of it."""
        return self.table.sounds(self.rest or self.asked, self.asked, stays)
