"""`lass app`: what it runs, and what it says when it cannot."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lass.cli.main import app
from lass.cli.running import run


@pytest.fixture
def started(monkeypatch):
    """What would be run."""
    pytest.importorskip("streamlit", reason="streamlit is not installed")
    commands = []

    def record(command, **options):
        commands.append((command, options))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("lass.cli.app.subprocess.run", record)
    return commands


def options(command):
    told = command[command.index("run") + 2 :]
    return dict(zip(told[::2], told[1::2], strict=False))


def test_it_listens_on_this_computer_alone_and_tells_nobody(started, capsys):
    assert run(app, name="lass", arguments=["app", "--no-browser"]) == 0
    [(command, _)] = started
    given = options(command)
    assert given["--server.address"] == "localhost"
    assert given["--browser.gatherUsageStats"] == "false"
    assert given["--server.maxUploadSize"] == "500"
    assert given["--server.headless"] == "true"
    assert Path(command[command.index("run") + 1]).is_file()
    assert "--" not in command
    assert capsys.readouterr().err == ""


def test_a_recording_is_passed_as_it_is(started, recording):
    assert run(app, name="lass", arguments=["app", str(recording), "--port", "8600"]) == 0
    [(command, given)] = started
    assert command[-2:] == ["--", str(recording.resolve())]
    assert options(command)["--server.port"] == "8600"
    assert not given.get("shell")


def test_another_host_is_warned_about(started, capsys):
    assert run(app, name="lass", arguments=["app", "--host", "0.0.0.0"]) == 0
    assert "without a password" in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_told_before_anything_starts(started, tmp_path, capsys):
    assert run(app, name="lass", arguments=["app", str(tmp_path / "none.wav")]) == 1
    assert not started
    assert "none.wav" in capsys.readouterr().err


def test_without_streamlit_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("lass.cli.app.find_spec", lambda name: None)
    assert run(app, name="lass", arguments=["app"]) == 2
    assert 'pip install "lass[app]"' in capsys.readouterr().err


def test_a_model_and_an_encoder_are_passed_on(started, models, recording):
    model, encoder = models / "separator", models / "encoder"
    told = ["app", str(recording), "--model", str(model), "--encoder", str(encoder)]
    assert run(app, name="lass", arguments=told) == 0
    [(command, _)] = started
    own = command[command.index("--") + 1 :]
    assert own == [f"--model={model}", f"--encoder={encoder}", str(recording.resolve())]


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [
        (["--model", "nobody"], 2, "no model 'nobody'"),
        (["--model", "compact"], 1, "not for separation"),
        (["--encoder", "default"], 1, "is a separator, not a query encoder"),
        (["--encoder", "nobody"], 2, "no model 'nobody'"),
        (["--model", "{models}/other", "--encoder", "compact"], 1, "the two were not made"),
    ],
)
def test_models_that_do_not_fit_are_told_before_anything_starts(
    started, models, tmp_path, capsys, told, code, said
):
    from tests.conftest import make_separator

    make_separator(tmp_path / "other", encoder="compact", space="another-v1")
    told = [word.format(models=tmp_path) for word in told]
    assert run(app, name="lass", arguments=["app", *told]) == code
    assert not started
    (sentence,) = capsys.readouterr().err.splitlines()
    assert said in sentence
