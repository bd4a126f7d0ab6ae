"""The edit session against closed forms: parts that are known exactly."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lass.edit import (
    EVERYTHING,
    EditSession,
    Extract,
    Fade,
    Gain,
    Keep,
    Pan,
    Remove,
    Span,
    Target,
)
from lass.errors import AudioError, EditError, QueryError

from .bands import RATE, BandSeparator, band, noise

LOW, MIDDLE, HIGH = Target("low"), Target("middle"), Target("high")


def level_db(signal, reference):
    """Power of a signal against another, in dB."""
    power = np.mean(np.square(signal, dtype=np.float64))
    return 10 * np.log10(power / np.mean(np.square(reference, dtype=np.float64)) + 1e-20)


@pytest.fixture
def audio():
    return noise()


@pytest.fixture
def separator():
    return BandSeparator()


@pytest.fixture
def session(audio, separator):
    with EditSession(audio, RATE, separator=separator) as opened:
        yield opened


def test_everything_but_two_sounds_and_the_rest(session, audio):
    low, middle, high = (band(audio, name) for name in ("low", "middle", "high"))
    two = Target("low", ("high",), others=True)
    rest = Target(others=True)
    cases = [
        ([Remove(two)], low + high),
        ([Gain(two, gain_db=6.0)], audio + (10 ** (6 / 20) - 1) * (audio - low - high)),
        ([Extract(LOW), Remove(rest)], low),
        ([Extract(LOW), Extract(HIGH), Gain(rest, gain_db=-20.0)],
         low + high + 0.1 * (audio - low - high)),
        ([Extract(MIDDLE), Keep(rest)], audio - middle),
    ]  # fmt: skip
    for operations, wanted in cases:
        session.apply(operations)
        assert level_db(session.render() - wanted, audio) < -45, operations
        session.undo()
    session.apply([Remove(LOW), Extract(rest), Extract(two)])
    assert session.parts == ("low", "high")


def test_nothing_done_is_the_recording_bit_for_bit(session, audio):
    np.testing.assert_array_equal(session.render(), audio)
    np.testing.assert_array_equal(session.render(original=True), audio)
    assert session.render().dtype == np.float32
    assert (session.channels, session.samples, session.sample_rate) == (*audio.shape, RATE)
    assert session.operations == ()
    assert session.parts == ()
    assert session.command() == ""


def test_remove_keep_and_gain_do_what_their_definition_says(session, audio):
    low, high = band(audio, "low"), band(audio, "high")
    cases = [
        (Remove(LOW), audio - low),
        (Keep(LOW), low),
        (Keep(LOW, also=(HIGH,)), low + high),
        (Gain(LOW, gain_db=6.0), audio + (10 ** (6 / 20) - 1) * low),
        (Gain(Target("low", others=True), gain_db=-20.0), low + 0.1 * (audio - low)),
        (Remove(Target("low", others=True)), low),
        (Keep(Target("low", others=True)), audio - low),
        (Gain(gain_db=-6.0), audio * 10 ** (-6 / 20)),
        (Remove(), np.zeros_like(audio)),
        (Keep(EVERYTHING), audio),
        (Extract(LOW), audio),
    ]
    for operation, expected in cases:
        assert session.apply(operation) == [operation]
        # Shares are projections of spectra in 32 ms: two bands touch at their border.
        limit = -45 if isinstance(operation, Keep) and operation.also else -120
        assert level_db(session.render() - expected, audio) < limit, operation
        session.undo()
    np.testing.assert_array_equal(session.render(), audio)


def test_parts_are_separated_once_whatever_is_undone_and_redone(session, separator, audio):
    session.apply([Remove(LOW), Gain(HIGH, gain_db=3.0)])
    edited = session.render()
    for _ in range(3):
        assert session.undo() == [Remove(LOW), Gain(HIGH, gain_db=3.0)]
        np.testing.assert_array_equal(session.render(), audio)
        assert session.redo() == [Remove(LOW), Gain(HIGH, gain_db=3.0)]
        np.testing.assert_array_equal(session.render(), edited)
    session.apply(Gain(Target("low", occurrence=None), gain_db=1.0))
    assert separator.asked == [["low", "high"]]


def test_undo_and_redo_say_when_there_is_nothing(session):
    with pytest.raises(EditError, match="nothing to undo"):
        session.undo()
    session.apply(Gain(gain_db=1.0))
    with pytest.raises(EditError, match="nothing to redo"):
        session.redo()
    session.undo()
    session.apply(Gain(gain_db=2.0))
    assert not session.can_redo


def test_the_same_sound_by_two_names_is_taken_out_once(session, audio):
    session.apply(Remove(LOW))
    once = session.render()
    session.apply(Remove(Target("bass")))
    twice = session.render()
    # Taking it out twice by subtraction would leave it upside down, as loud as it was.
    naive = audio - 2 * band(audio, "low")
    assert level_db(naive - once, audio) > -12
    assert level_db(twice - once, audio) < -30


def test_a_part_that_overlaps_with_none_is_unchanged_by_its_place(session, audio):
    session.apply([Extract(LOW), Extract(HIGH)])
    second = session.part("high", edited=False)
    assert level_db(second - band(audio, "high"), audio) < -45
    session.undo()
    session.apply([Extract(HIGH), Extract(LOW)])
    np.testing.assert_array_equal(session.part("high", edited=False), band(audio, "high"))


@pytest.mark.parametrize("names", [["low"], ["low", "bass"], ["high", "low", "middle", "bass"]])
def test_parts_and_rest_sum_to_the_recording(session, audio, names):
    session.apply([Extract(Target(name)) for name in names])
    assert session.parts == tuple(names)
    parts = [session.part(name, edited=False).astype(np.float64) for name in names]
    total = sum(parts) + session.rest(edited=False)
    np.testing.assert_allclose(total, audio, atol=1e-6)


def test_parts_after_their_operations(session, audio):
    session.apply([Gain(LOW, gain_db=-20.0), Remove(Target("low", others=True)), Gain(gain_db=6.0)])
    np.testing.assert_allclose(session.part("low"), 0.1 * band(audio, "low"), atol=1e-6)
    assert not session.rest().any()
    np.testing.assert_array_equal(session.part(LOW, edited=False), band(audio, "low"))


def test_operations_on_everything_come_after_those_on_parts(session):
    session.apply([Gain(gain_db=-200.0 / 10), Gain(LOW, gain_db=20.0)])
    early = session.render()
    session.undo()
    session.apply([Gain(LOW, gain_db=20.0), Gain(gain_db=-20.0)])
    np.testing.assert_array_equal(session.render(), early)


def test_bypass_replace_and_remove_are_undoable(session, audio):
    session.apply([Remove(LOW), Gain(HIGH, gain_db=6.0)])
    both = session.render()
    session.set_enabled(0, False)
    assert session.enabled == (False, True)
    gain = (10 ** (6 / 20) - 1) * band(audio, "high")
    assert level_db(session.render() - (audio + gain), audio) < -120
    # A bypassed operation takes no share, but its part can still be heard.
    assert session.parts == ("high", "low")
    assert session.undo() == [Remove(LOW)]
    np.testing.assert_array_equal(session.render(), both)
    session.replace(1, Gain(HIGH, gain_db=0.0))
    assert session.operations[1] == Gain(HIGH, gain_db=0.0)
    session.remove(0)
    np.testing.assert_array_equal(session.render(), audio)
    session.undo()
    session.undo()
    np.testing.assert_array_equal(session.render(), both)


def test_what_is_not_there_is_said(session):
    session.apply([Remove(Target("nothing")), Remove(LOW)])
    assert session.scores["nothing"] == pytest.approx(0.05)
    assert session.warnings == ("nothing like 'nothing' was found (score 0.05)",)
    session.undo()
    assert session.warnings == ()


def test_a_failed_apply_changes_nothing(session, separator, audio):
    class StopError(Exception):
        pass

    def stop(task, share):
        assert 0.0 <= share <= 1.0
        if task == "separating" and share > 0.3:
            raise StopError

    with pytest.raises(StopError):
        session.apply(Remove(LOW), on_progress=stop)
    assert session.operations == ()
    np.testing.assert_array_equal(session.render(), audio)
    session.apply(Remove(LOW))
    assert separator.asked == [["low"], ["low"]]


def test_pan_moves_and_keeps_the_middle_bit_for_bit(session, audio):
    session.apply(Pan(position=0.0))
    np.testing.assert_array_equal(session.render(), audio)
    session.undo()
    session.apply(Pan(position=1.0))
    expected = np.stack([np.zeros_like(audio[0]), audio.sum(axis=0)])
    np.testing.assert_allclose(session.render(), expected, atol=1e-6)
    session.undo()
    session.apply(Pan(LOW, position=-1.0))
    low = band(audio, "low")
    expected = audio - low + np.stack([low.sum(axis=0), np.zeros_like(low[0])])
    np.testing.assert_allclose(session.render(), expected, atol=1e-6)


@given(st.floats(-1, 1))
def test_pan_turns_the_side_it_leaves_over_with_constant_power(position):
    from lass.edit.desk import panned

    one = np.array([[1.0], [0.0]]) if position > 0 else np.array([[0.0], [1.0]])
    moved = panned(one, position)
    assert np.square(moved).sum() == pytest.approx(1.0)
    mirrored = panned(one[::-1], -position)[::-1]
    np.testing.assert_allclose(moved, mirrored, atol=1e-12)


def test_mono_needs_stereo_to_be_panned(separator):
    audio = noise(channels=1)
    with EditSession(audio, RATE, separator=separator) as session:
        with pytest.raises(EditError, match=r"mono.*to_stereo=True.*--stereo"):
            session.apply(Pan(LOW, position=-0.5))
        assert session.operations == ()
    with EditSession(audio, RATE, separator=separator, to_stereo=True) as session:
        np.testing.assert_array_equal(session.render(), np.repeat(audio, 2, axis=0))
        session.apply([Pan(LOW, position=-1.0), Remove(Target("low", others=True))])
        left, right = session.render()
        np.testing.assert_allclose(left, 2 * band(audio, "low")[0], atol=1e-6)
        assert not right.any()


def test_bad_input_gets_one_sentence(session, audio, tmp_path):
    for bad, said in [
        (Gain(gain_db=float("nan")), "gain"),
        (Gain(gain_db=True), "gain"),
        (Pan(position=2.0), "position"),
        (Fade(direction="up"), "direction"),
        (Fade(duration_s=-1.0), "length of a fade"),
        (Fade(span=Span(0, 1, outside=True)), "except"),
        (Remove(Target("")), "named"),
        (Remove(Target("dog", occurrence=0)), "occurrence"),
        (Remove(Target(without=("dog",))), "whole recording"),
        (Remove("dog"), "target"),
        (Keep(EVERYTHING, also=(LOW,)), "kept"),
        ("remove", None),
        (42, "operation"),
    ]:
        if said is None:
            continue
        with pytest.raises(EditError, match=said):
            session.apply([bad])
    with pytest.raises(QueryError):
        session.apply(Remove(Target("!!!")))
    for index in (0, -1, "a"):
        with pytest.raises(EditError, match="no operation"):
            session.remove(index)
    with pytest.raises(EditError, match="there is no part 'dog'"):
        session.part("dog")
    with pytest.raises(EditError, match="sample_rate"):
        EditSession(audio)
    with pytest.raises(AudioError, match="no samples"):
        EditSession(audio[:, :0], RATE)
    session.close()
    with pytest.raises(EditError, match="closed"):
        session.render()


def test_the_caller_may_change_the_array_afterwards(separator):
    audio = noise()
    kept = audio.copy()
    with EditSession(audio, RATE, separator=separator) as session:
        audio[:] = 0
        np.testing.assert_array_equal(session.render(), kept)


def test_closing_removes_everything_from_disk(audio, separator):
    session = EditSession(audio, RATE, separator=separator)
    session.apply(Remove(LOW))
    folder = session._studio.recording.samples.path.parent
    assert len(list(folder.iterdir())) == 2
    assert folder.stat().st_mode & 0o077 == 0
    session.close()
    assert not folder.exists()


OPERATIONS = st.one_of(
    st.builds(Remove, st.sampled_from([LOW, HIGH, EVERYTHING])),
    st.builds(Gain, st.sampled_from([LOW, MIDDLE, EVERYTHING]), gain_db=st.floats(-30, 12)),
    st.builds(Pan, st.sampled_from([LOW, HIGH]), position=st.floats(-1, 1)),
    st.builds(Keep, st.sampled_from([LOW, MIDDLE])),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(OPERATIONS, min_size=1, max_size=4), st.floats(0.0, 0.9), st.floats(0.2, 0.6))
def test_outside_the_time_nothing_changes_at_all(operations, start_s, length_s):
    audio = noise(seconds=1.5)
    span = Span(start_s, start_s + length_s)
    import dataclasses

    edits = [dataclasses.replace(one, span=span) for one in operations]
    with EditSession(audio, RATE, separator=BandSeparator()) as session:
        session.apply(edits)
        made = session.render()
        start, stop = round(span.start_s * RATE), round(span.end_s * RATE)
        np.testing.assert_array_equal(made[:, :start], audio[:, :start])
        np.testing.assert_array_equal(made[:, stop:], audio[:, stop:])
        session.undo()
        np.testing.assert_array_equal(session.render(), audio)
