"""Files to separate, and the setup that the tests share."""

from __future__ import annotations

import pytest

from lass.audio import write
from lass.scale import Setup, Task, Words


@pytest.fixture
def files(tmp_path, sound):
    """Make short recordings, each another."""

    def make(count, *, seconds=0.3):
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        paths = [folder / f"{number:03}.wav" for number in range(count)]
        for number, path in enumerate(paths):
            write(path, sound(16000, seconds=seconds, seed=number), sample_rate=16000,
                  subtype="PCM_16", on_existing="overwrite")  # fmt: skip
        return paths

    return make


@pytest.fixture
def setup(models):
    """Ask the tiny model for two sounds."""

    def make(**options):
        asking = options.pop("asking", Words(["violin", "dog"]))
        options.setdefault("model", str(models / "separator"))
        return Setup(asking, device="cpu", **options)

    return make


@pytest.fixture
def tasks(tmp_path):
    """Tasks whose results go to a folder of their own."""

    def make(paths, folder="out"):
        return [Task(path, tmp_path / folder, key=path) for path in paths]

    return make
