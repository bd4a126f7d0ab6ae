"""`lass find` as a user meets it."""

import csv
import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lass.cli.find import _clock
from lass.separation import Search, Track


@pytest.fixture
def find(models, lass_command):
    def run(*arguments):
        return lass_command("find", *arguments, "--model", models / "separator")

    return run


@pytest.fixture
def heard(monkeypatch):
    """Decide when the model believes to hear something, in spans of seconds."""
    from lass import Separator

    def make(*spans):
        def find_file(self, path, queries, *, on_progress=None):
            time = np.arange(100) * 0.032
            scores = np.full(100, 0.1, np.float32)
            for start, end in spans:
                scores[(time >= start) & (time < end)] = 0.9
            track = Track(scores, np.full(100, -20, np.float32), 0.032, 0.0, 3.2)
            names = [query.name for query in queries]
            return Search(dict.fromkeys(names, track), dict.fromkeys(names, 0.9 if spans else 0.1))

        monkeypatch.setattr(Separator, "find_file", find_file)

    return make


def test_a_table_of_events(find, recording, heard):
    recording()
    heard((0.5, 1.0), (2.0, 2.5))
    done = find("dog", "in.wav")
    assert done.code == 0
    assert done.err == ""
    lines = done.out.splitlines()
    assert lines[0].split() == ["start", "end", "length", "score", "level"]
    assert len(lines) == 3
    assert lines[1].split()[0] == "0:00.50"


def test_nothing_found_is_said_and_has_its_own_code(find, recording, heard):
    recording()
    heard()
    done = find("dog", "in.wav")
    assert done.code == 3
    assert done.out == 'no "dog" found; presence 0.10\n'


def test_json_for_programs(find, recording, heard):
    recording()
    heard((0.5, 1.0))
    done = find("dog", "in.wav", "--json")
    found = json.loads(done.out)
    assert found["query"] == "dog"
    (file,) = found["files"]
    assert file["file"] == "in.wav"
    (event,) = file["events"]
    assert event["start_s"] == pytest.approx(0.5, abs=0.033)
    assert event["end_s"] == pytest.approx(1.0, abs=0.033)
    assert set(event) == {"start_s", "end_s", "score", "level_db"}


def test_csv_and_audacity_labels(find, recording, heard):
    recording()
    heard((0.5, 1.0), (2.0, 2.5))
    rows = list(csv.DictReader(find("dog", "in.wav", "-f", "csv").out.splitlines()))
    assert [row["query"] for row in rows] == ["dog", "dog"]
    labels = find("dog", "in.wav", "-f", "audacity").out.splitlines()
    start, end, text = labels[0].split("\t")
    assert float(start) == pytest.approx(float(rows[0]["start_s"]), abs=1e-3)
    assert float(end) > float(start)
    assert text == "dog 0.90"


def test_a_missing_file_does_not_stop_the_others(find, recording, heard, monkeypatch):
    from lass import Separator

    recording()
    heard((0.5, 1.0))
    patched = Separator.find_file

    def find_file(self, path, queries, *, on_progress=None):
        from lass.audio import info

        info(path)
        return patched(self, path, queries)

    monkeypatch.setattr(Separator, "find_file", find_file)
    done = find("dog", "gone.wav", "in.wav")
    assert done.code == 1
    assert "gone.wav" in done.sentence
    assert "0:00.50" in done.out


def test_only_missing_files_are_nothing(find, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = find("dog", "gone.wav")
    assert done.code == 3
    assert "gone.wav" in done.sentence


def test_a_picture(find, recording, heard, tmp_path):
    recording(seconds=3.2)
    heard((0.5, 1.0), (2.0, 2.5))
    done = find('"<dog>&', "in.wav", "--plot", "dog.svg")
    assert done.code == 0
    root = ElementTree.parse(tmp_path / "dog.svg").getroot()
    text = "".join(root.itertext())
    assert '"<dog>&' in text
    assert "2 events" in text
    shaded = [e for e in root if e.tag.endswith("rect") and e.get("fill-opacity")]
    assert len(shaded) == 2
    assert sum(e.tag.endswith("image") for e in root) == 1


def test_pictures_are_checked_before_the_work(find, recording, heard):
    recording()
    recording("b.wav")
    heard((0.5, 1.0))
    assert "SVG" in find("dog", "in.wav", "--plot", "dog.png").sentence
    assert "one recording" in find("dog", "in.wav", "b.wav", "--plot", "dog.svg").sentence
    find("dog", "in.wav", "--plot", "dog.svg")
    again = find("dog", "in.wav", "--plot", "dog.svg")
    assert again.code == 2
    assert "exists" in again.sentence
    assert find("dog", "in.wav", "--plot", "dog.svg", "--overwrite").code == 0


def test_a_picture_that_cannot_be_written_does_not_cost_the_events(find, recording, heard):
    recording()
    heard((0.5, 1.0))
    done = find("dog", "in.wav", "--plot", "in.wav/dog.svg")
    assert done.code == 1
    assert "cannot write in.wav/dog.svg" in done.sentence
    assert "0:00.50" in done.out


def test_the_real_path_through_a_model(find, recording):
    recording(seconds=2.0)
    done = find("dog", "in.wav", "--threshold", "0.0", "--json")
    assert done.code == 0
    (event,) = json.loads(done.out)["files"][0]["events"]
    assert event["start_s"] == 0.0
    assert event["end_s"] <= 2.0


@given(st.floats(0, 100_000))
def test_clocks_are_read_back(seconds):
    *hours, minutes, rest = (float(part) for part in _clock(seconds).split(":"))
    assert rest < 60.0
    assert abs(sum(hours) * 3600 + minutes * 60 + rest - seconds) < 0.0051


def test_one_time_out_of_several(find, recording, heard):
    recording()
    heard((0.2, 0.5), (1.0, 1.6), (2.0, 2.5))
    starts = []
    for query in ("the second dog", "the last dog", "the longest dog", "the fourth dog"):
        (file,) = json.loads(find(query, "in.wav", "--json").out)["files"]
        starts.append([round(event["start_s"], 1) for event in file["events"]])
    assert starts == [[1.0], [2.0], [1.0], []]


def test_a_list_of_files(find, recording, heard, tmp_path):
    recording("a.wav")
    recording("b.wav")
    heard((0.5, 1.0))
    (tmp_path / "list.csv").write_text("path,site\na.wav,north\nb.wav,south\n")
    files = json.loads(find("dog", "list.csv", "--json").out)["files"]
    assert [(file["file"], len(file["events"])) for file in files] == [("a.wav", 1), ("b.wav", 1)]
    (tmp_path / "asked.csv").write_text("path,query\na.wav,cat\n")
    done = find("dog", "asked.csv")
    assert done.code == 2
    assert "only separate understands that" in done.sentence
