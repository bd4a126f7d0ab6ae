"""Uploads: own folder, own names, limits."""

from __future__ import annotations

import gc

import pytest

from lass.errors import AudioReadError


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("street.wav", "street.wav"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.wav", "evil.wav"),
        ("..", "recording"),
        ("", "recording"),
        ("a\0b\n.wav", "a_b_.wav"),
        (".hidden", "hidden"),
        ("<script>.wav", "_script_.wav"),
        ("x" * 300, "x" * 80),
    ],
)
def test_a_name_becomes_safe(given, kept):
    from lass_editor.uploads import plain_name

    assert plain_name(given) == kept


def test_a_users_name_is_never_a_path():
    from lass_editor.uploads import Folder

    folder = Folder()
    path = folder.keep(b"RIFF", name="../../../tmp/evil.wav")
    assert path == folder.path / "recording.wav"
    assert path.read_bytes() == b"RIFF"
    folder.close()


@pytest.mark.parametrize("name", ["a.exe", "a", "a.wav.sh", "wav"])
def test_other_endings_are_refused(name):
    from lass_editor.uploads import Folder

    with pytest.raises(AudioReadError, match="expected one of wav"):
        Folder().keep(b"", name=name)


def test_too_much_is_refused_in_one_sentence(monkeypatch):
    from lass_editor import uploads

    monkeypatch.setattr(uploads, "LARGEST_MB", 1)
    with pytest.raises(AudioReadError, match=r"has 2 MB, and 1 MB are allowed.*lass app FILE"):
        uploads.Folder().keep(bytes(2 << 20), name="a.wav")


def test_the_folder_goes_with_its_owner():
    from lass_editor.uploads import Folder

    closed, dropped = Folder(), Folder()
    paths = [closed.path, dropped.path]
    assert all(path.is_dir() for path in paths)
    closed.close()
    del dropped
    gc.collect()
    assert not any(path.exists() for path in paths)


def test_folders_are_private():
    from lass_editor.uploads import Folder

    one, other = Folder(), Folder()
    assert one.path != other.path
    assert one.path.stat().st_mode & 0o077 == 0
