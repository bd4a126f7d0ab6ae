"""The second look, against the network asked by hand."""

import numpy as np
import pytest
import torch

from lass.query.again import ask_again
from lass.separation.engine import SeparationStream
from lass.separation.presence import BestSecond
from lass.separation.second_look import SecondLook, second_look_of

RATE = 16000


@pytest.fixture
def looking(separator, monkeypatch):
    monkeypatch.setitem(separator.model.config, "second_look", True)
    return separator


def ask(separator, audio, vectors):
    """The network's own answer on the whole signal, and how sure it is."""
    with torch.inference_mode():
        queries = torch.from_numpy(vectors).expand(len(audio), -1, -1)
        parts, logits = separator.model.network(torch.from_numpy(audio), queries, sample_rate=RATE)
    grid = separator.model.network.core.frame_multiple
    best = BestSecond(len(vectors), frames=round(RATE / (256 * grid)))
    best.add(torch.sigmoid(logits).amax(dim=0).numpy())
    return parts.transpose(0, 1).numpy(), best.scores()


def twice(separator, audio, vectors, **options):
    """What a stream with a second look gives."""
    encoder = separator.model.encoder
    stream = SeparationStream(
        separator.model.network,
        torch.from_numpy(vectors),
        sample_rate=RATE,
        channels=len(audio),
        again=SecondLook(encoder, sample_rate=RATE),
        **options,
    )
    parts = np.concatenate([piece.parts for piece in stream.run([audio])], axis=2)
    return parts, stream.scores()


def test_it_asks_what_the_first_look_suggests(separator, sound):
    audio = sound(RATE, seconds=3.0)
    encoder = separator.model.encoder
    vectors = encoder.encode_text(["violin", "dog"])
    first, sure = ask(separator, audio, vectors)
    whole = audio.mean(axis=0)
    second = []
    for vector, part, likely in zip(vectors, first.mean(axis=1), sure, strict=True):
        rest = whole - part
        share = rest @ rest / (rest @ rest + part @ part)
        heard = encoder.encode_audio(part[None], sample_rate=RATE)
        left = encoder.encode_audio(rest[None], sample_rate=RATE)
        counts = min(1.0, 10 * share)
        second.append(ask_again(vector, heard=heard, left=left, sure=likely, left_counts=counts))
    expected, _ = ask(separator, audio, np.stack(second))
    got, scores = twice(separator, audio, vectors)
    np.testing.assert_allclose(scores, sure, atol=1e-5)
    power = np.mean(expected.astype(np.float64) ** 2)
    assert np.mean((got - expected) ** 2) < 1e-10 * power
    assert np.mean((got - first) ** 2) > 1e-6 * power


def test_all_channels_are_asked_the_same(separator, sound):
    """Copies of one channel stay copies, at their levels, however many there are."""
    one = sound(RATE, seconds=2.0)[:1]
    gains = np.float32([1.0, 0.5, 0.25])[:, None]
    vectors = separator.model.encoder.encode_text(["violin"])
    pair, _ = twice(separator, one * gains[:2], vectors)
    three, _ = twice(separator, one * gains, vectors)
    np.testing.assert_allclose(pair[0, 1], 0.5 * pair[0, 0], atol=1e-5)
    np.testing.assert_allclose(three[0, 2], 0.25 * three[0, 0], atol=1e-5)
    np.testing.assert_allclose(three[0, 0], pair[0, 0], atol=1e-4)


def test_silence_stays_silence(separator):
    vectors = separator.model.encoder.encode_text(["violin"])
    parts, scores = twice(separator, np.zeros((1, RATE), np.float32), vectors)
    assert not parts.any()
    assert scores == [0.0]


def test_cancelling_channels_are_looked_at_once(separator, sound):
    one = sound(RATE, seconds=1.0)[:1]
    opposite = np.concatenate([one, -one])
    vectors = separator.model.encoder.encode_text(["violin"])
    parts, _ = twice(separator, opposite, vectors)
    first, _ = ask(separator, opposite, vectors)
    np.testing.assert_allclose(parts, first, atol=1e-5)


@pytest.mark.parametrize("cuts", [(), (3000, 40000), tuple(range(500, 60000, 700))])
def test_cutting_into_blocks_changes_nothing(looking, sound, cuts):
    audio = sound(RATE, seconds=4.0)

    def made(blocks):
        stream = looking.open("violin", sample_rate=RATE, channels=len(audio))
        return np.concatenate([piece.parts for piece in stream.run(blocks)], axis=2)

    blocks = np.split(audio, [cut for cut in cuts if cut < audio.shape[1]], axis=1)
    np.testing.assert_array_equal(made(blocks), made([audio]))


def test_a_model_says_whether_it_looks_twice(looking, sound):
    audio = sound(RATE, seconds=2.0)
    asked = ["violin", "dog"]
    twice_heard, found = looking.separate(audio, RATE, asked), looking.find(audio, RATE, asked)
    assert second_look_of(looking.model, sample_rate=RATE) is not None
    looking.model.config["second_look"] = False
    assert second_look_of(looking.model, sample_rate=RATE) is None
    once, found_once = looking.separate(audio, RATE, asked), looking.find(audio, RATE, asked)
    assert not np.array_equal(twice_heard.parts["violin"], once.parts["violin"])
    # How likely a sound is there was fitted on the first look.
    assert twice_heard.scores == once.scores
    assert found.scores == found_once.scores
    total = sum(twice_heard.parts.values()) + twice_heard.residual
    np.testing.assert_allclose(total, audio, atol=1e-6)


def test_a_faint_rest_hardly_counts():
    """The query is pushed away from the rest by its share of the power, in full from 10 %."""

    class Ear:
        def encode_audio(self, audio, *, sample_rate):
            return np.float32([0, 1, 0]) if np.abs(audio).max() > 0.5 else np.float32([0, 0, 1])

    look, part = SecondLook(Ear(), sample_rate=RATE), np.ones(64, np.float32)
    asked = np.float32([[1, 0, 0]])

    def pushed(level_db):
        whole = part * np.float32(1 + 10 ** (level_db / 20))
        return look(asked, parts=part[None], whole=whole, sure=[1.0])[0, 2]

    full = ask_again(*asked, heard=np.float32([0, 1, 0]), left=np.float32([0, 0, 1]), sure=1.0)
    assert pushed(-9.0) == pytest.approx(full[2], abs=1e-6)
    assert 0.4 < pushed(-13.0) / full[2] < 0.6
    assert 0.05 < pushed(-20.0) / full[2] < 0.15
