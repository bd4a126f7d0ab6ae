"""The data pack with its vectors."""

import numpy as np
import pytest

from lass.training.material import open_material
from tests.data.pack import make_pack


class Counting:
    """An encoder that counts what it is asked."""

    def __init__(self, fingerprint):
        self.fingerprint, self.asked = fingerprint, 0

    def encode_text(self, texts):
        self.asked += len(texts)
        return [np.eye(4, dtype=np.float32)[len(text) % 4] for text in texts]

    def encode_audio(self, audio, *, sample_rate):
        assert audio.shape[1] <= 5 * sample_rate
        self.asked += 1
        return np.float32([1, 0, 0, audio.shape[1]])


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return make_pack(tmp_path_factory.mktemp("pack"))


def test_vectors_are_made_once(pack, tmp_path):
    material = open_material(pack, cache=tmp_path)
    first, second = Counting("a"), Counting("a")
    made = material.table(first, cache=tmp_path)
    assert first.asked == len(material.texts) + len(material.store.clips)
    kept = open_material(pack, cache=tmp_path).table(second, cache=tmp_path)
    assert second.asked == 0
    np.testing.assert_array_equal(made.examples, kept.examples)
    for label in made.labels:
        draws = (np.random.default_rng(3), np.random.default_rng(3))
        np.testing.assert_array_equal(made.text(label, draws[0]), kept.text(label, draws[1]))


def test_another_encoder_has_its_own_vectors(pack, tmp_path):
    material = open_material(pack, cache=tmp_path)
    material.table(Counting("a"), cache=tmp_path)
    other = Counting("b")
    material.table(other, cache=tmp_path)
    assert other.asked > 0


def test_no_recording_is_on_both_sides(pack, tmp_path):
    material = open_material(pack, cache=tmp_path)
    clips = material.store.clips
    assert sorted([*material.trained, *material.kept]) == list(range(len(clips)))
    sources = [{clips[i].source for i in side} for side in (material.trained, material.kept)]
    assert sources[0].isdisjoint(sources[1])
