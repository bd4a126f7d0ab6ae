import numpy as np
import pytest
import soxr

from lass.data import ClipStore, is_validation, read_manifests
from lass.errors import DataError
from tests.data.pack import make_pack, sound


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return make_pack(tmp_path_factory.mktemp("pack"))


def test_manifest_keeps_only_the_split(pack):
    assert len(read_manifests(pack)) == 24
    assert [c.key for c in read_manifests(pack, split="test")] == ["set__test"]


def test_missing_manifest_is_said(tmp_path):
    with pytest.raises(DataError, match="manifest"):
        read_manifests(tmp_path)


def test_wrong_columns_are_named(tmp_path):
    (tmp_path / "manifest-a.csv").write_text("key,shard\n")
    with pytest.raises(DataError, match="lacks the columns dataset"):
        read_manifests(tmp_path)


def test_validation_share_is_a_tenth_of_sources():
    clips = [type("C", (), {"source": f"s{i}"})() for i in range(3000)]
    assert 0.08 < np.mean([is_validation(c) for c in clips]) < 0.12


def test_store_gives_back_the_recording(pack, tmp_path):
    store = ClipStore.open(pack, read_manifests(pack), cache=tmp_path)
    generator = np.random.default_rng(0)
    originals = [sound(c.label, c.sample_rate, 1.0, generator) for c in store.clips]
    for index in (0, 3, 4, 7):
        clip, original = store.clips[index], originals[index]
        rate = clip.sample_rate
        assert store.length(index, sample_rate=rate) == rate
        error = store.audio(index, sample_rate=rate) - original
        # Vorbis at its usual quality is about 20 dB away from the original.
        assert np.sum(error**2) < 0.05 * np.sum(original**2)
        low = soxr.resample(original, rate, 16000)
        error = store.audio(index, sample_rate=16000) - low
        assert np.sum(error**2) < 0.05 * np.sum(low**2)


def test_only_clips_recorded_high_are_kept_high(pack, tmp_path):
    store = ClipStore.open(pack, read_manifests(pack), cache=tmp_path)
    for index, clip in enumerate(store.clips):
        assert store.has_rate(index, 16000)
        assert store.has_rate(index, 32000) == (clip.sample_rate == 32000)


def test_crop(pack, tmp_path):
    store = ClipStore.open(pack, read_manifests(pack), cache=tmp_path)
    whole = store.audio(2, sample_rate=16000)
    np.testing.assert_array_equal(
        store.audio(2, sample_rate=16000, start=100, stop=300), whole[100:300]
    )
    assert store.audio(2, sample_rate=16000, start=15990, stop=99999).size == 10


def test_second_opening_reads_the_cache(pack, tmp_path):
    clips = read_manifests(pack)
    first = ClipStore.open(pack, clips, cache=tmp_path)
    (folder,) = tmp_path.iterdir()
    before = {p: p.stat().st_mtime_ns for p in folder.iterdir()}
    second = ClipStore.open(pack, clips, cache=tmp_path)
    assert {p: p.stat().st_mtime_ns for p in folder.iterdir()} == before
    assert first.clips == second.clips


def test_missing_clip_is_counted(pack, tmp_path):
    clips = read_manifests(pack)
    odd = [*clips, type(clips[0])(**{**vars(clips[0]), "key": "nowhere"})]
    with pytest.raises(DataError, match="1 of 25"):
        ClipStore.open(pack, odd, cache=tmp_path)
