import os
import resource
import subprocess
import wave

import numpy as np
import pytest
import scipy.io.wavfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lass.audio import Writer, common_gain, info, read, write
from lass.errors import AudioError, AudioWriteError

PER_TEST = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
EXACT = [
    ("wav", "PCM_U8", 8),
    ("wav", "PCM_16", 16),
    ("wav", "PCM_24", 24),
    ("wav", "PCM_32", 24),
    ("flac", "PCM_S8", 8),
    ("flac", "PCM_16", 16),
    ("flac", "PCM_24", 24),
    ("aiff", "PCM_S8", 8),
    ("aiff", "PCM_16", 16),
    ("aiff", "PCM_24", 24),
    ("caf", "PCM_16", 16),
]


def left_behind(folder):
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize(("suffix", "subtype", "bits"), EXACT)
def test_integer_codes_survive_reading_and_writing(tmp_path, suffix, subtype, bits):
    top = 2 ** (bits - 1)
    codes = np.random.default_rng(3).integers(-top, top, (2, 70_000))
    codes[:, :4] = [-top, top - 1, 0, -1]
    audio = (codes / top).astype(np.float32)
    path, again = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    write(path, audio, sample_rate=44100, subtype=subtype)
    got, _ = read(path)
    np.testing.assert_array_equal(got.astype(np.float64) * top, codes)
    write(again, got, sample_rate=44100, like=info(path))
    assert again.read_bytes() == path.read_bytes()


def test_16_bit_wav_is_what_the_wave_module_reads(tmp_path):
    codes = np.random.default_rng(4).integers(-32768, 32768, (2, 300)).astype(np.int16)
    path = tmp_path / "a.wav"
    write(path, codes / np.float32(32768), sample_rate=8000, subtype="PCM_16")
    with wave.open(str(path), "rb") as file:
        assert file.getparams()[:4] == (2, 2, 8000, 300)
        stored = np.frombuffer(file.readframes(300), np.int16)
    np.testing.assert_array_equal(stored.reshape(-1, 2).T, codes)


@PER_TEST
@given(
    values=st.lists(st.floats(-(2.0**20), 2.0**20, width=32), min_size=1, max_size=50),
    channels=st.integers(1, 5),
)
def test_float_wav_is_exact_for_any_finite_value(tmp_path, values, channels):
    audio = np.tile(np.array(values, np.float32), (channels, 1))
    write(tmp_path / "a.wav", audio, sample_rate=8000, on_existing="overwrite")
    np.testing.assert_array_equal(read(tmp_path / "a.wav")[0], audio)
    rate, stored = scipy.io.wavfile.read(tmp_path / "a.wav")
    np.testing.assert_array_equal(stored.reshape(-1, channels).T, audio)
    assert rate == 8000


@PER_TEST
@given(
    lengths=st.lists(st.integers(0, 500), max_size=8),
    kind=st.sampled_from(["wav PCM_16", "wav FLOAT", "flac PCM_24", "aiff PCM_24", "mp3 auto"]),
)
def test_blocks_and_one_piece_give_the_same_file(tmp_path, lengths, kind):
    suffix, subtype = kind.split()
    lengths = [1000, *lengths]
    audio = np.random.default_rng(5).uniform(-1, 1, (2, sum(lengths))).astype(np.float32)
    one, blocks = tmp_path / f"one.{suffix}", tmp_path / f"blocks.{suffix}"
    write(one, audio, sample_rate=8000, subtype=subtype, on_existing="overwrite")
    with Writer(
        blocks, sample_rate=8000, channels=2, subtype=subtype, on_existing="overwrite"
    ) as writer:
        for start, length in zip(np.cumsum([0, *lengths]), lengths, strict=False):
            writer.write(audio[:, start : start + length])
    assert one.read_bytes() == blocks.read_bytes()
    assert writer.samples == sum(lengths)


def test_float_files_do_not_hold_the_time(tmp_path, noise):
    for channels in (1, 2, 9):
        audio = np.tile(noise[:1], (channels, 1))
        wav, aiff = tmp_path / f"{channels}.wav", tmp_path / f"{channels}.aiff"
        write(wav, audio, sample_rate=8000, subtype="FLOAT")
        assert b"PEAK" not in wav.read_bytes()
        write(aiff, audio, sample_rate=8000, subtype="FLOAT")
        content = aiff.read_bytes()
        at = content.index(b"PEAK")
        assert content[at + 12 : at + 16] == bytes(4)
        np.testing.assert_array_equal(read(wav)[0], audio)
        np.testing.assert_array_equal(read(aiff)[0], audio)


@pytest.mark.parametrize("samples", [0, 1, 2])
@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff", "ogg", "mp3", "opus"])
def test_the_shortest_signals(tmp_path, suffix, samples):
    path = tmp_path / f"a.{suffix}"
    audio = np.zeros((1, samples), np.float32)
    if samples == 0 and suffix in ("mp3", "ogg", "opus", "flac"):
        try:
            write(path, audio, sample_rate=48000)
        except AudioWriteError:
            assert left_behind(tmp_path) == []
            return
    else:
        assert write(path, audio, sample_rate=48000)
    assert read(path)[0].shape == (1, samples)


def test_existing_files(tmp_path, noise):
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    with pytest.raises(AudioWriteError, match="--on-existing overwrite"):
        write(path, noise, sample_rate=8000)
    assert write(path, noise, sample_rate=8000, on_existing="skip") is False
    assert path.read_bytes() == b"old"
    assert write(path, noise, sample_rate=8000, on_existing="overwrite") is True
    np.testing.assert_array_equal(read(path)[0], noise)
    assert left_behind(tmp_path) == ["a.wav"]
    with pytest.raises(AudioWriteError, match="on_existing is 'maybe'"):
        write(path, noise, sample_rate=8000, on_existing="maybe")


def test_skipping_ignores_blocks(tmp_path, noise):
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    with Writer(path, sample_rate=8000, channels=2, on_existing="skip") as writer:
        assert writer.skipped
        writer.write(noise)
    assert path.read_bytes() == b"old"


def test_a_file_that_appears_meanwhile_is_not_lost(tmp_path, noise):
    path = tmp_path / "a.wav"
    writer = Writer(path, sample_rate=8000, channels=2)
    writer.__enter__()
    writer.write(noise)
    path.write_bytes(b"other")
    with pytest.raises(AudioWriteError, match="exists already"):
        writer.__exit__(None, None, None)
    assert path.read_bytes() == b"other"
    assert left_behind(tmp_path) == ["a.wav"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("existing", [True, False])
def test_an_exception_in_the_middle_leaves_nothing(tmp_path, noise, error, existing):
    path = tmp_path / "a.wav"
    if existing:
        path.write_bytes(b"old")
    during = []

    def fail_in_the_middle():
        with Writer(path, sample_rate=8000, channels=2, on_existing="overwrite") as writer:
            writer.write(noise)
            during.extend(name for name in left_behind(tmp_path) if name != "a.wav")
            raise error

    with pytest.raises(error):
        fail_in_the_middle()
    assert len(during) == 1
    assert during[0].startswith(".")
    assert during[0].endswith(".wav")
    assert left_behind(tmp_path) == (["a.wav"] if existing else [])
    assert not existing or path.read_bytes() == b"old"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_commit_leaves_nothing(tmp_path, noise, monkeypatch, step):
    def fail(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(AudioWriteError, match="nothing was left behind"):
        write(tmp_path / "a.wav", noise, sample_rate=8000)
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff"])
def test_a_disk_that_refuses_more_bytes(tmp_path, suffix):
    """A limit on file size makes the operating system refuse, as a full disk does."""
    rng = np.random.default_rng(6)
    audio = rng.uniform(-1, 1, (2, 200_000)).astype(np.float32)
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(AudioWriteError, match=r"could not finish writing .* make room"):
            write(path, audio, sample_rate=8000, subtype="PCM_16", on_existing="overwrite")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert left_behind(tmp_path) == [f"a.{suffix}"]


def test_a_full_disk(tmp_path):
    """The same on a real, tiny file system, where the tests may mount one."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError:
        pytest.skip("no mount command")
    if done.returncode:
        pytest.skip("may not mount")
    try:
        with pytest.raises(AudioWriteError, match=r"could not finish .*MiB free there"):
            write(tmp_path / "a.wav", np.zeros((2, 100_000), np.float32), sample_rate=8000)
        assert left_behind(tmp_path) == []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_folders_that_cannot_be_written(tmp_path, noise):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder.wav").mkdir()
    cases = {
        tmp_path / "file" / "a.wav": "is no folder; make it first",
        tmp_path / "missing" / "a.wav": "is no folder; make it first",
        tmp_path / "folder.wav": "is a folder",
    }
    if os.path.isdir("/proc/self"):
        cases["/proc/self/a.wav"] = "cannot write /proc/self/a.wav"
    for path, words in cases.items():
        with pytest.raises(AudioWriteError, match=words):
            write(path, noise, sample_rate=8000)


def test_a_link_is_written_through(tmp_path, noise):
    (tmp_path / "real.wav").write_bytes(b"old")
    (tmp_path / "link.wav").symlink_to(tmp_path / "real.wav")
    write(tmp_path / "link.wav", noise, sample_rate=8000, on_existing="overwrite")
    assert (tmp_path / "link.wav").is_symlink()
    np.testing.assert_array_equal(read(tmp_path / "real.wav")[0], noise)


def test_the_file_mode_follows_the_umask(tmp_path, noise):
    old = os.umask(0o027)
    try:
        write(tmp_path / "a.wav", noise, sample_rate=8000)
    finally:
        os.umask(old)
    assert (tmp_path / "a.wav").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "PCM_U8"])
def test_clipping_is_refused_and_one_gain_helps(tmp_path, subtype):
    rng = np.random.default_rng(7)
    parts = [(rng.uniform(-1, 1, (2, 5000)) * level).astype(np.float32) for level in (0.4, 1.7, 3)]
    with pytest.raises(AudioError, match="would clip"):
        write(tmp_path / "a.wav", parts[2], sample_rate=8000, subtype=subtype)
    assert left_behind(tmp_path) == []
    gain = common_gain([float(np.abs(part).max()) for part in parts], subtype=subtype)
    assert gain < 1
    total = np.zeros((2, 5000))
    for index, part in enumerate(parts):
        path = tmp_path / f"{index}.wav"
        write(path, part * gain, sample_rate=8000, subtype=subtype)
        total += read(path)[0]
    step = {"PCM_U8": 2.0**-7, "PCM_16": 2.0**-15}.get(subtype, 2.0**-22)
    np.testing.assert_allclose(total, gain * sum(p.astype(float) for p in parts), atol=1.5 * step)


def test_loud_floats_are_kept(tmp_path):
    loud = np.array([[3.0, -8.0]], np.float32)
    write(tmp_path / "a.wav", loud, sample_rate=8000)
    np.testing.assert_array_equal(read(tmp_path / "a.wav")[0], loud)


@pytest.mark.parametrize(
    ("name", "rate", "channels", "words"),
    [
        ("a.mp3", 192_000, 2, "MP3 holds only the sample rates"),
        ("a.mp3", 44_100, 3, "MP3 holds 1 to 2 channels, not 3"),
        ("a.flac", 44_100, 9, "FLAC holds 1 to 8 channels, not 9"),
        ("a.flac", 700_000, 2, "at most 655350"),
        ("a.flac", 200_001, 2, "cannot hold the sample rate 200001"),
        ("a.ogg", 200_001, 2, "at most 200000"),
        ("a.opus", 44_100, 2, "Opus holds only"),
        ("a.wav", 2**31 - 1, 2, "at most 768000"),
        ("a.wav", 44_100, 1025, "1024 channels"),
        ("a.xyz", 44_100, 1, "suffix of 'a.xyz'"),
        ("noname", 44_100, 1, "use .wav, .flac"),
        ("a.wav", 0, 1, "positive integer"),
        ("a.wav", 44_100.0, 1, "positive integer"),
    ],
)
def test_what_a_format_cannot_hold(tmp_path, name, rate, channels, words):
    with pytest.raises(AudioError, match=words):
        Writer(tmp_path / name, sample_rate=rate, channels=channels)
    assert left_behind(tmp_path) == []


def test_a_coding_that_the_format_does_not_have(tmp_path, noise):
    with pytest.raises(AudioWriteError, match="FLAC cannot hold 'FLOAT'"):
        write(tmp_path / "a.flac", noise, sample_rate=8000, subtype="FLOAT")


def test_a_format_by_name(tmp_path, noise):
    with Writer(tmp_path / "a.dat", sample_rate=8000, channels=2, format="flac") as writer:
        writer.write(noise)
    assert info(tmp_path / "a.dat").format == "FLAC"


def test_a_wav_over_4_gib_becomes_rf64(tmp_path, noise):
    path = tmp_path / "a.wav"
    with Writer(path, sample_rate=8000, channels=2, expected_samples=2**31) as writer:
        writer.write(noise)
    assert info(path).format == "RF64"
    np.testing.assert_array_equal(read(path)[0], noise)


def test_growing_over_4_gib_unannounced_is_an_error(tmp_path, noise):
    def grow():
        with Writer(tmp_path / "a.wav", sample_rate=8000, channels=2) as writer:
            writer.write(noise)
            writer.samples = 2**29  # as if that much had been written
            writer.write(noise)

    with pytest.raises(AudioWriteError, match="4 GiB"):
        grow()
    assert left_behind(tmp_path) == []


def test_blocks_must_fit(tmp_path, noise):
    with Writer(tmp_path / "a.wav", sample_rate=8000, channels=1) as writer:
        with pytest.raises(AudioError, match=r"expected \(1, samples\)"):
            writer.write(noise)
        with pytest.raises(AudioError, match="NaN"):
            writer.write(np.full((1, 3), np.nan, np.float32))
    with pytest.raises(AudioWriteError, match="is not open"):
        Writer(tmp_path / "b.wav", sample_rate=8000, channels=2).write(noise)
