"""`separate` as a user meets it."""

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lass.audio import info, read

RUN = [sys.executable, "-c", "from lass.cli.separate import main; main()"]


def names(folder="."):
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*.*"))


def only(scores):
    """Replace the presence scores of a separator."""

    def patched(self):
        return list(scores)

    return patched


@pytest.fixture
def presence(monkeypatch):
    """Decide what the model believes to hear."""
    from lass.separation.engine import SeparationStream

    def make(*scores):
        monkeypatch.setattr(SeparationStream, "scores", only(scores))

    return make


def test_two_queries_give_two_parts_and_the_rest(separate, recording, presence):
    recording()
    presence(0.9, 0.8)
    done = separate("-q", "violin", "-q", "Dog barking", "in.wav")
    assert done.code == 0
    assert done.err == ""
    assert done.out.splitlines() == [
        "in.violin.wav  violin  presence 0.90",
        "in.dog-barking.wav  Dog barking  presence 0.80",
        "in.rest.wav  everything else",
    ]
    assert names() == ["in.dog-barking.wav", "in.rest.wav", "in.violin.wav", "in.wav"]


def test_the_files_are_those_of_the_library(separate, separator, recording):
    path = recording(subtype="FLOAT")
    separate("-q", "violin", "--without", "music", "--without", "speech", path)
    audio, rate = read(path)
    result = separator.separate(audio, rate, ["violin"], ["music", "speech"])
    np.testing.assert_array_equal(read("in.violin.wav")[0], result.parts["violin"])
    np.testing.assert_array_equal(read("in.rest.wav")[0], result.residual)


def test_a_sound_that_is_not_there_is_not_passed_off(separate, recording, presence):
    recording()
    presence(0.07)
    done = separate("-q", "violin", "in.wav")
    assert done.code == 0
    assert done.sentence == "in.wav: nothing like 'violin' was found (presence 0.07)"
    assert "presence 0.07" in done.out


def test_a_common_gain_is_said(separate, recording, presence, monkeypatch):
    from lass.audio import write
    from lass.separation.engine import Piece, SeparationStream

    recording()
    write("in.wav", np.full((1, 99), 0.9, np.float32), sample_rate=8000, subtype="PCM_16",
          on_existing="overwrite")  # fmt: skip
    monkeypatch.setattr(
        SeparationStream, "run", lambda _, blocks: (Piece(b, -b[None]) for b in blocks)
    )
    presence(0.9)
    done = separate("-q", "violin", "in.wav", "--json")
    assert json.loads(done.out)["files"][0]["gain_db"] == pytest.approx(-5.106, abs=0.01)
    done = separate("-q", "violin", "in.wav", "--on-existing", "overwrite")
    assert "5.11 dB quieter" in done.sentence


def test_options_of_the_files(separate, recording):
    recording(subtype="FLOAT")
    done = separate("-q", "violin", "in.wav", "-o", "new/out", "--name", "{index} {query}",
                    "--format", "flac", "--subtype", "pcm16", "--no-residual")  # fmt: skip
    assert done.code == 0
    assert names("new") == ["out/1 violin.flac"]
    assert info("new/out/1 violin.flac").subtype == "PCM_16"


def test_existing_outputs(separate, recording):
    recording()
    assert separate("-q", "violin", "in.wav").code == 0
    done = separate("-q", "violin", "in.wav")
    assert done.code == 1
    assert "exists already" in done.sentence
    done = separate("-q", "violin", "in.wav", "--on-existing", "skip")
    assert (done.code, done.out) == (0, "")
    assert done.sentence == "in.wav: skipped, its results exist already"
    assert separate("-q", "violin", "in.wav", "--on-existing", "overwrite").code == 0


def test_a_tree_is_kept_and_results_are_not_separated_again(separate, recording):
    for name in ("music/a.wav", "music/sub/a.flac", "music/sub/b.wav"):
        recording(name, seconds=0.2)
    assert separate("-q", "violin", "music", "-o", "music/out").code == 0
    made = ["a.rest.wav", "a.violin.wav", "sub/a.rest.flac", "sub/a.violin.flac",
            "sub/b.rest.wav", "sub/b.violin.wav"]  # fmt: skip
    assert names("music/out") == made
    again = separate("-q", "violin", "music", "-o", "music/out", "--on-existing", "skip", "--json")
    assert [file["skipped"] for file in json.loads(again.out)["files"]] == [True] * 3
    assert names("music/out") == made


def test_results_beside_the_recordings_are_left_out_the_second_time(separate, recording):
    recording(seconds=0.2)
    assert separate("-q", "violin", "*.wav").code == 0
    done = separate("-q", "violin", "*.wav", "--on-existing", "overwrite")
    assert done.code == 0
    left_out = [line for line in done.err.splitlines() if "left out" in line]
    assert left_out == [
        "in.rest.wav: left out, it is a result of in.wav",
        "in.violin.wav: left out, it is a result of in.wav",
    ]
    assert names() == ["in.rest.wav", "in.violin.wav", "in.wav"]


def test_two_recordings_never_share_a_result(separate, recording):
    recording("a.wav", seconds=0.2)
    recording("a.flac", seconds=0.2)
    done = separate("-q", "violin", "a.wav", "a.flac", "--format", "wav", "--quiet")
    assert done.code == 1
    assert done.sentence.startswith("separate: a.flac would become the same files as a.wav")
    assert names() == ["a.flac", "a.rest.wav", "a.violin.wav", "a.wav"]


def test_a_list_on_stdin(separate, recording, monkeypatch):
    recording("a.wav", seconds=0.2)
    recording("b.wav", seconds=0.2)
    monkeypatch.setattr(sys, "stdin", io.StringIO("a.wav\nb.wav\n"))
    assert separate("-q", "violin", "-").code == 0
    assert "b.violin.wav" in names()


def test_json(separate, recording, presence):
    recording(seconds=0.2)
    presence(0.123456)
    done = separate("-q", "violin", "in.wav", "gone.wav", "--json")
    assert done.code == 1
    assert "there is no file gone.wav" in done.sentence
    told = json.loads(done.out)
    assert set(told) == {"version", "model", "files"}
    assert told["model"] == "separator"
    good, bad = told["files"]
    assert good == {
        "path": "in.wav",
        "parts": {"violin": "in.violin.wav"},
        "residual": "in.rest.wav",
        "scores": {"violin": 0.1235},
        "gain_db": 0.0,
        "skipped": False,
        "error": None,
    }
    assert bad["parts"] == {}
    assert "there is no file" in bad["error"]


def test_quiet_says_nothing(separate, recording, presence):
    recording(seconds=0.2)
    presence(0.01)
    done = separate("-q", "violin", "in.wav", "--quiet")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_no_part_of_a_name_is_taken_for_markup(separate, recording, presence):
    recording("[bold red]in[/].wav", seconds=0.2)
    presence(0.1)
    done = separate("-q", "[link=x]dog[/link]", "[bold red]in[/].wav")
    assert done.code == 0
    assert done.out.startswith("[bold red]in[/].link-x-dog-link.wav  [link=x]dog[/link]  ")
    assert "'[link=x]dog[/link]'" in done.sentence


def test_control_characters_never_reach_the_terminal(separate, recording, presence):
    name = "a\x1b[31m\nb.wav"
    recording(name, seconds=0.2)
    presence(0.9)
    done = separate("-q", "dog", name)
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert done.out.startswith("a\\x1b[31m\\nb.dog.wav  dog")


def test_names_that_are_no_unicode(separate, recording):
    recording(seconds=0.2)
    name = os.fsdecode(b"caf\xe9.wav")
    shutil.copy("in.wav", name)
    done = separate("-q", "dog", name, "--json")
    assert done.code in (0, 1)  # libsndfile may be unable to open it
    assert json.loads(done.out)["files"][0]["path"] == name
    assert "\udce9" not in done.err


# Queries by example


def test_an_example_alone_and_with_words(separate, separator, recording):
    from lass import Query

    audio, _ = read(recording())
    example, rate = read(recording("dog.wav", seed=5, seconds=2.0, rate=22050))
    assert separate("--like", "dog.wav", "in.wav", "--subtype", "float").code == 0
    query = Query(example=example, example_rate=rate)
    expected = separator.separate(audio, 16000, [query]).parts["example"]
    np.testing.assert_array_equal(read("in.example.wav")[0], expected)

    done = separate("--like", "dog.wav", "-q", "dog", "in.wav", "--subtype", "float",
                    "--no-residual")  # fmt: skip
    assert done.code == 0
    query = Query("dog", example=example, example_rate=rate)
    expected = separator.separate(audio, 16000, [query]).parts["dog"]
    np.testing.assert_array_equal(read("in.dog.wav")[0], expected)


def test_a_span_of_the_recording_itself_or_of_the_example(separate, separator, recording):
    from lass import Query

    audio, _ = read(recording(seconds=3.0))
    assert separate("--like-span", "0:01-0:02.5", "in.wav", "--subtype", "float").code == 0
    query = Query(example=audio[:, 16000:40000], example_rate=16000)
    expected = separator.separate(audio, 16000, [query]).parts["example"]
    np.testing.assert_array_equal(read("in.example.wav")[0], expected)

    recording("other.wav", seed=3)
    done = separate("--like", "in.wav", "--like-span", "1-2.5", "other.wav", "--subtype", "float")
    assert done.code == 0
    other = separator.separate(read("other.wav")[0], 16000, [query]).parts["example"]
    np.testing.assert_array_equal(read("other.example.wav")[0], other)


# Saved queries, weights, other encoders


def test_a_saved_query_asks_for_the_same_again(separate, recording):
    recording(subtype="FLOAT")
    done = separate("-q", "violin", "--without", "music", "--save-query", "v.lassquery", "in.wav")
    assert done.code == 0
    again = separate("--query-file", "v.lassquery", "in.wav", "-o", "again")
    assert again.code == 0
    for name in ("in.violin.wav", "in.rest.wav"):
        np.testing.assert_array_equal(read(name)[0], read(f"again/{name}")[0])


def test_saved_queries_and_words_in_one_pass(separate, recording):
    path = recording(subtype="FLOAT")
    separate("--like-span", "0.2-0.8", "--save-query", "e.lassquery", "in.wav", "-o", "first")
    done = separate(
        "-q", "rain", "--query-file", "e.lassquery", "--query-file", "e.lassquery", path
    )
    assert done.code == 0
    saved = read("first/in.example.wav")[0]
    for name in ("in.example.wav", "in.example-2.wav"):
        np.testing.assert_array_equal(read(name)[0], saved)
    assert Path("in.rain.wav").exists()


def test_how_far_to_keep_away(separate, separator, recording):
    from lass import Query

    audio, rate = read(recording(subtype="FLOAT"))
    separate("-q", "violin", "--without", "music", "--without-weight", "2", "in.wav")
    far = separator.separate(audio, rate, Query("violin").minus("music", weight=2.0))
    np.testing.assert_array_equal(read("in.violin.wav")[0], far.parts["violin"])
    usual = separator.separate(audio, rate, "violin", "music")
    assert np.abs(usual.parts["violin"] - far.parts["violin"]).max() > 1e-5


def test_a_saved_query_of_another_space(separate, recording):
    from lass import Query, QueryEmbedding

    recording(seconds=0.2)
    vector = np.eye(1, 24, dtype=np.float32)[0]
    Query(embedding=QueryEmbedding(vector, "clap-v9"), label="hum").save("hum.lassquery")
    done = separate("--query-file", "hum.lassquery", "in.wav")
    assert done.code == 1
    assert "lives in the space 'clap-v9', the model understands 'compact-v1'" in done.sentence
    assert names() == ["hum.lassquery", "in.wav"]


def test_separation_by_clap(separate, recording, foreign):
    recording(seconds=0.5)
    by_clap = foreign / "by-clap"
    asked = ["-q", "violin", "--without", "rain", "--like", "in.wav", "in.wav", "--quiet"]
    done = separate(*asked, model=by_clap)
    assert (done.code, done.err) == (0, "")
    encoder = foreign / "larger_clap_general"
    again = separate(*asked, "--encoder", encoder, "-o", "again", model=by_clap)
    assert (again.code, again.err) == (0, "")
    np.testing.assert_array_equal(read("in.violin.wav")[0], read("again/in.violin.wav")[0])


def test_separation_by_clip(separate, recording, foreign):
    images = pytest.importorskip("PIL.Image")
    recording(seconds=0.5)
    images.fromarray(np.full((40, 60, 3), 99, np.uint8)).save("dog.png")
    done = separate("--image", "dog.png", "in.wav", "--quiet", model=foreign / "by-clip")
    assert (done.code, done.err) == (0, "")
    assert names() == ["dog.png", "in.image.wav", "in.rest.wav", "in.wav"]
    done = separate("--image", "dog.png", "in.wav")
    assert done.code == 1
    assert "does not understand images" in done.sentence
    done = separate("--like", "in.wav", "in.wav", model=foreign / "by-clip")
    assert done.code == 1
    assert "does not understand recordings" in done.sentence


def test_an_encoder_of_another_space(separate, recording, foreign):
    recording(seconds=0.2)
    done = separate("-q", "dog", "in.wav", "--encoder", foreign / "larger_clap_general")
    assert done.code == 1
    assert "space 'compact-v1' but its encoder speaks 'clap-larger-general'" in done.sentence


# Usage: exit code 2, one sentence, and no work


USAGE = [
    (["in.wav"], "say what to listen for"),
    (["-q", "", "in.wav"], "the query is empty"),
    (["-q", "   ", "in.wav"], "the query is empty"),
    (["-q", "x" * 10_000, "in.wav"], "10000 characters"),
    (["-q", "🎻", "in.wav"], "no letter or digit"),
    (["-q", "dog", "--without", "", "in.wav"], "the query is empty"),
    (["-q", "dog"], "Missing argument"),
    (["-q", "dog", "in.wav", "--nope"], "No such option"),
    (["-q", "dog", "in.wav", "--format", "exe"], "'--format'"),
    (["-q", "dog", "in.wav", "--subtype", "pcm99"], "'--subtype'"),
    (["-q", "dog", "in.wav", "--on-existing", "clobber"], "'--on-existing'"),
    (["-q", "dog", "in.wav", "--name", "{stem}/{query}"], "leave out folders"),
    (["-q", "dog", "in.wav", "--name", "{nope}"], "cannot be filled in"),
    (["-q", "dog", "-q", "cat", "in.wav", "--name", "{stem}"], "same file"),
    (["--like-span", "4-3", "in.wav"], "backwards"),
    (["--like-span", "early", "in.wav"], "is not understood"),
    (["--like", "x.wav", "-q", "a", "-q", "b", "in.wav"], "goes with one --query"),
    (["-q", "a", "-q", "b", "--save-query", "x.lassquery", "in.wav"], "keeps one query, not 2"),
    (["-q", "dog", "--save-query", "dog.json", "in.wav"], "name the file FILE.lassquery"),
    (["--query-file", "gone.lassquery", "in.wav"], "there is no file gone.lassquery"),
    (["--query-file", "in.wav", "in.wav"], "cannot be read as a saved query"),
    (["-q", "dog", "--without", "cat", "--without-weight", "11", "in.wav"], "'--without-weight'"),
    (["-q", "dog", "in.wav", "--device", "cuda:99"], "not available"),
    (["-q", "dog", "in.wav", "--device", "toaster"], "not available"),
    (["-q", "dog", "in.wav", "--jobs", "0"], "'--jobs'"),
    (["-q", "dog", "in.wav", "--threads", "0"], "'--threads'"),
    (["-q", "dog", "in.wav", "--shard", "4/3"], "such as 1/8 up to 8/8"),
    (["-q", "dog", "in.wav", "--address", "10.0.0.1:6379"], "give --engine ray"),
]


@pytest.mark.parametrize(("arguments", "words"), USAGE)
def test_usage_errors(separate, recording, arguments, words):
    recording(seconds=0.1)
    done = separate(*arguments)
    assert done.code == 2
    assert words in done.sentence
    assert done.out == ""
    assert names() == ["in.wav"]


def test_a_name_that_no_file_system_takes(separate, recording):
    recording(seconds=0.1)
    done = separate("-q", "dog", "x" * 5000 + ".wav", "in.wav", "--quiet")
    assert done.code == 1
    assert "at most 255 are possible" in done.sentence


def test_nothing_to_do_shows_the_help(separate):
    done = separate(model=None)
    assert done.code == 2
    assert "--query" in done.out


def test_an_unknown_model(separate, recording):
    recording(seconds=0.1)
    done = separate("-q", "dog", "in.wav", model="nonsense")
    assert done.code == 2
    assert "no model 'nonsense'" in done.sentence


# Nothing found: exit code 3


@pytest.mark.parametrize(
    "given", [["gone.wav"], ["*.nope"], ["empty"], ["gone.wav", "empty"], ["a", "b", "c", "d"]]
)
def test_nothing_found(separate, tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    done = separate("-q", "dog", *given)
    assert done.code == 3
    assert "no sound file was found" in done.sentence
    assert given[0] in done.sentence


# Bad files: exit code 1, one sentence, and the others still finish


def store(path, audio, rate=16000, subtype="PCM_16"):
    soundfile.write(path, audio, rate, subtype=subtype, format="WAV")


def store_without_channels(path):
    store(path, np.zeros(100))
    data = bytearray(path.read_bytes())
    data[22:24] = b"\0\0"
    path.write_bytes(bytes(data))


def store_truncated(path):
    store(path, np.zeros(100_000))
    path.write_bytes(path.read_bytes()[:90_000])


def ending_with(value):
    return np.concatenate([np.zeros(100_000), [value]])


MAKE_BAD = {
    "missing": lambda path: None,
    "empty": lambda path: path.touch(),
    "no audio": lambda path: path.write_text("This is not a sound.\n" * 100),
    "random bytes": lambda path: path.write_bytes(np.random.default_rng(0).bytes(5000)),
    "zero channels": store_without_channels,
    "nan": lambda path: store(path, ending_with(np.nan), subtype="FLOAT"),
    "inf": lambda path: store(path, ending_with(np.inf), subtype="FLOAT"),
    "truncated": store_truncated,
    "no samples": lambda path: store(path, np.zeros(0)),
    "huge values": lambda path: store(path, np.full(100, 1e30), subtype="FLOAT"),
    "folder": lambda path: path.mkdir(),
    "pipe": os.mkfifo,
}


BAD = [
    ("missing", "there is no file bad.wav"),
    ("empty", "bad.wav is empty"),
    ("no audio", "bad.wav is not a sound file"),
    ("random bytes", "bad.wav is not a sound file"),
    ("zero channels", "bad.wav is not a sound file"),
    ("nan", "bad.wav holds NaN or infinite samples, the first at 6.2"),
    ("inf", "bad.wav holds NaN or infinite samples"),
    ("truncated", "bad.wav is truncated"),
    ("no samples", "bad.wav holds no samples"),
    ("huge values", "bad.wav: a sample is 1.0e+30 times full scale"),
    ("folder", "bad.wav is a folder"),
    ("pipe", "bad.wav is not a regular file"),
]


@pytest.mark.parametrize(("kind", "words"), BAD)
def test_bad_files(separate, recording, tmp_path, kind, words):
    recording("good.wav", seconds=0.2)
    MAKE_BAD[kind](tmp_path / "bad.wav")
    before = names()
    done = separate("-q", "violin", "bad.wav", "good.wav", "--quiet")
    assert done.code == 1
    assert done.sentence.startswith(f"separate: {words}")
    assert names() == sorted([*before, "good.rest.wav", "good.violin.wav"])


@pytest.mark.parametrize(
    ("rate", "channels", "samples"),
    [(8000, 1, 4000), (192000, 2, 9000), (44100, 1, 1), (16000, 32, 500), (11025, 3, 2)],
)
def test_unusual_files_are_fine(separate, recording, rate, channels, samples):
    path = recording(rate=rate, channels=channels, samples=samples)
    done = separate("-q", "violin", path, "--quiet")
    assert (done.code, done.err) == (0, "")
    told = info("in.violin.wav")
    assert (told.sample_rate, told.channels, told.samples) == (rate, channels, samples)


@pytest.mark.parametrize("query", ["скрипка", "小提琴", "كمان", "बिल्ली", "🎻"])
def test_scripts_the_model_never_learned_are_refused(separate, recording, query):
    done = separate("-q", query, recording(seconds=0.2))
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1
    assert "ask in English" in done.err or "name the sound in words" in done.err


@pytest.mark.parametrize("query", ["violin 🎻", "Flöte", "小提琴 violin", "x" * 1000])
def test_queries_with_odd_characters(separate, recording, query):
    path = recording(seconds=0.2)
    done = separate("-q", query, path, "--quiet", "--json")
    assert (done.code, done.err) == (0, "")
    part = json.loads(done.out)["files"][0]["parts"][query]
    assert Path(part).is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "/dev/null/out"], "cannot make the folder"),
        (["-o", "file"], "cannot make the folder"),
        (["-o", "/proc/nope"], "cannot make the folder"),
        (["--format", "flac", "--subtype", "float"], "FLAC cannot hold"),
        (["--name", "{stem}", "--no-residual"], "would replace the recording"),
        (["--name", "y" * 300 + "{query}"], "at most 255"),
        (["--like", "gone.wav"], "there is no file gone.wav"),
        (["--like", "silent.wav"], "the example is silent"),
        (["--like-span", "50-60"], "cannot start at sample"),
    ],
)
def test_files_that_cannot_be_written_or_asked_for(separate, recording, arguments, words):
    path = recording(seconds=0.2)
    Path("file").write_text("")
    soundfile.write("silent.wav", np.zeros(1000), 8000)
    before = names()
    done = separate("-q", "violin", "in.wav", *arguments)
    assert done.code == 1
    assert words in done.sentence
    assert names() == before
    assert path.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(separate, recording, tmp_path):
    recording(seconds=0.2)
    (tmp_path / "locked").mkdir(mode=0o500)
    done = separate("-q", "violin", "in.wav", "-o", "locked")
    assert done.code == 1
    assert "Permission denied" in done.sentence


@pytest.mark.parametrize("name", ["separator", "encoder"])
def test_a_model_with_a_wrong_hash(separate, recording, models, tmp_path, name):
    recording(seconds=0.2)
    shutil.copytree(models, tmp_path / "models")
    with (tmp_path / "models" / name / "model.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x55")
    done = separate("-q", "violin", "in.wav", model=tmp_path / "models" / "separator")
    assert done.code == 1
    assert re.search(r"is not the published one \(SHA-256 .*install the model again", done.sentence)


def test_a_model_of_another_kind(separate, recording, models):
    recording(seconds=0.2)
    done = separate("-q", "violin", "in.wav", model=models / "encoder")
    assert done.code == 1
    assert "not for separation" in done.sentence


# Many files


def summary(done):
    """The table at the end of stderr."""
    head, numbers = done.err.splitlines()[-2:]
    assert head.split() == ["done", "skipped", "failed", "audio", "time", "RTF"]
    return dict(zip(head.split(), numbers.split(), strict=True))


def test_a_summary_and_a_manifest_that_knows_what_is_done(separate, recording):
    for name in ("a", "b", "c"):
        recording(f"in/{name}.wav", seconds=0.5, seed=ord(name))
    Path("in/bad.wav").write_text("no sound")
    asked = ["-q", "violin", "in", "-o", "out", "--manifest", "r.jsonl", "--on-existing", "skip"]
    done = separate(*asked)
    assert done.code == 1
    told = summary(done)
    assert (told["done"], told["skipped"], told["failed"], told["audio"]) == ("3", "0", "1", "0:02")
    lines = [json.loads(line) for line in Path("r.jsonl").read_text().splitlines()]
    assert [Path(line["path"]).name for line in lines] == ["a.wav", "b.wav", "bad.wav", "c.wav"]
    assert "is not a sound file" in lines[2]["error"]
    for line in [*lines[:2], lines[3]]:
        assert line["sha256"] == hashlib.sha256(Path(line["path"]).read_bytes()).hexdigest()
        assert len(line["outputs"]) == 2
        for path, digest in line["outputs"].items():
            assert digest == hashlib.sha256(Path(path).read_bytes()).hexdigest()
    Path("in/bad.wav").unlink()
    Path("out/b.violin.wav").write_bytes(b"damaged")
    done = separate(*asked)
    assert done.code == 0
    assert (summary(done)["done"], summary(done)["skipped"]) == ("1", "2")
    assert len(Path("r.jsonl").read_text().splitlines()) == 5


def test_shards_together_are_everything_and_share_nothing(separate, recording):
    for number in range(6):
        recording(f"in/{number}.wav", seconds=0.1)
    made = []
    for part in ("1/3", "2/3", "3/3"):
        done = separate("-q", "dog", "in", "-o", part[0], "--shard", part, "--no-residual")
        assert done.code == 0
        count = len(names(part[0])) if Path(part[0]).exists() else 0
        assert f"shard {part}: {count} of 6 files" in done.err
        made += names(part[0]) if count else []
    assert sorted(made) == [f"{number}.dog.wav" for number in range(6)]


def test_a_table_with_queries_of_its_own(separate, recording):
    for name in ("a", "b", "c"):
        recording(f"in/{name}.wav", seconds=0.2)
    Path("all.csv").write_text("path,query,output\nin/a.wav,dog|rain,dogs\nin/b.wav,🎻,\n")
    done = separate("all.csv", "-o", "out")
    assert done.code == 1  # no word in b's query
    assert "no letter or digit" in done.err
    assert names("out") == ["dogs/a.dog.wav", "dogs/a.rain.wav", "dogs/a.rest.wav"]
    Path("all.csv").write_text("path,query\nin/b.wav,cat\nin/c.wav,\n")
    done = separate("all.csv", "-o", "out")
    assert done.code == 2
    assert "say what to listen for" in done.sentence
    assert separate("all.csv", "-o", "out", "-q", "violin", "--no-residual").code == 0
    assert names("out/in") == ["b.cat.wav", "c.violin.wav"]
    Path("all.csv").write_text("path,output\nin/b.wav,up\n")
    done = separate("all.csv", "-q", "dog")
    assert done.code == 2
    assert "--output-dir" in done.sentence


def test_what_a_killed_run_left_is_removed(separate, recording):
    recording(seconds=0.2)
    Path(".lass-0123456789abcdef.wav").write_bytes(b"half")
    done = separate("-q", "dog", "in.wav", "--no-residual")
    assert done.code == 0
    assert "removed what a killed run left unfinished: 1 files" in done.err
    assert names() == ["in.dog.wav", "in.wav"]


def test_the_engine_ray_says_what_to_install(separate, recording, monkeypatch):
    recording(seconds=0.1)
    monkeypatch.setitem(sys.modules, "ray", None)
    done = separate("-q", "dog", "in.wav", "--engine", "ray")
    assert done.code == 2
    assert 'pip install "lass[ray]"' in done.sentence


# From outside


def outside(arguments, **options):
    return subprocess.run(
        [*RUN, *map(str, arguments)], capture_output=True, text=True, check=False, **options
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["in.wav"], ["-q", "", "in.wav"]])
def test_help_and_usage_errors_are_immediate(arguments, tmp_path):
    code = (
        "import sys\nfrom lass.cli.separate import main\n"
        "try: main()\n"
        "finally:\n"
        "    heavy = {'torch', 'soundfile', 'scipy', 'tokenizers'} & set(sys.modules)\n"
        "    sys.stderr.write(f'HEAVY {heavy}' if heavy else '')"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert time.perf_counter() - started < 2.0  # 0.1 to 0.3 s on a quiet machine
    assert "HEAVY" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == (0 if arguments[0].startswith("--") else 2)


def test_a_full_disk(recording, models):
    recording(seconds=5.0)
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000));"
        "from lass.cli.separate import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "-q", "violin", "in.wav", "-m", models / "separator"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    (sentence,) = done.stderr.splitlines()
    assert "could not finish writing in." in sentence
    assert "nothing was left behind" in sentence
    assert names() == ["in.wav"]


def unfinished():
    """Temporary files that have grown: the work is in full swing."""
    found = []
    for path in Path().glob(".lass-*"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size > 100_000:
                found.append(path)
    return found


def start_long(models, *arguments):
    """Begin to separate a short file and a long one, and wait until the long one grows."""
    noise = np.random.default_rng(0).integers(-3000, 3000, (48000 * 120, 2), dtype=np.int16)
    soundfile.write("long.wav", noise, 48000)
    process = subprocess.Popen(
        [*RUN, "-q", "violin", "a.wav", "long.wav", "-m", str(models / "separator"), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # A shell's background jobs ignore Ctrl-C, and so would the tests that run in one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    for _ in range(1200):
        if unfinished() and Path("a.rest.wav").exists():
            break
        time.sleep(0.05)
    return process


def outlived(group):
    """Processes of a group that do not end by themselves in a moment."""
    for _ in range(100):
        if not alive(group):
            break
        time.sleep(0.1)
    return alive(group)


def alive(group):
    """Processes of a group that still run."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, leader = entry.read_text().rpartition(")")[2].split()[:3]
            if int(leader) == group and state != "Z":
                found.append(entry.parent.name)
    return found


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("order", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_stops_soon_and_leaves_nothing_half_written(recording, models, order, jobs):
    recording("a.wav", seconds=0.5)
    process = start_long(models, "--jobs", jobs)
    started = time.monotonic()
    # Ctrl-C goes to all processes of a terminal, an order to end to one.
    if order is signal.SIGINT:
        os.killpg(process.pid, order)
    else:
        process.send_signal(order)
    out, err = process.communicate(timeout=60)
    # Under 2 s where there are cores to run on; a crowded machine is given as much again.
    assert time.monotonic() - started < max(2.0, 2.0 * os.getloadavg()[0] / (os.cpu_count() or 1))
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1] == "separate: interrupted, 1 of 2 files are finished"
    assert "a.violin.wav" in out
    assert names() == ["a.rest.wav", "a.violin.wav", "a.wav", "long.wav"]
    assert not list(Path().glob(".lass-*"))
    assert not outlived(process.pid)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_kill_9_loses_at_most_the_files_in_hand(recording, models, jobs, separate):
    recording("a.wav", seconds=0.5)
    process = start_long(models, "--jobs", jobs, "--manifest", "r.jsonl")
    os.killpg(process.pid, signal.SIGKILL) if jobs == "1" else process.kill()
    process.communicate(timeout=60)
    assert not outlived(process.pid)  # those whose owner was killed end by themselves
    visible = [path.name for path in Path().iterdir() if not path.name.startswith(".")]
    assert sorted(visible) == ["a.rest.wav", "a.violin.wav", "a.wav", "long.wav", "r.jsonl"]
    soundfile.write("long.wav", np.zeros((100, 1)), 8000)  # enough of it
    done = separate("-q", "violin", "a.wav", "long.wav", "--manifest", "r.jsonl",
                    "--on-existing", "skip")  # fmt: skip
    assert done.code == 0
    assert summary(done)["skipped"] in ("0", "1")  # its line may just not have been written
    assert not list(Path().glob(".lass-*"))
    assert names() == ["a.rest.wav", "a.violin.wav", "a.wav", "long.rest.wav", "long.violin.wav",
                       "long.wav", "r.jsonl"]  # fmt: skip


def test_a_reader_that_stops_reading_is_no_error_of_ours(recording, models):
    recording(seconds=0.2)
    process = subprocess.Popen(
        [*RUN, "-q", "violin", "in.wav", "-m", str(models / "separator")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdout.close()
    err = process.stderr.read()
    process.wait(timeout=60)
    process.stderr.close()
    assert "Traceback" not in err


def test_the_bar_is_for_terminals(models, recording):
    pty = pytest.importorskip("pty")
    recording("[red]in.wav", seconds=3.0)
    parent, child = pty.openpty()
    done = subprocess.run(
        [*RUN, "-q", "violin", "[red]in.wav", "-m", str(models / "separator")],
        stdout=subprocess.PIPE, stderr=child, text=True, check=False,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(child)
    shown = os.read(parent, 100_000).decode()
    os.close(parent)
    assert done.returncode == 0
    assert "0:03 of 0:03" in shown
    assert "[red]in.wav" in shown
