"""The local engine: same files from any number of processes, and none lost when one dies."""

import os
import signal
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lass.audio import read
from lass.errors import QueryError
from lass.scale import LocalEngine, Manifest, Words, plan
from lass.scale.local import usable_cores
from lass.scale.records import sha256_of
from lass.scale.worker import Worker

two_cores = pytest.mark.skipif(usable_cores() < 2, reason="processes need two cores")


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@two_cores
def test_two_processes_leave_the_same_files_as_one(tmp_path, files, setup, tasks, separator):
    paths = files(5)
    bad = paths[2]
    bad.write_text("no sound")
    common = setup(hashed=True)
    one = {r.path: r for r in LocalEngine(1).run(common, tasks(paths, "one"))}
    two = {r.path: r for r in LocalEngine(2).run(common, tasks(paths, "two"))}
    assert set(one) == set(two) == set(paths)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert len(contents(tmp_path / "one")) == 12
    assert [path for path, record in two.items() if record.status != "done"] == [bad]
    assert "is not a sound file" in two[bad].error
    # The oracle: what the library gives for one of them.
    audio, rate = read(paths[0])
    expected = separator.separate(audio, rate, ["violin", "dog"])
    part = read(two[paths[0]].parts["violin"])[0]
    np.testing.assert_allclose(part, expected.parts["violin"], atol=2**-15)
    assert two[paths[0]].scores == pytest.approx(expected.scores, abs=1e-6)
    assert two[paths[0]].sha256 == sha256_of(paths[0])
    assert {sha256_of(path) for path in two[paths[0]].outputs} == set(
        two[paths[0]].outputs.values()
    )


@two_cores
def test_a_process_that_is_killed_costs_nothing(tmp_path, files, setup, tasks):
    from multiprocessing import active_children

    paths = files(6)
    records = []
    planned, _ = plan(tasks(paths), setup())  # tells what was there before, and so is not ours
    with closing(LocalEngine(2).run(setup(), planned)) as run:
        for record in run:
            records.append(record)
            if len(records) == 1:
                os.kill(active_children()[0].pid, signal.SIGKILL)
    assert sorted(record.path for record in records) == paths
    assert {record.status for record in records} == {"done"}
    assert not active_children()
    assert len(contents(tmp_path / "out")) == 18  # and nothing unfinished


class Deadly(Words):
    """Words that end the process at one file; the class can be sent to other processes."""

    def queries(self, task):
        if task.path.name == "001.wav" and os.environ.get("LASS_TEST_DEADLY"):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().queries(task)


@pytest.mark.slow
@two_cores
def test_a_file_that_kills_its_process_twice_is_given_up(files, setup, tasks, monkeypatch):
    monkeypatch.setenv("LASS_TEST_DEADLY", "1")
    paths = files(4)
    records = {
        record.path.name: record
        for record in LocalEngine(2).run(setup(asking=Deadly(["dog"])), tasks(paths))
    }
    assert {name: record.status for name, record in records.items()} == {
        "000.wav": "done", "001.wav": "failed", "002.wav": "done", "003.wav": "done",
    }  # fmt: skip
    assert "died twice (signal 9)" in records["001.wav"].error


@two_cores
def test_what_every_file_would_fail_at_is_said_once(files, setup, tasks):
    with pytest.raises(QueryError, match="ask in English"):
        list(LocalEngine(2).run(setup(asking=Words(["скрипка"])), tasks(files(3))))


@pytest.mark.slow
@two_cores
def test_tasks_are_drawn_as_fast_as_they_are_done(files, setup, tasks):
    drawn = []

    def watched():
        for task in tasks(files(8)):
            drawn.append(task)
            yield task

    with closing(LocalEngine(2).run(setup(), watched())) as run:
        next(run)
        assert len(drawn) <= 3


def test_threads_never_outnumber_the_cores(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for jobs in (1, 2, 3, 1000):
        engine = LocalEngine(jobs)
        assert 1 <= engine.jobs * engine.threads <= usable_cores()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert LocalEngine(1).threads == 1


# Taking up again by a manifest


@pytest.fixture
def resume(tmp_path, setup, tasks, separator):
    """Run with a manifest, as often as wanted; tells what became of each file."""

    def run(paths, *, on_existing="skip", **options):
        common = setup(hashed=True, on_existing=on_existing, **options)
        manifest = Manifest(tmp_path / "r.jsonl")
        planned, _ = plan(manifest.prepare(tasks(paths)), common)
        worker = Worker(common, separator)
        told = {}
        for task in planned:
            record = worker.run(task)
            manifest.append(record)
            told[record.path.name] = "same" if record.verified else record.status
        return told

    return run


def test_what_is_done_and_unchanged_is_not_done_again(tmp_path, files, resume):
    paths = files(2)
    assert set(resume(paths).values()) == {"done"}
    before = contents(tmp_path / "out")
    for on_existing in ("skip", "error", "overwrite"):
        assert set(resume(paths, on_existing=on_existing).values()) == {"same"}
    assert contents(tmp_path / "out") == before
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 2


def test_what_changed_is_done_again(tmp_path, files, resume):
    a, b, c, d = files(4)
    resume([a, b, c, d])
    before = contents(tmp_path / "out")
    b.write_bytes(a.read_bytes())  # another recording
    (tmp_path / "out" / "002.dog.wav").write_bytes(b"damaged")
    (tmp_path / "out" / "003.rest.wav").unlink()
    told = resume([a, b, c, d])
    assert told == {"000.wav": "same", "001.wav": "done", "002.wav": "done", "003.wav": "done"}
    after = contents(tmp_path / "out")
    assert after["001.dog.wav"] == after["000.dog.wav"] != before["001.dog.wav"]
    assert after["002.dog.wav"] == before["002.dog.wav"]
    assert after["003.rest.wav"] == before["003.rest.wav"]


def test_what_failed_is_tried_again(tmp_path, files, resume):
    (path,) = files(1)
    good = path.read_bytes()
    path.write_bytes(b"")
    assert resume([path]) == {"000.wav": "failed"}
    path.write_bytes(good)
    assert resume([path]) == {"000.wav": "done"}


def test_files_of_others_are_never_replaced(tmp_path, files, resume):
    (path,) = files(1)
    (tmp_path / "out").mkdir()
    for name in ("000.violin.wav", "000.dog.wav", "000.rest.wav"):
        (tmp_path / "out" / name).write_bytes(b"mine")
    assert resume([path]) == {"000.wav": "skipped"}
    assert resume([path]) == {"000.wav": "same"}
    (tmp_path / "out" / "000.dog.wav").write_bytes(b"mine, too")
    assert resume([path]) == {"000.wav": "skipped"}
    assert contents(tmp_path / "out")["000.dog.wav"] == b"mine, too"


def test_other_questions_are_other_results(files, resume):
    (path,) = files(1)
    assert resume([path]) == {"000.wav": "done"}
    assert resume([path], subtype="FLOAT", on_existing="overwrite") == {"000.wav": "done"}
    assert resume([path], subtype="FLOAT") == {"000.wav": "same"}


def test_what_a_dead_process_left_is_no_reason_to_stop(files, setup, tasks, separator):
    (task,), _ = plan(tasks(files(1)), setup())
    worker = Worker(setup(), separator)
    assert worker.run(task).status == "done"
    assert worker.run(replace(task, again=True)).status == "done"
    assert "exists already" in worker.run(task).error
    (taken,), _ = plan([task], setup())  # existed before the run: somebody else's
    assert "exists already" in worker.run(replace(taken, again=True)).error


def test_a_recording_that_changes_while_it_is_read_is_no_success(files, setup, tasks, separator):
    (path,) = files(1)

    class Touching(Words):
        def queries(self, task):
            os.utime(task.path, ns=(1, 1))
            return super().queries(task)

    record = Worker(setup(asking=Touching(["dog"]), hashed=True), separator).run(tasks([path])[0])
    # The first call comes after the state was taken down.
    assert record.status == "failed"
    assert "was changed while it was read" in record.error
