import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lass.audio import common_gain, largest_code
from lass.audio.quantising import BITS, quantise
from lass.errors import AudioError

SUBTYPES = sorted(BITS)


@given(st.lists(st.floats(-1, 1, width=32), min_size=1), st.sampled_from(SUBTYPES))
def test_codes_are_the_nearest(values, subtype):
    bits = BITS[subtype]
    codes = quantise(np.array([values], np.float32), subtype=subtype)
    width = 8 * codes.itemsize
    for value, code in zip(values, codes[0], strict=True):
        exact = min(value * 2 ** (bits - 1), 2 ** (bits - 1) - 1)
        assert abs((int(code) >> (width - bits)) - exact) <= 0.5


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([*SUBTYPES, "FLOAT"]))
def test_the_common_gain_stops_all_clipping(peaks, subtype):
    gain = common_gain(peaks, subtype=subtype)
    assert 0 < gain <= 1
    for peak in peaks:
        scaled = np.array([[peak, -peak]], np.float32) * gain
        quantise(scaled, subtype=subtype)  # does not raise
    if max(peaks) > 1 and subtype in BITS:
        assert gain * max(peaks) == pytest.approx(largest_code(subtype), rel=1e-6)


@pytest.mark.parametrize("peak", [-0.1, math.nan, math.inf])
def test_impossible_peaks(peak):
    with pytest.raises(AudioError, match="a peak is"):
        common_gain([0.5, peak], subtype="PCM_16")


def test_nothing_to_scale():
    assert common_gain([], subtype="PCM_16") == 1.0


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_beyond_full_scale_is_refused(subtype):
    with pytest.raises(AudioError, match=r"\+0\.1 dBFS.*would clip"):
        quantise(np.array([[1.01]], np.float32), subtype=subtype)


def test_floats_pass():
    block = np.array([[5.0]], np.float32)
    assert quantise(block, subtype="FLOAT") is block
