"""Float samples to integer codes, without loss where none is needed.

libsndfile scales floats by 32767 when it writes and by 1/32768 when it reads, so a file read
and written again changes. Here both directions use the same power of two: what was read from
an integer file and not touched is written back bit for bit. Rounding is plain (to nearest);
nothing is dithered, because dither would break that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from lass.errors import AudioError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BITS", "common_gain", "largest_code", "quantise"]

BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
"""Bits per sample of the integer subtypes."""


def largest_code(subtype: str) -> float:
    """Tell the largest sample value that a subtype holds.

    Args:
        subtype: libsndfile's name, such as ``"PCM_16"``.

    Returns:
        The largest positive code as a fraction of full scale, a little below 1 for integer
        subtypes; infinity for the others, which do not clip.

    Example:
        >>> largest_code("PCM_16") == 32767 / 32768
        True
        >>> largest_code("FLOAT")
        inf
    """
    bits = BITS.get(subtype)
    return math.inf if bits is None else 1.0 - 2.0 ** (1 - bits)


def common_gain(peaks: Iterable[float], *, subtype: str) -> float:
    """Find the one gain under which none of several outputs clips.

    Outputs that shall add up to their mixture must all be changed by the same factor.

    Args:
        peaks: Largest absolute sample of each output, full scale 1.0.
        subtype: libsndfile's name of the coding they will have.

    Returns:
        A linear gain of at most 1; exactly 1.0 if nothing clips or the subtype cannot.

    Raises:
        AudioError: If a peak is negative or not finite.

    Example:
        >>> common_gain([0.5, 0.9], subtype="PCM_16")
        1.0
        >>> round(common_gain([0.5, 2.0], subtype="PCM_16"), 4)
        0.5
        >>> common_gain([0.5, 2.0], subtype="FLOAT")
        1.0
    """
    values = [float(peak) for peak in peaks]
    for value in values:
        if not math.isfinite(value) or value < 0:
            raise AudioError(f"a peak is {value}, expected a finite number that is not negative")
    largest = max(values, default=0.0)
    if largest <= 1.0 or subtype not in BITS:
        return 1.0
    # Two bits of room under 24, so that float32 rounding of gain and product stays inside.
    return min(largest_code(subtype), 1.0 - 2.0**-22) / largest


def quantise(
    block: NDArray[np.float32], *, subtype: str
) -> NDArray[np.float32] | NDArray[np.int16] | NDArray[np.int32]:
    """Turn a block into what libsndfile stores without changing it further.

    A sample of exactly +1.0, full scale of a float file, becomes the largest code, one step
    below, as is usual. Anything beyond would clip and is the caller's mistake.

    Args:
        block: Float32 block ``(channels, samples)`` within -1.0 … 1.0.
        subtype: libsndfile's name of the coding.

    Returns:
        int16 or int32 of the same shape, left-aligned, for integer subtypes; the block
        itself for the others.

    Raises:
        AudioError: If the peak is above full scale.

    Example:
        >>> import numpy as np
        >>> quantise(np.array([[-1.0, 0.5, 1.0]], np.float32), subtype="PCM_16")
        array([[-32768,  16384,  32767]], dtype=int16)
    """
    bits = BITS.get(subtype)
    if bits is None:
        return block
    peak = float(np.max(np.abs(block), initial=0.0))
    if peak > 1.0:
        raise AudioError(
            f"the peak is {peak:.4f} ({20 * math.log10(peak):+.1f} dBFS), which would clip in "
            f"{subtype}; write FLOAT, or multiply all outputs by common_gain of their peaks"
        )
    top = 2 ** (bits - 1)
    codes = np.clip(np.rint(block.astype(np.float64) * top), -top, top - 1).astype(np.int64)
    # Left-aligned, as libsndfile takes them.
    shifted = codes << ((16 if bits <= 16 else 32) - bits)
    result: NDArray[np.int16] | NDArray[np.int32]
    result = shifted.astype(np.int16) if bits <= 16 else shifted.astype(np.int32)
    return result
