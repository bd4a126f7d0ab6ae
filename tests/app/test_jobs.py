"""Long work: results, errors, progress and the way to stop it."""

from __future__ import annotations

import threading

import pytest


def test_a_result_comes_back():
    from lass_editor.jobs import Job

    job = Job("adding", lambda on_progress: 2 + 2)
    assert job.wait(5.0)
    assert job.result() == 4


def test_an_error_comes_back_to_who_asks():
    from lass_editor.jobs import Job

    def fail(on_progress):
        raise ValueError("no")

    job = Job("failing", fail)
    with pytest.raises(ValueError, match="no"):
        job.result()


def test_progress_is_told_by_stage():
    from lass_editor.jobs import Job

    reached, go = threading.Event(), threading.Event()

    def work(on_progress):
        on_progress("one", 0.5)
        on_progress("two", 1.7)
        reached.set()
        go.wait(5.0)

    job = Job("working", work)
    reached.wait(5.0)
    assert (job.stage, job.share, job.done) == ("two", 1.0, False)
    assert job.left_s == 0.0
    go.set()
    assert job.wait(5.0)


def test_the_work_stops_at_its_next_step():
    from lass_editor.jobs import Cancelled, Job

    began, go = threading.Event(), threading.Event()
    done = []

    def work(on_progress):
        began.set()
        go.wait(5.0)
        on_progress("one", 0.1)
        done.append("too much")

    job = Job("working", work)
    began.wait(5.0)
    job.cancel()
    go.set()
    with pytest.raises(Cancelled):
        job.result()
    assert job.cancelled
    assert not done
