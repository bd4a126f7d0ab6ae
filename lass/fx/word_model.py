"""From a word to a tone curve and a room: what listeners meant by words, for words they never saw.

Every word has a place on eight scales (treble, low end, and so on): rated by hand where it is in
the lexicon, otherwise read off its text embedding by kernel regression on the rated words. What a
scale means in decibels and seconds is a Bayesian linear regression on the settings of listeners
(M. Cartwright and B. Pardo, "Social-EQ", ISMIR 2013; P. Seetharaman and B. Pardo, "Audealize",
JAES 64(4), 2016). The fit is made by ``eval/fx_learn_words.py``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from lass.errors import ModelError, ModelNotFoundError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.query.compact import TextEncoder

__all__ = ["SCALES", "Meaning", "WordModel", "certainty", "kernel", "likeness", "pull"]

_Near = tuple["NDArray[np.float64]", "NDArray[np.float64]", "NDArray[np.float64]"]

SCALES = ("treble", "low", "middle", "pleasant", "energy", "clear", "size", "wet")
"""What words are rated on, -2 to 2."""

TEMPLATE = "the sound is {}"
KERNEL_NOISE = 0.3
_FILE = "words.safetensors"
_NEIGHBOURS = 8


@dataclass(frozen=True)
class Meaning:
    """What one word means.

    Args:
        word: The word.
        known: Whether the lexicon has it; otherwise its ratings come from its embedding.
        curve: Wanted tone ``(40,)`` at `lass.fx.GRAPHIC_FREQUENCIES_HZ`, mean 0. Its length is 1
            where all listeners would agree, less where they would not.
        curve_deviation: Standard deviation of each point of the curve.
        room: Standard scores ``(4,)`` of decay, wetness, brightness and pre-delay: 0 is the
            mean over words, 1 a standard deviation over words, in the logarithm for all but
            wetness.
        room_deviation: Standard deviation of each score.
        ratings: Places on `SCALES` as differences from the mean word, in standard deviations.

    The deviations of an unknown word also count how far its ratings may be wrong.
    """

    word: str
    known: bool
    curve: NDArray[np.float64]
    curve_deviation: float
    room: NDArray[np.float64]
    room_deviation: NDArray[np.float64]
    ratings: NDArray[np.float64]

    @property
    def certainty(self) -> float:
        """0 for a word that says nothing, towards 1 for one on which listeners would agree."""
        return certainty(self.curve, self.curve_deviation**2)


def certainty(curve: NDArray[np.float64], variance: float) -> float:
    """How much of a curve is meaning: its length against that of curve and doubt.

    Args:
        curve: Wanted tone ``(40,)``.
        variance: Of each of its points.

    Example:
        >>> certainty(np.full(40, 0.3), 0.4**2)
        0.6
    """
    length = float(np.linalg.norm(curve))
    return round(length / math.sqrt(length**2 + len(curve) * variance + 1e-12), 9)


def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Likeness of unit vectors: the square of the cosine where it is positive.

    Example:
        >>> kernel(np.eye(2), np.eye(2)).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    return np.asarray(np.clip(a @ b.T, 0.0, 1.0) ** 2, np.float64)


class WordModel:
    """The learned start.

    Args:
        words: Rated words.
        tensors: ``vectors`` (near, width) of the first words, those that other words may be
            near; ``pulled`` (near, 8), what each adds to the ratings of a word near it;
            ``centre`` (width,), ``ratings`` (words, 8),
            ``curve_weights`` (9, 40), ``curve_covariance`` (9, 9), ``room_weights`` (9, 4),
            ``room_covariance`` (4, 9, 9), ``room_mean`` (4,), ``room_scale`` (4,), ``curve_noise``,
            ``doubt`` (3,), how far ratings read off the embedding are wrong, see `likeness`.
        encoder: Gives the vectors of words that are not rated.
    """

    def __init__(
        self,
        words: Sequence[str],
        tensors: dict[str, NDArray[np.float64]],
        encoder: TextEncoder | None = None,
    ) -> None:
        self.words = tuple(words)
        self._at = {word: n for n, word in enumerate(words)}
        vectors = tensors["vectors"]  # stored in half precision, so not quite of length 1
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        self._t = {**tensors, "vectors": unit}
        self._encoder = encoder
        self._struck: tuple[frozenset[str], _Near] | None = None

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """Load the model that ships.

        Args:
            folder: Where its file is; the shipped folder if None.

        Raises:
            ModelError: If the file is missing or not of this kind.

        Example:
            >>> model = WordModel.load()
            >>> warm, tinny = (model.meaning(word).curve for word in ("warm", "tinny"))
            >>> bool(warm[:7].mean() > 0 > tinny[:7].mean())
            True
        """
        from safetensors import SafetensorError, safe_open

        from lass.zoo import resources

        path = (folder or resources("models", "fx-words")) / _FILE
        try:
            with safe_open(path, framework="numpy") as file:
                words = json.loads(file.metadata()["words"])
                tensors = {
                    key: np.asarray(file.get_tensor(key), np.float64)
                    for key in file.keys()  # noqa: SIM118 (no mapping)
                }
        except FileNotFoundError as error:
            raise ModelNotFoundError(
                f"the word model {path} is missing: install lass again"
            ) from error
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path} is no word model ({error}): install lass again") from error
        return cls(words, tensors)

    def refitted(self, tensors: dict[str, NDArray[np.float64]]) -> Self:
        """The same words with other regressions, for measuring.

        Args:
            tensors: Those that change.
        """
        return type(self)(self.words, {**self._t, **tensors}, self._encoder)

    def knows(self, word: str) -> bool:
        """Tell whether the lexicon has a word."""
        return word in self._at

    def ratings(self, word: str, *, strike: Collection[str] = ()) -> NDArray[np.float64]:
        """Place a word on the scales.

        Args:
            word: A word or a phrase.
            strike: Rated words to forget, for measuring how well the model generalises.

        Returns:
            ``(8,)`` standard scores; 0 is the mean rated word.

        Raises:
            QueryError: If the text encoder does not know the script.
        """
        if word in self._at and word not in strike:
            return np.asarray(self._standard[self._at[word]], np.float64)
        vectors, pulled, _ = self._near(frozenset(strike))
        return np.asarray((kernel(self.vector(word)[None], vectors) @ pulled)[0], np.float64)

    def doubt(self, word: str, *, strike: Collection[str] = ()) -> float:
        """Say how far the ratings of a word may be wrong.

        Args:
            word: A word or a phrase.
            strike: As for `ratings`.

        Returns:
            The expected squared error of a rating: 0 for a word of the lexicon, towards 1 where
            as much as nothing is known.
        """
        if word in self._at and word not in strike:
            return 0.0
        vectors, _, ratings = self._near(frozenset(strike))
        near = likeness(self.vector(word)[None] @ vectors.T, ratings)[0]
        return float(np.exp(self._t["doubt"] @ np.array([1.0, *near])))

    def vector(self, text: str) -> NDArray[np.float64]:
        """Centred unit text embedding ``(width,)`` of a word."""
        if self._encoder is None:
            from lass.query.compact import TextEncoder
            from lass.zoo import resources

            self._encoder = TextEncoder(resources("models", "compact"))
        raw = self._encoder([TEMPLATE.format(text.replace("-", " "))])[0].double().numpy()
        centred = raw - self._t["centre"]
        return np.asarray(centred / max(float(np.linalg.norm(centred)), 1e-9), np.float64)

    def meaning(self, word: str, *, strike: Collection[str] = ()) -> Meaning:
        """Say what a word means.

        Args:
            word: A word or a phrase, in lower case.
            strike: As for `ratings`.

        Returns:
            Curve and room, each with its uncertainty.

        Raises:
            QueryError: If the text encoder does not know the script.
        """
        known = word in self._at and word not in strike
        ratings, doubt = self.ratings(word, strike=strike), self.doubt(word, strike=strike)
        return self.meaning_of(ratings, doubt=doubt, word=word, known=known)

    def meaning_of(
        self,
        ratings: NDArray[np.float64],
        *,
        doubt: float = 0.0,
        word: str = "",
        known: bool = True,
    ) -> Meaning:
        """Say what a place on the scales means.

        Args:
            ratings: Standard scores ``(8,)`` as of `ratings`.
            doubt: Their expected squared error as of `doubt`.
            word: For the answer, as is ``known``.
            known: Whether the lexicon has the word.

        Returns:
            Curve and room, each with its uncertainty.
        """
        row = np.concatenate([[1.0], ratings])
        curves, rooms = self._t["curve_weights"], self._t["room_weights"]
        curve = row @ curves
        variance = float(row @ self._t["curve_covariance"] @ row) * float(self._t["curve_noise"][0])
        variance += doubt * float(np.mean(np.sum(curves[1:] ** 2, axis=0)))
        room_variance = np.einsum("i,kij,j->k", row, self._t["room_covariance"], row)
        room_variance += doubt * np.sum(rooms[1:] ** 2, axis=0)
        return Meaning(
            word=word,
            known=known,
            curve=np.asarray(curve - curve.mean(), np.float64),
            curve_deviation=math.sqrt(variance),
            room=np.asarray(row @ rooms, np.float64),
            room_deviation=np.sqrt(room_variance),
            ratings=ratings,
        )

    def room_values(self, scores: NDArray[np.float64]) -> dict[str, float]:
        """Turn standard scores into decay, wetness, brightness and pre-delay of the study.

        Args:
            scores: ``(4,)`` as in `Meaning.room`.

        Returns:
            ``decay_s``, ``wetness`` (0 to 1), ``brightness_hz`` and ``pre_delay_s``.
        """
        raw = self._t["room_mean"] + self._t["room_scale"] * scores
        return {
            "decay_s": float(np.exp(raw[0])),
            "wetness": float(np.clip(raw[1], 0.0, 1.0)),
            "brightness_hz": float(np.exp(raw[2])),
            "pre_delay_s": float(np.exp(raw[3])),
        }

    @cached_property
    def _standard(self) -> NDArray[np.float64]:
        ratings = self._t["ratings"]
        return np.asarray((ratings - ratings.mean(axis=0)) / ratings.std(axis=0), np.float64)

    def _near(self, strike: frozenset[str]) -> _Near:
        """The words that others are compared with: vectors, what each adds, ratings."""
        if self._struck is None or self._struck[0] != strike:
            count = len(self._t["vectors"])
            kept = [n for n in range(count) if self.words[n] not in strike]
            vectors, ratings = self._t["vectors"][kept], self._standard[kept]
            pulled = pull(vectors, ratings) if strike else self._t["pulled"]
            self._struck = strike, (vectors, pulled, ratings)
        return self._struck[1]


def likeness(cosines: NDArray[np.float64], ratings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Say how near new words are to rated ones, and how far these disagree.

    Args:
        cosines: Of new words with rated ones ``(new, words)``.
        ratings: Ratings of the latter ``(words, scales)``.

    Returns:
        ``(new, 2)``: the highest cosine, and the variance of the ratings of the eight nearest
        words, which count by the square of the cosine.

    Example:
        >>> likeness(np.array([[0.5, 0.5]]), np.array([[0.0], [2.0]])).round(4).tolist()
        [[0.5, 1.0]]
    """
    top = np.argsort(-cosines, axis=1)[:, :_NEIGHBOURS]
    near = np.clip(np.take_along_axis(cosines, top, axis=1), 0.0, 1.0)
    shares = near**2 + 1e-6
    shares /= shares.sum(axis=1, keepdims=True)
    theirs = ratings[top]
    mean = np.einsum("nk,nks->ns", shares, theirs)
    spread = np.einsum("nk,nks->ns", shares, (theirs - mean[:, None]) ** 2).mean(axis=1)
    return np.stack([near[:, 0], spread], axis=1)


def pull(vectors: NDArray[np.float64], ratings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kernel regression: what each rated word adds to the ratings of a word near it.

    Args:
        vectors: Unit vectors ``(words, width)``.
        ratings: Their ratings ``(words, scales)``.

    Returns:
        ``(words, scales)``, to be multiplied by the `kernel` of a new word's vector with them.

    Example:
        >>> pull(np.eye(2), np.array([[1.3], [0.0]])).tolist()
        [[1.0], [0.0]]
    """
    grid = kernel(vectors, vectors) + KERNEL_NOISE * np.eye(len(vectors))
    return np.asarray(np.linalg.solve(grid, ratings), np.float64)
