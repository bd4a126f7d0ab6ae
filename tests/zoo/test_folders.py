"""Where the user's models are."""

import json
import sys
from pathlib import Path

import pytest

from lass.errors import ConfigError
from lass.zoo import folders, home, list_models, list_user_models, load, model_folder
from tests.conftest import make_encoder, make_separator


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.setenv("LASS_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "models").mkdir(parents=True)
    return tmp_path / "home" / "models"


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "/u/.local/share/lass"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/lass"),
        ("linux", {"XDG_DATA_HOME": "relative"}, "/u/.local/share/lass"),
        ("linux", {"LASS_HOME": "/x"}, "/x"),
        ("darwin", {"XDG_DATA_HOME": "/data"}, "/u/Library/Application Support/lass"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/lass"),
        ("win32", {}, "/u/AppData/Local/lass"),
        ("win32", {"LASS_HOME": "/x"}, "/x"),
    ],
)
def test_the_home_of_each_system(monkeypatch, platform, variables, expected):
    for name in ("LASS_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Path, "home", lambda: Path("/u"))
    monkeypatch.setattr(sys, "platform", platform)
    assert home() == Path(expected)


def test_nobody_is_at_home(monkeypatch):
    def nowhere():
        raise RuntimeError

    for name in ("LASS_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    with pytest.raises(ConfigError, match="set LASS_HOME"):
        home()


def test_a_model_of_ones_own_is_found_by_name(mine):
    make_encoder(mine / "encoder")
    make_separator(mine / "own")
    (mine / ".own.1234").mkdir()
    (mine / ".own.1234" / "config.json").write_text("{}")
    assert list_user_models() == ["encoder", "own"]
    assert "own" not in list_models()
    assert model_folder("own") == mine / "own"
    assert load("own").name == "own"


def test_what_ships_is_never_hidden(mine, tmp_path, monkeypatch):
    make_encoder(mine / "default")
    assert model_folder("default") == folders.resources("models", "default")
    assert model_folder(mine / "default") == mine / "default"
    # One's own comes before a folder that happens to lie here.
    make_encoder(mine / "encoder")
    (tmp_path / "encoder").mkdir()
    (tmp_path / "encoder" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert model_folder("encoder") == mine / "encoder"
    assert model_folder("./encoder").resolve() == tmp_path / "encoder"


def test_another_encoder_can_be_given(mine, tmp_path):
    make_encoder(tmp_path / "other")
    make_separator(mine / "own", encoder="nowhere")
    assert load("own", encoder=tmp_path / "other").encoder.dim == 24


def test_a_folder_as_transformers_saves_it(mine):
    """It states no space and no hashes; the backend knows it by the name of its folder."""
    folder = mine / "larger_clap_general"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "clap", "projection_dim": 24}))
    make_separator(mine / "own", encoder="clap-larger-general", space="clap-larger-general")
    assert load("own").encoder.space == "clap-larger-general"
