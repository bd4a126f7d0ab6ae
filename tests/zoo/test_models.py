"""Finding, verifying and loading model folders."""

import hashlib
import json
import os
import shutil

import pytest
import torch

import lass.zoo
from lass.errors import ChecksumError, ConfigError, LassError, ModelError, ModelNotFoundError
from lass.zoo import folders, list_models, load, load_encoder, model_folder, resources, verify


@pytest.fixture
def copy(models, tmp_path):
    """A pair of models that may be damaged."""
    shutil.copytree(models, tmp_path / "models")
    return tmp_path / "models"


def change(folder, **entries):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


def test_public_names():
    assert lass.zoo.__all__ == sorted(lass.zoo.__all__)
    for name in lass.zoo.__all__:
        assert hasattr(lass.zoo, name)


def test_a_checkout_has_models_beside_the_package():
    if resources().name == "_resources":
        pytest.skip("installed from a wheel")
    assert resources("models").parent == resources()
    assert (resources() / "lass" / "zoo").is_dir()


def test_a_wheel_has_them_inside(tmp_path, monkeypatch):
    package = tmp_path / "lass"
    (package / "_resources" / "models" / "tiny").mkdir(parents=True)
    (package / "_resources" / "models" / "tiny" / "config.json").write_text("{}")
    (package / "_resources" / "models" / "no-model").mkdir()
    monkeypatch.setattr(folders, "__file__", str(package / "zoo" / "folders.py"))
    assert list_models() == ["tiny"]
    assert model_folder("tiny") == package / "_resources" / "models" / "tiny"


def test_a_loaded_model(models):
    model = load(models / "separator")
    assert model.name == "separator"
    assert model.encoder.space == "compact-v1"
    assert not model.network.training
    assert model.config["task"] == "separation"


def test_a_model_also_loads_by_a_relative_path(models, monkeypatch):
    monkeypatch.chdir(models)
    assert load("separator").name == "separator"
    assert load("./separator").name == "separator"
    monkeypatch.chdir(models / "separator")
    assert load_encoder("../encoder").dim == 24


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/etc", "a\\b", "nope", "\0", "~"])
def test_unknown_names(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotFoundError, match="no model"):
        model_folder(name)


def test_a_name_does_not_leave_the_folder_of_models(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "config.json").write_text("{}")
    monkeypatch.setattr(folders, "resources", tmp_path.joinpath)
    monkeypatch.chdir("/")
    with pytest.raises(ModelNotFoundError):
        model_folder("../secret")


@pytest.mark.parametrize("name", ["model.safetensors", "text.safetensors", "tokenizer.json"])
def test_a_changed_byte_is_noticed(copy, name):
    path = copy / "encoder" / name
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ChecksumError, match=f"{name} is not the published one"):
        load(copy / "separator")


def test_a_missing_weight_file(copy):
    (copy / "separator" / "model.safetensors").unlink()
    with pytest.raises(ChecksumError, match="is missing"):
        load(copy / "separator")


def test_a_hash_entry_cannot_point_elsewhere(copy, tmp_path):
    (tmp_path / "secret").write_text("secret")
    hashes = json.loads((copy / "encoder" / "config.json").read_text())["sha256"]
    change(copy / "encoder", sha256={**hashes, "../../secret": "0" * 64})
    with pytest.raises(ChecksumError, match=r"encoder.secret is missing"):
        verify(copy / "encoder")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\xff"])
def test_a_configuration_that_is_none(copy, text):
    (copy / "separator" / "config.json").write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match=r"config\.json"):
        load(copy / "separator")


def test_wrong_pairs(copy):
    with pytest.raises(ModelError, match="not for separation"):
        load(copy / "encoder")
    change(copy / "encoder", space="clap-v1")
    with pytest.raises(ModelError, match="made for each other"):
        load(copy / "separator")


def test_weights_that_do_not_fit_the_configuration(copy):
    config = json.loads((copy / "separator" / "config.json").read_text())
    config["network"]["core"]["context"] = 32
    change(copy / "separator", network=config["network"])
    with pytest.raises(ModelError, match="do not fit its config"):
        load(copy / "separator")


def test_an_unknown_network(copy):
    change(copy / "separator", network={"kind": "os.system"})
    with pytest.raises(ConfigError, match=r"unknown network kind 'os\.system'"):
        load(copy / "separator")


def test_an_encoder_that_is_not_there(copy):
    change(copy / "separator", encoder="nowhere")
    with pytest.raises(ModelNotFoundError, match="nowhere"):
        load(copy / "separator")


def test_a_saved_model_is_readable_by_others(tmp_path):
    """A wheel keeps file modes: what only its builder can read is of no use."""
    from lass.zoo.loading import save_model

    before = os.umask(0o022)
    try:
        save_model(tmp_path / "m", {"w": torch.zeros(2)}, {"task": "query"})
    finally:
        os.umask(before)
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "m" / name).stat().st_mode & 0o444 == 0o444


@pytest.mark.parametrize("key", ["network", "encoder", "space"])
def test_a_configuration_without_an_entry(copy, key):
    path = copy / "separator" / "config.json"
    config = json.loads(path.read_text())
    del config[key]
    path.write_text(json.dumps(config))
    with pytest.raises(LassError, match=key):
        load(copy / "separator")


@pytest.mark.parametrize("key", ["space", "dim", "audio"])
def test_an_encoder_configuration_without_an_entry(copy, key):
    path = copy / "encoder" / "config.json"
    config = json.loads(path.read_text())
    del config[key]
    path.write_text(json.dumps(config))
    with pytest.raises(LassError, match=key):
        load(copy / "separator")


def test_weights_that_are_no_safetensors(copy):
    path = copy / "separator" / "model.safetensors"
    path.write_bytes(b"not a tensor")
    digest = hashlib.sha256(b"not a tensor").hexdigest()
    change(copy / "separator", sha256={"model.safetensors": digest})
    with pytest.raises(ModelError, match="do not fit"):
        load(copy / "separator")


def test_a_model_without_a_hash_is_not_trusted(copy):
    change(copy / "separator", sha256={})
    with pytest.raises(ChecksumError, match=r"states no SHA-256"):
        load(copy / "separator")
