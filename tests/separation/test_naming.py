from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lass.errors import AudioWriteError, ConfigError
from lass.separation import output_paths, slug


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("violin", "violin"),
        ("  Dog barking! ", "dog-barking"),
        ("a/b\\c", "a-b-c"),
        ("..", "query"),
        ("🎻", "query"),
        ("Straße", "strasse"),
        ("скрипка", "скрипка"),
        ("小提琴", "小提琴"),
        ("बिल्ली", "बिल्ली"),
        ("e\u0301tude", "étude"),
        ("[bold]x[/bold]", "bold-x-bold"),
        ("a\nb\x00c", "a-b-c"),
    ],
)
def test_slug(text, expected):
    assert slug(text) == expected


@given(st.text())
def test_a_slug_is_always_a_safe_short_name(text):
    word = slug(text)
    assert 0 < len(word.encode()) <= 80
    assert Path(word).name == word
    assert not any(mark in word for mark in "/\\. \x00\n")


@given(st.lists(st.sampled_from(["dog", "dog!", "rest", "dog 2", "Dog?"]), unique=True, min_size=1))
def test_no_two_outputs_share_a_file(names):
    files = list(output_paths(Path("in.wav"), names))
    assert len(set(files)) == len(names) + 1


def test_equal_slugs_and_the_word_rest_are_numbered():
    found = output_paths(Path("in.wav"), ["dog!", "dog?", "rest"])
    assert [path.name for path in found] == [
        "in.dog.wav", "in.dog-2.wav", "in.rest-2.wav", "in.rest.wav",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "suffix", "expected"),
    [
        ("a.flac", None, "a.x.flac"),
        ("a.WAV", None, "a.x.wav"),
        ("a.mp3", None, "a.x.wav"),
        ("a.ogg", None, "a.x.wav"),
        ("a.wav", "mp3", "a.x.mp3"),
        ("a.b.c.wav", None, "a.b.c.x.wav"),
        ("noending", None, "noending.x.wav"),
    ],
)
def test_ending(given, suffix, expected):
    assert output_paths(Path(given), ["x"], format=suffix).parts["x"].name == expected


@pytest.mark.parametrize(
    "template",
    ["{stem}/{query}", "../{query}", "/tmp/{query}", "a\\{query}", "{nope}", "{stem.__class__}",
     "{query!r}", "{query:>9}", "{", "}", "{}", "{0}", "", ".", "..", "a\nb{query}", "{{query}}"],
)  # fmt: skip
def test_templates_that_are_refused(template):
    with pytest.raises(ConfigError, match="the name"):
        output_paths(Path("in.wav"), ["x"], template=template)


def test_a_template_that_gives_one_file_to_several_parts():
    with pytest.raises(ConfigError, match="same file"):
        output_paths(Path("in.wav"), ["x", "y"], template="{stem}")
    found = output_paths(Path("in.wav"), ["x"], template="one", residual=False)
    assert [path.name for path in found] == ["one.wav"]
    found = output_paths(Path("in.wav"), ["x", "y"], template="{index}")
    assert [path.name for path in found] == ["1.wav", "2.wav", "3.wav"]


def test_an_output_never_replaces_the_recording(tmp_path):
    path = tmp_path / "in.wav"
    path.touch()
    link = tmp_path / "link.wav"
    link.symlink_to(path)
    for template in ("{stem}", "link"):
        with pytest.raises(AudioWriteError, match="would replace the recording"):
            output_paths(path, ["x"], template=template, residual=False)


def test_a_name_that_no_file_system_takes():
    with pytest.raises(AudioWriteError, match="at most 255"):
        output_paths(Path("a" * 250 + ".wav"), ["violin"])
