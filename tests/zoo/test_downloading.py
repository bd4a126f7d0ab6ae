"""Downloads from a real server on this computer."""

import hashlib
import os
import socket
from collections import namedtuple

import pytest

from lass.errors import ChecksumError, ConfigError, ModelError
from lass.zoo import downloading
from lass.zoo.downloading import download
from lass.zoo.published import agrees
from tests.zoo.server import serving

DATA = os.urandom(3_000_000)
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def server():
    with serving(DATA) as made:
        yield made


@pytest.fixture
def target(tmp_path):
    return tmp_path / "downloads" / "a.ckpt"


def left(target):
    return sorted(path.name for path in target.parent.iterdir())


def test_a_file_arrives(server, target):
    seen = []
    told = download([f"{server.url}/file"], target, on_progress=lambda *now: seen.append(now))
    assert told == DIGEST
    assert target.read_bytes() == DATA
    assert left(target) == ["a.ckpt"]
    assert seen[0] == (0, len(DATA))
    assert seen[-1] == (len(DATA), len(DATA))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


@pytest.mark.parametrize("stated", [DIGEST, f"{DIGEST[:8]}…{DIGEST[-7:]}"])
def test_the_hash_is_compared(server, target, stated):
    assert download([f"{server.url}/file"], target, sha256=stated) == DIGEST


@pytest.mark.parametrize("stated", ["0" * 64, f"{DIGEST[:8]}…0000000", f"0000000…{DIGEST[-7:]}"])
def test_another_file_is_deleted(server, target, stated):
    with pytest.raises(ChecksumError, match="is not the published file"):
        download([f"{server.url}/file"], target, sha256=stated)
    assert left(target) == []


def test_it_goes_on_where_it_stopped(server, target):
    with pytest.raises(ModelError, match=r"stopped after 1500000 bytes .* goes on from there"):
        download([f"{server.url}/cut"], target)
    assert left(target) == ["a.ckpt.part", "a.ckpt.part.json"]
    server.cuts = 0
    server.asked.clear()
    assert download([f"{server.url}/cut"], target) == DIGEST
    assert server.asked == [("/cut", "bytes=1500000-", '"one"')]
    assert left(target) == ["a.ckpt"]


def test_one_interruption_is_not_even_noticed(server, target):
    server.cuts = 1
    assert download([f"{server.url}/cut"], target) == DIGEST
    assert [ranged for _, ranged, _ in server.asked] == [None, "bytes=1500000-"]


def test_a_file_that_has_changed_begins_anew(server, target):
    with pytest.raises(ModelError):
        download([f"{server.url}/cut"], target)
    server.data, server.mark = DATA[::-1], '"two"'
    assert download([f"{server.url}/file"], target) == hashlib.sha256(DATA[::-1]).hexdigest()
    with pytest.raises(ModelError):
        download([f"{server.url}/cut"], target)
    server.cuts, server.data, server.mark = 0, DATA, '"three"'
    assert download([f"{server.url}/cut"], target) == DIGEST


def test_a_mirror_goes_on_if_the_hash_is_known(server, target):
    with pytest.raises(ModelError):
        download([f"{server.url}/cut"], target, sha256=DIGEST)
    server.asked.clear()
    assert download([f"{server.url}/file"], target, sha256=DIGEST) == DIGEST
    assert server.asked == [("/file", "bytes=1500000-", None)]


def test_a_server_without_ranges(server, target):
    with pytest.raises(ModelError):
        download([f"{server.url}/cut"], target, sha256=DIGEST)
    assert download([f"{server.url}/dull"], target, sha256=DIGEST) == DIGEST


def test_all_of_it_had_arrived(server, target):
    target.parent.mkdir()
    target.with_name("a.ckpt.part").write_bytes(DATA)
    assert download([f"{server.url}/file"], target, sha256=DIGEST) == DIGEST
    target.with_name("a.ckpt.part").write_bytes(DATA + b"more")
    assert download([f"{server.url}/file"], target, sha256=DIGEST) == DIGEST


def test_the_next_address_is_tried(server, target):
    urls = [f"{server.url}/nothing", f"{server.url}/page", f"{server.url}/file"]
    assert download(urls, target, sha256=DIGEST) == DIGEST
    with pytest.raises(ModelError, match=r"answered 404 Not Found.*; .* sent a web page"):
        download(urls[:2], target)


def test_redirections(server, target):
    assert download([f"{server.url}/to?{server.url}/file"], target) == DIGEST
    assert download([f"{server.url}/to?/file"], target) == DIGEST


@pytest.mark.parametrize(
    "url", ["http://example.org/x", "file:///etc/passwd", "ftp://example.org/x", "data:,x"]
)
def test_a_redirection_to_an_unsafe_address(server, target, url):
    with pytest.raises(ModelError, match=r"points elsewhere|answered 302"):
        download([f"{server.url}/to?{url}"], target)


def test_more_redirections_than_make_sense(server, target):
    with pytest.raises(ModelError, match="answered 302"):
        download([f"{server.url}{6 * '/to?'}/file"], target)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x", "file:///etc/passwd", "ftp://localhost/x", "/etc/passwd", "",
        "https://", "https://a b/", "https://user:secret@example.org/x", "https://[::1/",
        "https://example.org/\r\nX: y", "http://127.0.0.1.example.org/x",
    ],
)  # fmt: skip
def test_addresses_that_are_not_opened(url, target):
    with pytest.raises(ConfigError, match=r"no address that lass opens|not safe to open"):
        download([url], target)
    assert not target.parent.exists()


def test_nobody_there(target):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{free.getsockname()[1]}/file"
        with pytest.raises(ModelError, match=r"stopped after 0 bytes .cannot reach it"):
            download([url], target)


def test_a_full_disk(server, target, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(downloading.shutil, "disk_usage", lambda path: usage(9, 9, 10**6))
    with pytest.raises(ModelError, match=r"0.0 GB free.*set LASS_HOME"):
        download([f"{server.url}/file"], target)


def test_a_folder_that_cannot_be(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="cannot make the folder"):
        download([f"{server.url}/file"], tmp_path / "file" / "a")


def test_what_agrees():
    assert agrees(DIGEST, DIGEST)
    assert agrees(f"{DIGEST[:8]}…{DIGEST[-7:]}", DIGEST)
    assert not agrees(DIGEST[::-1], DIGEST)
    assert not agrees("unknown", DIGEST)
    assert not agrees(DIGEST[:8], DIGEST)
