"""Weights that ship are only used if they are, byte for byte, those that were published."""

import json
import shutil

import pytest

from lass.errors import ChecksumError, ConfigError, ModelError
from lass.zoo import list_models, load, load_encoder, model_folder

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".npz", ".onnx")


def shipped():
    return [model_folder(name) for name in list_models()]


def test_every_weight_file_that_ships_has_its_hash_stated():
    for folder in shipped():
        stated = json.loads((folder / "config.json").read_text())["sha256"]
        weights = {path.name for path in folder.iterdir() if path.suffix in WEIGHTS}
        assert weights <= set(stated), folder.name
        assert all(len(digest) == 64 for digest in stated.values())


def test_nothing_that_ships_is_a_pickle():
    for folder in shipped():
        for path in folder.rglob("*"):
            assert path.suffix not in (".pt", ".pth", ".ckpt", ".pkl", ".bin"), path


@pytest.mark.parametrize("name", ["separator", "encoder"])
def test_hashes_are_compared_on_every_load(models, tmp_path, name):
    """Each file that a configuration vouches for, changed in its last bit."""
    for file in json.loads((models / name / "config.json").read_text())["sha256"]:
        copy = tmp_path / file
        shutil.copytree(models, copy)
        path = copy / name / file
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(ChecksumError, match="is not the published one"):
            load(copy / "separator") if name == "separator" else load_encoder(copy / "encoder")


def changed(models, folder, **changes):
    shutil.copytree(models, folder)
    path = folder / "separator" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder / "separator"


@pytest.mark.parametrize(
    ("hashes", "error"),
    [
        ([], ChecksumError),
        (["model.safetensors"], ChecksumError),
        ({"model.safetensors": 7}, ChecksumError),
        ({"model.safetensors": None}, ChecksumError),
        ("model.safetensors", ChecksumError),
    ],
)
def test_hashes_that_are_none(models, tmp_path, hashes, error):
    with pytest.raises(error):
        load(changed(models, tmp_path / "m", sha256=hashes))


@pytest.mark.parametrize(
    "core",
    [
        {"channels": [60000, 60000, 60000]},  # 130 gigabytes, if it were allocated
        {"channels": "many"},
        {"channels": [4, -8, 8]},
        {"bands": 0},
        {"bands": None},
        {"channels": []},
    ],
)
def test_a_configuration_cannot_ask_for_what_is_not_in_the_file(models, tmp_path, core):
    network = {"kind": "band-unet", "core": {"query_dim": 24, "bands": 160, "context": 16, **core}}
    with pytest.raises(ConfigError):
        load(changed(models, tmp_path / "m", network=network))


@pytest.mark.parametrize(
    "entries",
    [
        {"audio": {"kind": "audio-tower", "tower": {"dim": 24, "channels": [60000] * 3}}},
        {"audio": {"kind": "audio-tower", "tower": {"dim": 10**10, "channels": [4, 4, 4]}}},
        {"audio": {"kind": "audio-tower", "tower": {"dim": 24, "channels": "many"}}},
        {"audio": []},
        {"text": {"vocabulary": 64, "width": 32, "layers": 10**9, "heads": 2, "hidden": 32}},
        {"text": {"vocabulary": 10**9, "width": 10**6, "layers": 1, "heads": 2, "hidden": 32}},
        {"text": {"colour": 1}},
        {"text": 7},
    ],
)
def test_an_encoder_cannot_ask_for_what_is_not_in_its_files(models, tmp_path, entries):
    folder = shutil.copytree(models / "encoder", tmp_path / "e")
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))
    with pytest.raises(ConfigError, match=r"describes|unknown entry"):
        afresh(folder)


def afresh(folder):
    """The vector of a word, without the cache, which would do without the network."""
    encoder = load_encoder(folder)
    encoder.cache = None
    return encoder.encode_text(["dog"])


FOREIGN = [
    ("text_config", {"vocab_size": 900_000, "hidden_size": 900_000}),
    ("text_config", {"num_hidden_layers": 900_000}),
    ("text_config", {"num_hidden_layers": 10**30}),
    ("text_config", {"hidden_size": 16.5}),
    ("text_config", "none"),
    ("projection_dim", 10**12),
]


@pytest.mark.parametrize(("entry", "value"), FOREIGN)
@pytest.mark.parametrize("kind", ["clap", "clip"])
def test_an_encoder_of_others_cannot_either(tmp_path, kind, entry, value):
    pytest.importorskip("transformers")
    from tests.query.tiny import make_clap, make_clip

    folder = {"clap": make_clap, "clip": make_clip}[kind](tmp_path / "e")
    path = folder / "config.json"
    table = json.loads(path.read_text())
    table[entry] = {**table[entry], **value} if isinstance(value, dict) else value
    path.write_text(json.dumps(table))
    with pytest.raises((ConfigError, ModelError)):
        afresh(folder)


@pytest.mark.parametrize("kind", ["clap", "clip"])
def test_a_configuration_cannot_ask_for_programs_from_elsewhere(tmp_path, monkeypatch, kind):
    """transformers fetches attention under such a name from the network, and runs it."""
    pytest.importorskip("transformers")
    from tests.query.tiny import edit, make_clap, make_clip

    folder = {"clap": make_clap, "clip": make_clip}[kind](tmp_path / "e")
    vectors = afresh(folder)
    edit(folder / "config.json", attn_implementation="kernels-community/flash-attn",
         _attn_implementation="someone/else", auto_map={"AutoModel": "evil.Model"})  # fmt: skip
    assert (afresh(folder) == vectors).all()


def test_a_folder_that_is_nested_without_end(models, tmp_path):
    folder = changed(models, tmp_path / "m")
    (folder / "config.json").write_text("[" * 100_000)
    with pytest.raises(ConfigError, match="cannot read"):
        load(folder)


def test_zip_bombs_are_not_unpacked(tmp_path):
    import zipfile

    from lass.zoo.checkpoints import read_tensors

    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"x")
        archive.writestr("a/data/0", bytes(50_000_000))
    assert path.stat().st_size < 100_000
    with pytest.raises(ModelError, match="would unpack to 5"):
        read_tensors(path)


def test_one_number_cannot_stand_for_a_million(tmp_path):
    import torch

    from lass.zoo.checkpoints import read_tensors

    path = tmp_path / "model.pt"
    torch.save({"a.weight": torch.zeros(1).expand(10**6, 10**6)}, path)
    with pytest.raises(ModelError, match="claims weights of 4000000000000"):
        read_tensors(path)
    torch.save({"a.weight": torch.zeros(2, device="meta")}, path)
    with pytest.raises(ModelError, match="in a form that no network here has"):
        read_tensors(path)
