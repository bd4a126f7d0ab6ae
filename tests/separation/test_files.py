"""The promises of `Separator.separate_file`."""

import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import soundfile

from lass.audio import info, read, write
from lass.errors import AudioError, AudioReadError, AudioWriteError, ConfigError, QueryError

TOP = {"PCM_U8": 2**7, "PCM_16": 2**15, "PCM_24": 2**23}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def codes(path):
    """Integer codes of a file, by soundfile and not by `lass`."""
    bits = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24}[soundfile.info(path).subtype]
    stored, _ = soundfile.read(path, dtype="int32", always_2d=True)
    return (stored >> (32 - bits)).astype(np.int64)


@pytest.fixture
def recording(tmp_path, sound):
    """Write a sound to a file and give its path."""

    def make(name="in.wav", *, subtype="PCM_16", gain=1.0, **options):
        path = tmp_path / name
        audio = np.clip(sound(16000, **options) * np.float32(gain), -1, 1)
        write(path, audio, sample_rate=16000, subtype=subtype)
        return path

    return make


def test_default_names_are_next_to_the_recording(separator, recording):
    path = recording()
    result = separator.separate_file(path, ["Violin", "dog barking"])
    assert names(path.parent) == ["in.dog-barking.wav", "in.rest.wav", "in.violin.wav", "in.wav"]
    assert result.parts["dog barking"] == path.with_name("in.dog-barking.wav")
    assert result.residual == path.with_name("in.rest.wav")
    assert set(result.scores) == {"Violin", "dog barking"}
    assert result.gain_db == 0.0
    assert not result.skipped


@pytest.mark.parametrize("name", ["in.wav", "in.flac", "in.aiff"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_stored_integers_sum_exactly(separator, recording, name, subtype):
    path = recording(name, subtype=subtype, seconds=3.3)
    result = separator.separate_file(path, ["violin", "dog", "rain"])
    files = [*result.parts.values(), result.residual]
    assert {info(file).subtype for file in files} == {subtype}
    assert {file.suffix for file in files} == {path.suffix}
    np.testing.assert_array_equal(sum(codes(file) for file in files), codes(path))


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24"])
def test_full_scale_sums_exactly_too(separator, recording, subtype):
    path = recording(subtype=subtype, gain=8.0, seconds=2.0)
    result = separator.separate_file(path, ["violin", "dog", "rain"])
    files = [*result.parts.values(), result.residual]
    total = sum(codes(file) for file in files)
    if result.gain_db == 0.0:
        np.testing.assert_array_equal(total, codes(path))
    else:
        wanted = codes(path) * 10 ** (result.gain_db / 20)
        np.testing.assert_allclose(total, wanted, atol=0.51)


def test_float_files_sum_to_rounding(separator, recording):
    path = recording(subtype="FLOAT", seconds=3.3, gain=3.0)
    result = separator.separate_file(path, ["violin", "dog"])
    total = sum(
        read(file)[0].astype(np.float64) for file in (*result.parts.values(), result.residual)
    )
    audio, _ = read(path)
    assert 20 * np.log10(np.abs(total - audio).max() / np.abs(audio).max()) < -120
    assert info(result.residual).subtype == "FLOAT"


def test_the_file_holds_what_the_array_gives(separator, recording):
    path = recording(subtype="FLOAT", seconds=25.0, channels=1)
    audio, rate = read(path)
    result = separator.separate_file(path, ["violin"], ["dog"])
    inside = separator.separate(audio, rate, ["violin"], ["dog"])
    np.testing.assert_array_equal(read(result.parts["violin"])[0], inside.parts["violin"])
    np.testing.assert_array_equal(read(result.residual)[0], inside.residual)
    assert result.scores == inside.scores


class Turned:
    """A stream whose part is four times the recording: nothing of it fits an integer file."""

    def __init__(self, factor):
        self.factor = factor

    def run(self, blocks):
        from lass.separation.engine import Piece

        for block in blocks:
            yield Piece(block, (self.factor * block)[None])

    def scores(self):
        return [0.5]


@pytest.fixture
def turned(monkeypatch):
    """Make the separator give a part that is the recording times a factor."""
    from lass import Separator

    def make(factor):
        monkeypatch.setattr(Separator, "_open", lambda *_: Turned(factor))

    return make


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24"])
def test_one_common_gain_if_a_part_would_clip(separator, recording, turned, subtype):
    turned(np.float32(4.0))
    path = recording(subtype=subtype, gain=2.0)
    result = separator.separate_file(path, ["violin"])
    assert result.gain_db < -1.0
    parts, rest = codes(result.parts["violin"]), codes(result.residual)
    gain = 10 ** (result.gain_db / 20)
    np.testing.assert_allclose(parts + rest, codes(path) * gain, atol=0.51)
    np.testing.assert_allclose(parts, codes(path) * gain * 4, atol=1.0)
    assert np.abs(parts).max() > 0.9 * TOP[subtype]
    assert names(path.parent) == ["in.rest.wav", "in.violin.wav", "in.wav"]


def test_float_output_is_never_lowered(separator, recording, turned):
    turned(np.float32(4.0))
    path = recording(gain=2.0)
    result = separator.separate_file(path, ["violin"], subtype="FLOAT")
    assert result.gain_db == 0.0
    np.testing.assert_array_equal(read(result.parts["violin"])[0], 4 * read(path)[0])


def test_a_rest_of_exactly_full_scale_costs_no_gain(separator, tmp_path, turned):
    path = tmp_path / "in.wav"
    write(path, np.full((1, 9), 0.5, np.float32), sample_rate=8000, subtype="PCM_16")
    turned(np.float32(-1.0))
    result = separator.separate_file(path, ["violin"])
    assert result.gain_db == 0.0
    assert set(codes(result.residual).flat) == {32767}
    assert set(codes(result.parts["violin"]).flat) == {-16383}


def test_without_the_rest_only_the_parts_decide_about_the_gain(separator, tmp_path, turned):
    path = tmp_path / "in.wav"
    write(path, np.full((1, 9), 0.9, np.float32), sample_rate=8000, subtype="PCM_16")
    turned(np.float32(-1.0))
    assert separator.separate_file(path, ["violin"], residual=False).gain_db == 0.0
    assert names(tmp_path) == ["in.violin.wav", "in.wav"]


def test_bit_depth_format_and_folder_can_be_chosen(separator, recording, tmp_path):
    path = recording(subtype="FLOAT")
    result = separator.separate_file(
        path,
        ["violin"],
        output_dir=tmp_path / "new" / "folder",
        name="{index}-{query}-of-{stem}",
        format="flac",
        subtype="PCM_24",
    )
    assert names(tmp_path / "new" / "folder") == ["1-violin-of-in.flac", "2-rest-of-in.flac"]
    assert info(result.residual).subtype == "PCM_24"


@pytest.mark.parametrize("suffix", ["ogg", "mp3"])
def test_lossy_formats(separator, recording, suffix):
    path = recording(seconds=2.0)
    result = separator.separate_file(path, ["violin"], format=suffix)
    assert info(result.residual).format == suffix.upper()
    again = separator.separate_file(result.residual, ["violin"])
    assert again.residual.name == "in.rest.rest.wav"
    assert info(again.residual).subtype == "FLOAT"


@pytest.mark.parametrize(
    ("samples", "rate", "channels"), [(1, 8000, 1), (1, 192000, 2), (3, 11025, 32)]
)
def test_the_shortest_files(separator, tmp_path, samples, rate, channels):
    path = tmp_path / "in.wav"
    write(path, np.full((channels, samples), 0.25, np.float32), sample_rate=rate, subtype="PCM_16")
    result = separator.separate_file(path, ["violin"])
    told = info(result.residual)
    assert (told.samples, told.sample_rate, told.channels) == (samples, rate, channels)
    np.testing.assert_array_equal(
        codes(result.residual) + codes(result.parts["violin"]), codes(path)
    )


def test_existing_outputs(separator, recording):
    path = recording()
    part = path.with_name("in.violin.wav")
    part.write_bytes(b"mine")
    with pytest.raises(AudioWriteError, match=r"in\.violin\.wav exists already"):
        separator.separate_file(path, ["violin"])
    assert part.read_bytes() == b"mine"
    assert names(path.parent) == ["in.violin.wav", "in.wav"]

    half = separator.separate_file(path, ["violin"], on_existing="skip")
    assert not half.skipped  # the rest was missing and is made; what exists is left alone
    assert part.read_bytes() == b"mine"
    full = separator.separate_file(path, ["violin"], on_existing="skip")
    assert full.skipped
    assert full.scores == {}

    separator.separate_file(path, ["violin"], on_existing="overwrite")
    assert info(part).samples == info(path).samples
    with pytest.raises(AudioWriteError, match="expected 'error', 'overwrite' or 'skip'"):
        separator.separate_file(path, ["violin"], on_existing="clobber")


def test_an_output_folder_is_not_made_for_nothing(separator, tmp_path):
    with pytest.raises(AudioReadError, match="there is no file"):
        separator.separate_file(tmp_path / "none.wav", ["violin"], output_dir=tmp_path / "out")
    assert names(tmp_path) == []


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError, AudioError])
@pytest.mark.parametrize("on_existing", ["error", "overwrite"])
def test_an_interruption_leaves_nothing_behind(separator, recording, stop, on_existing):
    path = recording(seconds=60.0, channels=1)
    old = path.with_name("in.violin.wav")
    if on_existing == "overwrite":
        old.write_bytes(b"old")
    before = names(path.parent)

    def interrupt(progress):
        assert any(name.startswith(".lass-") for name in names(path.parent))
        assert 0 < progress.done_s < progress.total_s == pytest.approx(60.0)
        raise stop("now")

    with pytest.raises(stop):
        separator.separate_file(path, ["violin"], on_existing=on_existing, on_progress=interrupt)
    assert names(path.parent) == before
    if on_existing == "overwrite":
        assert old.read_bytes() == b"old"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs Linux")
def test_a_failing_disk_leaves_nothing_behind(separator, recording, monkeypatch):
    path = recording()
    monkeypatch.setattr(
        soundfile.SoundFile, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "full"))
    )
    with pytest.raises(AudioWriteError, match="nothing was left behind"):
        separator.separate_file(path, ["violin"])
    assert names(path.parent) == ["in.wav"]


def test_nan_is_noticed_even_late_in_a_file(separator, tmp_path):
    audio = np.zeros((1, 16000 * 30), np.float32)
    audio[0, -5] = np.nan
    soundfile.write(tmp_path / "in.wav", audio.T, 16000, subtype="FLOAT")
    with pytest.raises(AudioReadError, match=r"NaN or infinite samples, the first at 29\.9"):
        separator.separate_file(tmp_path / "in.wav", ["violin"])
    assert names(tmp_path) == ["in.wav"]


def test_a_truncated_file_leaves_nothing_behind(separator, recording):
    path = recording(seconds=30.0)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(AudioReadError, match="truncated"):
        separator.separate_file(path, ["violin"])
    assert names(path.parent) == ["in.wav"]


def test_a_file_without_samples(separator, tmp_path):
    write(tmp_path / "in.wav", np.zeros((1, 0), np.float32), sample_rate=8000)
    with pytest.raises(AudioReadError, match="holds no samples"):
        separator.separate_file(tmp_path / "in.wav", ["violin"])
    assert names(tmp_path) == ["in.wav"]


@pytest.mark.parametrize("name", ["скрипка 🎻.wav", "a b'c\"d.wav", "-x.wav", "new\nline.wav"])
def test_odd_file_names(separator, recording, name):
    path = recording(name)
    result = separator.separate_file(path, ["violin 小提琴"])
    assert result.parts["violin 小提琴"].name == f"{path.stem}.violin-小提琴.wav"
    assert len(names(path.parent)) == 3


def test_progress_is_in_seconds_of_audio(separator, recording):
    path = recording(seconds=50.0, channels=1)
    told = []
    separator.separate_file(path, ["violin"], on_progress=told.append)
    assert [p.done_s for p in told] == sorted(p.done_s for p in told)
    assert told[-1].done_s == told[-1].total_s == pytest.approx(50.0)
    assert {p.path for p in told} == {path}


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"queries": []}, QueryError, "no query"),
        ({"name": "{stem}/{query}"}, ConfigError, "leave out folders"),
        ({"format": "exe"}, AudioWriteError, "none that can be written"),
        ({"subtype": "PCM_99"}, AudioWriteError, "cannot hold 'PCM_99'"),
        ({"format": "flac", "subtype": "FLOAT"}, AudioWriteError, "FLAC cannot hold"),
        ({"output_dir": "/dev/null/x"}, AudioWriteError, "cannot make the folder"),
    ],
)
def test_bad_options(separator, recording, options, error, words):
    path = recording()
    with pytest.raises(error, match=words):
        separator.separate_file(path, **{"queries": ["violin"], **options})
    assert names(path.parent) == ["in.wav"]


def traced_peak(separator, path):
    tracemalloc.start()
    try:
        separator.separate_file(path, ["violin"], on_existing="overwrite")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_arrays_do_not_grow_with_the_length(separator, tmp_path):
    peaks = []
    for minutes in (2, 8):
        path = tmp_path / f"{minutes}.wav"
        soundfile.write(path, np.zeros((minutes * 60 * 8000, 1), np.int16), 8000)
        peaks.append(traced_peak(separator, path))
    assert peaks[1] < 1.1 * peaks[0]


@pytest.mark.slow
def test_an_hour_takes_no_more_memory_than_five_minutes(models, tmp_path):
    """The whole process, torch's own memory included."""
    code = (
        "import resource, sys; from lass import Separator;"
        f"s = Separator.load({str(models / 'separator')!r}, device='cpu');"
        "s.separate_file(sys.argv[1], ['violin']);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for minutes in (5, 60):
        path = tmp_path / f"{minutes}.wav"
        rng = np.random.default_rng(0)
        with soundfile.SoundFile(path, "w", 16000, 2, "PCM_16") as file:
            for _ in range(minutes):
                file.write(rng.integers(-3000, 3000, (60 * 16000, 2), dtype=np.int16))
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
        )
        peaks.append(int(done.stdout))
    assert peaks[1] < 1.1 * peaks[0]
