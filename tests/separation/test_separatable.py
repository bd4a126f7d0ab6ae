"""A separator behind asteroid's protocol; asteroid itself is asked where it is installed."""

import numpy as np
import pytest
import torch

from lass.errors import AudioError
from lass.separation.separatable import Separatable
from tests.networks.asteroids import needs_asteroid

RATE = 16000


@pytest.fixture
def model(separator):
    return Separatable(separator, ["dog", "violin"], sample_rate=RATE)


def test_sources_are_the_parts_and_the_rest(model, separator, sound):
    audio = sound(RATE, channels=1)
    told = separator.separate(audio, RATE, ["dog", "violin"])
    made = model.forward_wav(torch.from_numpy(audio))
    assert made.shape == (3, audio.shape[1])
    expected = np.concatenate([*told.parts.values(), told.residual])
    np.testing.assert_allclose(made, expected, atol=1e-6)
    np.testing.assert_allclose(made.sum(dim=0), audio[0], atol=1e-6)


def test_shapes_are_those_of_the_protocol(model, sound):
    audio = torch.from_numpy(sound(RATE, channels=1, seconds=0.2))
    flat = model.forward_wav(audio[0])
    assert flat.shape == (3, audio.shape[1])
    batch = model(torch.stack([audio, 0.5 * audio]))
    assert batch.shape == (2, 3, audio.shape[1])
    torch.testing.assert_close(batch[0], flat)
    assert (model.in_channels, model.sample_rate) == (1, RATE)
    for wrong in (torch.zeros(2, 100), torch.zeros(1, 2, 100), torch.zeros(())):
        with pytest.raises(AudioError, match="expected"):
            model.forward_wav(wrong)


def test_without_the_rest(separator, sound):
    model = Separatable(separator, ["dog"], sample_rate=RATE, residual=False)
    assert model.forward_wav(torch.from_numpy(sound(RATE, channels=1))).shape == (1, RATE)


@needs_asteroid
@pytest.mark.filterwarnings("ignore")
def test_asteroid_separates_with_it(model, sound, tmp_path):
    from asteroid.separate import separate

    from lass.audio import read, write

    audio = sound(RATE, channels=1)
    own = model.forward_wav(torch.from_numpy(audio)).numpy()
    made = separate(model, audio)
    assert isinstance(made, np.ndarray)
    # asteroid gives all sources one gain, by which they have the level that it believes in.
    gain = np.abs(audio).sum() / np.abs(own).sum()
    np.testing.assert_allclose(made, gain * own, atol=1e-5)
    write(tmp_path / "in.wav", audio, sample_rate=RATE, subtype="FLOAT")
    separate(model, str(tmp_path / "in.wav"))
    heard, rate = read(tmp_path / "in_est1.wav")
    assert (rate, heard.shape) == (RATE, (1, RATE))
    assert (tmp_path / "in_est3.wav").is_file()
