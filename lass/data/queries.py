"""Queries for training: many ways to ask for a label, by words or by another recording of it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lass.errors import DataError

__all__ = ["TEMPLATES", "QueryTable", "read_phrases"]

Vector = NDArray[np.float32]

TEMPLATES = (
    "{}",
    "the sound of {}",
    "sound of a {}",
    "a recording of {}",
    "the {}",
    "{} sound",
    "{} in the background",
)


def read_phrases(path: Path) -> dict[str, list[str]]:
    """Read ``label, phrase`` rows: the ways people ask for each label."""
    phrases: dict[str, list[str]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            phrases.setdefault(row["label"], []).append(row["phrase"])
    return phrases


class QueryTable:
    """Unit vectors of every wording of every label, and of every clip where they are known.

    Args:
        wordings: label → texts that ask for it; the first is the label itself.
        vectors: text → unit vector ``(dim,)``.
        examples: unit vectors of the clips ``(clips, dim)``, or None.
    """

    def __init__(
        self,
        wordings: Mapping[str, Sequence[str]],
        vectors: Mapping[str, Vector],
        *,
        examples: Vector | None = None,
    ) -> None:
        self._text = {
            label: np.stack([vectors[text] for text in texts]) for label, texts in wordings.items()
        }
        self.labels = list(self._text)
        self.examples = examples
        first = np.stack([self._text[label][0] for label in self.labels])
        cosine = first @ first.T
        self._row = {label: number for number, label in enumerate(self.labels)}
        self._cosine = cosine

    @staticmethod
    def wordings(
        labels: Iterable[str], phrases: Mapping[str, Sequence[str]]
    ) -> dict[str, list[str]]:
        """All texts that ask for each label: itself, phrases people use, and templates.

        Example:
            >>> QueryTable.wordings(["rain"], {"rain": ["raindrops"]})["rain"][:3]
            ['rain', 'raindrops', 'the sound of rain']
        """
        result = {}
        for label in sorted(set(labels)):
            texts = [label, *phrases.get(label, ()), *(t.format(label) for t in TEMPLATES)]
            result[label] = list(dict.fromkeys(texts))
        return result

    def similar(self, first: str, second: str) -> float:
        """Cosine between two labels: high means they may name the same sound."""
        return float(self._cosine[self._row[first], self._row[second]])

    def text(self, label: str, generator: np.random.Generator) -> Vector:
        """One wording of the label: itself in three cases of ten, else any other."""
        vectors = self._text[label]
        if len(vectors) == 1 or generator.random() < 0.3:
            row = 0
        else:
            row = int(generator.integers(1, len(vectors)))
        chosen: Vector = vectors[row]
        return chosen

    def sounds(self, clips: Sequence[int], others: Sequence[int], share: float) -> Vector:
        """The vector of clips heard together, with a share of others in it.

        Args:
            clips: at least one.
            others: any number; those among ``clips`` count as clips.
            share: how much of the others is heard, 0…1.

        Returns:
            A unit vector ``(dim,)``.

        Raises:
            DataError: the table has no vectors of clips.
        """
        if self.examples is None:
            raise DataError("the vectors of the clips are not known: give the table examples")
        vector: Vector = self.examples[list(clips)].mean(axis=0)
        added = [clip for clip in others if clip not in clips]
        if added:
            vector = vector + np.float32(share) * self.examples[added].mean(axis=0)
        return _unit(vector)

    def blend(self, label: str, example: int | None, generator: np.random.Generator) -> Vector:
        """A wording, or a random blend of a wording and a clip's own vector (as in CLAPSep)."""
        vector = self.text(label, generator)
        if example is not None and self.examples is not None:
            share = np.float32(generator.random())
            vector = share * self.examples[example] + (1 - share) * vector
        return _unit(vector)


def _unit(vector: Vector) -> Vector:
    unit: Vector = vector / np.float32(max(float(np.linalg.norm(vector)), 1e-9))
    return unit
