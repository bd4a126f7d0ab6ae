"""What the header of a sound file claims, compared with the bytes that are there.

libsndfile silently shortens a truncated WAV or AIFF to the bytes it finds, so half a download
would look like a whole, shorter recording. This module reads the few header fields that tell
the two apart. It needs the standard library only and never decodes a sample.
"""

from __future__ import annotations

import io
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["DataClaim", "OverlayFile", "data_claim", "has_mp3_frame_count"]

# Lengths that programs write when they cannot seek back to fill in the real one: ffmpeg and
# most others, SoX and espeak-ng, and some recorders.
_UNKNOWN_SIZES = frozenset({0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF})
_MAX_CHUNKS = 10_000
_OGG_TAIL_BYTES = 1 << 17  # a page is at most 65 307 bytes


@dataclass(frozen=True)
class DataClaim:
    """How much sound data a header promises.

    Args:
        claimed_bytes: Size of the sound data according to the header.
        present_bytes: Bytes of it that the file really holds.
        patch: Replacement bytes by file offset that make an unfinished header readable;
            empty for a finished one.
    """

    claimed_bytes: int
    present_bytes: int
    patch: tuple[tuple[int, bytes], ...] = ()

    @property
    def truncated(self) -> bool:
        """Whether the file ends before the data that its header promises."""
        return self.present_bytes < self.claimed_bytes


def data_claim(path: Path) -> DataClaim | None:
    """Read what the header of a file claims about its data.

    Args:
        path: A readable file.

    Returns:
        The claim, or None for a format that is not checked here (its decoder reports
        truncation itself) or a header without a definite length.

    Example:
        >>> import tempfile, wave
        >>> from pathlib import Path
        >>> path = Path(tempfile.mkdtemp()) / "a.wav"
        >>> with wave.open(str(path), "wb") as f:
        ...     f.setparams((1, 2, 8000, 0, "NONE", ""))
        ...     f.writeframes(bytes(200))
        >>> data_claim(path)
        DataClaim(claimed_bytes=200, present_bytes=200, patch=())
        >>> _ = path.write_bytes(path.read_bytes()[:100])
        >>> data_claim(path).truncated
        True
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(12)
        if magic[8:] == b"WAVE" and magic[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
            return _wav_claim(file, magic, size)
        if magic[:4] == b"FORM" and magic[8:] in (b"AIFF", b"AIFC"):
            return _aiff_claim(file, size)
        if magic[:4] == b".snd":
            return _au_claim(magic, size)
        if magic[:4] == b"riff":
            return _w64_claim(file, size)
        if magic[:4] == b"OggS":
            return _ogg_claim(file, size)
    return None


def _wav_claim(file: BinaryIO, magic: bytes, size: int) -> DataClaim | None:
    order = ">" if magic[:4] == b"RIFX" else "<"
    riff_size = struct.unpack(order + "I", magic[4:8])[0]
    size_64: int | None = None
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        name, length = head[:4], struct.unpack(order + "I", head[4:])[0]
        at = file.tell()
        if name == b"ds64":
            fields = file.read(16)
            if len(fields) == 16:
                size_64 = struct.unpack("<QQ", fields)[1]
        if name == b"data":
            if size_64 is not None and length == 0xFFFFFFFF:
                length = size_64
            return _wav_data_claim(length, at, size, riff_size, magic[:4])
        file.seek(at + length + length % 2)
    return None


def _wav_data_claim(
    length: int, at: int, size: int, riff_size: int, magic: bytes
) -> DataClaim | None:
    present = max(size - at, 0)
    if length in _UNKNOWN_SIZES:
        return None
    # A header that was written before the sound and never finished: no data according to
    # the data chunk, and an outer size that does not describe this file either.
    if length == 0 and present > 0 and magic == b"RIFF" and abs(riff_size + 8 - size) > 1:
        unknown = b"\xff\xff\xff\xff"
        return DataClaim(present, present, ((4, unknown), (at - 4, unknown)))
    return DataClaim(length, min(present, length))


def _aiff_claim(file: BinaryIO, size: int) -> DataClaim | None:
    for _ in range(_MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return None
        name, length = head[:4], struct.unpack(">I", head[4:])[0]
        at = file.tell()
        if name == b"SSND":
            if length in _UNKNOWN_SIZES or length < 8:
                return None
            # The first eight bytes of the chunk are its own offset fields.
            return DataClaim(length - 8, max(min(size - at, length) - 8, 0))
        file.seek(at + length + length % 2)
    return None


def _au_claim(magic: bytes, size: int) -> DataClaim | None:
    if len(magic) < 12:
        return None
    start, length = struct.unpack(">II", magic[4:])
    if length in _UNKNOWN_SIZES or length == 0:
        return None
    return DataClaim(length, min(max(size - start, 0), length))


def _w64_claim(file: BinaryIO, size: int) -> DataClaim | None:
    at = 40  # past the two outer identifiers and the file size
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(24)
        if len(head) < 24:
            return None
        length = struct.unpack("<Q", head[16:])[0]
        if length < 24:
            return None
        if head[:4] == b"data":
            return DataClaim(length - 24, min(max(size - at - 24, 0), length - 24))
        at += (length + 7) // 8 * 8
    return None


def _ogg_claim(file: BinaryIO, size: int) -> DataClaim | None:
    """Compare the size of the last page with the end of the file.

    A cut that falls exactly between two pages cannot be told from a stream that was ended
    there, so it is not reported.
    """
    start = max(size - _OGG_TAIL_BYTES, 0)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"OggS\0")
    if at < 0:
        return None
    header = tail[at : at + 27]
    segments = tail[at + 27 : at + 27 + header[26]] if len(header) == 27 else b""
    if len(header) < 27 or len(segments) < header[26]:
        return DataClaim(size + 1, size)
    end = start + at + 27 + len(segments) + sum(segments)
    return DataClaim(end, min(end, size))


def has_mp3_frame_count(path: Path) -> bool:
    """Whether an MP3 file carries an exact frame count in a Xing or Info header.

    Without one, the length that the decoder reports is an estimate, and a difference from it
    says nothing about truncation.

    Args:
        path: A readable file.

    Returns:
        True if the frame count is there.
    """
    with path.open("rb") as file:
        head = file.read(10)
        start = 0
        if head[:3] == b"ID3" and len(head) == 10:
            a, b, c, d = (value & 0x7F for value in head[6:10])
            start = 10 + (a << 21 | b << 14 | c << 7 | d)
        file.seek(start)
        first_frame = file.read(4096)
    for tag in (b"Xing", b"Info"):
        at = first_frame.find(tag)
        if at >= 0 and len(first_frame) >= at + 8:
            return bool(first_frame[at + 7] & 1)
    return False


class OverlayFile(io.FileIO):
    """A read-only file some of whose bytes appear replaced, the file itself staying as it is.

    Args:
        path: The file.
        patch: Pairs of file offset and replacement bytes.
    """

    def __init__(self, path: str | os.PathLike[str], patch: tuple[tuple[int, bytes], ...]) -> None:
        super().__init__(os.fspath(path), "rb")
        self._patch = patch

    def readinto(self, buffer: object) -> int:
        """Fill a buffer from the current position, with the replacements applied.

        Args:
            buffer: A writable buffer of bytes.

        Returns:
            The number of bytes read.
        """
        start = self.tell()
        count = super().readinto(buffer) or 0  # type: ignore[arg-type]
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        for offset, new in self._patch:
            for i, value in enumerate(new):
                if 0 <= offset + i - start < count:
                    view[offset + i - start] = value
        return count

    def __del__(self) -> None:
        # libsndfile's wrapper leaves closing to whoever made the file, which here is nobody else.
        self.close()
