import numpy as np
import pytest

from lass import Query, Separator
from lass.audio import read, write
from lass.errors import QueryError
from lass.query.which import Which
from lass.separation import Event, Search, Track
from lass.separation.choosing import choose

RATE = 8000
TIMES = ((0.5, 0.8, -22.0), (1.5, 2.2, -10.0), (3.0, 3.1, -20.0))
EVENTS = [Event(start, end, 0.9, level) for start, end, level in TIMES]


@pytest.mark.parametrize(
    ("which", "starts"),
    [
        (Which(1), [0.5]),
        (Which(3), [3.0]),
        (Which(4), []),
        (Which(-1), [3.0]),
        (Which(-3), [0.5]),
        (Which(-4), []),
        (Which(quality="loudest"), [1.5]),
        (Which(quality="quietest"), [0.5]),
        (Which(quality="longest"), [1.5]),
        (Which(quality="shortest"), [3.0]),
        (Which(relation="before", other="bell"), [0.5]),
        (Which(relation="after", other="bell"), [1.5, 3.0]),
        (Which(2, relation="after", other="bell"), [3.0]),
        (Which(quality="quietest", relation="after", other="bell"), [3.0]),
    ],
)
def test_which_events_are_meant(which, starts):
    bell = [Event(1.0, 1.2, 0.9, -20.0), Event(2.5, 2.6, 0.9, -20.0)]
    assert [event.start_s for event in choose(EVENTS, which, others=bell)] == starts


def test_nothing_is_before_what_is_not_heard():
    assert choose(EVENTS, Which(relation="before", other="bell")) == []
    assert choose([], Which(quality="loudest")) == []


@pytest.fixture
def heard(monkeypatch):
    """A model that hears a knock at the times above, and everything else at 1.0 s."""

    def search(queries):
        tracks = {}
        for query in queries:
            times = TIMES if query.text == "knock" else ((1.0, 1.2, -20.0),)
            middle = np.arange(400) * 0.01 + 0.005
            scores, level = np.zeros(400, np.float32), np.full(400, -60.0, np.float32)
            for start, end, level_db in times:
                inside = (middle > start) & (middle < end)
                scores[inside], level[inside] = 0.9, level_db
            tracks[query.name] = Track(scores, level, 0.01, 0.005, 4.0)
        return Search(tracks, dict.fromkeys(tracks, 0.9))

    monkeypatch.setattr(Separator, "find", lambda self, audio, rate, queries, **_: search(queries))
    monkeypatch.setattr(Separator, "find_file", lambda self, path, queries, **_: search(queries))


@pytest.fixture
def audio(sound):
    return sound(RATE, channels=2, seconds=4.0)


def inside(start_s, end_s):
    return slice(round((start_s - 0.04) * RATE), round((end_s + 0.04) * RATE))


def test_only_the_chosen_time_is_in_the_part(separator, audio, heard):
    whole = separator.separate(audio, RATE, ["knock"]).parts["knock"]
    result = separator.separate(audio, RATE, ["the second knock", "knock"])
    part = result.parts["the second knock"]
    kept = inside(1.5, 2.2)
    np.testing.assert_array_equal(part[:, kept], whole[:, kept])
    outside = np.ones(part.shape[1], bool)
    outside[inside(1.49, 2.21)] = False
    assert not part[:, outside].any()
    np.testing.assert_array_equal(result.parts["knock"], whole)
    total = sum(result.parts.values()) + result.residual
    np.testing.assert_allclose(total, audio, atol=1e-6)
    assert result.scores["the second knock"] == pytest.approx(0.9)


def test_other_words_for_times(separator, audio, heard):
    for words, (start, end, _) in {
        "the louder knock": TIMES[1],
        "the last knock": TIMES[2],
        "the knock that is heard before the bell": TIMES[0],
    }.items():
        part = separator.separate(audio, RATE, words).parts[words]
        assert part[:, inside(start, end)].any()
        assert not part[:, : inside(start - 0.02, end).start].any()
        assert not part[:, inside(start, end + 0.02).stop :].any()


def test_a_time_that_is_not_there_is_silence(separator, audio, heard):
    result = separator.separate(audio, RATE, "the ninth knock")
    assert not result.parts["the ninth knock"].any()
    assert result.scores["the ninth knock"] == 0.0
    np.testing.assert_array_equal(result.residual, audio)


def test_negatives_and_examples_may_choose_too(separator, audio, heard):
    whole = separator.separate(audio, RATE, ["knock"], ["rain"]).parts["knock"]
    part = separator.separate(audio, RATE, ["the second knock"], ["rain"]).parts["the second knock"]
    np.testing.assert_array_equal(part[:, inside(1.5, 2.2)], whole[:, inside(1.5, 2.2)])
    shown = Query("knock", example=audio, example_rate=RATE, label="this", which=Which(-1))
    part = separator.separate(audio, RATE, shown).parts["this"]
    assert part[:, inside(3.0, 3.1)].any()
    assert not part[:, : inside(2.9, 3.0).start].any()


def test_files_too(separator, audio, heard, tmp_path):
    write(tmp_path / "in.wav", audio, sample_rate=RATE, subtype="PCM_16")
    result = separator.separate_file(tmp_path / "in.wav", ["the second knock"])
    assert result.parts["the second knock"].name == "in.the-second-knock.wav"
    part, _ = read(result.parts["the second knock"])
    rest, _ = read(result.residual)
    mixture, _ = read(tmp_path / "in.wav")
    assert part[:, inside(1.5, 2.2)].any()
    assert not part[:, : inside(1.4, 2.2).start].any()
    np.testing.assert_array_equal(part + rest, mixture)


def test_a_stream_cannot_know_what_is_to_come(separator):
    with pytest.raises(QueryError, match="does not know what is still to come: ask for 'knock'"):
        separator.open("the second knock", sample_rate=RATE, channels=1)
