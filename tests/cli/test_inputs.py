import io
from pathlib import Path

import pytest

from lass.cli.inputs import collect


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A folder with sound files and others, by name only."""
    monkeypatch.chdir(tmp_path)
    for name in ["b.wav", "a.FLAC", "note.txt", ".hidden.wav", "sub/c.mp3", ".git/x.wav",
                 "sub/deep/d.ogg", "out/old.wav", "[1].wav"]:  # fmt: skip
        path = tmp_path / "music" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def paths(given, stdin="", **options):
    return [item.path.as_posix() for item in collect(given, stdin=io.StringIO(stdin), **options)]


def test_a_folder_is_searched_in_a_stable_order(tree):
    found = ["music/[1].wav", "music/a.FLAC", "music/b.wav", "music/out/old.wav",
             "music/sub/c.mp3", "music/sub/deep/d.ogg"]  # fmt: skip
    assert paths(["music"]) == found
    assert paths(["music"], leave_out=Path("music/out")) == [p for p in found if "out" not in p]
    assert paths(["music"], leave_out=Path("music")) == found


def test_the_tree_below_a_folder_is_remembered(tree):
    found = collect(["music"], stdin=io.StringIO())
    folders = {item.path.name: item.folder.as_posix() for item in found}
    assert folders["b.wav"] == "."
    assert folders["d.ogg"] == "sub/deep"
    assert collect(["music/sub/c.mp3"], stdin=io.StringIO())[0].folder == Path()


def test_globs_are_expanded_unless_they_are_names(tree):
    assert paths(["music/*.wav"]) == ["music/[1].wav", "music/b.wav", "music/.hidden.wav"][:2]
    assert paths(["music/**/*.ogg"]) == ["music/sub/deep/d.ogg"]
    assert paths(["music/[1].wav"]) == ["music/[1].wav"]
    assert paths(["music/*.nope"]) == ["music/*.nope"]


def test_each_file_comes_once(tree):
    (tree / "link.wav").symlink_to(tree / "music" / "b.wav")
    assert paths(["music/b.wav", "./music/b.wav", "link.wav", "music/*.wav"]) == [
        "music/b.wav", "music/[1].wav",
    ]  # fmt: skip


def test_a_list_on_stdin(tree):
    assert paths(["-"], "music/b.wav\n\nmusic/sub\r\n") == [
        "music/b.wav", "music/sub/c.mp3", "music/sub/deep/d.ogg",
    ]  # fmt: skip
    assert paths(["-"], "music/b.wav\0new\nline.wav\0") == ["music/b.wav", "new\nline.wav"]
    assert paths(["-"], "") == []


def test_what_is_not_there_is_kept_to_complain_about(tree):
    (tree / "empty").mkdir()
    assert paths(["nope.wav", "empty"]) == ["nope.wav", "empty"]
