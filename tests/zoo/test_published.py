"""The registry of what others published."""

import pytest

from lass.errors import ChecksumError, ConfigError, ModelError, ModelNotFoundError
from lass.zoo import Published, find_published, list_published
from lass.zoo.folders import resources
from lass.zoo.pulling import check_pull, pull

ENTRY = """[x]
title = "X"
network = "resunet30"
space = "s"
encoder = "e"
page = "https://example.org"
"""


def test_what_is_known():
    entries = {entry.name: entry for entry in list_published()}
    assert entries["audiosep"].licences["weights"] == "not stated"
    assert entries["audiosep-hive"].licences["weights"] == "Apache-2.0"
    assert all(entry.data_licence.startswith("not stated") for entry in entries.values())
    assert [name for name, entry in entries.items() if entry.urls] == ["audiosep"]
    assert find_published("clipsep-nit").network == "clipsep"
    with pytest.raises(ModelNotFoundError, match="expected audiosep, audiosep-hive, clipsep-nit"):
        find_published("sam")


def test_every_entry_is_in_the_table_of_the_documentation():
    page = resources("docs", "models.md")
    if not page.is_file():
        pytest.skip("the documentation does not travel in a wheel")
    lines = page.read_text(encoding="utf-8").splitlines()
    for entry in list_published():
        (row,) = [line for line in lines if line.startswith(f"| `{entry.name}` |")]
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert cells[1:3] == [entry.code_licence, entry.weight_licence]
        assert cells[3].startswith("not stated")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('network = "resunet30"', 'network = "os.system"'), "has the network 'os.system'"),
        (('page = "https', 'page = "file'), "not safe to open"),
        (('title = "X"', "title = 3"), "wrong value for 'title'"),
        (('title = "X"\n', ""), "not complete"),
        (('title = "X"', 'titel = "X"'), "unknown key 'titel'"),
        (('title = "X"', 'name = "X"'), "unknown key 'name'"),
        (('title = "X"', 'title = "X"\nsha256 = "abc"'), "expected 64 digits"),
        (('title = "X"', 'title = "X"\nfile = "../x"'), "plain file name"),
        (('title = "X"', 'title = "X"\nurls = ["https://e.org"]'), "has urls and no file"),
        (('title = "X"', 'title = "X"\nfile = "f"\nurls = ["http://e.org"]'), "not safe to open"),
        (("[x]", "x = 1\n[y]"), "'x' is no table"),
        (("[x]", "[x"), "cannot read the registry"),
    ],
)
def test_a_registry_with_a_mistake(change, words, tmp_path):
    (tmp_path / "r.toml").write_text(ENTRY)
    assert [entry.name for entry in list_published(tmp_path / "r.toml")] == ["x"]
    (tmp_path / "r.toml").write_text(ENTRY.replace(*change))
    with pytest.raises(ConfigError, match=words):
        list_published(tmp_path / "r.toml")


def test_what_cannot_be_pulled(tmp_path, monkeypatch):
    monkeypatch.setenv("LASS_HOME", str(tmp_path))
    with pytest.raises(ModelError, match=r"by hand from https://.* `lass models convert FILE"):
        pull(find_published("audiosep-hive"))
    unknown = Published("x", "X", "resunet30", "s", "e", "https://e.org", file="f",
                        urls=("https://e.org/f",))  # fmt: skip
    with pytest.raises(ChecksumError, match="--accept-unverified"):
        pull(unknown)
    assert check_pull(unknown, accept_unverified=True) == ("https://e.org/f",)
    assert list(tmp_path.iterdir()) == []
