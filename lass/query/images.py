"""Pictures: from a file, and as CLIP wants to see them."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lass.errors import ModelError, QueryError

__all__ = ["Preparation", "read_image"]

_MAX_PIXELS = 50_000_000  # half a gigabyte while it is read
# What photographs come as. Other formats would make Pillow start other programs (EPS), or are read
# by code that few people look at.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
_MEAN = (0.48145466, 0.4578275, 0.40821073)  # of the pictures that CLIP learned from
_DEVIATION = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class Preparation:
    """Shorter side to a length (bicubic), the middle square, mean and deviation of each colour.

    Args:
        side: side of the square in pixels.
        mean: of red, green and blue, 0…1.
        deviation: the same.
    """

    side: int = 224
    mean: tuple[float, ...] = _MEAN
    deviation: tuple[float, ...] = _DEVIATION

    @classmethod
    def read(cls, folder: Path, *, side: int) -> Preparation:
        """Mean and deviation as ``preprocessor_config.json`` states them, CLIP's if there is none.

        Raises:
            ModelError: the file cannot be read.
        """
        path = folder / "preprocessor_config.json"
        if not path.is_file():
            return cls(side)
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            mean = tuple(float(value) for value in table.get("image_mean", _MEAN))
            deviation = tuple(float(value) for value in table.get("image_std", _DEVIATION))
        except (
            ArithmeticError, AttributeError, OSError, RecursionError, TypeError, ValueError
        ) as error:  # fmt: skip
            raise ModelError(f"cannot read {path}: {error}") from error
        if not (len(mean) == len(deviation) == 3 and all(map(math.isfinite, mean + deviation))):
            raise ModelError(f"{path} states no three colours: copy the published file there")
        return cls(side, mean, deviation)

    def __call__(self, image: NDArray[np.uint8]) -> Any:  # noqa: ANN401 (a tensor)
        """A tensor ``(3, side, side)`` of an image ``(height, width, 3)``."""
        import torch

        height, width = image.shape[:2]
        scale = self.side / min(height, width)
        size = (max(self.side, int(height * scale)), max(self.side, int(width * scale)))
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float()
        # One direction after the other, with whole numbers between them, as Pillow does it.
        for step in ((height, size[1]), size):
            if step != tuple(pixels.shape[2:]):
                pixels = torch.nn.functional.interpolate(
                    pixels, size=step, mode="bicubic", align_corners=False, antialias=True
                )
                pixels = pixels.round().clamp(0.0, 255.0)
        top, left = (size[0] - self.side) // 2, (size[1] - self.side) // 2
        square = pixels[0, :, top : top + self.side, left : left + self.side] / 255.0
        mean, deviation = torch.tensor(self.mean), torch.tensor(self.deviation)
        return (square - mean[:, None, None]) / deviation[:, None, None]


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """Read a picture.

    Args:
        path: JPEG, PNG, WebP, GIF, TIFF or BMP, of at most 50 million pixels.

    Returns:
        uint8 ``(height, width, 3)``, upright.

    Raises:
        QueryError: there is no such file, it is no picture, or Pillow is not installed.
    """
    try:
        from PIL import Image, ImageOps
    except ImportError as error:
        raise QueryError(
            'images need Pillow, which is not installed: pip install "lass[clap]"'
        ) from error
    if not Path(path).is_file():
        raise QueryError(f"there is no image {path}: give a JPEG or PNG file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about size, which is looked at here, and damage
            Image.init()  # or the formats that need more than Pillow's core are not known yet
            formats = [name for name in _FORMATS if name in Image.OPEN]
            with Image.open(path, formats=formats) as picture:
                if picture.width * picture.height > _MAX_PIXELS:
                    raise QueryError(f"the image {path} is too large: make it smaller")
                upright = ImageOps.exif_transpose(picture)
                return np.asarray(upright.convert("RGB"), dtype=np.uint8)
    except QueryError:
        raise
    except Image.DecompressionBombError as error:
        raise QueryError(f"the image {path} is too large: make it smaller") from error
    except Exception as error:  # each format has errors of its own
        raise QueryError(f"{path} is no image that can be read: give a JPEG or PNG file") from error
