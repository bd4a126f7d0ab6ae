"""Effect settings for the words of an edit, found once.

The words give settings at amount 1. An amount scales them, and a gain then makes the result as loud
as the sound was, on its loudest ten seconds. Settings that the user gave stand in for those of the
words and get no such gain.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lass.edit.history import Step
from lass.edit.operations import Effect, Target
from lass.edit.parts import Parts, keys_named
from lass.edit.store import Recording

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.fx import Chain

__all__ = ["Chains"]

_SMALLEST_GAIN_DB = 0.01
_KEPT = 256

_Read = Callable[[int, int], "NDArray[np.float32]"]


class Chains:
    """Effect settings of one recording's edits.

    Args:
        recording: the recording.
        parts: its parts; those that effects are meant for have been separated.
    """

    def __init__(self, recording: Recording, parts: Parts) -> None:
        self._recording, self._parts = recording, parts
        # What was found longest ago goes first.
        self._found: OrderedDict[str, Chain] = OrderedDict()
        self._gains: OrderedDict[tuple[str, Target, float], float] = OrderedDict()

    def of(self, step: Step) -> Chain:
        """Settings with which an effect is rendered.

        Args:
            step: a step whose operation is an effect.

        Returns:
            The chain, by its amount.

        Raises:
            QueryError: the words say nothing or contradict themselves.
        """
        from lass.fx import Chain, Gain

        effect = step.operation
        assert isinstance(effect, Effect)
        if step.chain is not None:
            return step.chain.scaled(effect.amount)
        chain = self._base(effect).scaled(effect.amount)
        gain_db = self._gain_db(effect, chain)
        return chain if abs(gain_db) < _SMALLEST_GAIN_DB else Chain([*chain, Gain(gain_db=gain_db)])

    def _base(self, effect: Effect) -> Chain:
        """What the words mean, at amount 1."""
        from lass.fx import words_to_chain

        key = effect.words
        if key not in self._found:
            self._found[key] = words_to_chain(effect.words)
            _limit(self._found)
        return self._found[key]

    def _gain_db(self, effect: Effect, chain: Chain) -> float:
        """Gain that keeps the sound as loud as it was."""
        from lass.fx.hearing import matching_gain_db

        key = (effect.words, _sound(effect.target), effect.amount)
        if key not in self._gains:
            rate, excerpt = self._recording.sample_rate, self._excerpt(effect.target)
            made = chain.apply(excerpt, sample_rate=rate)
            self._gains[key] = matching_gain_db(made, excerpt, sample_rate=rate)
            _limit(self._gains)
        return self._gains[key]

    def _excerpt(self, target: Target) -> NDArray[np.float32]:
        """The loudest ten seconds of a sound."""
        from lass.fx.hearing import LISTENED_S, LOOK_S, loudest_block

        read, length = self._reader(target), self._recording.length
        rate = self._recording.sample_rate
        wanted, look = round(LISTENED_S * rate), round(LOOK_S * rate)
        if length <= wanted:
            return read(0, length)
        energy = [
            float(np.square(read(at, min(at + look, length)), dtype=np.float64).sum())
            for at in range(0, length, look)
        ]
        start = min(loudest_block(energy) * look, length - wanted)
        return read(start, start + wanted)

    def _reader(self, target: Target) -> _Read:
        """How to read the sound that is meant."""
        whole = self._recording.samples.read
        named = [self._parts[key].samples.read for key in keys_named(target)]
        if named and not target.others:
            return named[0]

        # What the rest is depends on all other operations; everything is near enough to it for
        # the loudness that an effect changes.
        def others(start: int, stop: int) -> NDArray[np.float32]:
            left = whole(start, stop)
            for part in named:
                left = left - part(start, stop)
            return left

        return others


def _sound(target: Target) -> Target:
    """The target without the time it is heard, which does not change its settings."""
    return Target(target.query, target.without, target.others)


def _limit(
    kept: OrderedDict[str, Chain] | OrderedDict[tuple[str, Target, float], float],
) -> None:
    """Forget what was found longest ago."""
    while len(kept) > _KEPT:
        kept.popitem(last=False)
