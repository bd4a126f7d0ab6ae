"""`lass models`: listing, showing, checking, converting and downloading."""

import hashlib
import io
import json
import shutil
import sys

import pytest
import torch

from lass.zoo import folders, published
from tests.conftest import make_encoder, make_separator
from tests.zoo import authors
from tests.zoo.server import serving

LINE_ON_TRUST = (
    "lass: no published SHA-256 is known for this file, so its origin is taken on trust; the card "
    "says so\n"
)


@pytest.fixture(autouse=True)
def mine(tmp_path, monkeypatch):
    """A home of the test's own, and nobody at the keyboard."""
    monkeypatch.setenv("LASS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path / "home" / "models"


@pytest.fixture
def shipped(models, tmp_path, monkeypatch):
    """Pretend that the tiny models ship."""
    shutil.copytree(models, tmp_path / "models")
    monkeypatch.setattr(folders, "resources", tmp_path.joinpath)
    return tmp_path / "models"


@pytest.fixture(scope="module")
def checkpoint():
    buffer = io.BytesIO()
    torch.save(authors.audiosep(authors.resunet()), buffer)
    return buffer.getvalue()


@pytest.fixture
def famous(checkpoint, monkeypatch):
    """A published model whose file is the checkpoint, on a server of this computer."""
    with serving(checkpoint) as server:

        def publish(**changes):
            entry = published.Published(**{
                "name": "famous", "title": "Famous", "network": "resunet30", "space": "compact-v1",
                "encoder": "encoder", "page": "https://example.org", "file": "famous.ckpt",
                "urls": (f"{server.url}/file",), "size_gb": 0.001,
                "sha256": hashlib.sha256(checkpoint).hexdigest(), "code_licence": "MIT",
                **changes,
            })  # fmt: skip
            monkeypatch.setattr(published, "list_published", lambda: [entry])

        publish()
        server.publish = publish
        yield server


# list, show, path, verify


@pytest.mark.parametrize("arguments", [["models"], ["models", "list"]])
def test_models_are_listed(lass_command, shipped, arguments):
    done = lass_command(*arguments)
    assert done.code == 0
    title, *rows = done.out.splitlines()
    assert title.split() == [
        "NAME", "TASK", "SPACE", "RATE", "MB", "SDRi", "SHA-256", "CODE", "WEIGHTS", "DATA",
    ]  # fmt: skip
    hashed = hashlib.sha256((shipped / "encoder" / "model.safetensors").read_bytes()).hexdigest()
    assert rows[0].split()[:4] == ["encoder", "query", "compact-v1", "any"]
    assert rows[0].split()[5:9] == ["-", hashed[:12], "Apache-2.0", "Apache-2.0"]
    assert rows[1].split()[:2] == ["separator", "separation"]
    told = json.loads(lass_command(*arguments, "--json").out)["models"]
    assert told[0]["sha256"] == hashed
    assert told[0]["licences"]["data"] == "see its card"
    assert told[1]["encoder"] == "encoder"


def test_what_was_measured_is_listed(lass_command, shipped, tmp_path):
    results = tmp_path / "eval" / "results"
    results.mkdir(parents=True)
    digest = json.loads((shipped / "separator" / "config.json").read_text())["sha256"]
    row = {
        "protocol": {"name": "esc50-fold5"},
        "summary": {"sdr_improvement": {"mean": 6.726}},
        "extra": {"model_sha256": digest["model.safetensors"]},
    }
    (results / "esc50-fold5.json").write_text(json.dumps(row))
    older = {**row, "protocol": {"name": "older"}, "extra": {"model_sha256": "0" * 64}}
    (results / "older.json").write_text(json.dumps(older))
    (results / "broken.json").write_text("[")
    assert "6.73 dB" in lass_command("models").out.splitlines()[2]
    told = json.loads(lass_command("models", "show", "separator", "--json").out)
    assert (told["sdri"], told["measured"]) == (6.73, {"esc50-fold5": 6.73})


def test_the_shipped_default_was_measured(lass_command):
    told = json.loads(lass_command("models", "show", "default", "--json").out)
    assert told["shipped"]
    if folders.resources("eval", "results").is_dir():  # not in a wheel
        assert told["sdri"] is None or told["sdri"] > 3


def test_models_of_ones_own_are_listed(lass_command, shipped, mine):
    mine.mkdir(parents=True)
    make_separator(mine / "own")
    make_encoder(mine / "encoder")
    (mine / "broken").mkdir()
    (mine / "broken" / "config.json").write_text("[]")
    done = lass_command("models")
    assert done.code == 1
    assert [line.split()[0] for line in done.out.splitlines()[1:]] == [
        "encoder", "separator", "encoder", "own",
    ]  # fmt: skip
    broken, hidden = done.err.splitlines()
    assert "broken" in broken
    assert "holds no table" in broken
    assert "your model 'encoder' is hidden by the shipped one" in hidden
    assert str(mine / "encoder") in hidden


def test_no_models(lass_command, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "resources", tmp_path.joinpath)
    done = lass_command("models")
    assert done.code == 3
    assert "no models" in done.sentence
    assert json.loads(lass_command("models", "--json").out) == {"models": []}


def test_what_can_be_had(lass_command, mine):
    done = lass_command("models", "list", "--available")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == [
        "NAME", "audiosep", "audiosep-hive", "clipsep-nit",
    ]  # fmt: skip
    told = json.loads(lass_command("models", "list", "--available", "--json").out)["models"]
    assert told[0]["licences"]["weights"] == "not stated"
    assert [row["pull"] for row in told] == [True, False, False]


def test_a_model_is_shown(lass_command, shipped):
    assert json.loads(lass_command("models", "show", "encoder").out)["dim"] == 24
    (shipped / "encoder" / "README.md").write_text("# A card\x1b[31m\n\nText\n")
    assert lass_command("models", "show", "encoder").out == (
        "# A card\\x1b[31m\n\nText\n\nLicences, and whose it is\n"
        "  code     Apache-2.0 (not stated)\n"
        "  weights  Apache-2.0 (not stated)\n"
        "  data     see its card (not stated)\n"
    )
    assert (
        json.loads(lass_command("models", "show", "encoder", "--json").out)["config"]["dim"] == 24
    )
    done = lass_command("models", "show", "../secret")
    assert done.code == 2
    assert "no model '../secret'" in done.sentence


@pytest.mark.parametrize("name", ["default", "compact"])
def test_what_ships_says_whose_it_is(lass_command, name):
    told = json.loads(lass_command("models", "show", name, "--json").out)
    assert set(told["licences"]) == set(told["who"]) == {"code", "weights", "data"}
    assert "not stated" not in {*told["licences"].values(), *told["who"].values()}
    lines = lass_command("models", "show", name).out.splitlines()[-4:]
    assert lines[0] == "Licences, and whose it is"
    for line, key in zip(lines[1:], ("code", "weights", "data"), strict=True):
        assert line.split()[0] == key
        assert line.endswith(f"{told['licences'][key]} ({told['who'][key]})")


def test_licences_are_texts_or_tables(lass_command, shipped):
    path = shipped / "encoder" / "config.json"
    table = json.loads(path.read_text())
    table["licences"] = {"code": "MIT", "weights": {"licence": "CC0", "who": "A. Body"}, "data": 3}
    path.write_text(json.dumps({**table, "source": {"title": "Famous"}}))
    told = json.loads(lass_command("models", "show", "encoder", "--json").out)
    assert told["licences"] == {"code": "MIT", "weights": "CC0", "data": "see its card"}
    assert told["who"] == {"code": "Famous", "weights": "A. Body", "data": "not stated"}


def test_the_folder_of_a_model(lass_command, shipped):
    assert lass_command("models", "path", "encoder").out == f"{shipped / 'encoder'}\n"
    assert lass_command("models", "path", "nope").code == 2


def test_models_are_verified(lass_command, shipped, mine):
    mine.mkdir(parents=True)
    make_separator(mine / "own")
    done = lass_command("models", "verify")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "encoder: 3 files as published",
        "separator: 1 files as published",
        "own: 1 files as published",
    ]
    with (shipped / "encoder" / "tokenizer.json").open("a") as file:
        file.write(" ")
    done = lass_command("models", "verify")
    assert done.code == 1
    assert "tokenizer.json is not the published one" in done.sentence
    assert [line.split(":")[0] for line in done.out.splitlines()] == ["separator", "own"]
    assert lass_command("models", "verify", "separator").code == 0


def test_a_model_without_hashes_is_not_called_verified(lass_command, shipped):
    (shipped / "encoder" / "config.json").write_text('{"task": "query"}')
    done = lass_command("models", "verify", "encoder")
    assert done.code == 1
    assert "states no SHA-256" in done.sentence


# convert


def test_a_checkpoint_is_converted_verified_and_used(
    lass_command, separate, checkpoint, mine, recording, tmp_path
):
    (tmp_path / "x.ckpt").write_bytes(checkpoint)
    done = lass_command("models", "convert", tmp_path / "x.ckpt")
    assert (done.code, done.out) == (0, f"{mine / 'audiosep'}\n")
    unknown, missing = done.err.splitlines()
    assert "taken on trust" in unknown
    assert "needs a query encoder for the space 'clap-larger-general'" in missing
    path = recording(seconds=0.2)
    done = separate("-q", "violin", path, model="audiosep")
    assert done.code == 2
    assert "needs a query encoder for the space 'clap-larger-general'" in done.sentence
    make_encoder(mine / "clap-larger-general", space="clap-larger-general")
    assert separate("-q", "violin", path, model="audiosep").code == 0
    assert lass_command("models", "verify", "audiosep").out == "audiosep: 1 files as converted\n"
    weights = mine / "audiosep" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-100] ^= 1
    weights.write_bytes(bytes(data))
    done = lass_command("models", "verify", "audiosep")
    assert done.code == 1
    assert "model.safetensors is not the published one" in done.sentence


def test_converting_what_is_none(lass_command, tmp_path):
    (tmp_path / "x.ckpt").write_text("<html><title>Sign in</title>")
    done = lass_command("models", "convert", tmp_path / "x.ckpt")
    assert done.code == 1
    assert "web page titled 'Sign in'" in done.sentence
    done = lass_command("models", "convert", tmp_path / "nope.ckpt")
    assert done.code == 2
    assert "there is no file" in done.sentence
    assert lass_command("models", "convert", tmp_path / "x.ckpt", "--rate", "0").code == 2


def test_a_model_of_asteroid_is_converted_and_asked_by_its_stems(
    lass_command, separate, mine, recording, tmp_path
):
    models = pytest.importorskip("asteroid.models", reason="asteroid is not installed")
    small = {"n_filters": 16, "bn_chan": 8, "hid_chan": 8, "skip_chan": 8, "n_blocks": 2}
    model = models.ConvTasNet(n_src=2, n_repeats=1, sample_rate=8000, **small)
    torch.save(model.serialize(), tmp_path / "x.pth")
    done = lass_command("models", "convert", tmp_path / "x.pth", "--stems", "speech,noise")
    assert (done.code, done.err) == (0, LINE_ON_TRUST)
    recording(seconds=0.5)
    done = separate("-q", "speech", "-q", "noise", "in.wav", model="asteroid-convtasnet")
    assert done.code == 0
    assert (tmp_path / "in.speech.wav").is_file()
    done = separate("-q", "violin", "in.wav", "-o", "x", model="asteroid-convtasnet")
    assert done.code == 2
    assert "none is called 'violin': ask for 'speech', 'noise'" in done.sentence
    done = lass_command("models", "convert", tmp_path / "x.pth", "--stems", "one", "--to", "y")
    assert done.code == 2
    assert "the model has 2 stems, and 1 names were given" in done.sentence


# pull


def test_a_model_is_pulled(lass_command, famous, shipped, mine):
    done = lass_command("models", "pull", "famous", "--yes")
    assert (done.code, done.out) == (0, f"{mine / 'famous'}\n")
    assert done.err.splitlines() == [
        "Famous, about 0.001 GB, from https://example.org",
        "  licence of the code: MIT",
        "  licence of the weights: not stated",
        "  licence of the training data: not stated",
        f"  SHA-256: {hashlib.sha256(famous.data).hexdigest()}",
    ]
    config = json.loads((mine / "famous" / "config.json").read_text())
    assert config["licences"] == {"code": "MIT", "weights": "not stated", "data": "not stated"}
    assert "the SHA-256 is the published one" in (mine / "famous" / "README.md").read_text()
    assert list((mine.parent / "downloads").iterdir()) == []
    done = lass_command("models", "pull", "famous", "--yes")
    assert done.code == 1
    assert "exists: choose another name with --to, or give --overwrite" in done.err
    assert len(famous.asked) == 1
    done = lass_command("models", "pull", "famous", "--yes", "--to", "second", "--keep")
    assert done.out == f"{mine / 'second'}\n"
    assert len(list((mine.parent / "downloads").iterdir())) == 1
    assert lass_command("models", "pull", "famous", "-y", "--overwrite").code == 0
    assert len(famous.asked) == 2  # what was kept is used


def test_nothing_comes_without_consent(lass_command, famous, mine, monkeypatch):
    done = lass_command("models", "pull", "famous")
    assert done.code == 2
    assert "nothing was downloaded: give --yes" in done.err
    monkeypatch.setattr(sys, "stdin", terminal := io.StringIO("no\ny\n"))
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    assert lass_command("models", "pull", "famous").code == 2
    assert famous.asked == []
    assert lass_command("models", "pull", "famous").code == 0


def test_an_unknown_hash_is_said_and_needs_a_word(lass_command, famous, mine):
    famous.publish(sha256="unknown")
    done = lass_command("models", "pull", "famous", "--yes")
    assert done.code == 1
    assert "SHA-256: unknown" in done.err
    assert "give --accept-unverified" in done.err
    assert famous.asked == []
    assert lass_command("models", "pull", "famous", "--yes", "--accept-unverified").code == 0
    assert "taken on trust" in (mine / "famous" / "README.md").read_text()


def test_a_hash_that_is_half_known(lass_command, famous):
    digest = hashlib.sha256(famous.data).hexdigest()
    famous.publish(sha256=f"{digest[:8]}…{digest[-7:]}")
    done = lass_command("models", "pull", "famous", "--yes")
    assert done.code == 0
    assert "only its beginning and end are known and compared" in done.err


def test_a_mirror_with_another_file(lass_command, famous, mine):
    famous.data = b"\x80" + famous.data
    done = lass_command("models", "pull", "famous", "--yes", "--url", f"{famous.url}/file")
    assert done.code == 1
    assert "is not the published file" in done.err
    assert not mine.exists()
    done = lass_command("models", "pull", "famous", "--yes", "--url", "http://example.org/x")
    assert done.code == 2
    assert "not safe to open" in done.err


def test_a_wrong_file_without_a_hash_is_not_kept(lass_command, famous, mine):
    famous.publish(sha256="unknown")
    famous.data = b"not a checkpoint"
    options = ("models", "pull", "famous", "--yes", "--accept-unverified")
    assert lass_command(*options).code == 1
    assert list((mine.parent / "downloads").iterdir()) == []


def test_what_has_no_address(lass_command):
    done = lass_command("models", "pull", "audiosep-hive", "--yes")
    assert done.code == 1
    assert "by hand from https://huggingface.co/ShandaAI/AudioSep-hive" in done.err
    assert lass_command("models", "pull", "nope").code == 2
