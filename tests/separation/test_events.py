from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lass.separation.events import Track, find_events


def track(scores, *, level_db=-20.0, frame_s=0.032):
    scores = np.asarray(scores, np.float32)
    level = np.broadcast_to(np.float32(level_db), scores.shape)
    return Track(scores, level, frame_s, 0.0, max(0, len(scores) - 1) * frame_s)


def test_one_burst_is_one_event_at_its_place():
    scores = np.zeros(100)
    scores[40:60] = 0.9
    (event,) = find_events(track(scores))
    assert event.start_s == pytest.approx(39.5 * 0.032)
    assert event.end_s == pytest.approx(59.5 * 0.032)
    assert event.score == pytest.approx(0.9)
    assert event.level_db == pytest.approx(-20.0, abs=1e-4)


def test_a_trembling_score_makes_one_event():
    scores = np.tile([0.55, 0.45], 30)
    assert len(find_events(track(scores), gap_s=0.0)) == 1


def test_a_score_that_never_reaches_the_threshold_is_no_event():
    assert find_events(track(np.full(50, 0.49))) == []


def test_gaps_are_closed_and_crumbs_dropped():
    scores = np.zeros(100)
    scores[10:20] = scores[24:34] = 0.8  # 4 frames = 0.128 s apart
    scores[80] = 1.0  # one frame alone
    assert len(find_events(track(scores), gap_s=0.3)) == 1
    assert len(find_events(track(scores), gap_s=0.1)) == 2


def test_what_cannot_be_heard_is_no_event():
    level = np.full(100, -80.0, np.float32)
    level[:10] = -10.0
    events = find_events(Track(np.full(100, 0.9, np.float32), level, 0.032, 0.0, 3.2))
    assert [round(e.end_s / 0.032) for e in events] == [10]


def test_events_stay_inside_the_recording():
    (event,) = find_events(track(np.ones(50)))
    assert (event.start_s, event.end_s) == (0.0, pytest.approx(49 * 0.032))


def test_an_empty_track_has_no_events():
    assert find_events(track([])) == []


@given(arrays(np.float32, st.integers(1, 200), elements=st.floats(0, 1, width=32)))
def test_events_are_in_order_apart_and_reach_the_threshold(scores):
    events = find_events(track(scores), threshold=0.5, gap_s=0.1)
    times = [t for event in events for t in (event.start_s, event.end_s)]
    assert times == sorted(times)
    # An event at either end of the recording loses half a frame there.
    assert all(event.duration_s >= 0.1 - 0.032 - 1e-6 for event in events)
    assert all(0.0 <= event.score <= 1.0 for event in events)
    for first, second in pairwise(events):
        assert second.start_s - first.end_s >= 0.1 - 1e-6


@given(arrays(np.float32, st.integers(1, 200), elements=st.floats(0, 1, width=32)))
def test_a_higher_threshold_never_finds_more_time(scores):
    def heard(threshold):
        found = find_events(track(scores), threshold=threshold, shortest_s=0.0, gap_s=0.0)
        return sum(event.duration_s for event in found)

    assert heard(0.8) <= heard(0.4) + 0.032
