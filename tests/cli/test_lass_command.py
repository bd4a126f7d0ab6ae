"""`lass` and its smaller subcommands."""

import hashlib
import json
import shutil
import subprocess
import sys

import pytest

import lass
from lass.zoo import folders


def test_version_and_help(lass_command):
    done = lass_command("--version")
    assert (done.code, done.out) == (0, f"lass {lass.__version__}\n")
    done = lass_command("--help")
    assert done.code == 0
    for name in ("separate", "eval", "train", "models"):
        assert name in done.out


def test_without_a_command_it_shows_the_help(lass_command):
    done = lass_command()
    assert done.code == 2
    assert "separate" in done.out


def test_an_unknown_command(lass_command):
    done = lass_command("seperate")
    assert done.code == 2
    assert "Did you mean 'separate'" in done.sentence


def test_lass_separate_is_separate(lass_command, recording, models):
    recording(seconds=0.2)
    done = lass_command("separate", "-q", "violin", "in.wav", "--model", models / "separator")
    assert done.code == 0
    assert "in.violin.wav" in done.out
    assert lass_command("separate", "in.wav").code == 2


@pytest.mark.parametrize(
    "arguments", [["--help"], ["models"], ["eval", "nope"], ["train", "--help"]]
)
def test_python_m_lass_is_quick(arguments):
    code = (
        "import runpy, sys\n"
        "try: runpy.run_module('lass', run_name='__main__')\n"
        "finally:\n"
        "    heavy = {'torch', 'lightning', 'soundfile', 'scipy'} & set(sys.modules)\n"
        "    sys.stderr.write(f'HEAVY {heavy}' if heavy else '')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert "HEAVY" not in done.stderr
    assert "Traceback" not in done.stderr


# lass models


@pytest.fixture
def shipped(models, tmp_path, monkeypatch):
    """Pretend that the tiny models ship."""
    shutil.copytree(models, tmp_path / "models")
    monkeypatch.setattr(folders, "resources", tmp_path.joinpath)
    return tmp_path / "models"


def test_models_are_listed(lass_command, shipped):
    done = lass_command("models")
    assert done.code == 0
    title, *rows = done.out.splitlines()
    assert title.split() == ["NAME", "TASK", "SPACE", "MB", "SHA-256", "LICENCE"]
    hashed = hashlib.sha256((shipped / "encoder" / "model.safetensors").read_bytes()).hexdigest()
    assert rows[0].split()[:3] == ["encoder", "query", "compact-v1"]
    assert rows[0].split()[4:] == [hashed[:12], "Apache-2.0"]
    assert rows[1].split()[:2] == ["separator", "separation"]
    told = json.loads(lass_command("models", "--json").out)["models"]
    assert told[0]["sha256"] == hashed


def test_no_models(lass_command, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "resources", tmp_path.joinpath)
    done = lass_command("models")
    assert done.code == 3
    assert "no models" in done.sentence


def test_a_model_is_shown(lass_command, shipped):
    assert json.loads(lass_command("models", "show", "encoder").out)["dim"] == 24
    (shipped / "encoder" / "README.md").write_text("# A card\n")
    assert lass_command("models", "show", "encoder").out == "# A card\n"
    done = lass_command("models", "show", "../secret")
    assert done.code == 2
    assert "no model '../secret'" in done.sentence


def test_models_are_verified(lass_command, shipped):
    done = lass_command("models", "verify")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "encoder: 3 files as published",
        "separator: 1 files as published",
    ]
    with (shipped / "encoder" / "tokenizer.json").open("a") as file:
        file.write(" ")
    done = lass_command("models", "verify")
    assert done.code == 1
    assert "tokenizer.json is not the published one" in done.sentence
    assert done.out.splitlines() == ["separator: 1 files as published"]
    assert lass_command("models", "verify", "separator").code == 0


def test_a_model_without_hashes_is_not_called_verified(lass_command, shipped):
    (shipped / "encoder" / "config.json").write_text('{"task": "query"}')
    done = lass_command("models", "verify", "encoder")
    assert done.code == 1
    assert "states no SHA-256" in done.sentence


# lass train


@pytest.mark.filterwarnings("ignore")
def test_a_run_ends_in_a_model_that_separates(lass_command, models, tmp_path, sound):
    from tests.conftest import CORE
    from tests.data.pack import make_pack

    pack = make_pack(tmp_path / "pack", clips=48)
    core = "\n".join(f"{key} = {json.dumps(value)}" for key, value in CORE.items())
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(
        f'task = "separator"\nencoder = {json.dumps(str(models / "encoder"))}\n'
        '[run]\nsteps = 2\nprecision = "32-true"\nworkers = 0\nlog_every = 1\n'
        "[mixtures]\nbatch = 2\nsegment_s = 0.5\nhigh_rate = 0.0\nsources = [0.0, 1.0]\n"
        "confusable = 1.1\ndatasets = {esc50 = 1.0}\n"
        f'[network]\nkind = "band-unet"\n[network.core]\n{core}\n'
    )
    out = tmp_path / "run"
    done = lass_command("train", recipe, "--data", pack, "--out", out, "--device", "cpu")
    assert done.code == 0, done.err
    assert "step 2 " in done.err
    assert str(out / "model") in done.out
    assert (out / "log.csv").is_file()
    separator = lass.Separator.load(out / "model", device="cpu")
    assert separator.separate(sound(), 16000, "hum").parts["hum"].shape == (2, 16000)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope", "--data", ".", "--out", "x"], "there is no recipe 'nope'"),
        (["default", "--data", "/nope", "--out", "x"], "there is no folder /nope"),
        (["default", "--data", ".", "--out", "/dev/null/x"], "cannot make the folder"),
        (["default", "--data", "."], "Missing option '--out'"),
        (["bad.toml", "--data", ".", "--out", "x"], "cannot read the recipe"),
        (["odd.toml", "--data", ".", "--out", "x"], "did you mean 'learning_rate'"),
    ],
)
def test_bad_runs(lass_command, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text("=")
    (tmp_path / "odd.toml").write_text('task = "separator"\n[optimiser]\nlearning_rat = 1\n')
    done = lass_command("train", *arguments)
    assert done.code == 2
    assert words in done.sentence
