"""Strips and their controls: what the browser adds up is what the session renders."""

from __future__ import annotations

import numpy as np
import pytest

from lass.edit import (
    EVERYTHING,
    Effect,
    Extract,
    Fade,
    Gain,
    Keep,
    Pan,
    Remove,
    Span,
    Target,
)
from lass.errors import EditError

DOG, RAIN = Target("dog"), Target("rain")
STRIPS = [Extract(DOG), Extract(RAIN)]


@pytest.fixture
def session(recording, separator):
    from lass_editor.deck_session import DeckSession

    with DeckSession(recording, separator=separator) as made:
        yield made


def web_audio(signal, control):
    """Gain and StereoPannerNode of a stereo sound, after the text of the W3C's standard."""
    left, right = signal * 10 ** (control.gain_db / 20)
    x = control.pan + 1 if control.pan <= 0 else control.pan
    to_left, to_right = np.cos(x * np.pi / 2), np.sin(x * np.pi / 2)
    if control.pan <= 0:
        return np.stack([left + right * to_left, right * to_right])
    return np.stack([left * to_left, right + left * to_right])


def heard(session):
    """What the browser plays."""
    total = np.zeros((2, session.samples))
    for strip in session.strips():
        blocks = [block for _, block in session.strip_blocks([strip])]
        if not strip.control.mute:
            total += web_audio(np.concatenate(blocks, axis=1), strip.control)
    return total


@pytest.mark.parametrize(
    "operations",
    [
        [],
        STRIPS,
        [*STRIPS, Gain(DOG, gain_db=-7.5), Pan(RAIN, position=0.4), Gain(DOG, gain_db=2.0)],
        [*STRIPS, Remove(DOG), Gain(RAIN, Span(1.0, 2.0), gain_db=6.0)],
        [*STRIPS, Effect(DOG, words="warm"), Gain(DOG, gain_db=4.0), Remove(RAIN, Span(0.5, 1.0))],
        [*STRIPS, Keep(DOG), Fade(EVERYTHING, direction="out", duration_s=1.0)],
        [*STRIPS, Gain(Target("dog", others=True), gain_db=-3.0), Pan(DOG, position=-1.0)],
        [*STRIPS, Gain(EVERYTHING, gain_db=-3.0), Effect(EVERYTHING, words="bright")],
        [*STRIPS, Pan(DOG, position=0.5), Pan(DOG, position=-0.5)],
        [Gain(EVERYTHING, gain_db=-3.0), Pan(EVERYTHING, position=0.2)],
        [*STRIPS, Keep(DOG, also=(RAIN,)), Gain(DOG, gain_db=1.0)],
        [*STRIPS, Keep(DOG, Span(1.0, 2.0))],
        [*STRIPS, Keep(Target("dog", others=True))],
        [*STRIPS, Keep(EVERYTHING, Span(1.0, 2.0)), Gain(RAIN, gain_db=-2.0)],
    ],
)
def test_the_browsers_sum_is_the_sessions_rendering(session, operations):
    session.apply(operations)
    np.testing.assert_allclose(heard(session), session.render(), atol=2e-6)


def test_the_strips_alone_are_the_recording(session):
    session.apply(STRIPS)
    assert [strip.id for strip in session.strips()][:2] == ["dog", "rain"]
    assert session.strips()[-1].rest
    np.testing.assert_allclose(heard(session), session.render(original=True), atol=2e-6)


def test_a_fader_is_an_operation_that_can_be_undone(session):
    session.apply(STRIPS)
    session.set_control(session.strips()[0], "gain_db", -4.0)
    assert session.operations[-1] == Gain(DOG, gain_db=-4.0)
    session.set_control(session.strips()[0], "gain_db", 2.5)
    assert session.operations[-1] == Gain(DOG, gain_db=2.5)
    assert len(session.operations) == 3
    session.undo()
    assert session.strips()[0].control.gain_db == -4.0
    session.set_control(session.strips()[0], "gain_db", 0.0)
    assert list(session.operations) == STRIPS


def test_a_fader_counts_what_was_said_before(session):
    session.apply([*STRIPS, Gain(DOG, gain_db=3.0), Gain(DOG, gain_db=3.0)])
    assert session.strips()[0].control.gain_db == 6.0
    session.set_control(session.strips()[0], "gain_db", 1.0)
    assert session.strips()[0].control.gain_db == 1.0


def test_mute_and_pan_go_on_and_off(session):
    session.apply([*STRIPS, Remove(DOG)])
    strip = session.strips()[0]
    assert strip.control.mute
    session.set_control(strip, "mute", True)
    assert len(session.operations) == 3
    session.set_control(strip, "mute", False)
    assert list(session.operations) == STRIPS
    session.set_control(session.strips()[0], "pan", -3.0)
    assert session.operations[-1] == Pan(DOG, position=-1.0)
    session.set_control(session.strips()[0], "pan", 0.0)
    assert list(session.operations) == STRIPS


def test_beside_one_part_the_rest_has_all_controls(session):
    session.apply(STRIPS[:1])
    for field, value in (("gain_db", -5.0), ("pan", 0.5)):
        session.set_control(session.strips()[-1], field, value)
    control = session.strips()[-1].control
    assert (control.gain_db, control.pan, control.mute) == (-5.0, 0.5, False)
    np.testing.assert_allclose(heard(session), session.render(), atol=2e-6)
    session.set_control(session.strips()[-1], "mute", True)
    np.testing.assert_allclose(heard(session), session.render(), atol=2e-6)
    assert np.abs(session.rest()).max() == 0.0


def test_beside_several_parts_the_rest_can_be_muted(session):
    session.apply(STRIPS)
    keys = [strip.key for strip in session.strips()]
    session.set_control(session.strips()[-1], "mute", True)
    assert session.strips()[-1].control.mute
    assert [strip.key for strip in session.strips()] == keys
    np.testing.assert_allclose(heard(session), session.render(), atol=2e-6)
    assert np.abs(session.rest()).max() == 0.0
    np.testing.assert_array_equal(session.part("dog"), session.part("dog", edited=False))
    session.set_control(session.strips()[-1], "mute", False)
    assert list(session.operations) == STRIPS
    if session.strips()[-1].target is None:
        with pytest.raises(EditError, match="change the other strips"):
            session.set_control(session.strips()[-1], "gain_db", -3.0)


def test_a_control_leaves_the_sound_as_it_is(session):
    session.apply(STRIPS)
    before = [strip.key for strip in session.strips()]
    session.set_control(session.strips()[0], "gain_db", -4.0)
    session.set_control(session.strips()[1], "mute", True)
    assert [strip.key for strip in session.strips()] == before
    session.apply(Effect(DOG, words="warm"))
    after = [strip.key for strip in session.strips()]
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, False, False]


def test_all_strips_have_keys_of_their_own(session):
    session.apply(STRIPS)
    assert len({strip.key for strip in session.strips()}) == 3


def test_the_project_is_read_again(session, recording, separator, tmp_path):
    from lass_editor.deck_session import DeckSession

    session.apply([*STRIPS, Gain(DOG, gain_db=-4.0)])
    path = tmp_path / "a.lassproj"
    path.write_text(session.project_text(), encoding="utf-8")
    with DeckSession.open(path, source=recording, separator=separator) as again:
        assert again.operations == session.operations
        assert again.strips()[0].control.gain_db == -4.0
