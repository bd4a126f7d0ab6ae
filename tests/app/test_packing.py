"""The zip: its files, their sound, the project and the page about them."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
import soundfile

from lass.edit import Gain, Remove, Span, Target
from lass.errors import AudioWriteError


def unpacked(work, **wanted):
    from lass_editor.packing import Wanted, pack

    told = {
        "what": ("mix",),
        "format": "wav",
        "subtype": "FLOAT",
        "sample_rate": None,
        "span": None,
    }
    made = pack(work, Wanted(**{**told, **wanted}))
    with zipfile.ZipFile(made.path) as file:
        return made, {name: file.read(name) for name in file.namelist()}


def test_the_mix_is_what_the_session_renders(work):
    work.separate(["dog"])
    work.session.apply([Gain(Target("dog"), gain_db=-6.0)])
    _, files = unpacked(work)
    assert set(files) == {"Street _ dog.edit.wav", "Street _ dog.lassproj", "README.txt"}
    audio, rate = soundfile.read(io.BytesIO(files["Street _ dog.edit.wav"]), dtype="float32")
    assert rate == 8000
    np.testing.assert_array_equal(audio.T, work.session.render())


def test_strips_and_rest_add_up(work):
    work.separate(["dog", "rain"])
    _, files = unpacked(work, what=("mix", "parts", "rest"))
    sounds = {
        name: soundfile.read(io.BytesIO(data), dtype="float64")[0]
        for name, data in files.items()
        if name.endswith(".wav")
    }
    mix = sounds.pop("Street _ dog.edit.wav")
    assert len(sounds) == 3
    np.testing.assert_allclose(sum(sounds.values()), mix, atol=1e-6)


def test_region_format_and_rate(work):
    _, files = unpacked(
        work, format="flac", subtype="PCM_24", sample_rate=16000, span=Span(1.0, 2.0)
    )
    told = soundfile.info(io.BytesIO(files["Street _ dog.edit.flac"]))
    assert (told.samplerate, told.subtype, told.frames) == (16000, "PCM_24", 16000)
    assert b"from 1.00 to 2.00 s" in files["README.txt"]


def test_one_gain_for_all_files_is_said(work):
    work.session.apply([Gain(gain_db=30.0)])
    made, files = unpacked(work, subtype="PCM_16", what=("mix", "rest"))
    assert made.gain_db < -5
    assert f"{-made.gain_db:.2f} dB".encode() in files["README.txt"]


def test_the_project_goes_with_the_name_that_users_know(work, separator, tmp_path):
    from lass_editor.deck_session import DeckSession

    work.separate(["dog"])
    work.session.apply([Remove(Target("dog"))])
    _, files = unpacked(work)
    told = json.loads(files["Street _ dog.lassproj"])
    assert told["source"]["path"] == "Street _ dog.wav"
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "Street _ dog.wav").write_bytes(work.session.source.read_bytes())
    path = tmp_path / "x" / "a.lassproj"
    path.write_bytes(files["Street _ dog.lassproj"])
    with DeckSession.open(path, separator=separator) as again:
        assert again.operations == work.session.operations


def test_the_page_says_what_was_done(work):
    work.separate(["dog"])
    work.session.apply([Remove(Target("dog"))])
    work.session.set_enabled(1, False)
    _, files = unpacked(work)
    page = files["README.txt"].decode()
    assert "Street & dog.wav" in page
    assert "remove the dog (bypassed)" in page


def test_a_failed_export_leaves_the_older_zip(work):
    made, _ = unpacked(work)
    before = made.path.read_bytes()
    with pytest.raises(AudioWriteError, match="suffix"):
        unpacked(work, format="xyz")
    assert made.path.read_bytes() == before
    assert [path.name for path in work.folder.path.iterdir()] == ["export.zip"]
