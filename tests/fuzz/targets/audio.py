"""Sound files: `lass.audio.info`, `read` of a span, and `stream`."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np

MODULES = ("lass.audio.headers", "lass.audio.probing", "lass.audio.reading")
TOKENS = (
    b"RIFF", b"RIFX", b"RF64", b"WAVE", b"fmt ", b"data", b"ds64", b"fact", b"LIST", b"FORM",
    b"AIFF", b"AIFC", b"COMM", b"SSND", b".snd", b"riff", b"OggS\0", b"fLaC", b"caff", b"ID3",
    b"Xing", b"Info", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x00\x04",
)  # fmt: skip
LONGEST = 20_000
_MOST_BLOCKS = 64  # a file may honestly be long; here its start is enough


def seeds() -> dict[str, bytes]:
    """A little of every format, made here."""
    import soundfile

    sound = np.random.default_rng(0).uniform(-0.3, 0.3, (300, 2))
    kinds = [
        ("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAV", "ULAW"), ("WAV", "IMA_ADPCM"),
        ("RF64", "PCM_16"), ("W64", "PCM_16"), ("AIFF", "PCM_24"), ("AU", "PCM_16"),
        ("CAF", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
    ]  # fmt: skip
    made = {}
    for container, coding in kinds:
        file = io.BytesIO()
        soundfile.write(file, sound, 8000, format=container, subtype=coding)
        made[f"{container}-{coding}".lower()] = file.getvalue()
    head = struct.pack("<IHHIIHH", 16, 1, 1024, 2**31 - 1, 0, 2048, 16)
    body = b"WAVEfmt " + head + b"data" + struct.pack("<I", 2**31) + bytes(4096)
    made["wav-lies"] = b"RIFF" + struct.pack("<I", len(body)) + body
    return made


def run(data: bytes, folder: Path) -> None:
    """Read bytes as a sound file, in the ways the package does."""
    from lass.audio import info, read, stream

    path = folder / "input.snd"
    path.write_bytes(data)
    told = info(path)
    audio, rate = read(path, stop=4096)
    assert audio.shape[0] == told.channels
    assert rate == told.sample_rate > 0
    assert np.isfinite(audio).all()
    for number, block in enumerate(stream(path, block_samples=1000)):
        assert block.shape[0] == told.channels
        if number >= _MOST_BLOCKS:
            break
