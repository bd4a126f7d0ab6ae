"""Sound in, sound out: reading, writing, block streaming, resampling and loudness.

Everywhere in `lass` a signal is a float32 array of shape ``(channels, samples)``. This room
is the only one that touches sound files. It stands on two well-kept libraries, ``soundfile``
(libsndfile) and ``soxr``, and adds what they leave to the caller: truncated files are
noticed, outputs appear whole or not at all, bit depth is kept, and nothing is normalised
silently. Both libraries are imported when first needed.
"""

from __future__ import annotations

from lass.audio.containers import choose_subtype, container_of
from lass.audio.loudness import loudness_lufs
from lass.audio.probing import AudioInfo, info
from lass.audio.quantising import common_gain, largest_code
from lass.audio.reading import read, stream
from lass.audio.resampling import Resampler, resample, resampled_length
from lass.audio.validation import validate
from lass.audio.writing import Writer, write

__all__ = [
    "AudioInfo",
    "Resampler",
    "Writer",
    "choose_subtype",
    "common_gain",
    "container_of",
    "info",
    "largest_code",
    "loudness_lufs",
    "read",
    "resample",
    "resampled_length",
    "stream",
    "validate",
    "write",
]
