"""Resuming and sharing rows out: the same numbers to the last bit, whatever happened."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from lass.errors import AudioError, DataError, LassError
from lass.evaluation import Row, evaluate

ROWS = 6


class Thirds:
    """A separator other processes can have; notes every question it gets."""

    def __init__(self, log=None, fail_on=None):
        self.log, self.fail_on = log, fail_on

    def __call__(self, mixture, rate, query):
        if self.log:
            with open(self.log, "a") as file:
                file.write(f"{query} {os.getpid()}\n")
        if query == self.fail_on:
            raise AudioError("not this one")
        return mixture / 3


class Dies:
    def __call__(self, mixture, rate, query):
        os._exit(9)


@pytest.fixture
def listed(write_list):
    def make(number):
        dog = number % 2 == 0
        return Row(
            id=10 + number,
            targets=("dog" if dog else "bell",),
            target_offsets=(0,),
            interferers=("bell" if dog else "dog",),
            interferer_offsets=(100 * number,),
            snr_db=(float(number),),
            asked="target",
            query=f"q{number}",
            query_clip="",
            label="dog" if dog else "bell",
        )

    return write_list([make(i) for i in range(ROWS)])


def _questions(log):
    return sorted(line.split()[0] for line in log.read_text().splitlines())


def test_a_run_goes_on_where_it_was_and_gives_the_same_bits(pack, listed, tmp_path):
    whole = evaluate(Thirds(), listed, pack)
    state, log = tmp_path / "new" / "rows.jsonl", tmp_path / "log"
    evaluate(Thirds(log), listed, pack, resume=state, limit=2)
    # Killed in the middle of a line.
    with state.open("a") as file:
        file.write('{"id": 12, "figures": {"row": 12, "sd')
    seen = []
    again = evaluate(Thirds(log), listed, pack, resume=state, on_progress=lambda *x: seen.append(x))
    assert again.as_dict() == whole.as_dict()
    assert _questions(log) == [f"q{i}" for i in range(ROWS)]
    assert seen == [(i, ROWS) for i in range(2, ROWS + 1)]
    third = evaluate(Thirds(log), listed, pack, resume=state)
    assert third.as_dict() == whole.as_dict()
    assert len(_questions(log)) == ROWS


def test_failed_rows_are_asked_again(pack, listed, tmp_path):
    state, log = tmp_path / "rows.jsonl", tmp_path / "log"
    first = evaluate(Thirds(log, fail_on="q3"), listed, pack, resume=state)
    assert [f["row"] for f in first.failures] == [13]
    second = evaluate(Thirds(log), listed, pack, resume=state)
    assert not second.failures
    assert [r["row"] for r in second.rows] == [10 + i for i in range(ROWS)]
    assert _questions(log).count("q3") == 2


def test_a_resume_file_of_something_else_is_refused(pack, listed, tmp_path):
    state = tmp_path / "rows.jsonl"
    evaluate(Thirds(), listed, pack, resume=state, system="a")
    with pytest.raises(DataError, match=r"belongs to another run .system 'a', now 'b'"):
        evaluate(Thirds(), listed, pack, resume=state, system="b")
    with pytest.raises(DataError, match="bounds True, now False"):
        evaluate(Thirds(), listed, pack, resume=state, system="a", bounds=False)
    state.write_text("hello\nworld\n")
    with pytest.raises(DataError, match="not a file to resume from"):
        evaluate(Thirds(), listed, pack, resume=state)


@pytest.mark.parametrize(
    ("error", "words"),
    [(MemoryError(), "does not fit into memory"), (OSError(5, "I/O error", "x.tar"), "x.tar: I/O")],
)
def test_a_row_that_the_machine_cannot_do_is_kept_apart(pack, listed, error, words):
    def separate(mixture, rate, query):
        if query == "q2":
            raise error
        return mixture

    report = evaluate(separate, listed, pack, bounds=False)
    assert len(report.rows) == ROWS - 1
    assert words in report.failures[0]["error"]


def test_rows_of_other_weights_are_refused(pack, listed, tmp_path):
    separate = Thirds()
    separate.fingerprint = "1"
    evaluate(separate, listed, pack, resume=tmp_path / "rows.jsonl", limit=1)
    separate.fingerprint = "2"
    with pytest.raises(DataError, match="fingerprint '1', now '2'"):
        evaluate(separate, listed, pack, resume=tmp_path / "rows.jsonl")


def test_two_processes_give_the_same_bits_and_keep_bad_rows_apart(pack, listed, tmp_path):
    log, state = tmp_path / "log", tmp_path / "rows.jsonl"
    alone = evaluate(Thirds(fail_on="q3"), listed, pack)
    seen = []
    shared = evaluate(
        Thirds(log, fail_on="q3"),
        listed,
        pack,
        workers=2,
        resume=state,
        on_progress=lambda *x: seen.append(x),
    )
    assert shared.as_dict() == alone.as_dict()
    assert seen == [(i, ROWS) for i in range(1, ROWS + 1)]
    processes = {line.split()[1] for line in log.read_text().splitlines()}
    assert str(os.getpid()) not in processes
    assert len(state.read_text().splitlines()) == 1 + ROWS - 1


def test_what_cannot_be_shared_is_one_sentence(pack, listed):
    with pytest.raises(DataError, match="cannot be sent to other processes"):
        evaluate(lambda x, *_: x, listed, pack, workers=2)
    with pytest.raises(DataError, match="0 workers"):
        evaluate(Thirds(), listed, pack, workers=0)
    with pytest.raises(LassError, match="worker process died"):
        evaluate(Dies(), listed, pack, workers=2)


def test_a_killed_run_goes_on(pack, listed, tmp_path):
    """Kill the program from outside in the middle of the list, as a machine would."""
    state = tmp_path / "rows.jsonl"
    code = (
        "import sys, time\nfrom lass.evaluation import evaluate\n"
        "def slow(mixture, rate, query):\n"
        "    time.sleep(0.0 if query in ('q0', 'q1') else 60)\n"
        "    return mixture / 3\n"
        "evaluate(slow, sys.argv[1], sys.argv[2], resume=sys.argv[3])\n"
    )
    program = subprocess.Popen([sys.executable, "-c", code, listed, pack, state])
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if state.is_file() and state.read_text().count("\n") == 3:
            break
        time.sleep(0.05)
    program.send_signal(signal.SIGKILL)
    assert program.wait() == -signal.SIGKILL
    assert [json.loads(x).get("id") for x in state.read_text().splitlines()] == [None, 10, 11]
    log = tmp_path / "log"
    resumed = evaluate(Thirds(log), listed, pack, resume=state)
    assert _questions(log) == ["q2", "q3", "q4", "q5"]
    assert resumed.as_dict() == evaluate(Thirds(), listed, pack).as_dict()
    assert np.isfinite(resumed.summary["sdr"]["mean"])
