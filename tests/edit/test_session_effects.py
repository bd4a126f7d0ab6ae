"""Effects by words in a session: found once, scaled, replaced by the user's settings."""

from dataclasses import replace

import numpy as np
import pytest

import lass.fx
from lass.audio import loudness_lufs
from lass.edit import EditSession, Effect, Remove, Span, Target
from lass.errors import EditError, QueryError
from lass.fx import EQ, Chain, Compressor, Delay, Reverb
from lass.fx import Gain as GainEffect

from .bands import RATE, BandSeparator, band, noise

LOW = Target("low")


@pytest.fixture
def audio():
    return noise(seconds=1.5)


@pytest.fixture
def session(audio):
    with EditSession(audio, RATE, separator=BandSeparator()) as opened:
        yield opened


def test_words_are_looked_up_once_and_keep_the_loudness(session, audio, monkeypatch):
    asked = []
    told = lass.fx.words_to_chain
    monkeypatch.setattr(lass.fx, "words_to_chain", lambda words: asked.append(words) or told(words))
    session.apply(Effect(LOW, words="warm"))
    chain = session.chain(0)
    made = session.render()
    low = band(audio, "low")
    expected = audio - low + chain.apply(low, sample_rate=RATE)
    np.testing.assert_allclose(made, expected, atol=1e-6)
    alone = lass.fx.text_to_fx(low, RATE, "warm")
    for key, values in alone.parameters.items():
        assert chain.parameters[key] == pytest.approx(values, abs=1e-3)
    before, after = (loudness_lufs(one, sample_rate=RATE) for one in (low, session.part("low")))
    assert after == pytest.approx(before, abs=0.1)
    session.undo()
    session.redo()
    session.replace(0, Effect(LOW, words="warm", amount=0.5))
    half = session.chain(0).parameters["eq"]
    whole = chain.parameters["eq"]
    assert half["low_shelf_gain_db"] == pytest.approx(whole["low_shelf_gain_db"] / 2)
    assert asked == ["warm"]
    session.replace(0, Effect(LOW, words="warm", amount=0.0))
    np.testing.assert_array_equal(session.render(), audio)


def test_the_users_settings_are_heard_as_they_are(session, audio):
    session.apply(Effect(LOW, words="warm", amount=0.5))
    words = session.chain(0)
    mine = Chain([GainEffect(gain_db=-12.0)])
    session.set_chain(0, mine)
    assert session.chain(0) == mine
    assert session.operations == (Effect(LOW, words="warm", amount=1.0),)
    low = band(audio, "low")
    np.testing.assert_allclose(session.part("low"), low * 10 ** (-12 / 20), atol=1e-6)
    session.replace(0, replace(session.operations[0], amount=0.5))
    assert session.chain(0).parameters["gain"]["gain_db"] == -6.0
    session.replace(0, Effect(LOW, words="bright"))
    assert len(session.chain(0)) > 1
    for _ in range(3):
        session.undo()
    assert session.chain(0) == words
    session.redo()
    session.set_chain(0, None)
    assert session.chain(0) != mine


@pytest.mark.parametrize(
    "chain",
    [
        Chain([EQ(low_shelf_gain_db=9.0), Reverb(decay_s=0.3, mix=0.5)]),
        Chain([Compressor(threshold_db=-40.0), Delay(time_ms=50.0)]),
    ],
)
@pytest.mark.parametrize("target", [LOW, Target("low", others=True), Target()])
def test_an_effect_in_a_time_leaves_the_rest_exactly(session, audio, chain, target):
    session.apply(Effect(target, Span(0.5, 1.0), words="warm"))
    session.set_chain(0, chain)
    made = session.render()
    np.testing.assert_array_equal(made[:, :8000], audio[:, :8000])
    np.testing.assert_array_equal(made[:, 16000:], audio[:, 16000:])
    low = band(audio, "low")
    sound = {LOW: low, Target("low", others=True): audio - low}.get(target, audio)
    expected = audio - sound + chain.apply(sound, sample_rate=RATE)
    inside = slice(8160, 15840)
    np.testing.assert_allclose(made[:, inside], expected[:, inside], atol=2e-6)
    short = session.render(span=Span(0.6, 0.8))
    np.testing.assert_allclose(short, made[:, 9600:12800], atol=2e-6)


def test_the_tail_is_cut_at_the_end_of_the_recording(session, audio):
    session.apply(Effect(words="in a church"))
    assert session.render().shape == audio.shape


def test_mistakes_are_said_before_anything_is_separated(session):
    with pytest.raises(QueryError, match="contradict"):
        session.apply(Effect(LOW, words="brighter and darker"))
    with pytest.raises(EditError, match="amount"):
        session.apply(Effect(LOW, words="warm", amount=-1.0))
    session.apply(Remove(LOW))
    with pytest.raises(EditError, match="not an effect"):
        session.chain(0)
