"""Backend ``clip``: OpenAI's CLIP ViT-B/32 through transformers, for words and images.

CLIPSep is asked by these vectors as the network gives them, not scaled to length 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lass.query.base import Encoder, stated
from lass.query.cache import TextCache
from lass.query.images import Preparation
from lass.query.pretrained import Pretrained, encoding, open_network, text_vectors
from lass.query.prompts import CLIPSEP_TEMPLATES
from lass.query.tokens import Tokens

__all__ = ["ClipEncoder"]

_SPACES = {"clip-vit-base-patch32": "clip-vit-b32"}
_LICENCE = "MIT"  # of the published weights above
_BATCH = 64


class ClipEncoder(Encoder):
    """CLIP: a Transformer for words and a vision Transformer for images, 512 numbers.

    The network is loaded when something is encoded that the cache does not know.

    Args:
        folder: local files, see :mod:`lass.query.pretrained`.
        space: name of the space; by the published name of the weights if None. ``-unit`` is
            added where vectors are scaled, because those do not mix with the others.
        normalised: whether vectors are scaled to length 1; as the configuration says if None,
            and not where it says nothing.
        templates: sentences that words are put into; those of CLIPSep's evaluation if None.
        cache: keeps vectors of texts.

    Raises:
        ModelError: the folder holds no CLIP.

    Source:
        Radford et al., "Learning transferable visual models from natural language supervision",
        ICML 2021; Dong et al., "CLIPSep", ICLR 2023.

    Example:
        >>> encoder = ClipEncoder(Path("clip-vit-base-patch32"))  # doctest: +SKIP
        >>> encoder.encode_image(np.zeros((480, 640, 3), np.uint8)).shape  # doctest: +SKIP
        (512,)
    """

    files = ("config.json", "model.safetensors", "pytorch_model.bin", "tokenizer.json")

    def __init__(
        self,
        folder: Path,
        *,
        space: str | None = None,
        normalised: bool | None = None,
        templates: Sequence[str] | None = None,
        cache: TextCache | None = None,
    ) -> None:
        self._stored = Pretrained.read(folder, kind="clip")
        own, name = self._stored.own, self._stored.published_name
        unit = bool(own.get("normalised", False)) if normalised is None else normalised
        super().__init__(
            folder,
            space=space or stated(own, "space", _SPACES.get(name, "")),
            dim=self._stored.number("projection_dim", 512),
            normalised=unit,
            licence=stated(own, "licence", _LICENCE if name in _SPACES else "not stated"),
            templates=templates or own.get("templates", CLIPSEP_TEMPLATES),
            hashes=own.get("sha256"),
            cache=cache,
        )
        self.space = self.space or f"clip-{self.fingerprint[:12]}"
        if unit and space is None and "space" not in own:
            self.space += "-unit"

    def encode_image(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Vector of a picture, or the mean over frames.

        Args:
            image: uint8 ``(height, width, 3)`` or ``(frames, height, width, 3)``; CLIPSep takes the
                mean over three frames, a second apart.

        Returns:
            float32 ``(dim,)``.
        """
        import torch

        frames = image[None] if image.ndim == 3 else image
        pixels = torch.stack([self._preparation(frame) for frame in frames])
        rows = []
        for few in pixels.split(_BATCH):
            with encoding(self.folder), torch.inference_mode():
                rows.append(self._network.get_image_features(pixel_values=few).pooler_output)
        vectors = self._scaled(torch.cat(rows)).mean(dim=0, keepdim=True)
        vector: NDArray[np.float32] = self._scaled(vectors)[0].numpy()
        return vector

    def _phrases(self, phrases: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of sentences."""
        import torch

        rows = self._tokens(phrases)
        with encoding(self.folder):
            told = text_vectors(self._network, self._tokens, rows, dim=self.dim)
        vectors: NDArray[np.float32] = self._scaled(torch.from_numpy(told)).numpy()
        return vectors

    def _scaled(self, vectors: Any) -> Any:  # noqa: ANN401 (tensors)
        import torch

        return torch.nn.functional.normalize(vectors, dim=-1) if self.normalised else vectors

    @cached_property
    def _tokens(self) -> Tokens:
        told, text = self._stored.number, "text_config"
        longest = told("max_position_embeddings", 77, section=text)
        # The vector is taken at the first end mark, so texts are filled up with end marks.
        filling = told("eos_token_id", 49407, section=text)
        known = told("vocab_size", 49408, section=text)
        return Tokens(self.folder, longest=longest, padding=filling, known=known)

    @cached_property
    def _preparation(self) -> Preparation:
        side = self._stored.number("image_size", 224, section="vision_config")
        return Preparation.read(self.folder, side=side)

    @cached_property
    def _network(self) -> Any:  # noqa: ANN401
        return open_network(self._stored, self.folder, "CLIP")
