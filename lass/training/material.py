"""A data pack made ready: decoded clips, their split, and the vectors of all that can be asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lass.data import ClipStore, QueryTable, read_manifests, split_validation
from lass.data.queries import read_phrases

if TYPE_CHECKING:
    from lass.query.compact import CompactEncoder

__all__ = ["Material", "open_material"]


@dataclass(frozen=True)
class Material:
    """What mixtures are made of.

    Args:
        store: the decoded clips.
        trained: indices of the clips to train on.
        kept: indices of the clips kept for validation, of other recordings.
        wordings: label → texts that ask for it.
    """

    store: ClipStore
    trained: list[int]
    kept: list[int]
    wordings: dict[str, list[str]]

    @property
    def texts(self) -> list[str]:
        """All wordings, in order."""
        return sorted({text for options in self.wordings.values() for text in options})

    def table(self, encoder: CompactEncoder, *, cache: Path) -> QueryTable:
        """Vectors of all wordings and all clips in an encoder's space, made once and kept.

        Args:
            encoder: gives the vectors.
            cache: folder that keeps them, by the encoder's fingerprint.
        """
        texts = self.texts
        keys = "\n".join([encoder.fingerprint, *texts, *(clip.key for clip in self.store.clips)])
        path = cache / f"vectors-{hashlib.sha256(keys.encode()).hexdigest()[:12]}.npz"
        if not path.exists():
            rate = self.store.low_hz
            examples = [
                encoder.encode_audio(
                    self.store.audio(i, sample_rate=rate, stop=5 * rate)[None], sample_rate=rate
                )
                for i in range(len(self.store.clips))
            ]
            unfinished = path.with_suffix(".part.npz")
            vectors = np.stack(list(encoder.encode_text(texts)))
            np.savez(unfinished, texts=vectors, examples=np.stack(examples))
            unfinished.replace(path)
        with np.load(path, allow_pickle=False) as saved:
            known = dict(zip(texts, saved["texts"], strict=True))
            return QueryTable(self.wordings, known, examples=saved["examples"])


def open_material(
    data: Path, *, cache: Path, on_progress: Callable[[int, int], Any] | None = None
) -> Material:
    """Read a data pack; what takes long is kept.

    Args:
        data: the data pack.
        cache: folder for decoded clips.
        on_progress: called with the number of clips decoded and to be decoded.

    Returns:
        The clips of the training part, split by recording.

    Raises:
        DataError: a manifest, a shard or a clip is missing.
    """
    clips = read_manifests(data)
    store = ClipStore.open(data, clips, cache=cache, on_progress=on_progress)
    trained, kept = split_validation(clips)
    phrases = read_phrases(data / "phrases.csv")
    wordings = QueryTable.wordings([clip.label for clip in clips], phrases)
    return Material(store, list(trained), list(kept), wordings)
