"""What a killed run leaves is removed; what a living one writes is not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lass.audio import Writer
from lass.audio.temporary import claim, remove_leftovers

HOLD = """
import sys
from pathlib import Path
from lass.audio.temporary import claim
made = claim(Path(sys.argv[1]) / "a.wav")
print(made.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def writer(tmp_path):
    """Another process that holds a temporary file."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    path = Path(process.stdout.readline().strip())
    yield process, path
    process.kill()
    process.communicate()


def test_a_leftover_goes_only_when_its_process_is_gone(tmp_path, writer):
    process, path = writer
    assert remove_leftovers(tmp_path) == []
    assert path.exists()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert path.exists()
    assert remove_leftovers(tmp_path) == [path]
    assert not path.exists()


def test_nothing_else_is_touched(tmp_path):
    kept = [tmp_path / name for name in (".lass-notes", ".lass-0123.wav", "a.wav", ".lass-x-1")]
    for path in kept:
        path.touch()
    aim = tmp_path / "aim.wav"
    aim.touch()
    (tmp_path / f".lass-{'a' * 16}.wav").symlink_to(aim)
    (tmp_path / f".lass-{'b' * 16}.wav").mkdir()
    os.mkfifo(tmp_path / f".lass-{'c' * 16}.wav")
    before = sorted(tmp_path.iterdir())
    assert remove_leftovers(tmp_path) == []
    assert sorted(tmp_path.iterdir()) == before
    assert remove_leftovers(tmp_path / "nowhere") == []


def test_a_writer_holds_its_file_until_it_has_its_name(tmp_path):
    with Writer(tmp_path / "a.wav", sample_rate=8000, channels=1) as file:
        file.write(np.zeros((1, 100), np.float32))
        assert remove_leftovers(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_a_file_that_is_tidied_away_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    import fcntl

    real, raced = fcntl.flock, []

    def flock(handle, how):
        if not raced:
            raced.append(*tmp_path.iterdir())
            raced[0].unlink()
        return real(handle, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    made = claim(tmp_path / "a.wav")
    assert made.path.exists()
    assert made.path != raced[0]
    made.release()
