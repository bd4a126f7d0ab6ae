"""A model as a separator of the evaluation; the model itself is a stand-in."""

import pickle
from types import SimpleNamespace

import numpy as np

from lass.evaluation import AudioExample, ModelSeparator


class _StandIn:
    loads = 0

    def __init__(self):
        self.asked = []

    def separate(self, mixture, sample_rate, queries):
        self.asked += queries
        return SimpleNamespace(parts={"x": 0.5 * mixture}, scores={"x": 0.25})


def test_loaded_once_pickled_empty_and_asks_by_words_or_recording(monkeypatch):
    stand_in = _StandIn()

    def load(name, device):
        assert (name, device) == ("some", "cpu")
        _StandIn.loads += 1
        return stand_in

    monkeypatch.setattr("lass.separation.Separator.load", load)
    asks = ModelSeparator("some", device="cpu")
    mixture = np.ones((1, 8), np.float32)
    answer = asks(mixture, 8000, "dog")
    np.testing.assert_array_equal(answer.estimate, 0.5 * mixture)
    assert answer.score == 0.25
    asks(mixture, 8000, AudioExample(np.ones((1, 8000), np.float32), 8000, "dog"))
    assert _StandIn.loads == 1
    words, recording = stand_in.asked
    assert words == "dog"
    assert recording.example_rate == 8000
    again = pickle.loads(pickle.dumps(asks))
    assert again == asks
    again(mixture, 8000, "dog")
    assert _StandIn.loads == 2


def test_the_fingerprint_changes_with_the_weights_of_either_part(models, tmp_path):
    import json
    import shutil

    shutil.copytree(models, tmp_path / "models")
    asks = ModelSeparator(str(tmp_path / "models" / "separator"))
    seen = {asks.fingerprint}
    assert ModelSeparator(str(models / "separator")).fingerprint in seen
    for part in ("separator", "encoder"):
        path = tmp_path / "models" / part / "config.json"
        config = json.loads(path.read_text())
        config["sha256"]["model.safetensors"] = "0" * 64
        path.write_text(json.dumps(config))
        seen.add(asks.fingerprint)
    assert len(seen) == 3


def test_it_lends_the_encoder_of_the_model(models):
    from lass.zoo import load_encoder

    lends = ModelSeparator(str(models / "separator"), device="cpu")
    own = load_encoder(models / "encoder")
    noise = 0.1 * np.random.default_rng(0).standard_normal((1, 16000)).astype(np.float32)
    assert lends.space == own.space
    np.testing.assert_array_equal(lends.encode_text(["hum"]), own.encode_text(["hum"]))
    np.testing.assert_array_equal(
        lends.encode_audio(noise, sample_rate=16000), own.encode_audio(noise, sample_rate=16000)
    )
