import io
import re
from pathlib import Path

import pytest

from lass.cli.inputs import collect
from lass.errors import DataError


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


# Lists


def listed(name, content, **options):
    Path(name).write_text(content, encoding="utf-8", newline="")
    return collect([name], stdin=io.StringIO(), lists=True, **options)


def test_a_list_starts_from_its_own_folder_and_keeps_the_tree(tree):
    found = listed("music/all.txt", "b.wav\n\nsub\n./sub/c.mp3\r\n../gone.wav\n")
    assert [(item.path.as_posix(), item.folder.as_posix()) for item in found] == [
        ("music/b.wav", "."),
        ("music/sub/c.mp3", "."),  # as a folder, and so without its tree above
        ("music/sub/deep/d.ogg", "deep"),
        ("music/../gone.wav", "."),
    ]
    found = listed("music/all.txt", "sub/c.mp3\nsub/deep/d.ogg\0"[:-1])
    assert [item.folder.as_posix() for item in found] == ["sub", "sub/deep"]
    absolute = tree / "music" / "sub" / "c.mp3"
    (item,) = listed("music/all.txt", f"{absolute}\n")
    assert (item.path, item.folder) == (absolute, Path())


def test_a_table(tree):
    found = listed(
        "all.csv",
        "\ufeffid,path,query,output\r\n1,music/b.wav,dog barking | rain,dogs/new\r\n"
        '2,"music/[1].wav",,\r\n3,,cat,\r\n4,music/a.FLAC\r\n',
    )
    assert [(item.path.name, item.queries, item.output) for item in found] == [
        ("b.wav", ("dog barking", "rain"), Path("dogs/new")),
        ("[1].wav", (), None),
        ("a.FLAC", (), None),
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no column path"),
        ("name,query\na,b\n", "no column path"),
        ("path,output\na.wav,../up\n", "line 2: the output '../up' must be a folder below"),
        ("path,output\na.wav,/etc\n", "line 2: the output '/etc'"),
        ('path\n"a.wav\n', "no table with commas"),
        ("path\na\0b.wav\n", "line 2: a path with a zero byte"),
        ("path,query\na.wav,dog\n./a.wav,cat\n", "one row with |"),
    ],
)
def test_tables_that_cannot_be_used(tree, content, words):
    with pytest.raises(DataError, match=re.escape(words)):
        listed("all.csv", content)


def test_lists_are_read_only_where_that_is_meant(tree):
    Path("music/all.txt").write_text("b.wav\n")
    assert paths(["music/all.txt"]) == ["music/all.txt"]
    assert paths(["gone.txt"], lists=True) == ["gone.txt"]
    found = paths(["-"], "music/all.txt\n", lists=True)
    assert found == ["music/b.wav"]


def test_names_that_cannot_be(tree):
    name = "x" * 5000 + ".wav"
    assert paths([name]) == [name]
    assert [item.path.name for item in listed("all.txt", name)] == [name]
