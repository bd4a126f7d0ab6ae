"""Sound files whose headers lie, and small ones that would fill memory."""

import struct
import time
import tracemalloc

import numpy as np
import pytest
import soundfile

from lass.audio import info, read, stream, write
from lass.errors import AudioReadError

HOUR = 3600 * 16000


@pytest.fixture
def quiet():
    return np.random.default_rng(0).uniform(-0.1, 0.1, (1, 4000)).astype(np.float32)


def flac_that_claims(path, audio, samples):
    write(path, audio, sample_rate=16000)
    data = bytearray(path.read_bytes())
    assert data[:4] == b"fLaC"
    data[21] = data[21] & 0xF0 | samples >> 32  # 36 bits of STREAMINFO
    data[22:26] = struct.pack(">I", samples & 0xFFFFFFFF)
    path.write_bytes(data)


def ogg_crc(page):
    """The check sum of an Ogg page (RFC 3533), bit by bit."""
    register = 0
    for byte in page:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1 ^ (0x04C11DB7 if register & 0x80000000 else 0)) & 0xFFFFFFFF
    return register


def ogg_that_claims(path, audio, samples):
    write(path, audio, sample_rate=16000)
    data = bytearray(path.read_bytes())
    at = data.rfind(b"OggS")
    data[at + 6 : at + 14] = struct.pack("<q", samples)
    data[at + 22 : at + 26] = bytes(4)
    data[at + 22 : at + 26] = struct.pack("<I", ogg_crc(data[at:]))
    path.write_bytes(data)


def bounded(act):
    """Run something that must fail: soon, and in little memory."""
    tracemalloc.start()
    started = time.monotonic()
    try:
        with pytest.raises(AudioReadError) as caught:
            act()
        return str(caught.value), tracemalloc.get_traced_memory()[1], time.monotonic() - started
    finally:
        tracemalloc.stop()


def test_ten_hours_claimed_by_a_small_flac(tmp_path, quiet):
    path = tmp_path / "a.flac"
    flac_that_claims(path, quiet, 10 * HOUR)
    assert path.stat().st_size < 20_000
    assert info(path).samples == 10 * HOUR
    said, peak, took_s = bounded(lambda: read(path))
    assert "would take 2.1 GiB of memory" in said
    assert (peak < 1_000_000, took_s < 5) == (True, True)
    said, peak, took_s = bounded(lambda: list(stream(path, block_samples=16000)))
    assert "truncated" in said
    assert (peak < 4_000_000, took_s < 5) == (True, True)
    said, peak, _ = bounded(lambda: read(path, stop=HOUR))
    assert "truncated" in said
    assert peak < 20_000_000
    np.testing.assert_allclose(read(path, stop=3000)[0], quiet[:, :3000], atol=1e-4)


def test_ten_hours_claimed_by_a_small_ogg(tmp_path, quiet):
    """Its decoder counts what is there, so the claim changes the last packet at most."""
    path = tmp_path / "a.ogg"
    ogg_that_claims(path, quiet, 10 * HOUR)
    tracemalloc.start()
    try:
        assert 4000 <= read(path)[0].shape[1] < 6000
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_claim_of_hours_leaves_no_output(separator, tmp_path, quiet):
    path = tmp_path / "a.flac"
    flac_that_claims(path, quiet, 2**36 - 1)
    with pytest.raises(AudioReadError, match="truncated"):
        separator.separate_file(path, ["violin"])
    assert [each.name for each in tmp_path.iterdir()] == ["a.flac"]


def wav(path, *, channels=1, rate=8000, data=b"", claimed=None):
    head = struct.pack("<IHHIIHH", 16, 1, channels, rate, 0, 2 * channels, 16)
    size = len(data) if claimed is None else claimed
    body = b"WAVEfmt " + head + b"data" + struct.pack("<I", size) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


@pytest.mark.parametrize("rate", [768_001, 4_000_000, 2**31 - 1])
def test_rates_that_no_recording_has(tmp_path, rate):
    wav(tmp_path / "a.wav", rate=rate, data=bytes(200))
    for act in (info, read, lambda path: stream(path, block_samples=10)):
        with pytest.raises(AudioReadError, match=f"sample rate of {rate} Hz, expected 1 to 768000"):
            act(tmp_path / "a.wav")


def test_a_thousand_channels_take_no_gigabyte(tmp_path):
    wav(tmp_path / "a.wav", channels=1024, data=bytes(2048 * 4))
    tracemalloc.start()
    audio, _ = read(tmp_path / "a.wav")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert audio.shape == (1024, 4)
    assert peak < 10_000_000


def test_more_channels_than_there_are_bytes(tmp_path):
    wav(tmp_path / "a.wav", channels=1024, data=bytes(100), claimed=2048 * 50)
    with pytest.raises(AudioReadError, match="truncated"):
        read(tmp_path / "a.wav")


@pytest.mark.parametrize("claimed", [10**6, 2**31, 2**32 - 10])
def test_more_data_than_there_is(tmp_path, claimed):
    wav(tmp_path / "a.wav", data=bytes(2000), claimed=claimed)
    with pytest.raises(AudioReadError, match=f"1000 samples .* {claimed // 2}"):
        list(stream(tmp_path / "a.wav", block_samples=500))


@pytest.mark.parametrize("rate", [1, 7, 50, 999])
def test_rates_that_are_low_are_kept(separator, tmp_path, rate):
    wav(tmp_path / "a.wav", rate=rate, data=np.arange(-500, 500, dtype="<i2").tobytes())
    result = separator.separate_file(tmp_path / "a.wav", ["violin"])
    outputs = [*result.parts.values(), result.residual]
    assert {info(path).sample_rate for path in outputs} == {rate}
    total = sum(soundfile.read(path, dtype="int16")[0].astype(int) for path in outputs)
    np.testing.assert_array_equal(total, np.arange(-500, 500))


@pytest.mark.parametrize("kind", ["loop", "dangling", "folder"])
def test_links_that_lead_nowhere(tmp_path, kind):
    aims = {"loop": tmp_path / "a.wav", "dangling": tmp_path / "gone", "folder": tmp_path}
    (tmp_path / "a.wav").symlink_to(aims[kind])
    with pytest.raises(AudioReadError):
        read(tmp_path / "a.wav")
