"""Encoders of others behind every command that is asked by words, on tiny random weights."""

import json
import shutil

import numpy as np
import pytest

from lass.audio import read
from lass.fx import Chain

BACKENDS = [
    ("by-clap", "larger_clap_general", "clap-larger-general"),
    ("by-clip", "clip-vit-base-patch32", "clip-vit-b32"),
]


@pytest.fixture
def apart(foreign, tmp_path):
    """The same separators where no encoder is beside them."""
    for model, encoder, _ in BACKENDS:
        config = shutil.copytree(foreign / model, tmp_path / model) / "config.json"
        table = json.loads(config.read_text())
        config.write_text(json.dumps({**table, "encoder": f"no-{encoder}"}))
    return tmp_path


@pytest.mark.parametrize(("model", "encoder", "space"), BACKENDS)
def test_separating_with_an_encoder_from_elsewhere(
    separate, recording, foreign, apart, model, encoder, space
):
    recording(seconds=0.3)
    alone = separate("-q", "dog", "in.wav", "--quiet", model=apart / model)
    assert alone.code == 2
    assert f"needs a query encoder for the space '{space}'" in alone.sentence
    told = separate(
        "-q", "dog", "in.wav", "--quiet", "--encoder", foreign / encoder, model=apart / model
    )
    assert (told.code, told.err) == (0, "")
    beside = separate("-q", "dog", "in.wav", "--quiet", "-o", "beside", model=foreign / model)
    assert beside.code == 0
    np.testing.assert_array_equal(read("in.dog.wav")[0], read("beside/in.dog.wav")[0])


@pytest.mark.parametrize(("model", "encoder", "space"), BACKENDS)
def test_finding_with_an_encoder_from_elsewhere(
    lass_command, recording, foreign, apart, model, encoder, space
):
    recording(seconds=1.0)
    asked = ("find", "dog", "in.wav", "--threshold", "0", "--json")
    alone = lass_command(*asked, "--model", apart / model)
    assert alone.code == 2
    assert "give one with --encoder" in alone.sentence
    told = lass_command(*asked, "--model", apart / model, "--encoder", foreign / encoder)
    assert (told.code, told.err) == (0, "")
    assert json.loads(told.out) == json.loads(lass_command(*asked, "--model", foreign / model).out)


def test_finding_with_an_encoder_of_another_space(lass_command, recording, foreign):
    recording(seconds=0.3)
    clip = foreign / "clip-vit-base-patch32"
    done = lass_command("find", "dog", "in.wav", "--model", foreign / "by-clap", "--encoder", clip)
    assert done.code == 1
    assert "understands the space 'clap-larger-general'" in done.sentence
    assert "its encoder speaks 'clip-vit-b32'" in done.sentence


def test_effects_by_clap(lass_command, recording, foreign):
    recording(seconds=0.5)
    clap = foreign / "larger_clap_general"
    settings = {}
    for name, options in (("ours", ()), ("theirs", ("--encoder", clap))):
        done = lass_command(
            "fx", "in.wav", "warm", "-o", f"{name}.wav", "--json", "--effects", "eq",
            "--save-preset", f"{name}.json", *options,
        )  # fmt: skip
        assert (done.code, done.err) == (0, "")
        (settings[name],) = json.loads(done.out)["files"]
    # The words set the effects; the encoder only tells how well the result fits them.
    assert Chain.load("ours.json").parameters == Chain.load("theirs.json").parameters
    assert settings["ours"]["similarity_before"] != settings["theirs"]["similarity_before"]


def test_effects_by_an_encoder_that_cannot_hear(lass_command, recording, foreign):
    recording(seconds=0.3)
    done = lass_command("fx", "in.wav", "warm", "--encoder", foreign / "clip-vit-base-patch32")
    assert done.code == 1
    assert "does not understand recordings" in done.sentence
    done = lass_command("fx", "in.wav", "warm", "--encoder", "nobody")
    assert done.code == 2
    assert "no model 'nobody'" in done.sentence
