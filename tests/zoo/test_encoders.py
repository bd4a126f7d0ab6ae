"""CLAP as transformers saves it becomes one of the user's models, and AudioSep finds it."""

import pytest
import torch

import lass.zoo
from lass.errors import ConfigError, ModelError
from lass.zoo.converting import convert
from lass.zoo.encoders import bring_encoder
from tests.zoo import authors

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def clap(tmp_path_factory):
    from tests.query.tiny import make_clap

    return make_clap(tmp_path_factory.mktemp("hub") / "larger_clap_general")


@pytest.fixture(autouse=True)
def mine(tmp_path, monkeypatch):
    monkeypatch.setenv("LASS_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"


def test_an_encoder_is_brought_and_used(clap, mine, tmp_path):
    from tests.query.tiny import CLAP_DIM

    made = bring_encoder(clap)
    assert made.folder == mine / "clap-larger-general"
    assert [path.name for path in mine.iterdir()] == ["clap-larger-general"]
    lass.zoo.verify(made.folder)
    assert "Apache-2.0" in (made.folder / "README.md").read_text()
    core = {**authors.SMALL_RESUNET, "query_dim": CLAP_DIM}
    torch.save(authors.audiosep(authors.resunet(core)), tmp_path / "x.ckpt")
    convert(tmp_path / "x.ckpt")
    assert lass.zoo.load("audiosep").encoder.encode_text(["dog"]).shape == (1, CLAP_DIM)


def test_an_encoder_does_not_replace_a_model_unasked(clap, mine):
    bring_encoder(clap, "mine")
    with pytest.raises(ModelError, match="exists"):
        bring_encoder(clap, "mine")
    bring_encoder(clap, "mine", overwrite=True)
    with pytest.raises(ConfigError, match="ships with lass"):
        bring_encoder(clap, "compact")


def test_what_is_no_encoder(mine, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match="no CLAP or CLIP"):
        bring_encoder(tmp_path)
    assert list(mine.iterdir()) == [] if mine.exists() else True
