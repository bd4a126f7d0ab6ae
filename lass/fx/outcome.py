"""What `text_to_fx` gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from torch import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lass.fx.chain import Chain

__all__ = ["Audio", "Method", "TextFx"]

Method = Literal["default", "cosine", "directional"]
Audio = TypeVar("Audio", "NDArray[np.float32]", Tensor)


@dataclass(frozen=True)
class TextFx(Generic[Audio]):
    """A sound after the words, and how it came about.

    Args:
        audio: Of the type and shape that was given.
        chain: The effects, with the gain that keeps the loudness; `Chain.apply` gives ``audio``.
        similarity_before: How well the recording fits the prompt, -1 to 1: to the ear for
            effects (`lass.fx.ear`), or the cosine in the query space for the published methods
            and where an encoder was given.
        similarity_after: The same of the result.
        spread: Standard deviation of ``similarity_after`` over restarts: over settings drawn
            from the uncertainty of the words, or over random starts for the published methods.
        reliable: Whether the similarity grew by more than the spread.
        certainty: 0 to 1, how far listeners agree on the words; None for the published methods.
        unknown: Words that the lexicon does not have and that were guessed from their likeness.
        doubtful: Those of them that have no reliable meaning.
        method: How the settings were found.
        seed: What was drawn with.
    """

    audio: Audio
    chain: Chain
    similarity_before: float
    similarity_after: float
    spread: float
    reliable: bool
    certainty: float | None
    unknown: tuple[str, ...]
    doubtful: tuple[str, ...]
    method: Method
    seed: int

    @property
    def parameters(self) -> dict[str, dict[str, float]]:
        """Settings by effect and name, in the units that the names say."""
        return self.chain.parameters

    def describe(self) -> str:
        """Say in plain words what was done, and how sure that is."""
        lines = [self.chain.describe()]
        lines.append(
            f"similarity with the words: {self.similarity_before:.3f} before, "
            f"{self.similarity_after:.3f} after (spread over restarts {self.spread:.3f})"
        )
        if not self.reliable:
            lines.append("no reliable change found: the gain is within the spread over restarts")
        if self.certainty is not None:
            lines.append(f"certainty of the words: {self.certainty:.2f} of 1")
        guessed = [word for word in self.unknown if word not in self.doubtful]
        if guessed:
            lines.append(f"guessed from similar words: {', '.join(guessed)}")
        if self.doubtful:
            lines.append(f"no reliable meaning: {', '.join(self.doubtful)}; try another word")
        return "\n".join(lines)
