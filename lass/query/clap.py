"""Backend ``clap``: LAION's CLAP through transformers, for words and recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lass.errors import ModelError, brief
from lass.query.algebra import combine
from lass.query.base import Encoder, stated
from lass.query.cache import TextCache
from lass.query.pretrained import Pretrained, encoding, network_class, open_network, text_vectors
from lass.query.prompts import AS_TYPED
from lass.query.tokens import Tokens

__all__ = ["ClapEncoder"]

_SPACES = {
    "clap-htsat-unfused": "clap-htsat-unfused",
    "clap-htsat-fused": "clap-htsat-fused",
    "larger_clap_general": "clap-larger-general",
    "larger_clap_music_and_speech": "clap-larger-music-and-speech",
}
_LICENCE = "Apache-2.0"  # of the published weights above
_MOST_WINDOWS = 6
_MOST_VALUES = 50_000_000  # of a spectrogram; the published one has a million


class ClapEncoder(Encoder):
    """CLAP: a RoBERTa for words and an HTSAT for sound, 512 numbers, 48 kHz, 10 s.

    The network is loaded when something is encoded that the cache does not know.

    A recording shorter than the window is repeated and padded as the model's own feature extractor
    does it. Of a longer one the extractor would take a window at random; here up to six windows,
    spread evenly over all of it, are averaged (models with fusion see the whole recording at once,
    with their random crops drawn from a fixed seed), so that the same recording always gives the
    same vector.

    Args:
        folder: local files, see :mod:`lass.query.pretrained`.
        space: name of the space; by the published name of the weights if None.
        templates: sentences that words are put into; the words as they are if None.
        cache: keeps vectors of texts.

    Raises:
        ModelError: the folder holds no CLAP, or one that is known to be broken.

    Source:
        Wu et al., "Large-scale contrastive language-audio pretraining", ICASSP 2023.

    Example:
        >>> encoder = ClapEncoder(Path("larger_clap_general"))  # doctest: +SKIP
        >>> encoder.encode_text(["violin"]).shape  # doctest: +SKIP
        (1, 512)
    """

    files = ("config.json", "model.safetensors", "pytorch_model.bin", "tokenizer.json")

    def __init__(
        self,
        folder: Path,
        *,
        space: str | None = None,
        templates: Sequence[str] | None = None,
        cache: TextCache | None = None,
    ) -> None:
        self._stored = Pretrained.read(folder, kind="clap")
        own, name = self._stored.own, self._stored.published_name
        super().__init__(
            folder,
            space=space or stated(own, "space", _SPACES.get(name, "")),
            dim=self._stored.number("projection_dim", 512),
            licence=stated(own, "licence", _LICENCE if name in _SPACES else "not stated"),
            templates=templates or own.get("templates", AS_TYPED),
            hashes=own.get("sha256"),
            cache=cache,
        )
        self.space = self.space or f"clap-{self.fingerprint[:12]}"

    def encode_audio(self, audio: NDArray[np.float32], *, sample_rate: int) -> NDArray[np.float32]:
        """Unit vector of a recording.

        Args:
            audio: float32 ``(channels, samples)``; channels are averaged.
            sample_rate: in Hz; the recording is brought to the model's 48 kHz.

        Returns:
            float32 ``(dim,)``.
        """
        import soxr
        import torch

        rate = int(self._features.sampling_rate)
        mono = np.ascontiguousarray(audio.mean(axis=0), dtype=np.float32)
        heard = soxr.resample(mono, sample_rate, rate) if sample_rate != rate else mono
        heard = heard if heard.size else np.zeros(1, np.float32)
        vectors = []
        for window in self._windows(heard):
            with encoding(self.folder), _fixed_draws(), torch.inference_mode():
                features = self._features(window, sampling_rate=rate, return_tensors="pt")
                vectors.append(self._network.get_audio_features(**features).pooler_output[0])
        return combine([vector.numpy() for vector in vectors])

    @property
    def network(self) -> Any:  # noqa: ANN401
        """The model of transformers, for those who need gradients through it."""
        return self._network

    @property
    def features(self) -> Any:  # noqa: ANN401
        """The feature extractor of transformers, with the settings of the model."""
        return self._features

    def _windows(self, mono: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The stretches to hear: all at once, or windows that cover it evenly."""
        length = int(self._features.nb_max_samples)
        if mono.size <= length or self._features.truncation == "fusion":
            return [mono]
        count = min(-(-mono.size // length), _MOST_WINDOWS)
        starts = np.linspace(0, mono.size - length, count).round().astype(int)
        return [mono[start : start + length] for start in starts]

    def _phrases(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of sentences."""
        rows = self._tokens(phrases)
        with encoding(self.folder):
            return text_vectors(self._network, self._tokens, rows, dim=self.dim)

    @cached_property
    def _tokens(self) -> Tokens:
        told, text = self._stored.number, "text_config"
        padding = told("pad_token_id", 1, section=text)
        # RoBERTa counts positions from the number after the padding's.
        longest = told("max_position_embeddings", 514, section=text) - padding - 1
        known = told("vocab_size", 50265, section=text)
        return Tokens(self.folder, longest=longest, padding=padding, known=known)

    @cached_property
    def _network(self) -> Any:  # noqa: ANN401
        return open_network(self._stored, self.folder, "Clap")

    @cached_property
    def _features(self) -> Any:  # noqa: ANN401
        extractor = network_class("models.clap.feature_extraction_clap", "ClapFeatureExtractor")
        path = self.folder / "preprocessor_config.json"
        try:
            if path.is_file():
                options = _bounded(json.loads(path.read_text(encoding="utf-8")))
            else:
                fused = (self._stored.config.get("audio_config") or {}).get("enable_fusion", False)
                options = {"truncation": "fusion" if fused else "rand_trunc"}
            return extractor(**{"padding": "repeatpad", **options})
        except Exception as error:  # whatever wrong settings lead to
            raise ModelError(f"{path} cannot be read: {brief(error)}") from error


def _bounded(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of the feature extractor, unless its tables would fill the memory.

    Raises:
        ValueError: they would.
    """
    usual = {"sampling_rate": 48000, "hop_length": 480, "max_length_s": 10,
             "fft_window_size": 1024, "feature_size": 64}  # fmt: skip
    rate, hop, longest_s, window, bands = (settings.get(key, usual[key]) for key in usual)
    values = max(longest_s * rate, settings.get("nb_max_samples", 0)) // hop * window
    if not (0 < values <= _MOST_VALUES and 0 < bands * window <= _MOST_VALUES):
        raise ValueError("it asks for spectrograms that are far too large, or empty")
    return settings


@contextmanager
def _fixed_draws() -> Iterator[None]:
    """Let the feature extractor draw the same numbers every time.

    It draws from NumPy's global generator, even for short recordings in models with fusion; the
    generator is put back as it was.
    """
    state = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(state)
