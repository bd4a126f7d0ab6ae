"""The edit session with the model that ships, on a second of our own mixture."""

from pathlib import Path

import numpy as np
import pytest

import lass
from lass.audio import read
from lass.edit import EditSession, Gain, Remove, Span, Target

DUET = Path(lass.__file__).parent.parent / "examples" / "duet.wav"


@pytest.fixture(scope="module")
def separator():
    return lass.Separator.load(device="cpu")


@pytest.fixture(scope="module")
def audio():
    audio, rate = read(DUET, start=0, stop=2 * 44100)
    return audio[:, :rate], rate


def test_the_part_is_what_the_separator_gives_and_undo_is_exact(separator, audio):
    signal, rate = audio
    with EditSession(signal, rate, separator=separator) as session:
        session.apply(Remove(Target("violin")))
        part = separator.separate(signal, rate, "violin").parts["violin"]
        np.testing.assert_allclose(session.render(), signal - part, atol=1e-6)
        session.replace(0, Remove(Target("violin"), Span(0.25, 0.75)))
        made = session.render()
        np.testing.assert_array_equal(made[:, : rate // 4], signal[:, : rate // 4])
        np.testing.assert_array_equal(made[:, 3 * rate // 4 :], signal[:, 3 * rate // 4 :])
        session.undo()
        session.undo()
        np.testing.assert_array_equal(session.render(), signal)
        assert 0.0 <= session.scores.get("violin", 0.0) <= 1.0


def test_overlapping_parts_share_and_sum(separator, audio):
    signal, rate = audio
    names = ["violin", "fiddle", "string instrument"]
    with EditSession(signal, rate, separator=separator) as session:
        session.apply([Gain(Target(name), gain_db=0.0) for name in names])
        parts = {name: session.part(name).astype(np.float64) for name in names}
        total = sum(parts.values()) + session.rest()
        np.testing.assert_allclose(total, signal, atol=1e-6)
        alone = separator.separate(signal, rate, names).parts
        np.testing.assert_allclose(parts["violin"], alone["violin"], atol=1e-6)
        # Together they hold no more than there is; as separated they hold the same sound thrice.
        shared = sum(np.square(one).sum() for one in parts.values())
        naive = sum(np.square(one, dtype=np.float64).sum() for one in alone.values())
        assert shared < naive
        assert shared < 1.05 * np.square(signal, dtype=np.float64).sum()
        assert session.track("violin").duration_s == pytest.approx(1.0)


def test_words_do_the_same_as_operations(separator, audio):
    signal, rate = audio
    with EditSession(signal, rate, separator=separator) as session:
        understood = session.apply("make the violin 6 dB softer")
        assert understood == [Gain(Target("violin"), gain_db=-6.0)]
        part = session.part("violin", edited=False)
        expected = signal + (10 ** (-6 / 20) - 1) * part
        np.testing.assert_allclose(session.render(), expected, atol=1e-6)
