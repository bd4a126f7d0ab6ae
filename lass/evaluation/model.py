"""A model of this project as the evaluation asks separators: loaded late, and fit for processes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from lass.evaluation.mixtures import AudioExample
from lass.evaluation.runner import Answer
from lass.zoo.folders import model_folder
from lass.zoo.loading import read_config

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from lass.separation import Separator

__all__ = ["ModelSeparator"]


@dataclass
class ModelSeparator:
    """Asks a model for one sound at a time; words or a recording.

    It also lends the model's encoder, so it serves as ``evaluate(..., encoder=...)``.
    It is pickled without the model, which each process loads at its first question: so it serves
    ``evaluate(..., workers=2)``.

    Args:
        model: Name or folder of a model.
        device: As in `lass.Separator.load`.

    Example:
        >>> import pickle
        >>> pickle.loads(pickle.dumps(ModelSeparator("default"))).model
        'default'
    """

    model: str
    device: str = "auto"
    _loaded: Separator | None = field(default=None, init=False, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        return {"model": self.model, "device": self.device, "_loaded": None}

    @property
    def separator(self) -> Separator:
        """The loaded model.

        Raises:
            ModelError: When there is no such model or it cannot separate.
        """
        if self._loaded is None:
            from lass.separation import Separator

            self._loaded = Separator.load(self.model, device=self.device)
        return self._loaded

    @property
    def fingerprint(self) -> str:
        """Hash of the published SHA-256 of all weights, the encoder's too: what was measured.

        Raises:
            ModelNotFoundError: There is no such model.
            ConfigError: Its configuration cannot be read.
        """
        folder = model_folder(self.model)
        config = read_config(folder)
        hashes = [config.get("sha256", {})]
        encoder = config.get("encoder")
        if encoder is not None:
            beside = folder.parent / encoder
            found = beside if beside.is_dir() else model_folder(encoder)
            hashes.append(read_config(found).get("sha256", {}))
        return sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()

    @property
    def space(self) -> str:
        """Name of the query space of the model's encoder."""
        return self.separator.model.encoder.space

    def encode_text(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors of texts ``(texts, dimensions)`` by the model's own encoder."""
        return self.separator.model.encoder.encode_text(texts)

    def encode_audio(
        self, audio: npt.NDArray[np.float32], *, sample_rate: int
    ) -> npt.NDArray[np.float32]:
        """Unit vector ``(dimensions,)`` of ``(channels, samples)`` by the model's own encoder."""
        return self.separator.model.encoder.encode_audio(audio, sample_rate=sample_rate)

    def __call__(self, mixture: Any, sample_rate: int, query: str | AudioExample) -> Answer:  # noqa: ANN401
        """Ask for one sound.

        Args:
            mixture: ``(1, samples)`` float32.
            sample_rate: Rate in Hz.
            query: Words, or a recording.

        Returns:
            The estimate and the presence score.
        """
        asked: Any = query
        if isinstance(query, AudioExample):
            from lass.query import Query

            asked = Query(example=query.samples, example_rate=query.sample_rate)
        result = self.separator.separate(mixture, sample_rate, [asked])
        (estimate,), (score,) = result.parts.values(), result.scores.values()
        return Answer(estimate, score)
