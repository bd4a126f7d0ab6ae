"""Presets: round trip and every mistake; exports against the real programs where they are."""

import json
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.audio import read, write
from lass.errors import EffectError
from lass.fx import (
    EQ,
    Chain,
    Compressor,
    Delay,
    Gain,
    GraphicEQ,
    HighCut,
    LowCut,
    Reverb,
    Saturation,
    StereoWidth,
    effect_class,
    effect_names,
)
from tests.fx.sounds import decibels, noise


@given(st.lists(st.sampled_from(effect_names()), max_size=5), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_any_chain_comes_back_exactly(names, seed):
    rng = np.random.default_rng(seed)
    chain = Chain([effect_class(name)() for name in names])
    chain = chain.at(rng.random(len(chain.slots)))
    again = Chain.from_json(chain.to_json())
    assert again == chain
    assert hash(again) == hash(chain)
    assert again.parameters == chain.parameters


def test_seed_and_file_come_back(tmp_path):
    chain = Chain([Reverb(decay_s=2.5, seed=7), Gain()])
    chain.save(tmp_path / "warm.json")
    assert Chain.load(tmp_path / "warm.json") == chain
    assert Chain.load(tmp_path / "warm.json") != Chain([Reverb(decay_s=2.5), Gain()])


def preset(**changes):
    return json.dumps({"format": "lass-fx", "version": 1, "effects": []} | changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "is no preset"),
        ("{}", "is no preset"),
        (preset(version=2), "version 2, this program reads version 1"),
        (preset(version=None), "version None"),
        (preset(version=True), "version True"),
        (preset(effects=3), "no list of effects"),
        (preset(more=3), "unknown entry 'more'"),
        (preset(effects=[3]), "effect 1 of the preset has no name"),
        (preset(effects=[{"effect": "reverv"}]), "did you mean 'reverb'"),
        (preset(effects=[{"effect": "gain", "seed": 3}]), "unknown entry 'seed'"),
        (preset(effects=[{"effect": "gain", "settings": [3]}]), "settings is"),
        (preset(effects=[{"effect": "gain", "settings": {"gain_dB": 3}}]), "mean 'gain_db'"),
        (preset(effects=[{"effect": "gain", "settings": {"gain_db": 99}}]), "gain_db is 99"),
        (preset(effects=[{"effect": "gain", "settings": {"gain_db": None}}]), "gain_db is None"),
        (preset(effects=[{"effect": "gain", "settings": {"seed": 3}}]), "no setting 'seed'"),
        (preset(effects=[{"effect": "reverb", "settings": {"seed": 3}}]), "no setting 'seed'"),
        (preset(effects=[{"effect": "reverb", "seed": 0.5}]), "seed is 0.5"),
        (preset().replace("[]", "NaN"), "holds NaN"),
        (preset(effects=[{"effect": "gain", "settings": {"gain_db": 1}}])
         .replace('"gain_db": 1', '"gain_db": 1, "gain_db": 2'), "says 'gain_db' twice"),
        (preset(effects=[{"effect": "gain", "settings": {"gain_db": 1}}]).replace("1}", "1e999}"),
         "gain_db is inf"),
    ],
)  # fmt: skip
def test_mistakes_in_presets_are_named(text, message):
    with pytest.raises(EffectError, match=message):
        Chain.from_json(text)


def test_files_that_cannot_be_read_or_written(tmp_path):
    with pytest.raises(EffectError, match="cannot read the preset"):
        Chain.load(tmp_path / "none.json")
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EffectError, match="cannot read the preset"):
        Chain.load(tmp_path / "bad.json")
    with pytest.raises(EffectError, match="cannot write the preset"):
        Chain([]).save(tmp_path / "no" / "folder.json")


SAME = Chain([
    EQ(low_shelf_gain_db=6, peak_1_gain_db=-5, peak_2_gain_db=4, high_shelf_gain_db=-6),
    GraphicEQ(gain_208hz_db=3.0, gain_2406hz_db=-4.0),
    LowCut(frequency_hz=60),
    HighCut(frequency_hz=9000),
    StereoWidth(width=0.4),
    Delay(time_ms=100, feedback=0.3, mix=0.3),
    Gain(gain_db=-3),
])  # fmt: skip


def rendered_by(program, chain, tmp_path):
    audio = noise(2, 30000, level=0.03).numpy()
    source, target = str(tmp_path / "in.wav"), str(tmp_path / "out.wav")
    write(source, audio, sample_rate=44100, subtype="FLOAT", on_existing="overwrite")
    if program == "sox":
        command = ["sox", "-D", source, "-b", "32", "-e", "float", target, *chain.to_sox().split()]
    else:
        command = ["ffmpeg", "-y", "-v", "error", "-i", source, "-af", chain.to_ffmpeg(),
                   "-c:a", "pcm_f32le", target]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    made, _ = read(target)
    expected = chain.apply(audio, sample_rate=44100)
    return decibels(made[:, : expected.shape[1]], expected)


@pytest.mark.parametrize("program", ["sox", "ffmpeg"])
def test_exports_sound_the_same(program, tmp_path):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    assert rendered_by(program, SAME, tmp_path) < -50


def test_ffmpeg_saturation_is_the_same(tmp_path):
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    assert rendered_by("ffmpeg", Chain([Saturation(drive_db=30.0)]), tmp_path) < -50


@pytest.mark.parametrize("program", ["sox", "ffmpeg"])
def test_approximations_are_taken_by_the_programs(program, tmp_path):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    chain = Chain([effect_class(name)() for name in effect_names()])
    rendered_by(program, chain, tmp_path)
    rendered_by(program, Chain([Compressor(knee_db=0.0, threshold_db=0.0)]), tmp_path)
    rendered_by(program, Chain([Compressor(knee_db=12.0, threshold_db=-60.0)]), tmp_path)


def test_what_cannot_be_said_is_noted():
    chain = Chain([Reverb(), Saturation(mix=0.5), Compressor(), Delay(feedback=0.9, mix=0.5)])
    sox, ffmpeg, board = chain.to_sox(), chain.to_ffmpeg(), chain.to_pedalboard()
    assert sox.startswith("reverb ")
    assert [note.split(":")[0] for note in sox.notes] == [
        "reverb", "saturation", "compressor", "delay",
    ]  # fmt: skip
    assert any("afir" in note for note in ffmpeg.notes)
    assert "reverb" not in ffmpeg
    assert any("Freeverb" in note for note in board.notes)
    assert all(note in board for note in board.notes)


def test_neutral_effects_vanish_from_exports():
    nothing = Chain([EQ(), GraphicEQ(), LowCut(frequency_hz=10), HighCut(frequency_hz=24000),
                     Reverb(mix=0), Delay(mix=0)])  # fmt: skip
    assert nothing.to_sox() == ""
    assert nothing.to_ffmpeg() == "anull"
    assert nothing.to_sox().notes == ()


def test_board_is_python_and_does_not_import_pedalboard_here():
    import sys
    from types import SimpleNamespace

    assert "pedalboard" not in sys.modules
    text = Chain([effect_class(name)() for name in effect_names()]).to_pedalboard()

    class Stub(SimpleNamespace):
        def __getattr__(self, name):
            return lambda *given, **named: (name, given, named)

    scope = {"__builtins__": {"__import__": lambda *a: Stub()}}
    exec(compile(text, "board", "exec"), scope)
    kinds = [call[0] for call in scope["board"][1][0]]
    assert {"HighpassFilter", "Compressor", "Distortion", "Delay", "Reverb", "Gain"} <= set(kinds)
    made = Chain([EQ(low_shelf_gain_db=3.0)]).to_pedalboard()
    assert "LowShelfFilter(cutoff_frequency_hz=120.0, gain_db=3.0, q=0.7)" in made
