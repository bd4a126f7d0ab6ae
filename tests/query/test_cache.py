"""The cache of texts: quick, small, shared, and never needed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from lass.places import cache_folder
from lass.query.cache import TextCache
from lass.query.compact import CompactEncoder

KEY = TextCache.key("model", "{}", "violin")
VECTOR = np.random.default_rng(0).standard_normal(512).astype(np.float32)


@pytest.fixture
def cache(tmp_path):
    return TextCache(tmp_path / "texts")


def only_file(cache):
    (path,) = [path for path in cache.folder.rglob("*") if path.is_file()]
    return path


def test_what_is_put_comes_back_bit_for_bit(cache):
    assert cache.get(KEY, dim=512) is None
    cache.put(KEY, VECTOR)
    np.testing.assert_array_equal(cache.get(KEY, dim=512), VECTOR)
    assert cache.get(KEY, dim=256) is None
    assert only_file(cache).suffix == ".npy"


def test_keys_depend_on_every_part():
    keys = {TextCache.key(*parts) for parts in [("a", "b"), ("ab",), ("a", "b", ""), ("b", "a")]}
    assert len(keys) == 4


DAMAGE = {
    "empty": lambda data: b"",
    "cut": lambda data: data[:-40],
    "longer": lambda data: data + b"x",
    "a bit": lambda data: data[:300] + bytes([data[300] ^ 1]) + data[301:],
    "noise": lambda data: np.random.default_rng(0).bytes(3000),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_entries_are_ignored_and_written_anew(cache, kind):
    cache.put(KEY, VECTOR)
    path = only_file(cache)
    path.write_bytes(DAMAGE[kind](path.read_bytes()))
    assert cache.get(KEY, dim=512) is None
    cache.put(KEY, VECTOR)
    np.testing.assert_array_equal(cache.get(KEY, dim=512), VECTOR)


def test_an_entry_under_another_name_is_not_believed(cache):
    cache.put(KEY, VECTOR)
    other = TextCache.key("model", "{}", "dog")
    path = cache.folder / other[:2] / f"{other[2:]}.npy"
    path.parent.mkdir(exist_ok=True)
    os.replace(only_file(cache), path)
    assert cache.get(other, dim=512) is None


def test_what_is_not_finite_or_of_another_type_is_not_believed(cache):
    cache.put(KEY, np.full(512, np.nan, np.float32))
    assert cache.get(KEY, dim=512) is None


def test_the_folder_stays_small(tmp_path):
    cache = TextCache(tmp_path, limit_bytes=50_000)
    keys = [TextCache.key(str(number)) for number in range(60)]
    for number, key in enumerate(keys):
        cache.put(key, VECTOR)
        path = cache._path(key)
        os.utime(path, (1000 + number, 1000 + number))
    cache.get(keys[0], dim=512)  # used just now, so it is kept
    cache.cut_back()
    left = [number for number, key in enumerate(keys) if cache.get(key, dim=512) is not None]
    size = sum(path.stat().st_size for path in tmp_path.rglob("*.npy"))
    assert 0.5 * 50_000 < size <= 0.8 * 50_000
    assert left == [0, *range(60 - len(left) + 1, 60)]


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    cache = TextCache(blocked / "texts")
    cache.put(KEY, VECTOR)
    assert cache.get(KEY, dim=512) is None


def test_processes_share_a_folder(tmp_path):
    code = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from lass.query.cache import TextCache\n"
        "cache = TextCache(Path(sys.argv[1]), limit_bytes=100_000)\n"
        "for turn in range(300):\n"
        "    key = TextCache.key(str(turn % 20))\n"
        "    found = cache.get(key, dim=64)\n"
        "    assert found is None or (found == turn % 20).all()\n"
        "    cache.put(key, np.full(64, turn % 20, np.float32))\n"
        "    turn % 50 or cache.cut_back()\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(3)]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0]
    names = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert len(names) == 20
    assert not [name for name in names if name.startswith(".new-")]


def test_the_place(monkeypatch, tmp_path):
    monkeypatch.setenv("LASS_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "cache"
    assert TextCache.usual().folder == tmp_path / "cache" / "text-vectors"
    monkeypatch.delenv("LASS_HOME")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "lass"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "lass"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "lass"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert cache_folder() == tmp_path / "lass" / "cache"
    monkeypatch.setenv("LASS_CACHE", "off")
    assert TextCache.usual() is None


def test_the_same_words_are_encoded_once(models, cache, monkeypatch):
    encoder = CompactEncoder(models / "encoder", cache=cache)
    asked = []
    own = encoder._phrases
    monkeypatch.setattr(encoder, "_phrases", lambda texts: asked.append(list(texts)) or own(texts))
    first = encoder.encode_text(["dog", " dog ", "violin"])
    second = encoder.encode_text(["violin", "dog"])
    assert asked == [["dog", "violin"]]
    np.testing.assert_array_equal(first[[2, 0]], second)
    plain = CompactEncoder(models / "encoder").encode_text(["dog", "violin"])
    np.testing.assert_allclose(first[[0, 2]], plain, atol=1e-6)


def test_other_weights_or_templates_never_share_entries(models, cache):
    folder = models / "encoder"
    one = CompactEncoder(folder, cache=cache)
    other = CompactEncoder(folder, cache=cache, templates=["the sound of {}"])
    changed = CompactEncoder(folder, cache=cache)
    changed._hashes = {"model.safetensors": "other"}
    assert len({each._key("dog") for each in (one, other, changed)}) == 3
    one.encode_text(["dog"])
    np.testing.assert_allclose(
        other.encode_text(["dog"]), one.encode_text(["the sound of dog"]), atol=1e-6
    )


def test_the_second_use_takes_less_than_a_millisecond(models, cache):
    texts = [f"sound number {number}" for number in range(50)]
    CompactEncoder(models / "encoder", cache=cache).encode_text(texts)
    encoder = CompactEncoder(models / "encoder", cache=cache)
    took = []
    for text in texts:
        started = time.thread_time()  # of this thread, whatever else the machine does
        encoder.encode_text([text])
        took.append(time.thread_time() - started)
    assert np.median(took) < 1e-3
