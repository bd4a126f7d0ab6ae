"""Pictures that a query is asked by: `lass.query.images`.

The first byte says what the rest is: ``p`` how a model wants pictures prepared, else a picture.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np

from tests.fuzz.targets import tokens

NEEDS = ("PIL",)
MODULES = ("lass.query.images",)
TOKENS = (
    *tokens("image_mean image_std NaN Infinity null true", marks='"'),
    b"\x89PNG\r\n\x1a\n", b"IHDR", b"IDAT", b"PLTE", b"tRNS", b"acTL", b"fcTL", b"eXIf", b"iCCP",
    b"zTXt", b"IEND", b"\xff\xd8\xff", b"\xff\xc0", b"\xff\xda", b"Exif\0\0", b"MPF\0", b"GIF89a",
    b"BM", b"II*\0", b"MM\0*", b"RIFF", b"WEBPVP8 ", b"ANIM", b"%!PS-Adobe-3.0 EPSF-3.0", b"1e999",
)  # fmt: skip
LONGEST = 8_000
_MOST = 1_000_000


def _picture(kind: str, mode: str = "RGB", **options: object) -> bytes:
    from PIL import Image

    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (6, 9, 3), dtype=np.uint8)).convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return b"i" + file.getvalue()


def _claimed(width: int, height: int) -> bytes:
    """A PNG that says how large it is, and has a few bytes of that."""
    data = b""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    for name, held in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(50))), (b"IEND", b"")):
        data += struct.pack(">I", len(held)) + name + held
        data += struct.pack(">I", zlib.crc32(name + held))
    return b"i\x89PNG\r\n\x1a\n" + data


def seeds() -> dict[str, bytes]:
    """Every format that is taken, sizes that are lies, and settings of a model."""
    from PIL import Image

    turned = Image.Exif()
    turned[0x0112] = 6
    right = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
    return {
        **{kind.lower(): _picture(kind) for kind in ("BMP", "GIF", "PNG", "TIFF", "WEBP")},
        "jpeg": _picture("JPEG", exif=turned),
        "palette": _picture("PNG", "P"),
        "grey": _picture("PNG", "LA"),
        "sixteen": _picture("PNG", "I;16") if hasattr(Image, "I16") else _picture("PNG", "L"),
        "print": _picture("TIFF", "CMYK"),
        "large": _claimed(10_000, 10_000),
        "huge": _claimed(2**31 - 1, 2**31 - 1),
        "program": b"i%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n",
        "settings": b"p" + json.dumps(right).encode(),
        "two": b"p" + json.dumps({**right, "image_mean": [0.5, 0.5]}).encode(),
        "large number": b"p" + json.dumps(right).replace("0.5", "1" + "0" * 400).encode(),
        "deep": b"p" + b"[" * 8000,
    }


def run(data: bytes, folder: Path) -> None:
    """Read a picture and prepare it, or read how it is prepared."""
    from lass.query.images import Preparation, read_image

    if data[:1] == b"p":
        (folder / "preprocessor_config.json").write_bytes(data[1:])
        prepare = Preparation.read(folder, side=8)
        assert prepare(np.zeros((9, 8, 3), np.uint8)).shape == (3, 8, 8)
        return
    path = folder / "input.png"
    path.write_bytes(data[1:])
    image = read_image(path)
    assert image.dtype == np.uint8
    assert image.ndim == 3
    if image.size <= _MOST:
        made = Preparation(8)(image)
        assert made.shape == (3, 8, 8)
        assert np.isfinite(made.numpy()).all()
