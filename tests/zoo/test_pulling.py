"""Two processes that bring the same model at the same time."""

import hashlib
import io
import os
import subprocess
import sys

import pytest
import torch

import lass.zoo
from lass.zoo.locking import alone
from tests.zoo import authors
from tests.zoo.server import serving

PROGRAM = """
import sys
from lass.zoo import published
from lass.zoo.published import Published
url, sha256 = sys.argv[1:3]
entry = Published(
    name="famous", title="Famous", network="resunet30", space="compact-v1", encoder="encoder",
    page="https://example.org", file="famous.ckpt", urls=(url,), sha256=sha256,
)
published.list_published = lambda: [entry]
from lass.cli.main import main
main(["models", "pull", "famous", "--yes", *sys.argv[3:]])
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LASS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def server():
    buffer = io.BytesIO()
    torch.save(authors.audiosep(authors.resunet()), buffer)
    with serving(buffer.getvalue()) as server:
        yield server
        server.go.set()


def start(server, *options):
    digest = hashlib.sha256(server.data).hexdigest()
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, f"{server.url}/held", digest, *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def until_one_waits(processes):
    """What each said on stderr so far, once one of them has said that it waits."""
    import selectors

    said = dict.fromkeys(processes, "")
    with selectors.DefaultSelector() as ready:
        for process in processes:
            ready.register(process.stderr, selectors.EVENT_READ, process)
        while not any("waiting for it" in text for text in said.values()):
            events = ready.select(timeout=60)
            assert events, said
            for key, _ in events:
                text = os.read(key.fd, 4096).decode()
                assert text, said
                said[key.data] += text
    return said


def test_two_processes_pull_the_same_model(server, home):
    both = [start(server), start(server)]
    said = until_one_waits(both)
    server.go.set()
    ends = [process.communicate(timeout=120) for process in both]
    folder = home / "models" / "famous"
    for process, (out, err) in zip(both, ends, strict=True):
        assert process.returncode == 0, said[process] + err
        assert out == f"{folder}\n"
    assert len(server.asked) == 1  # one downloaded, the other took what it made
    lass.zoo.verify(folder)
    assert list((home / "downloads").iterdir()) == []
    assert [path.name for path in (home / "models").iterdir()] == ["famous"]


@pytest.mark.slow
def test_two_processes_pull_it_under_two_names(server, home):
    both = [start(server, "--to", name) for name in ("one", "two")]
    until_one_waits(both)
    server.go.set()
    for process in both:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    for name in ("one", "two"):
        lass.zoo.verify(home / "models" / name)


@pytest.mark.slow
def test_a_process_that_is_killed_holds_nothing_back(server, home):
    first = start(server)
    while not server.asked:  # it has the lock and waits for the server
        assert first.poll() is None
    second = start(server)
    until_one_waits([second])
    first.kill()
    first.communicate(timeout=60)
    server.go.set()
    _, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    lass.zoo.verify(home / "models" / "famous")


def test_a_lock_is_let_go(tmp_path):
    for _ in range(2):
        with alone(tmp_path / "a" / "lock") as waited:
            assert not waited
