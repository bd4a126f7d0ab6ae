"""From wishes to a chain of effects: the start that words give, before any listening."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lass.errors import EffectError
from lass.fx.chain import Chain
from lass.fx.equalisers import GRAPHIC_FREQUENCIES_HZ
from lass.fx.matching import graphic_eq_for, parametric_eq_for
from lass.fx.reverb import Reverb
from lass.fx.word_model import SCALES, certainty

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.fx.effect import Effect
    from lass.fx.prompts import Prompt
    from lass.fx.word_model import WordModel

__all__ = ["DOUBTFUL", "MOST_MIX", "WORD_EFFECTS", "Target", "chain_for", "target_for", "waves"]

WORD_EFFECTS = ("eq", "graphic_eq", "reverb")
"""Effects that words can set."""

DOUBTFUL = 0.5
"""An unknown word of less certainty has no reliable meaning; see ``eval/fx_nonsense.py``."""

_FULL_DB = 50.0
"""Gain per unit of a curve: a word on which listeners agree well moves bands by about 4 dB rms."""
_MOST_RMS_DB, _MOST_DB = 8.0, 15.0
_LOCK_EDGES_HZ = {"low": (0.0, 250.0), "middle": (250.0, 4000.0), "high": (4000.0, math.inf)}
_ROOM_SPREAD = 1.5
"""The regression draws rooms together; this gives them the spread that listeners' rooms have."""
_WET = 0.4
MOST_MIX = 0.6
"""Share of the room at most; the rest of a sound stays itself."""


@dataclass(frozen=True)
class Target:
    """What the words ask for.

    Args:
        curve_db: Tone at `GRAPHIC_FREQUENCIES_HZ` ``(40,)`` in dB.
        curve_deviation_db: Standard deviation of each of its points.
        room: Settings of :class:`Reverb` by name.
        room_deviation: Standard deviation of settings of the room: of the logarithm of
            ``decay_s`` and ``brightness_hz``, and of the logit of ``mix``.
        keep: What of the curve may move ``(40,)``: 0 where it is locked, otherwise 1.
        certainty: 0 for words that say nothing, towards 1 for those on which listeners agree.
        unknown: Words that the lexicon does not have, understood by their likeness to others.
        doubtful: Those of them that are like no known word enough to be relied on.
        ratings: Place of the prompt on the scales of the word model ``(8,)``.
    """

    curve_db: NDArray[np.float64]
    curve_deviation_db: float
    room: dict[str, float]
    room_deviation: dict[str, float]
    keep: NDArray[np.float64]
    certainty: float
    unknown: tuple[str, ...]
    doubtful: tuple[str, ...]
    ratings: NDArray[np.float64]


def target_for(
    prompt: Prompt,
    model: WordModel,
    *,
    room_only: bool = False,
    strike: Collection[str] = (),
    draw: np.random.Generator | None = None,
) -> Target:
    """Add up what the words of a prompt ask for.

    Args:
        prompt: The wishes and locks.
        model: What words mean.
        room_only: Whether the reverb is the only effect, so that it must be heard.
        strike: Words whose rating is forgotten, for measuring.
        draw: If given, the target is drawn from the uncertainty of the words.

    Returns:
        The target. The opposite of a word has its curve upside down.
    """
    share = 1.0 / math.sqrt(len(prompt.wishes))
    curve, scores, ratings = np.zeros(40), np.zeros(4), np.zeros(len(SCALES))
    variance, room_variance = 0.0, np.zeros(4)
    unknown, doubtful = [], []
    for wish in prompt.wishes:
        meaning = model.meaning(wish.word, strike=strike)
        weight = share * wish.weight
        curve += weight * meaning.curve
        scores += weight * meaning.room
        ratings += weight * meaning.ratings
        variance += (weight * meaning.curve_deviation) ** 2
        room_variance += (weight * meaning.room_deviation) ** 2
        if not meaning.known:
            unknown.append(wish.word)
            if meaning.certainty < DOUBTFUL:
                doubtful.append(wish.word)
    if draw is not None:
        # Neighbouring bands err together: a few broad waves of the right variance.
        curve = curve + math.sqrt(variance / 2) * (draw.standard_normal(4) @ waves())
        scores = scores + np.sqrt(room_variance) * draw.standard_normal(4)
    room = _room(model, scores, ratings, offset=1.2 if room_only else 0.0)
    if "reverb" in prompt.locks:
        room["mix"] = 0.0
    keep = _kept(prompt.locks)
    return Target(
        curve_db=_bounded(_FULL_DB * curve) * keep,
        curve_deviation_db=_FULL_DB * math.sqrt(variance),
        room=room,
        room_deviation=_room_deviation(model, np.sqrt(room_variance)),
        keep=keep,
        certainty=certainty(curve, variance),
        unknown=tuple(unknown),
        doubtful=tuple(doubtful),
        ratings=ratings,
    )


def waves() -> NDArray[np.float64]:
    """Four broad waves over the bands ``(4, 40)``: what neighbouring bands do together."""
    return np.asarray(np.cos(np.pi * np.outer(np.arange(1, 5), (np.arange(40) + 0.5) / 40)))


def chain_for(
    target: Target, effects: Sequence[str], *, seed: int = 0, locks: Collection[str] = ()
) -> Chain:
    """Set the effects so that they do what the words ask for.

    Args:
        target: What they ask for.
        effects: Names from `WORD_EFFECTS`, in their order.
        seed: Chooses the noise of the reverb.
        locks: Where ``eq`` is locked, equalisers stay flat.

    Returns:
        The chain.

    Raises:
        EffectError: If an effect is one that words cannot set.
    """
    made: list[Effect] = []
    curve_db = np.zeros(40) if "eq" in locks else target.curve_db
    for name in effects:
        if name == "eq":
            made.append(parametric_eq_for(curve_db))
        elif name == "graphic_eq":
            made.append(graphic_eq_for(curve_db))
        elif name == "reverb":
            made.append(Reverb(seed=seed, **target.room))
        else:
            raise EffectError(
                f"words cannot set the effect {name!r}, only {', '.join(WORD_EFFECTS)}; "
                "give one of these, or the method 'cosine'"
            )
        # One curve, once: a second equaliser has nothing left to do.
        curve_db = np.zeros(40) if name in ("eq", "graphic_eq") else curve_db
    return Chain(made)


def _bounded(curve_db: NDArray[np.float64]) -> NDArray[np.float64]:
    """The curve, made smaller as a whole where it is too much for any sound."""
    rms = float(np.sqrt(np.mean(curve_db**2)))
    most = float(np.abs(curve_db).max(initial=0.0))
    over = max(rms / _MOST_RMS_DB, most / _MOST_DB, 1.0)
    return curve_db / over


def _kept(locks: Collection[str]) -> NDArray[np.float64]:
    """0 where the curve is locked, rising to 1 over half an octave outside."""
    octaves = np.log2(np.array(GRAPHIC_FREQUENCIES_HZ, np.float64))
    keep = np.ones(40)
    for name in locks:
        if name in _LOCK_EDGES_HZ:
            low, high = _LOCK_EDGES_HZ[name]
            below = math.log2(low) - octaves if low else np.full(40, -1.0)
            above = octaves - math.log2(high) if high < math.inf else np.full(40, -1.0)
            keep *= np.clip(2 * np.maximum(below, above), 0.0, 1.0)
    return np.asarray(keep, np.float64)


def _room(
    model: WordModel, scores: NDArray[np.float64], ratings: NDArray[np.float64], *, offset: float
) -> dict[str, float]:
    """Settings of the reverb.

    Listeners set a room for every word, even for "bright". How much of it is heard is
    therefore decided by how much the words speak of rooms and distance.
    """
    values = model.room_values(_ROOM_SPREAD * scores)
    spoken = (ratings[SCALES.index("size")] + ratings[SCALES.index("wet")]) / 2
    loud = -2.4 + offset + 1.3 * spoken + _WET * _ROOM_SPREAD * float(scores[1])
    return {
        "decay_s": float(np.clip(values["decay_s"], 0.2, 12.0)),
        "mix": MOST_MIX / (1.0 + math.exp(-loud)),
        "pre_delay_ms": float(np.clip(400.0 * values["pre_delay_s"], 0.0, 60.0)),
        "brightness_hz": float(np.clip(values["brightness_hz"], 500.0, 18000.0)),
    }


def _room_deviation(model: WordModel, deviation: NDArray[np.float64]) -> dict[str, float]:
    """How unsure the settings of the reverb are, in logarithms."""
    far, mean = (model.room_values(n * _ROOM_SPREAD * deviation) for n in (1, 0))
    return {
        "decay_s": math.log(far["decay_s"] / mean["decay_s"]),
        "mix": _WET * _ROOM_SPREAD * float(deviation[1]),
        "brightness_hz": math.log(far["brightness_hz"] / mean["brightness_hz"]),
    }
