"""`lass` and its smaller subcommands."""

import json
import subprocess
import sys

import pytest

import lass


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
