"""Streams and files: any block size, any length, the same result as at once."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.audio import info, read, write
from lass.errors import AudioReadError, AudioWriteError, EffectError
from lass.fx import (
    EQ,
    Chain,
    Compressor,
    Delay,
    Gain,
    LowCut,
    Reverb,
    Saturation,
    StereoWidth,
    effect_class,
    effect_names,
    render_file,
)
from tests.fx.sounds import decibels, noise

MIXED = Chain([
    EQ(low_shelf_gain_db=4, peak_2_gain_db=-3),
    LowCut(),
    Compressor(attack_ms=3),
    Delay(time_ms=37, feedback=0.6),
    Saturation(),
    Reverb(decay_s=0.7),
    StereoWidth(width=1.3),
])  # fmt: skip


def streamed(chain, audio, sizes, rate=8000):
    opened = chain.stream(sample_rate=rate, channels=len(audio))
    parts = [opened.push(block) for block in audio.split(sizes, dim=-1)]
    parts.append(opened.finish())
    return torch.cat([part for part in parts if part.shape[-1]] or [audio[:, :0]], dim=-1)


@pytest.mark.parametrize("name", effect_names())
def test_a_stream_gives_what_process_gives(name):
    audio = noise(2, 21000)
    effect = effect_class(name)()
    made = streamed(Chain([effect]), audio, [1, 4999, 10000, 6000])
    expected = effect.process(audio, sample_rate=8000)
    assert decibels(made, expected) < -100


@given(st.lists(st.integers(1, 9000), min_size=1, max_size=6), st.integers(0, 2**31))
@settings(max_examples=12, deadline=None)
def test_the_size_of_blocks_does_not_matter(sizes, seed):
    audio = noise(2, sum(sizes), seed=seed, level=0.3)
    made = streamed(MIXED, audio, sizes)
    whole = streamed(MIXED, audio, [audio.shape[1]])
    assert made.shape == audio.shape
    assert decibels(made, whole) < -100
    expected = MIXED.process(audio, sample_rate=8000)
    assert decibels(made, expected) < -90


def test_a_response_of_many_partitions():
    long = Chain([Reverb(decay_s=15.0, mix=0.7)])
    audio = noise(1, 150000)
    made = streamed(long, audio, [70001, 79999])
    expected = long.process(audio, sample_rate=8000)
    assert decibels(made, expected) < -100


@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("samples", [0, 1, 5])
def test_short_clips_and_all_channels(channels, samples):
    audio = noise(channels, samples).numpy()
    made = MIXED.apply(audio, sample_rate=8000)
    assert made.shape == audio.shape
    assert made.dtype == np.float32
    silent = MIXED.apply(np.zeros((channels, samples), np.float32), sample_rate=8000)
    assert not silent.any()
    longer = MIXED.apply(audio, sample_rate=8000, tail="keep")
    assert longer.shape[1] == samples + MIXED.tail_samples(8000)


def test_apply_leaves_its_input_alone_and_keeps_the_kind():
    audio = noise(1, 10)
    for chain in (Chain([]), Chain([Gain(gain_db=6)])):
        made = chain.apply(audio.numpy(), sample_rate=8000)
        made += 1
        torch.testing.assert_close(audio, noise(1, 10))
        assert isinstance(chain.apply(audio, sample_rate=8000), torch.Tensor)


def test_the_tail_is_what_sounds_on():
    chain = Chain([Delay(time_ms=100, feedback=0.5, mix=0.5), Reverb(decay_s=0.5)])
    audio = noise(1, 800)
    made = chain.apply(audio, sample_rate=8000, tail="keep")
    cut = chain.apply(audio, sample_rate=8000)
    torch.testing.assert_close(made[:, :800], cut, rtol=0, atol=1e-6)
    assert made[:, 800:1600].abs().max() > 1e-3
    assert made[:, -100:].abs().max() < 1e-3


def write_noise(path, samples=30000, level=0.1, subtype="PCM_16", channels=2):
    audio = noise(channels, samples, level=level).clamp(-0.9, 0.9).numpy()
    write(path, audio, sample_rate=8000, subtype=subtype)
    return audio


def test_file_is_rendered_as_the_array(tmp_path):
    write_noise(tmp_path / "in.wav")
    seen = []
    done = render_file(
        tmp_path / "in.wav", tmp_path / "out.wav", MIXED, block_samples=7001,
        on_progress=lambda done_s, total_s: seen.append((done_s, total_s)),
    )  # fmt: skip
    audio, rate = read(tmp_path / "in.wav")
    made, _ = read(tmp_path / "out.wav")
    assert (done.samples, done.gain_db, done.skipped) == (30000, 0.0, False)
    assert info(tmp_path / "out.wav").subtype == "PCM_16"
    assert np.abs(made - MIXED.apply(audio, sample_rate=rate)).max() <= 0.51 / 32768
    assert seen[-1] == (3.75, 3.75)


def test_clipping_is_answered_with_one_gain(tmp_path):
    write_noise(tmp_path / "in.flac", level=0.3, subtype="PCM_16")
    chain = Chain([Gain(gain_db=20)])
    done = render_file(tmp_path / "in.flac", tmp_path / "out.flac", chain)
    assert done.gain_db < -5
    audio, _ = read(tmp_path / "in.flac")
    made, _ = read(tmp_path / "out.flac")
    np.testing.assert_allclose(made, audio * 10 ** ((20 + done.gain_db) / 20), atol=1e-4)
    # Floats hold everything: nothing is changed.
    done = render_file(tmp_path / "in.flac", tmp_path / "out.wav", chain, subtype="FLOAT")
    assert done.gain_db == 0
    assert np.abs(read(tmp_path / "out.wav")[0]).max() > 5


def test_tail_and_surround_in_a_file(tmp_path):
    write_noise(tmp_path / "in.wav", samples=500, channels=6)
    done = render_file(tmp_path / "in.wav", tmp_path / "out.wav", MIXED, tail="keep")
    assert done.samples == 500 + MIXED.tail_samples(8000) == info(tmp_path / "out.wav").samples
    assert info(tmp_path / "out.wav").channels == 6


def test_existing_outputs(tmp_path):
    write_noise(tmp_path / "in.wav", samples=100)
    quieter = Chain([Gain(gain_db=-6)])
    with pytest.raises(AudioWriteError, match="exists already"):
        render_file(tmp_path / "in.wav", tmp_path / "in.wav", quieter)
    assert render_file(
        tmp_path / "in.wav", tmp_path / "in.wav", quieter, on_existing="skip"
    ).skipped
    before, _ = read(tmp_path / "in.wav")
    render_file(tmp_path / "in.wav", tmp_path / "in.wav", quieter, on_existing="overwrite")
    after, _ = read(tmp_path / "in.wav")
    np.testing.assert_allclose(after, before * 10 ** (-6 / 20), atol=2e-5)


def test_bad_files_leave_nothing(tmp_path):
    audio = np.zeros((1, 50), np.float32)
    write(tmp_path / "in.wav", audio, sample_rate=8000, subtype="FLOAT")
    raw = bytearray((tmp_path / "in.wav").read_bytes())
    raw[-4:] = np.float32(np.nan).tobytes()
    (tmp_path / "in.wav").write_bytes(raw)
    with pytest.raises(AudioReadError, match="NaN"):
        render_file(tmp_path / "in.wav", tmp_path / "out.wav", MIXED)
    with pytest.raises(AudioReadError):
        render_file(tmp_path / "none.wav", tmp_path / "out.wav", MIXED)
    with pytest.raises(EffectError, match="block_samples"):
        render_file(tmp_path / "in.wav", tmp_path / "out.wav", MIXED, block_samples=0)
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]
