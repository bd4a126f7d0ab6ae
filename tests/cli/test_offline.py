"""Nothing is connected to: never without being asked, and with --offline not even then."""

import json
import os
import socket

import pytest

from lass.errors import ConfigError
from lass.zoo.downloading import download, is_offline


@pytest.fixture(autouse=True)
def _as_before(monkeypatch, tmp_path):
    """What a command says to all others ends with the test."""
    monkeypatch.setenv("LASS_OFFLINE", "0")
    monkeypatch.setenv("LASS_HOME", str(tmp_path / "home"))


@pytest.fixture
def sockets(monkeypatch):
    """Every attempt to connect or to look a name up, none of which succeeds."""
    tried = []

    def refuse(*arguments, **_):
        tried.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried


PULLS = [
    ("--offline", "models", "pull", "audiosep", "--yes"),
    ("models", "pull", "audiosep", "--yes", "--offline"),
    ("models", "pull", "audiosep", "--yes", "--offline", "--url", "https://example.org/a.ckpt"),
]


@pytest.mark.parametrize("arguments", PULLS)
def test_a_download_is_refused_in_one_sentence(lass_command, sockets, arguments):
    done = lass_command(*arguments)
    assert done.code == 2
    assert "`lass models pull audiosep` on a connected machine" in done.sentence
    assert sockets == []
    assert os.environ["LASS_OFFLINE"] == "1"  # for every process that is started below


def test_the_variable_does_the_same(lass_command, sockets, monkeypatch):
    monkeypatch.setenv("LASS_OFFLINE", "1")
    assert "LASS_OFFLINE" in lass_command("models", "pull", "audiosep", "--yes").sentence
    assert sockets == []


def test_without_it_a_connection_is_tried(lass_command, sockets):
    """The trap of these tests catches what they are about."""
    done = lass_command("models", "pull", "audiosep", "--yes")
    assert done.code == 1
    assert "no network in this test" in done.err
    assert sockets


@pytest.mark.parametrize(
    ("value", "offline"), [("1", True), ("yes", True), ("", False), ("0", False), (" Off ", False)]
)
def test_values_of_the_variable(monkeypatch, value, offline):
    monkeypatch.setenv("LASS_OFFLINE", value)
    assert is_offline() is offline


def test_the_library_refuses_too(tmp_path, monkeypatch, sockets):
    monkeypatch.setenv("LASS_OFFLINE", "1")
    with pytest.raises(ConfigError, match="on a connected machine"):
        download(["https://example.org/a.ckpt"], tmp_path / "audiosep.ckpt")
    assert sockets == []
    assert list(tmp_path.iterdir()) == []


def test_what_was_downloaded_before_is_converted_offline(lass_command, sockets, tmp_path):
    """A file in its place needs no connection: it is looked at, and then it is the wrong one."""
    file = tmp_path / "home" / "downloads" / "clipsep-nit.model_best.ckpt"
    from lass.zoo import find_published

    entry = find_published("clipsep-nit")
    file = file.with_name(f"{entry.name}.{entry.file or 'download'}")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"<html>")
    done = lass_command(
        "--offline", "models", "pull", "clipsep-nit", "--yes", "--accept-unverified",
        "--url", "https://example.org/a.ckpt",
    )  # fmt: skip
    assert done.code == 1
    assert "web page" in done.err
    assert sockets == []


def test_a_published_model_that_is_not_here_is_named_with_its_command(separate, recording):
    recording(seconds=0.2)
    done = separate("-q", "dog", "in.wav", "--offline", model="audiosep")
    assert done.code == 2
    assert "`lass models pull audiosep` on a connected machine" in done.sentence


def test_a_cluster_elsewhere_is_refused(separate, recording, sockets):
    recording(seconds=0.2)
    told = ("-q", "dog", "in.wav", "--engine", "ray", "--address", "10.0.0.1:6379", "--offline")
    done = separate(*told)
    assert done.code == 2
    assert "--address connects to other machines" in done.sentence
    assert sockets == []


@pytest.mark.parametrize(("model", "encoder"), [
    ("separator", "encoder"),
    ("by-clap", "larger_clap_general"),
    ("by-clip", "clip-vit-base-patch32"),
])  # fmt: skip
def test_every_backend_works_without_any_connection(
    lass_command, recording, models, foreign, sockets, model, encoder
):
    recording(seconds=0.5)
    folder = models if model == "separator" else foreign
    using = ("--model", folder / model, "--encoder", folder / encoder)
    done = lass_command("--offline", "separate", "-q", "dog", "in.wav", "--quiet", *using)
    assert (done.code, done.err) == (0, "")
    done = lass_command("find", "dog", "in.wav", "--threshold", "0", "--json", *using)
    assert (done.code, bool(json.loads(done.out)["files"])) == (0, True)
    done = lass_command("edit", "in.wav", "make the dog 3 dB louder", "--quiet", *using)
    assert (done.code, done.err) == (0, "")
    if encoder != "clip-vit-base-patch32":  # which cannot hear
        done = lass_command("fx", "in.wav", "warm", "--quiet", "--encoder", folder / encoder)
        assert (done.code, done.err) == (0, "")
    assert sockets == []
