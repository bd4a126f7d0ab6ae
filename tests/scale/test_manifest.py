"""The manifest: every line is whole or passed over, and nothing else is ever written to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lass.errors import AudioWriteError, DataError
from lass.scale import Manifest, Record

RECORD = Record(
    Path("/in/a.wav"), "done", parts={"dog": Path("/out/a.dog.wav")},
    residual=Path("/out/a.rest.wav"), scores={"dog": 0.25}, audio_s=3.0, sha256="12",
    outputs={Path("/out/a.dog.wav"): "34"}, asked="56", model="default",
)  # fmt: skip


def test_a_line_is_what_a_reader_of_json_expects(tmp_path):
    Manifest(tmp_path / "r.jsonl").append(RECORD)
    (line,) = (tmp_path / "r.jsonl").read_text().splitlines()
    told = json.loads(line)
    assert told["path"] == "/in/a.wav"
    assert told["outputs"] == {"/out/a.dog.wav": "34"}
    assert told["scores"] == {"dog": 0.25}
    assert (told["error"], told["sha256"], told["audio_s"]) == (None, "12", 3.0)


def test_the_last_line_counts_and_paths_are_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    manifest = Manifest("r.jsonl")
    manifest.append(Record(Path("a.wav"), "failed", error="no"))
    manifest.append(Record(Path("a.wav"), "done"))
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    found = Manifest(tmp_path / "r.jsonl").find(Path("../a.wav"))
    assert (found.status, found.path) == ("done", tmp_path / "a.wav")
    assert Manifest(tmp_path / "r.jsonl").find(Path("a.wav")) is None


@pytest.mark.parametrize("kept", [1, 5, 20, 100, -1])
def test_a_torn_line_is_passed_over_and_takes_none_along(tmp_path, kept):
    path = tmp_path / "r.jsonl"
    Manifest(path).append(RECORD)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:kept])
    manifest = Manifest(path)
    # A line that lacks nothing but its end is no loss.
    assert manifest.torn == (0 if kept == -1 else 1)
    manifest.append(Record(Path("/in/b.wav"), "done"))
    again = Manifest(path)
    assert again.find(RECORD.path) == RECORD
    assert again.find(Path("/in/b.wav")).status == "done"


@pytest.mark.parametrize(
    "content", [b"path,query\n", b"RIFF....WAVE", b"[1]\n", b'{"x": 1}\n', b"\xff\xfe\n"]
)
def test_what_is_no_manifest_is_not_written_to(tmp_path, content):
    path = tmp_path / "r.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match="give another --manifest"):
        Manifest(path)
    assert path.read_bytes() == content


def test_names_of_manifests(tmp_path):
    with pytest.raises(DataError, match=r"must end in \.jsonl"):
        Manifest(tmp_path / "in.wav")
    with pytest.raises(AudioWriteError, match="cannot write the manifest"):
        Manifest(tmp_path / "nowhere" / "r.jsonl").check()


@given(st.text(max_size=60) | st.binary(max_size=60).map(os.fsdecode))
def test_every_name_comes_back(name):
    record = Record(Path("/", name.replace("\0", "")), "failed", error=name)
    line = record.to_json()
    assert "\n" not in line
    assert line.isascii()
    assert Record.from_json(line) == record


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(["lass", "path", "status", "parts"]), inner),
                    max_leaves=8))  # fmt: skip
def test_whatever_else_stands_in_a_line_is_no_record(value):
    with pytest.raises(DataError):
        Record.from_json(json.dumps(value))


def test_two_runs_may_share_a_manifest(tmp_path):
    path = tmp_path / "r.jsonl"
    code = (
        "import sys\nfrom pathlib import Path\nfrom lass.scale import Manifest, Record\n"
        "for number in range(60):\n"
        "    Manifest(sys.argv[1]).append(Record(Path(sys.argv[2], str(number)), 'done'))"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, path, top]) for top in ("/a", "/b")]
    assert [run.wait() for run in runs] == [0, 0]
    paths = [json.loads(line)["path"] for line in path.read_text().splitlines()]
    assert len(set(paths)) == len(paths) == 120
