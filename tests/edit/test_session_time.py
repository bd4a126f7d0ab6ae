"""When an edit holds: spans, borders, the nth time a sound is heard, fades."""

import numpy as np
import pytest

from lass.edit import EditSession, Extract, Fade, Gain, Keep, Remove, Span, Target
from lass.edit.envelopes import region_of, seconds_of
from lass.errors import EditError

from .bands import RATE, BandSeparator, band, knocks, noise

LOW = Target("low")


def open_session(audio):
    return EditSession(audio, RATE, separator=BandSeparator())


def border(samples=160):
    """A raised cosine over 10 ms, at the middles of its samples."""
    return 0.5 - 0.5 * np.cos(np.pi * (np.arange(samples) + 0.5) / samples)


def test_a_region_has_borders_of_10_ms_inside_it():
    audio = noise(seconds=1.0)
    with open_session(audio) as session:
        session.apply(Remove(span=Span(0.25, 0.5)))
        weight = np.zeros(RATE)
        weight[4000:8000] = 1.0
        weight[4000:4160], weight[7840:8000] = border(), border()[::-1]
        np.testing.assert_allclose(session.render(), audio * (1 - weight), atol=1e-7)
        session.undo()
        session.apply(Remove(span=Span(0.25, 0.5, outside=True)))
        weight = np.ones(RATE)
        weight[4000:8000] = 0.0
        weight[3840:4000], weight[8000:8160] = border()[::-1], border()
        np.testing.assert_allclose(session.render(), audio * (1 - weight), atol=1e-7)


def test_where_a_region_ends_with_the_recording_there_is_no_border():
    audio = noise(seconds=1.0)
    with open_session(audio) as session:
        session.apply([Remove(span=Span(0.0, 0.1)), Remove(span=Span(-0.1))])
        made = session.render()
        assert not made[:, :1000].any()
        assert not made[:, -1000:].any()
        np.testing.assert_array_equal(made[:, 1600:14400], audio[:, 1600:14400])


def test_a_very_short_region_is_all_border():
    audio = np.ones((1, 1000), np.float32)
    with EditSession(audio, 1000, separator=BandSeparator()) as session:
        session.apply(Remove(span=Span(0.5, 0.506)))
        made = session.render()[0]
        np.testing.assert_array_equal(np.flatnonzero(made != 1.0), np.arange(500, 506))
        assert made[502] == made[503] < 0.1


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span(), (0, 10)),
        (Span(3), (3, 10)),
        (Span(-2), (8, 10)),
        (Span(-4, -1), (6, 9)),
        (Span(0, -0.5), (0, 9.5)),
        (Span(2, 10.04), (2, 10)),
    ],
)
def test_seconds_count_from_either_end(span, expected):
    assert seconds_of(span, 10.0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (Span(3, 12), "10.00 s long"),
        (Span(11), "10.00 s long"),
        (Span(-12), "10.00 s long"),
        (Span(5, 5), "empty"),
        (Span(5, 2), "backwards"),
        (Span(-1, -3), "backwards"),
        (Span(float("nan")), "not finite"),
    ],
)
def test_a_time_that_is_not_there_is_said(span, said):
    with pytest.raises(EditError, match=said):
        region_of(span, sample_rate=8000, length=80000)


def test_the_second_time_it_is_heard():
    audio = knocks([0.3, 0.9, 1.5])
    low = band(audio, "low")
    with open_session(audio) as session:
        for occurrence, at in [(1, 0.3), (2, 0.9), (3, 1.5), (-1, 1.5), (-3, 0.3)]:
            session.apply(Remove(Target("low", occurrence=occurrence)))
            made = session.render()
            inside = slice(round(at * RATE), round((at + 0.2) * RATE))
            np.testing.assert_allclose(
                made[:, inside], (audio - low)[:, inside], atol=1e-3, err_msg=str(occurrence)
            )
            outside = np.ones(audio.shape[1], bool)
            outside[round((at - 0.1) * RATE) : round((at + 0.3) * RATE)] = False
            np.testing.assert_array_equal(made[:, outside], audio[:, outside])
            session.undo()
        assert len(session._studio.parts._load().asked) == 1
        with pytest.raises(EditError, match=r"heard 3 times: 0\.3 to 0\.5 s, 0\.9"):
            session.apply(Remove(Target("low", occurrence=4)))
        with pytest.raises(EditError, match="not heard at all"):
            session.apply(Remove(Target("nothing", occurrence=1)))
        assert session.operations == ()


def test_keep_one_time_of_a_sound():
    audio = knocks([0.3, 0.9])
    with open_session(audio) as session:
        session.apply(Keep(Target("low", occurrence=2)))
        made = session.render()
        assert np.abs(made[:, : round(0.8 * RATE)]).max() < 1e-6
        inside = slice(round(0.9 * RATE), round(1.1 * RATE))
        np.testing.assert_allclose(made[:, inside], band(audio, "low")[:, inside], atol=1e-6)
        assert len(session.events("low")) == 2
        assert session.track("low").duration_s == 2.0


def test_keep_in_a_time_and_keep_only_a_time():
    audio = noise(seconds=1.0)
    low = band(audio, "low")
    with open_session(audio) as session:
        session.apply(Keep(LOW, Span(0.25, 0.75)))
        made = session.render()
        np.testing.assert_array_equal(made[:, :4000], audio[:, :4000])
        np.testing.assert_allclose(made[:, 4160:11840], low[:, 4160:11840], atol=1e-6)
        session.undo()
        session.apply(Keep(span=Span(0.25, 0.75)))
        made = session.render()
        assert not made[:, :4000].any()
        np.testing.assert_array_equal(made[:, 4160:11840], audio[:, 4160:11840])


def test_fades_are_raised_cosines_and_what_is_gone_stays_away():
    audio = np.ones((1, 10_000), np.float32)
    with EditSession(audio, 1000, separator=BandSeparator()) as session:

        def faded(fade):
            session.apply(fade)
            made = session.render()[0]
            session.undo()
            return made

        place = (np.arange(2000) + 0.5) / 2000
        come = 0.5 - 0.5 * np.cos(np.pi * place)
        made = faded(Fade(direction="in", duration_s=2.0))
        np.testing.assert_allclose(made[:2000], come, atol=1e-6)
        assert (made[2000:] == 1.0).all()
        made = faded(Fade(direction="out"))
        assert (made[:7000] == 1.0).all()
        assert made[8500] == pytest.approx(0.5, abs=1e-3)
        assert made[-1] < 1e-6
        made = faded(Fade(span=Span(4, 6), direction="out"))
        assert (made[:4000] == 1.0).all()
        np.testing.assert_allclose(made[4000:6000], come[::-1], atol=1e-6)
        assert not made[6000:].any()
        made = faded(Fade(span=Span(2, 6), direction="in", duration_s=2.0))
        assert not made[:2000].any()
        np.testing.assert_allclose(made[2000:4000], come, atol=1e-6)
        assert (made[4000:] == 1.0).all()
        made = faded(Fade(direction="out", duration_s=99.0))
        assert made[5000] == pytest.approx(0.5, abs=1e-3)


def test_a_fade_of_one_time_touches_that_time_only():
    audio = knocks([0.3, 0.9, 1.5])
    with open_session(audio) as session:
        session.apply(Fade(Target("low", occurrence=2), direction="out"))
        made = session.render()
        np.testing.assert_array_equal(made[:, : round(0.8 * RATE)], audio[:, : round(0.8 * RATE)])
        np.testing.assert_array_equal(made[:, round(1.3 * RATE) :], audio[:, round(1.3 * RATE) :])
        assert np.abs(made[:, round(0.9 * RATE) : round(1.1 * RATE)]).max() > 0.3


def test_a_span_renders_what_the_whole_has_there():
    audio = noise(seconds=2.0)
    with open_session(audio) as session:
        session.apply(
            [Extract(LOW), Gain(Target("bass"), gain_db=9.0), Fade(duration_s=1.0), Remove(LOW)]
        )
        whole = session.render()
        made = session.render(span=Span(0.7, 1.3001))
        np.testing.assert_array_equal(made, whole[:, 11200:20802])
        original = session.render(original=True, span=Span(-0.5))
        np.testing.assert_array_equal(original, audio[:, -8000:])
        with pytest.raises(EditError, match="without 'outside'"):
            session.render(span=Span(0.5, 1.0, outside=True))
