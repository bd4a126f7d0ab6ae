"""Files of a session: rendering block by block, exports with one gain, projects."""

import json
import shlex

import numpy as np
import pytest

import lass.edit.rendering as rendering
from lass.audio import info, read, resample, write
from lass.edit import EditSession, Effect, Extract, Gain, Pan, Remove, Span, Target
from lass.errors import AudioReadError, AudioWriteError, EditError
from lass.fx import Chain
from lass.fx import Gain as GainEffect

from .bands import RATE, BandSeparator, band, noise

LOW, HIGH = Target("low"), Target("high")


@pytest.fixture
def path(tmp_path):
    write(tmp_path / "in.wav", noise(), sample_rate=RATE, subtype="PCM_16")
    return tmp_path / "in.wav"


@pytest.fixture
def session(path):
    with EditSession(path, separator=BandSeparator()) as opened:
        yield opened


def test_an_unedited_file_is_written_bit_for_bit(session, path, tmp_path):
    session.apply(Extract(LOW))
    session.render_file(tmp_path / "out.wav")
    assert info(tmp_path / "out.wav").subtype == "PCM_16"
    np.testing.assert_array_equal(read(tmp_path / "out.wav")[0], read(path)[0])


@pytest.mark.parametrize("block_s", [0.05, 0.3, 60.0])
def test_the_size_of_blocks_changes_nothing(session, tmp_path, monkeypatch, block_s):
    session.apply(
        [Gain(LOW, gain_db=3.0), Remove(Target("bass"), Span(0.2, 0.9)),
         Effect(HIGH, words="roomy"), Pan(LOW, position=0.5), Effect(words="warm")]
    )  # fmt: skip
    expected = session.render()
    monkeypatch.setattr(rendering, "_BLOCK_S", block_s)
    done = session.render_file(tmp_path / "out.wav", subtype="FLOAT")
    assert done.gain_db == 0.0
    np.testing.assert_allclose(read(tmp_path / "out.wav")[0], expected, atol=1e-6)


def test_what_would_clip_gets_one_gain_for_all(session, tmp_path):
    session.apply([Gain(LOW, gain_db=24.0), Extract(HIGH)])
    mix, low, high = session.render(), session.part("low"), session.part("high")
    peak = max(np.abs(mix).max(), np.abs(low).max())
    assert peak > 1
    done = session.export(tmp_path / "out")
    assert {name: path.name for name, path in done.files.items()} == {
        "mix": "in.edit.wav", "low": "in.low.wav", "high": "in.high.wav", "rest": "in.rest.wav",
    }  # fmt: skip
    assert done.gain_db == pytest.approx(-20 * np.log10(peak), abs=0.01)
    gain = 10 ** (done.gain_db / 20)
    for name, expected in [("mix", mix), ("low", low), ("high", high)]:
        made, _ = read(done.files[name])
        np.testing.assert_allclose(made, gain * expected, atol=1 / 32768)
    total = sum(read(done.files[name])[0] for name in ("low", "high", "rest"))
    np.testing.assert_allclose(total, read(done.files["mix"])[0], atol=3 / 32768)
    floating = session.export(tmp_path / "float", subtype="FLOAT")
    assert floating.gain_db == 0.0
    np.testing.assert_array_equal(read(floating.files["mix"])[0], mix)


def test_export_of_a_region_at_another_rate_in_another_format(session, tmp_path):
    session.apply(Remove(LOW))
    done = session.export(
        tmp_path, ["parts"], span=Span(0.5, 1.0), edited=False, format="flac", sample_rate=8000
    )
    assert list(done.files) == ["low"]
    made, rate = read(done.files["low"])
    assert rate == 8000
    part = session.part("low", edited=False, span=Span(0.5, 1.0))
    expected = resample(part, from_hz=RATE, to_hz=8000)
    np.testing.assert_allclose(made, expected, atol=1e-4)


def test_nothing_is_replaced_unasked_and_the_recording_never(session, path, tmp_path):
    session.apply(Extract(LOW))
    before = path.read_bytes()
    (tmp_path / "out.wav").write_bytes(b"mine")
    with pytest.raises(AudioWriteError, match="exists"):
        session.render_file(tmp_path / "out.wav")
    assert session.render_file(tmp_path / "out.wav", on_existing="skip").skipped
    assert (tmp_path / "out.wav").read_bytes() == b"mine"
    session.render_file(tmp_path / "out.wav", on_existing="overwrite")
    assert info(tmp_path / "out.wav").samples == session.samples
    with pytest.raises(AudioWriteError, match="replace the recording"):
        session.render_file(path, on_existing="overwrite")
    with pytest.raises(EditError, match="what is"):
        session.export(tmp_path, ["stems"])
    with pytest.raises(AudioWriteError, match="suffix"):
        session.render_file(tmp_path / "out.xyz")
    assert path.read_bytes() == before


def test_cancelling_leaves_nothing_behind(session, tmp_path):
    session.apply(Gain(LOW, gain_db=3.0))

    class StopError(Exception):
        pass

    def stop(task, share):
        if task == "writing":
            raise StopError

    folder = session._studio.recording.samples.path.parent
    held = len(list(folder.iterdir()))
    with pytest.raises(StopError):
        session.export(tmp_path / "out", on_progress=stop)
    assert list((tmp_path / "out").iterdir()) == []
    assert len(list(folder.iterdir())) == held


def test_a_project_brings_everything_back(session, path, tmp_path):
    session.apply(
        [Gain(Target("low", occurrence=1), gain_db=3.0), Remove(HIGH, Span(0.5)),
         Effect(LOW, words="warm", amount=0.5), Pan(LOW, position=-0.25)]
    )  # fmt: skip
    session.set_chain(2, Chain([GainEffect(gain_db=-2.0)]))
    session.set_enabled(1, False)
    saved = session.save(tmp_path / "songs.lassproj")
    told = json.loads(saved.read_text())
    assert told["source"]["path"] == "in.wav"
    assert told["model"] == {"name": "bands", "sha256": "0" * 64}
    with EditSession.open(saved, separator=BandSeparator()) as again:
        assert again.operations == session.operations
        assert again.enabled == session.enabled
        assert not again.can_undo
        np.testing.assert_array_equal(again.render(), session.render())
        assert again.chain(2) == session.chain(2)
        assert again.warnings == ()
        again.save(saved)
    assert json.loads(saved.read_text()) == told


def test_a_project_lies_where_it_likes_relative_to_the_recording(session, path, tmp_path):
    (tmp_path / "projects").mkdir()
    saved = session.save(tmp_path / "projects" / "a.lassproj")
    assert json.loads(saved.read_text())["source"]["path"] == "../in.wav"
    EditSession.open(saved).close()
    moved = path.rename(tmp_path / "moved.wav")
    with pytest.raises(EditError, match=r"not at .*in\.wav"):
        EditSession.open(saved)
    EditSession.open(saved, source=moved).close()
    write(path, noise(seed=7), sample_rate=RATE)
    with pytest.raises(EditError, match="not the recording"):
        EditSession.open(saved)


def test_an_array_is_written_beside_its_project(tmp_path):
    audio = noise()
    with EditSession(audio, RATE, separator=BandSeparator()) as session:
        session.apply(Remove(LOW))
        session.save(tmp_path / "a.lassproj")
        assert session.source == tmp_path / "a.wav"
        session.save(tmp_path / "a.lassproj")
        made = session.render()
    with EditSession.open(tmp_path / "a.lassproj", separator=BandSeparator()) as again:
        np.testing.assert_array_equal(again.render(original=True), audio)
        np.testing.assert_array_equal(again.render(), made)
    with (
        EditSession(noise(seed=1), RATE, separator=BandSeparator()) as other,
        pytest.raises(EditError, match="exists"),
    ):
        other.save(tmp_path / "a.lassproj")


def test_a_project_replaces_projects_only(session, path):
    before = path.read_bytes()
    with pytest.raises(EditError, match="no project"):
        session.save(path)
    assert path.read_bytes() == before


def test_other_weights_are_told(session, tmp_path):
    session.apply(Remove(LOW))
    saved = session.save(tmp_path / "a.lassproj")
    saved.write_text(saved.read_text().replace("0" * 64, "1" * 64))
    with EditSession.open(saved, separator=BandSeparator()) as again:
        assert "other weights" in again.warnings[-1]


def _set(*keys_and_value):
    *keys, last, value = keys_and_value

    def change(told):
        for key in keys:
            told = told[key]
        told[last] = value

    return change


STEP = {"operation": {"kind": "gain", "gain_db": 3.0}, "enabled": True}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("format", "other"), "no project"),
        (_set("version", 2), "version 2"),
        (_set("version", True), "version True"),
        (_set("extra", 1), "unknown entry 'extra'"),
        (lambda told: told.pop("model"), "no entry 'model'"),
        (_set("source", "path", "/etc/passwd"), "relative"),
        (_set("source", "path", "C:\\sounds\\in.wav"), "relative"),
        (_set("source", "path", ""), "relative"),
        (_set("source", "path", 3), "relative"),
        (_set("source", "sha256", "0"), "no SHA-256"),
        (_set("model", "name", "../models/x"), "expected a name"),
        (_set("to_stereo", 1), "to_stereo"),
        (_set("operations", {}), "no list"),
        (_set("operations", [STEP] * 1001), "no list"),
        (_set("operations", [7]), "operation 1"),
        (_set("operations", [{**STEP, "run": "ls"}]), "unknown entry 'run'"),
        (_set("operations", [{**STEP, "enabled": "yes"}]), "enabled"),
        (_set("operations", [{**STEP, "chain": {}}]), "no preset"),
        (_set("operations", [{**STEP, "operation": {"kind": ["gain"]}}]), "no kind"),
        (_set("operations", [{**STEP, "operation": {"kind": "explode"}}]), "no operation"),
        (_set("operations", [{**STEP, "operation": {"kind": "gain", "gain_db": "loud"}}]), "gain"),
        (
            _set("operations", [{**STEP, "operation": {
                "kind": "remove", "target": {"query": "dog", "without": "birds"}}}]),
            "expected a list",
        ),
        (_set("operations", [{**STEP, "operation": {"kind": "remove", "span": {"start_s": 99.0,
              "end_s": None, "outside": False}}}]), "1.50 s long"),
    ],
)  # fmt: skip
def test_every_mistake_in_a_project_is_named(session, tmp_path, change, said):
    saved = session.save(tmp_path / "a.lassproj")
    told = json.loads(saved.read_text())
    change(told)
    saved.write_text(json.dumps(told))
    with pytest.raises(EditError, match=said):
        EditSession.open(saved)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "not text"),
        (b"{", "not JSON"),
        (b'{"format": NaN}', "finite"),
        (b'{"format": 1, "format": 2}', "twice"),
        (b"[" * 100_000, "not JSON"),
        (b" " * ((1 << 20) + 1), "larger than 1 MiB"),
    ],
)
def test_what_is_no_project_is_refused(tmp_path, content, said):
    (tmp_path / "a.lassproj").write_bytes(content)
    with pytest.raises(EditError, match=said):
        EditSession.open(tmp_path / "a.lassproj")
    with pytest.raises(EditError, match="cannot read"):
        EditSession.open(tmp_path / "b.lassproj")


def test_a_missing_or_empty_recording_is_said(tmp_path):
    with pytest.raises(AudioReadError, match="no file"):
        EditSession(tmp_path / "nothing.wav")
    write(tmp_path / "empty.wav", np.zeros((1, 0), np.float32), sample_rate=RATE)
    with pytest.raises(AudioReadError, match="no samples"):
        EditSession(tmp_path / "empty.wav")


def test_the_command_does_the_same(path, tmp_path):
    pytest.importorskip("lass.edit.describing")
    from lass.edit import parse_instruction

    odd = tmp_path / "it's; rm -rf.wav"
    path.rename(odd)
    with EditSession(odd, separator=BandSeparator()) as session:
        session.apply([Remove(LOW), Gain(HIGH, Span(0.5, 1.0), gain_db=-3.0), Pan(LOW)])
        session.set_enabled(2, False)
        words = shlex.split(session.command())
        assert words[:3] == ["lass", "edit", str(odd)]
        assert parse_instruction(words[3]) == list(session.operations[:2])
        assert words[4:] == ["--model", "bands"]
        session.apply(Effect(LOW, words="warm"))
        session.set_chain(3, Chain([GainEffect(gain_db=1.0)]))
        session.save(tmp_path / "a.lassproj")
        assert shlex.split(session.command())[3:] == ["--project", str(tmp_path / "a.lassproj")]


def test_fifty_edits_and_undos_hold_no_more_memory(session):
    import tracemalloc

    def edit():
        session.apply([Gain(LOW, gain_db=1.0), Remove(HIGH)])
        session.render(span=Span(0.0, 0.1))
        session.undo()

    for _ in range(3):
        edit()
    tracemalloc.start()
    edit()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(50):
        edit()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert after < before + 200_000


def test_the_part_is_what_was_separated_from_the_file(session, path):
    session.apply(Remove(LOW))
    np.testing.assert_array_equal(session.part("low", edited=False), band(read(path)[0], "low"))
