"""Checkpoints of asteroid: converted, loaded, asked by the names of their stems."""

import json
import pickle

import numpy as np
import pytest
import torch
from torch.torch_version import TorchVersion

import lass.zoo
from lass.errors import ConfigError, ModelError, QueryError
from lass.query import Query
from lass.query.stems import StemEncoder, stem_names
from lass.zoo.asteroid import asteroid_layout
from lass.zoo.converting import convert
from tests.networks.asteroids import SMALL, needs_asteroid

RATE = 8000


@pytest.fixture(autouse=True)
def mine(tmp_path, monkeypatch):
    monkeypatch.setenv("LASS_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"


def conf(name="ConvTasNet", state=None, **arguments):
    """What asteroid's ``serialize`` makes."""
    return {
        "model_name": name,
        "state_dict": {"encoder.filterbank._filters": torch.zeros(2)} if state is None else state,
        "model_args": {"fb_name": "FreeFB", "n_src": 2, "sample_rate": RATE, **arguments},
        "infos": {"software_versions": {"torch_version": TorchVersion("2.13.0")}},
    }


@pytest.fixture
def checkpoint(tmp_path):
    """Two stems, written by asteroid itself."""
    from asteroid import models

    torch.manual_seed(0)
    model = models.ConvTasNet(**SMALL["ConvTasNet"], n_src=2, sample_rate=RATE).eval()
    torch.save(model.serialize(), tmp_path / "x.pth")
    return tmp_path / "x.pth", model


@needs_asteroid
def test_a_checkpoint_becomes_a_model_with_stems(checkpoint, mine):
    from lass import Separator

    path, theirs = checkpoint
    made = convert(path, stems=["speech", "noise"])
    assert made.folder == mine / "asteroid-convtasnet"
    lass.zoo.verify(made.folder)
    assert made.config["licences"] == dict.fromkeys(("code", "weights", "data"), "not stated")
    assert "fixed stems: speech, noise" in (made.folder / "README.md").read_text()
    separator = Separator.load("asteroid-convtasnet", device="cpu")
    audio = np.random.default_rng(0).standard_normal((1, 2 * RATE)).astype(np.float32) / 10
    result = separator.separate(audio, RATE, ["noise", "Speech"])
    with torch.inference_mode():
        told = theirs(torch.from_numpy(audio)[None])[0].numpy()
    np.testing.assert_allclose(result.parts["noise"][0], told[1], atol=1e-5)
    np.testing.assert_allclose(result.parts["Speech"][0], told[0], atol=1e-5)
    total = result.parts["noise"] + result.parts["Speech"] + result.residual
    np.testing.assert_allclose(total, audio, atol=1e-6)
    with pytest.raises(QueryError, match=r"none is called 'violin': ask for 'speech', 'noise'"):
        separator.separate(audio, RATE, "violin")
    with pytest.raises(QueryError, match="cannot be asked by a recording"):
        separator.separate(audio, RATE, Query(example=audio, example_rate=RATE))


@needs_asteroid
def test_weights_that_do_not_fit_are_refused(checkpoint, mine):
    path, theirs = checkpoint
    held = theirs.serialize()
    held["model_args"]["n_blocks"] = 3
    torch.save(held, path)
    with pytest.raises(ModelError, match=r"not complete: the weight 'model\.masker"):
        convert(path)
    held = theirs.serialize()
    held["state_dict"]["more"] = torch.zeros(1)
    torch.save(held, path)
    with pytest.raises(ModelError, match="no place"):
        convert(path)
    assert not mine.exists()


def test_what_a_checkpoint_says(tmp_path):
    layout = asteroid_layout(conf(n_blocks=3))
    assert (layout.kind, layout.name) == ("asteroid-stems", "asteroid-convtasnet")
    assert layout.core == {
        "model": "ConvTasNet",
        "arguments": {"fb_name": "FreeFB", "n_src": 2, "n_blocks": 3},
        "query_dim": 2,
        "sample_rate": RATE,
    }
    assert list(layout.tensors) == ["model.encoder.filterbank._filters"]
    assert asteroid_layout({"state_dict": {}}) is None
    assert asteroid_layout([1]) is None


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (conf("FasNetTAC"), "model 'FasNetTAC', which cannot be used"),
        (conf(["os"]), "cannot be used here"),
        (conf(sample_rate=None), "the sample rate 'None'"),
        (conf(sample_rate=8000.5), "sample rate"),
        (conf(n_src=True), "'True' stems"),
        (conf(n_src=0), "'0' stems"),
        ({**conf(), "state_dict": 3}, "no tables"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(tmp_path, held, words):
    torch.save(held, tmp_path / "x.pth")
    with pytest.raises(ModelError, match=words) as told:
        convert(tmp_path / "x.pth")
    assert "x.pth" in str(told.value)
    assert "\n" not in str(told.value)


class Harm:
    def __reduce__(self):
        return (print, ("harm",))


def test_nothing_in_a_checkpoint_is_run(tmp_path, capsys):
    """asteroid's own loader would unpickle it whole."""
    torch.save({**conf(), "infos": Harm()}, tmp_path / "x.pth")
    with pytest.raises(ModelError, match="Python code or objects"):
        convert(tmp_path / "x.pth")
    (tmp_path / "y.pth").write_bytes(pickle.dumps({**conf(state={}), "infos": Harm()}, protocol=2))
    with pytest.raises(ModelError, match="not opened"):
        convert(tmp_path / "y.pth")
    assert capsys.readouterr().out == ""


def test_stems_are_named_one_by_one():
    encoder = StemEncoder(["Vocals", "drums"], space="stems-x")
    np.testing.assert_array_equal(encoder.encode_text(["drums ", "vocals"]), [[0, 1], [1, 0]])
    embedding = encoder.encode(Query("vocals"))
    assert embedding.space == "stems-x"
    assert not embedding.normalised
    for names in (["one"], ["one", "two", "three"], ["one", "ONE"], ["one", "-"]):
        with pytest.raises(ConfigError, match="stems"):
            stem_names(names, count=2)


def test_stems_are_for_models_of_asteroid_only(tmp_path):
    from tests.zoo import authors

    torch.save(authors.audiosep(authors.resunet()), tmp_path / "x.ckpt")
    with pytest.raises(ConfigError, match="asked by words"):
        convert(tmp_path / "x.ckpt", stems=["a"])


@pytest.mark.parametrize("stems", [None, 5, [1, 2]])
def test_a_configuration_with_other_stems(tmp_path, models, stems):
    import shutil

    folder = shutil.copytree(models / "separator", tmp_path / "copy")
    table = json.loads((folder / "config.json").read_text())
    table["encoder"] = "stems"
    if stems is not None:
        table["stems"] = stems
    (folder / "config.json").write_text(json.dumps(table))
    with pytest.raises(ConfigError, match="stems"):
        lass.zoo.load(folder)
