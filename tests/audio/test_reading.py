import os
import re
import struct
import wave

import numpy as np
import pytest
import scipy.io.wavfile
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lass.audio import info, read, stream, write
from lass.errors import AudioReadError

FORMATS = [
    ("wav", "PCM_16"),
    ("wav", "FLOAT"),
    ("flac", "PCM_24"),
    ("ogg", "VORBIS"),
    ("mp3", "MPEG_LAYER_III"),
    ("opus", "OPUS"),
    ("aiff", "PCM_24"),
    ("rf64", "PCM_16"),
    ("w64", "PCM_16"),
    ("au", "PCM_16"),
    ("caf", "PCM_16"),
]


def make(folder, suffix, subtype, audio, rate=48000):
    path = folder / f"{subtype}.{suffix}"
    write(path, audio, sample_rate=rate, subtype=subtype)
    return path


def test_16_bit_wav_agrees_with_the_wave_module(tmp_path):
    codes = np.random.default_rng(1).integers(-32768, 32768, (500, 2), dtype=np.int16)
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((2, 2, 22050, 0, "NONE", ""))
        file.writeframes(codes.tobytes())
    audio, rate = read(tmp_path / "a.wav")
    assert rate == 22050
    assert audio.dtype == np.float32
    assert audio.flags.c_contiguous
    np.testing.assert_array_equal(audio, codes.T / np.float32(32768))


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [(np.float32, 1.0), (np.float64, 1.0), (np.int32, 2.0**31), (np.int16, 2.0**15)],
)
def test_wav_agrees_with_scipy(tmp_path, dtype, scale):
    values = np.random.default_rng(2).uniform(-0.9, 0.9, (300, 3)) * scale
    scipy.io.wavfile.write(tmp_path / "a.wav", 8000, values.astype(dtype))
    audio, _ = read(tmp_path / "a.wav")
    expected = (values.astype(dtype).astype(np.float64) / scale).astype(np.float32)
    np.testing.assert_array_equal(audio, expected.T)


def test_24_bits_are_held_exactly(tmp_path):
    codes = np.array([[-(2**23), -1, 0, 1, 8388607, 1234567]])
    raw = b"".join(int(code).to_bytes(3, "little", signed=True) for code in codes[0])
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 3, 8000, 0, "NONE", ""))
        file.writeframes(raw)
    np.testing.assert_array_equal(read(tmp_path / "a.wav")[0] * 2.0**23, codes)


@pytest.mark.parametrize(("suffix", "subtype"), FORMATS)
def test_every_format_keeps_length_channels_and_rate(tmp_path, noise, suffix, subtype):
    path = make(tmp_path, suffix, subtype, noise)
    audio, rate = read(path)
    assert audio.shape == noise.shape
    assert rate == 48000
    told = info(path)
    assert (told.samples, told.channels, told.sample_rate) == (20_000, 2, 48000)
    assert told.subtype == subtype
    assert told.duration_s == pytest.approx(20_000 / 48000)


@pytest.mark.parametrize(("suffix", "subtype"), FORMATS)
@pytest.mark.parametrize("block", [1, 999, 20_000, 10**7])
def test_blocks_together_are_the_whole(tmp_path, noise, suffix, subtype, block):
    audio = noise[:, :1500] if block == 1 else noise
    path = make(tmp_path, suffix, subtype, audio)
    blocks = list(stream(path, block_samples=block))
    assert all(b.shape[1] == block for b in blocks[:-1])
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), read(path)[0])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    samples=st.integers(0, 3000),
    channels=st.integers(1, 8),
    block=st.integers(1, 1000),
    start=st.integers(0, 3000),
    length=st.none() | st.integers(0, 4000),
)
def test_spans_and_blocks_agree_with_slicing(tmp_path, samples, channels, block, start, length):
    rng = np.random.default_rng(samples)
    audio = rng.uniform(-1, 1, (channels, samples)).astype(np.float32)
    path = tmp_path / "a.wav"
    write(path, audio, sample_rate=8000, on_existing="overwrite")
    start = min(start, samples)
    stop = None if length is None else start + length
    np.testing.assert_array_equal(read(path, start=start, stop=stop)[0], audio[:, start:stop])
    blocks = [np.zeros((channels, 0), np.float32)]
    blocks += stream(path, block_samples=block, start=start, stop=stop)
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), audio[:, start:stop])


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_a_span_of_a_compressed_file_is_exact(tmp_path, noise, suffix):
    path = tmp_path / f"a.{suffix}"
    write(path, noise, sample_rate=44100)
    whole, _ = read(path)
    np.testing.assert_array_equal(read(path, start=7001, stop=9000)[0], whole[:, 7001:9000])


@pytest.mark.parametrize(("start", "stop"), [(-1, None), (20_001, None), (10, 5)])
def test_a_span_outside_is_refused(tmp_path, noise, start, stop):
    path = make(tmp_path, "wav", "PCM_16", noise)
    with pytest.raises(AudioReadError, match="sample"):
        read(path, start=start, stop=stop)


@pytest.mark.parametrize(
    ("suffix", "subtype"), [entry for entry in FORMATS if entry[0] not in ("caf",)]
)
def test_half_a_file_is_truncated(tmp_path, noise, suffix, subtype):
    path = make(tmp_path, suffix, subtype, np.tile(noise, 5))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(AudioReadError, match=r"truncated.*\d+ samples could be read, expected"):
        read(path)
    with pytest.raises(AudioReadError, match="truncated"):
        list(stream(path, block_samples=1000))


def test_the_message_about_truncation_gives_both_numbers(tmp_path, noise):
    path = make(tmp_path, "wav", "PCM_16", noise)
    path.write_bytes(path.read_bytes()[: 44 + 4 * 5000])
    with pytest.raises(AudioReadError, match="5000 samples could be read, expected 20000"):
        read(path)
    assert read(path, stop=5000)[0].shape == (2, 5000)


def test_a_stream_gives_what_is_there_before_it_reports_truncation(tmp_path, noise):
    path = make(tmp_path, "wav", "PCM_16", noise)
    path.write_bytes(path.read_bytes()[: 44 + 4 * 5000])
    blocks = stream(path, block_samples=2500)
    for start in (0, 2500):
        np.testing.assert_array_equal(next(blocks), noise[:, start : start + 2500])
    with pytest.raises(AudioReadError, match="truncated"):
        next(blocks)


@pytest.mark.parametrize(
    ("riff", "data"),
    [
        (0, 0),
        (8, 0),
        (36, 0),
        (0xFFFFFFFF, 0),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0x7FFFF024, 0x7FFFF000),
        (0, 0xFFFFFFFF),
    ],
)
def test_the_header_of_an_unfinished_stream_is_read(tmp_path, noise, riff, data):
    path = make(tmp_path, "wav", "PCM_16", noise)
    content = bytearray(path.read_bytes())
    content[4:8] = struct.pack("<I", riff)
    content[40:44] = struct.pack("<I", data)
    path.write_bytes(content)
    np.testing.assert_array_equal(read(path)[0], noise)
    blocks = list(stream(path, block_samples=777))
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), noise)
    np.testing.assert_array_equal(read(path, start=5, stop=50)[0], noise[:, 5:50])


def test_a_wav_of_no_samples_with_a_chunk_behind_stays_empty(tmp_path):
    path = tmp_path / "a.wav"
    write(path, np.zeros((1, 0), np.float32), sample_rate=8000, subtype="PCM_16")
    content = bytearray(path.read_bytes()) + b"LIST\x04\0\0\0INFO"
    content[4:8] = struct.pack("<I", len(content) - 8)
    path.write_bytes(content)
    assert read(path)[0].shape == (1, 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_non_finite_samples_are_named_by_their_time(tmp_path, value):
    audio = np.zeros((4000, 2), np.float32)
    audio[3000, 1] = value
    soundfile.write(tmp_path / "a.wav", audio, 8000, subtype="FLOAT")
    with pytest.raises(AudioReadError, match=r"the first at 0\.3750 s"):
        read(tmp_path / "a.wav")
    blocks = stream(tmp_path / "a.wav", block_samples=1000)
    assert len([next(blocks) for _ in range(3)]) == 3
    with pytest.raises(AudioReadError, match=r"the first at 0\.3750 s"):
        next(blocks)


def corrupt_flac(path, noise):
    write(path, np.tile(noise, 5), sample_rate=44100)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 300] = bytes(300)
    path.write_bytes(content)


def endless_flac(path, noise):
    write(path, noise, sample_rate=44100)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)


def no_channels(path, _noise):
    header = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 0, 8000, 0, 0, 16)
    body = b"WAVE" + header + b"data" + struct.pack("<I", 4) + bytes(4)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def test_a_flac_stream_without_a_length_is_read(tmp_path, noise):
    path = tmp_path / "a.flac"
    endless_flac(path, noise)
    assert info(path).samples == 20_000
    np.testing.assert_array_equal(read(path)[0], noise)
    np.testing.assert_array_equal(read(path, start=77, stop=5000)[0], noise[:, 77:5000])
    blocks = list(stream(path, block_samples=777))
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), noise)


BAD = {
    "missing": (lambda path, noise: None, "there is no file"),
    "empty": (lambda path, noise: path.write_bytes(b""), "is empty"),
    "folder": (lambda path, noise: path.mkdir(), "is a folder"),
    "pipe": (lambda path, noise: os.mkfifo(path), "pipe or device"),
    "text": (lambda path, noise: path.write_text("hello " * 100), "not a sound file"),
    "random": (lambda path, noise: path.write_bytes(os.urandom(5000)), "not a sound file"),
    "only a header": (lambda path, noise: path.write_bytes(b"RIFF\0\0\0\0WAVE"), "not a sound"),
    "no channels": (no_channels, "not a sound file"),
    "damaged": (corrupt_flac, "damaged"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_get_one_sentence(tmp_path, noise, case):
    prepare, words = BAD[case]
    path = tmp_path / "input.flac"
    prepare(path, noise)
    for act in (read, lambda p: list(stream(p, block_samples=4096))):
        with pytest.raises(AudioReadError, match=re.escape(words)) as caught:
            act(path)
        message = str(caught.value)
        assert str(path) in message
        assert "\n" not in message
        assert ";" in message  # the part that says what to do


@pytest.mark.parametrize("suffix", ["raw", "txt", "m4a", ""])
def test_a_suffix_never_decides_what_a_file_is(tmp_path, noise, suffix):
    path = make(tmp_path, "wav", "PCM_16", noise)
    other = path.rename(tmp_path / f"other.{suffix}" if suffix else tmp_path / "other")
    if suffix == "raw":  # libsndfile's own rule for that suffix
        with pytest.raises(AudioReadError, match="not a sound file"):
            read(other)
    else:
        assert read(other)[0].shape == noise.shape


def test_no_permission(tmp_path, noise, monkeypatch):
    path = make(tmp_path, "wav", "PCM_16", noise)

    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(AudioReadError, match="no permission to read"):
        read(path)


def test_a_name_that_no_file_can_have():
    with pytest.raises(AudioReadError, match="cannot read"):
        read("a\0b.wav")
    with pytest.raises(AudioReadError):
        read("x" * 5000)


def test_stream_checks_at_once(tmp_path):
    with pytest.raises(AudioReadError):
        stream(tmp_path / "missing.wav", block_samples=10)
    with pytest.raises(ValueError, match="block_samples"):
        stream(tmp_path / "missing.wav", block_samples=0)


def open_files():
    return {os.readlink(f"/proc/self/fd/{fd}") for fd in map(str, _fds())}


def _fds():
    return [fd for fd in os.listdir("/proc/self/fd") if os.path.islink(f"/proc/self/fd/{fd}")]


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
def test_the_file_is_closed_when_the_consumer_stops_early(tmp_path, noise):
    path = make(tmp_path, "wav", "PCM_16", noise)

    def is_open():
        return str(path) in open_files()

    blocks = stream(path, block_samples=10)
    next(blocks)
    assert is_open()
    blocks.close()
    assert not is_open()
    for _ in stream(path, block_samples=10):
        break
    assert not is_open()


def test_memory_does_not_grow_with_length(tmp_path):
    import tracemalloc

    path = tmp_path / "a.wav"
    write(path, np.zeros((2, 2_000_000), np.float32), sample_rate=48000, subtype="PCM_16")
    list(stream(path, block_samples=100_000, stop=1))  # imports
    tracemalloc.start()
    for _ in stream(path, block_samples=10_000):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
