"""Likeness in a query space: the estimate against the words and against the true target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from lass.evaluation.mixtures import SILENT_POWER, Mixture
from lass.metrics import embedding_similarity

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Encoder", "Similarity"]


class Encoder(Protocol):
    """What turns words and recordings into vectors of one space, such as `lass.zoo.load_encoder`.

    With several processes it must be picklable; `lass.evaluation.ModelSeparator` is one, too.
    """

    @property
    def space(self) -> str:
        """Name of the space."""
        ...

    def encode_text(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Vectors ``(texts, dimensions)``."""
        ...

    def encode_audio(
        self, audio: npt.NDArray[np.float32], *, sample_rate: int
    ) -> npt.NDArray[np.float32]:
        """Vector ``(dimensions,)`` of a recording ``(channels, samples)``."""
        ...


@dataclass(frozen=True)
class Similarity:
    """Measures CLAPScore and the likeness to the true target.

    A silent estimate is like nothing and scores 0, whatever the encoder makes of silence:
    otherwise saying nothing would be the way to leave bad rows out of the mean.

    Args:
        encoder: The query space in which it is measured.

    Source:
        Xiao et al., arXiv:2407.04936 (CLAPScore); the rest as in `lass.metrics`.

    Example:
        >>> from lass.zoo import load_encoder
        >>> alike = Similarity(load_encoder("compact"))  # doctest: +SKIP
        >>> alike(mixture, [estimate])  # doctest: +SKIP
        [{'clap_score': 0.31, 'audio_similarity': 0.84, 'clap_score_target': 0.38}]
    """

    encoder: Encoder

    def __call__(
        self, mixture: Mixture, estimates: Sequence[npt.NDArray[np.floating]]
    ) -> list[dict[str, float]]:
        """Figures of one or more answers to one question.

        Args:
            mixture: The question.
            estimates: The answers, ``(1, samples)`` each.

        Returns:
            For each answer cosines from -1 to 1, no unit: ``clap_score`` (answer and words) where
            words were asked; ``audio_similarity`` (answer and target) where what is asked for is
            there; and for orientation ``clap_score_target`` (target and words) where both hold.

        Raises:
            AudioError: When the encoder gives a zero vector.
            QueryError: When the encoder knows none of the words.
        """
        asked = mixture.query
        words = self.encoder.encode_text([asked])[0] if isinstance(asked, str) else None
        target = self._vector(mixture.target, mixture.sample_rate)
        found: list[dict[str, float]] = []
        for estimate in estimates:
            heard = self._vector(estimate, mixture.sample_rate)
            known: dict[str, float] = {}
            if words is not None:
                known["clap_score"] = _cosine(heard, words)
            if target is not None:
                known["audio_similarity"] = _cosine(heard, target)
                if words is not None:
                    known["clap_score_target"] = _cosine(target, words)
            found.append(known)
        return found

    def _vector(self, audio: npt.NDArray[Any], sample_rate: int) -> npt.NDArray[Any] | None:
        """Vector of a signal; None for silence."""
        if float(np.mean(np.asarray(audio, np.float64) ** 2)) < SILENT_POWER:
            return None
        return self.encoder.encode_audio(np.asarray(audio, np.float32), sample_rate=sample_rate)


def _cosine(first: npt.NDArray[Any] | None, second: npt.NDArray[Any]) -> float:
    """Cosine of two vectors; 0 where silence has none."""
    if first is None:
        return 0.0
    return float(
        embedding_similarity(np.asarray(first, np.float64), np.asarray(second, np.float64))
    )
