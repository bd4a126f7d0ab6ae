"""`lass edit` in this process, with the tiny model."""

import json

import numpy as np
import pytest

from lass.audio import info, read, write
from lass.edit import EditSession, Gain, Remove, Span, Target


@pytest.fixture
def edit(lass_command, models):
    def do(*arguments):
        return lass_command("edit", *arguments, "--model", models / "separator")

    return do


def test_an_instruction_becomes_a_file_next_to_the_recording(edit, recording):
    path = recording()
    done = edit(path, "mute from 0.25 to 0.5 s")
    assert (done.code, done.err) == (0, "")
    out = path.with_name("in.edit.wav")
    assert str(out) in done.out
    before, after = read(path)[0], read(out)[0]
    assert info(out).subtype == "PCM_16"
    np.testing.assert_array_equal(after[:, :4000], before[:, :4000])
    np.testing.assert_array_equal(after[:, 8000:], before[:, 8000:])
    assert not after[:, 4160:7840].any()
    again = edit(path, "mute from 0.25 to 0.5 s")
    assert again.code == 1
    assert "exists" in again.sentence
    skipped = edit(path, "mute from 0.25 to 0.5 s", "--on-existing", "skip")
    assert (skipped.code, skipped.out) == (0, "")
    assert "skipped" in skipped.sentence


def test_sounds_are_separated_and_what_is_absent_is_said(edit, recording, separator):
    path = recording()
    done = edit(path, "remove the dog", "-o", "out.wav", "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert len(done.err.splitlines()) == len(told["warnings"])
    assert told["operations"] == json.loads(json.dumps([Remove(Target("dog")).to_dict()]))
    assert told["files"] == {"mix": "out.wav"}
    score = told["scores"]["dog"]
    assert bool(told["warnings"]) == (score < 0.3)
    audio, rate = read(path)
    part = separator.separate(audio, rate, "dog").parts["dog"]
    np.testing.assert_allclose(read("out.wav")[0], audio - part, atol=1 / 32768)


def test_a_sound_that_is_not_there_is_said_on_stderr(edit, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("in.wav", np.zeros((1, 16000), np.float32), sample_rate=16000)
    done = edit("in.wav", "remove the dog")
    assert done.code == 0
    assert done.sentence == "edit: in.wav: nothing like 'dog' was found (score 0.00)"
    quiet = edit("in.wav", "remove the dog", "-o", "b.wav", "--quiet")
    assert (quiet.out, quiet.err) == ("", "")


def test_a_dry_run_says_what_is_understood_and_does_nothing(lass_command, recording):
    path = recording()
    arguments = ("edit", path, "remove the dog, make the piano 3 dB louder from 0.1 to 0.5 s")
    done = lass_command(*arguments, "--dry-run", "--model", "nowhere")
    assert done.code == 0
    assert "remove" in done.out
    assert "piano" in done.out
    assert "0.1 s to 0.5 s" in done.out
    assert [entry.name for entry in path.parent.iterdir()] == ["in.wav"]
    told = json.loads(lass_command(*arguments, "--dry-run", "--json").out)
    expected = [Remove(Target("dog")), Gain(Target("piano"), Span(0.1, 0.5), gain_db=3.0)]
    assert told["operations"] == json.loads(json.dumps([one.to_dict() for one in expected]))


def test_parts_that_are_asked_for_are_files_of_their_own(edit, recording):
    path = recording()
    done = edit(path, "extract the drums", "--json")
    assert done.code == 0
    assert list(json.loads(done.out)["files"]) == ["drums"]
    assert info(path.with_name("in.drums.wav")).samples == info(path).samples
    assert not path.with_name("in.edit.wav").exists()
    done = edit(path, "extract the bass and mute the first 0.1 s", "--json")
    assert {p.name for p in path.parent.iterdir()} == {
        "in.wav", "in.drums.wav", "in.bass.wav", "in.edit.wav",
    }  # fmt: skip


def test_a_project_keeps_the_steps_and_does_them_again(edit, recording):
    path = recording()
    first = edit(path, "make it 6 dB softer", "--project", "a.lassproj")
    assert (first.code, first.err) == (0, "")
    with EditSession.open("a.lassproj") as session:
        assert session.operations == (Gain(gain_db=-6.0),)
    second = edit(path, "mute from 0.5 s on", "--project", "a.lassproj", "-o", "b.wav")
    assert second.code == 0
    with EditSession.open("a.lassproj") as session:
        assert len(session.operations) == 2
    assert edit(path, "--project", "a.lassproj", "-o", "c.wav").code == 0
    np.testing.assert_array_equal(read("b.wav")[0], read("c.wav")[0])
    expected = read(path)[0][:, :8000] * 10 ** (-6 / 20)
    np.testing.assert_allclose(read("c.wav")[0][:, :8000], expected, atol=1 / 32768)


def test_mono_becomes_stereo_only_when_asked(edit, recording):
    path = recording(channels=1)
    refused = edit(path, "pan everything hard left")
    assert refused.code == 1
    assert "--stereo" in refused.sentence
    assert edit(path, "pan everything hard left", "--stereo").code == 0
    left, right = read(path.with_name("in.edit.wav"))[0]
    assert left.any()
    assert not right.any()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["in.wav"], 2, "say what shall be done"),
        (["in.wav", "flurbl the wibble"], 2, "flurbl"),
        (["nothing.wav", "remove the dog"], 3, "no sound file"),
        (["in.wav", "mute from 30 to 40 s"], 1, "1.00 s long"),
        (["in.wav", "mute from 30 to 40 s", "--dry-run"], 1, "1.00 s long"),
        (["in.wav", "remove the dog", "-o", "in.wav"], 1, "exists"),
        (["in.wav", "mute it", "-o", "in.wav", "--on-existing", "overwrite"], 1, "recording"),
        (["in.wav", "remove the dog", "--project", "in.wav"], 1, "no project"),
        (["bad.wav", "mute it"], 1, "sound file"),
    ],
)
def test_a_mistake_is_one_sentence_and_an_exit_code(edit, recording, arguments, code, said):
    path = recording()
    (path.parent / "bad.wav").write_bytes(b"no sound")
    before = path.read_bytes()
    done = edit(*arguments)
    assert done.code == code, done.err
    assert said in done.sentence
    assert path.read_bytes() == before
