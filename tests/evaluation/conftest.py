"""A tiny data pack with three clips, and a protocol over it."""

import csv
import hashlib
import io
import json
import tarfile

import numpy as np
import pytest
import soundfile

COLUMNS = [
    *("key", "shard", "dataset", "split", "label", "caption"),
    *("source", "licence", "sample_rate", "duration_s"),
]


def _add(archive, key, samples, rate):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="OGG")
    info = tarfile.TarInfo(f"{key}.ogg")
    info.size = buffer.tell()
    archive.addfile(info, io.BytesIO(buffer.getvalue()))


@pytest.fixture
def pack(tmp_path):
    """Data folder with test clips dog, bell, cat (silent) and a train clip."""
    rng = np.random.default_rng(0)
    time = np.arange(8000) / 8000
    sounds = {
        "dog": 0.3 * np.sin(2 * np.pi * 300 * time),
        "bell": 0.3 * np.sin(2 * np.pi * 1500 * time) + 0.01 * rng.standard_normal(8000),
        "cat": np.zeros(8000),
    }
    rows = []
    for shard, split, keys in (
        ("sound-test-000.tar", "test", list(sounds)),
        ("sound-train-000.tar", "train", ["secret"]),
    ):
        with tarfile.open(tmp_path / shard, "w") as archive:
            for key in keys:
                _add(archive, key, sounds.get(key, sounds["dog"]), 8000)
                rows.append([key, shard, "toy", split, key, "", f"s-{key}", "CC0", 8000, 1.0])
    rows.append(["gone", "sound-test-000.tar", "toy", "test", "gone", "", "s", "CC0", 8000, 1.0])
    with (tmp_path / "manifest-sound.csv").open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return tmp_path


@pytest.fixture
def write_list(tmp_path):
    """Write a protocol CSV and its index; returns the path."""

    def write(rows, **entry):
        from lass.evaluation.protocol import dump_rows

        path = tmp_path / "lists" / "toy.csv"
        path.parent.mkdir(exist_ok=True)
        text = rows if isinstance(rows, str) else dump_rows(tuple(rows))
        path.write_text(text, encoding="utf-8")
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        known = {"name": "toy", "sample_rate": 8000, "sha256": sha256} | entry
        (path.parent / "index.json").write_text(json.dumps({"protocols": [known]}))
        return path

    return write
