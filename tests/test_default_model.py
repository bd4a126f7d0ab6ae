"""The shipped model on the example: quick signs of life, not a measurement (see eval/)."""

from pathlib import Path

import numpy as np
import pytest

import lass
from lass.audio import read, resample
from lass.separation import HEARD

DUET = Path(__file__).parent.parent / "examples" / "duet.wav"


@pytest.fixture(scope="module")
def separator():
    return lass.Separator.load()


@pytest.fixture(scope="module")
def result(separator):
    audio, rate = read(DUET)
    return audio, rate, separator.separate(audio, rate, ["violin", "drums", "a man speaking"])


def test_everything_asked_for_is_found(result):
    _, _, separated = result
    # The bar is the one below which a user is told that nothing like it was found.
    assert all(score > HEARD for score in separated.scores.values()), separated.scores


def test_parts_and_rest_are_the_recording(result):
    audio, _, separated = result
    total = np.sum([*separated.parts.values(), separated.residual], axis=0, dtype=np.float64)
    error = np.abs(total - audio).max() / np.abs(audio).max()
    assert 20 * np.log10(error + 1e-12) < -120


def test_violin_is_tonal_and_drums_are_not(result):
    # Spectral flatness between 300 Hz and 8 kHz: a closed form that knows nothing of the model.
    _, rate, separated = result

    def flatness(audio):
        frames = audio.mean(axis=0)[: rate * 10].reshape(-1, rate // 10)
        loud = frames[np.argsort((frames**2).sum(axis=1))[-30:]]
        power = np.abs(np.fft.rfft(loud * np.hanning(loud.shape[1]), axis=1)) ** 2
        band = power[:, 30:800] + 1e-12
        return float(np.median(np.exp(np.log(band).mean(axis=1)) / band.mean(axis=1)))

    assert flatness(separated.parts["violin"]) < flatness(separated.parts["drums"])


def test_phrases_give_nearly_the_same(separator, result):
    audio, rate, separated = result
    other = separator.separate(audio, rate, ["the sound of a violin"])
    one, two = separated.parts["violin"].ravel(), other.parts["the sound of a violin"].ravel()
    assert np.corrcoef(one, two)[0, 1] > 0.9


def test_an_example_is_nearest_to_its_own_words(separator, result):
    _, rate, separated = result
    encoder = separator.model.encoder
    names = list(separated.parts)
    words = encoder.encode_text(names)
    for row, name in enumerate(names):
        example = encoder.encode_audio(separated.parts[name], sample_rate=rate)
        assert int((words @ example).argmax()) == row, (name, words @ example)


def test_an_example_lands_in_the_same_place_at_any_rate(separator, result):
    audio, rate, _ = result
    encoder = separator.model.encoder
    one = encoder.encode_audio(audio, sample_rate=rate)
    other = resample(audio, from_hz=rate, to_hz=16000)
    assert float(one @ encoder.encode_audio(other, sample_rate=16000)) > 0.98


def test_an_example_works_like_words(separator, result):
    audio, rate, separated = result
    example = separated.parts["violin"][:, : 3 * rate]
    query = lass.Query(example=example, example_rate=rate)
    other = separator.separate(audio, rate, [query])
    part = next(iter(other.parts.values())).ravel()
    assert np.corrcoef(separated.parts["violin"].ravel(), part)[0, 1] > 0.7
