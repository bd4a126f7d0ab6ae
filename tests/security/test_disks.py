"""Disks that are full or read-only, and several runs on one folder."""

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lass import Query
from lass.audio import read, write
from lass.edit.project import Project, read_project, write_project
from lass.errors import AudioWriteError, EditError, EffectError, LassError, QueryError
from lass.fx import Chain
from lass.query.types import QueryEmbedding


@pytest.fixture
def mounted(tmp_path):
    """Mount a small file system; where that is not allowed, skip."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options):
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(folder)],
            capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.skip("mounting is not allowed here")
        return folder

    yield mount
    if os.path.ismount(folder):
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def recording(tmp_path, sound):
    path = tmp_path / "in.wav"
    write(path, sound(16000, seconds=2.0), sample_rate=16000, subtype="PCM_16")
    return path


def keepers():
    """Everything that writes a small file, and its error."""
    vector = QueryEmbedding(np.ones(2, np.float32), "toy")
    query = Query(embedding=vector, label="hum")
    project = Project("in.wav", "0" * 64, "default", None, False, ())
    return [
        ("a.lassproj", lambda path: write_project(path, project), EditError),
        ("a.lassquery", lambda path: query.save(path, overwrite=True), QueryError),
        ("a.json", lambda path: Chain([]).save(path), EffectError),
    ]


def fill(path):
    """Take all the room that is left."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_a_disk_without_room(separator, recording, mounted):
    disk = mounted("size=64k")
    with pytest.raises(AudioWriteError, match="nothing was left behind"):
        separator.separate_file(recording, ["violin"], output_dir=disk)
    assert os.listdir(disk) == []
    write_project(disk / "old.lassproj", Project("in.wav", "0" * 64, "default", None, False, ()))
    before = (disk / "old.lassproj").read_bytes()
    fill(disk / "rest")
    with pytest.raises(EditError, match="cannot write the project"):
        write_project(
            disk / "old.lassproj", Project("other.wav", "1" * 64, "default", None, False, ())
        )
    assert (disk / "old.lassproj").read_bytes() == before
    assert sorted(os.listdir(disk)) == ["old.lassproj", "rest"]


def test_a_disk_that_can_only_be_read(separator, recording, mounted):
    disk = mounted("size=64k,ro")
    with pytest.raises(AudioWriteError, match="Read-only"):
        separator.separate_file(recording, ["violin"], output_dir=disk)
    with pytest.raises(AudioWriteError):
        separator.separate_file(recording, ["violin"], output_dir=disk / "new")
    for name, keep, error in keepers():
        with pytest.raises(error):
            keep(disk / name)
    assert os.listdir(disk) == []


def test_folders_that_are_not_there(tmp_path):
    for name, keep, error in keepers():
        with pytest.raises(error):
            keep(tmp_path / "none" / name)
        with pytest.raises(error):
            keep(tmp_path / ("x" * 300 + Path(name).suffix))
    assert os.listdir(tmp_path) == []


def test_four_runs_on_one_folder(separator, recording, tmp_path):
    """Each file is somebody's whole result, and nothing unfinished stays."""
    out, errors = tmp_path / "out", []

    def run(on_existing):
        try:
            separator.separate_file(recording, ["violin"], output_dir=out, on_existing=on_existing)
        except LassError as error:
            errors.append(str(error))

    kinds = ("error", "overwrite", "skip", "overwrite")
    threads = [threading.Thread(target=run, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(os.listdir(out)) == ["in.rest.wav", "in.violin.wav"]
    total = sum(read(path)[0].astype(np.float64) for path in out.iterdir())
    np.testing.assert_array_equal(total, read(recording)[0])
    assert all("exists" in error for error in errors)


@pytest.mark.slow
def test_three_programs_on_one_folder(models, recording, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.wav").write_bytes(recording.read_bytes())
    command = [
        sys.executable, "-m", "lass", "separate", "-q", "violin", str(folder), "-o",
        str(tmp_path / "out"), "--on-existing", "skip", "-m", str(models / "separator"),
        "--manifest", str(tmp_path / "results.jsonl"),
    ]  # fmt: skip
    runs = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [run.communicate()[1] for run in runs]
    assert {run.returncode for run in runs} == {0}, said
    made = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert made == sorted(f"{n}.{part}.wav" for n in range(6) for part in ("violin", "rest"))
    whole = soundfile.read(recording, dtype="int16")[0].astype(int)
    for number in range(6):
        parts = (tmp_path / "out").glob(f"{number}.*.wav")
        total = sum(soundfile.read(path, dtype="int16")[0].astype(int) for path in parts)
        np.testing.assert_array_equal(total, whole)


def test_a_project_is_whole_whoever_writes_it_at_once(tmp_path):
    path = tmp_path / "a.lassproj"
    write_project(path, Project("0.wav", "0" * 64, "default", None, False, ()))
    problems = []

    def write_many(name):
        for _ in range(20):
            try:
                write_project(path, Project(name, "0" * 64, "default", None, False, ()))
                read_project(path)
            except LassError as error:
                problems.append(str(error))

    threads = [threading.Thread(target=write_many, args=(f"{n}.wav",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert os.listdir(tmp_path) == ["a.lassproj"]
