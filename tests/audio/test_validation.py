import numpy as np
import pytest

from lass.audio import validate
from lass.errors import AudioError


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (np.zeros(5, np.float32), r"use audio\[np.newaxis\]"),
        (np.zeros((1, 2, 3)), "expected \\(channels, samples\\)"),
        (np.zeros((0, 5)), "at least one channel"),
        (np.array(1.0), "expected \\(channels, samples\\)"),
        (np.zeros((48000, 2)), "transpose it"),
        (np.zeros((2, 5), np.int16), "floating type"),
        (np.zeros((2, 5), bool), "floating type"),
        (np.zeros((2, 5), complex), "floating type"),
        (np.array([[0.0, np.nan]]), "channel 0, sample 1"),
        (np.array([[0.0, 0.0], [np.inf, 0.0]]), "channel 1, sample 0"),
        (np.array([[1e300]]), "NaN or infinite"),
        ([[0.0, 1.0]], "is a list"),
        (None, "is a NoneType"),
    ],
)
def test_what_is_refused(audio, words):
    with pytest.raises(AudioError, match=words):
        validate(audio, sample_rate=44100)


@pytest.mark.parametrize("rate", [0, -44100, 44100.0, "44100", None, True, 2**31])
def test_rates_that_are_refused(rate):
    with pytest.raises(AudioError, match="positive integer"):
        validate(np.zeros((1, 5)), sample_rate=rate)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 0), (1, 1), (8, 100)])
def test_what_is_accepted(dtype, shape):
    result = validate(np.zeros(shape, dtype), sample_rate=np.int64(44100))
    assert result.shape == shape
    assert result.dtype == np.float32
    assert result.flags.c_contiguous


def test_a_good_array_is_not_copied():
    audio = np.zeros((2, 5), np.float32)
    assert validate(audio, sample_rate=8000) is audio
