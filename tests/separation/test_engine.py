"""The stream: any cutting of blocks and pieces gives what the whole gives."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.errors import AudioError
from lass.separation import engine
from lass.separation.engine import SeparationStream

QUIET = settings(max_examples=25, deadline=None)


def level_db(difference, reference):
    """Power of a difference against a reference."""
    powers = [np.mean(np.square(x, dtype=np.float64)) for x in (difference, reference)]
    return 10 * np.log10(max(powers[0], 1e-30) / powers[1])


def run(separator, audio, *, sample_rate=16000, cuts=(), queries=2, **options):
    vectors = separator.model.encoder.encode_text(["violin", "dog", "rain"][:queries])
    stream = SeparationStream(
        separator.model.network,
        torch.from_numpy(vectors),
        sample_rate=sample_rate,
        channels=len(audio),
        **options,
    )
    pieces = list(stream.run(np.split(audio, sorted(cuts), axis=1)))
    return (
        np.concatenate([piece.audio for piece in pieces], axis=1),
        np.concatenate([piece.parts for piece in pieces], axis=2),
        stream.scores(),
    )


def whole_network(separator, audio, *, sample_rate=16000):
    """What the network gives on the whole signal at once: the oracle of the stream."""
    vectors = torch.from_numpy(separator.model.encoder.encode_text(["violin", "dog"]))
    with torch.inference_mode():
        estimates, _ = separator.model.network(
            torch.from_numpy(audio), vectors.expand(len(audio), -1, -1), sample_rate=sample_rate
        )
    return estimates.transpose(0, 1).numpy()


@pytest.mark.parametrize("sample_rate", [8000, 11025, 16000, 44100, 48000, 96000])
def test_chunks_agree_with_the_whole(separator, sound, sample_rate):
    audio = sound(sample_rate, seconds=12.3)
    got, parts, _ = run(
        separator, audio, sample_rate=sample_rate, piece_frames=64, context_frames=192
    )
    np.testing.assert_array_equal(got, audio)
    oracle = whole_network(separator, audio, sample_rate=sample_rate)
    assert level_db(parts - oracle, oracle) < -100


def test_there_is_no_step_at_a_seam(separator, sound):
    audio = sound(seconds=8.0)
    _, parts, _ = run(separator, audio, piece_frames=64, context_frames=192)
    oracle = whole_network(separator, audio)
    hop = 256
    for seam in range(64, 480, 64):
        near = slice((seam - 3) * hop, (seam + 3) * hop)
        assert level_db((parts - oracle)[..., near], oracle[..., near]) < -100


@QUIET
@given(
    samples=st.integers(1, 20000),
    cuts=st.lists(st.integers(0, 20000), max_size=6),
    channels=st.integers(1, 3),
)
def test_any_cutting_of_blocks_gives_the_same(separator, sound, samples, cuts, channels):
    audio = sound(samples=samples, channels=channels)
    cuts = [min(cut, samples) for cut in cuts]
    one, parts, scores = run(separator, audio, piece_frames=64, context_frames=16)
    other, cut_parts, cut_scores = run(
        separator, audio, cuts=cuts, piece_frames=64, context_frames=16
    )
    np.testing.assert_array_equal(one, audio)
    np.testing.assert_array_equal(other, audio)
    np.testing.assert_array_equal(parts, cut_parts)
    assert scores == cut_scores
    assert all(0.0 <= score <= 1.0 for score in scores)


def test_pieces_shrink_where_many_channels_would_fill_the_memory(separator, sound, monkeypatch):
    audio = sound(seconds=6.0, channels=4)
    _, usual, _ = run(separator, audio)
    monkeypatch.setattr(engine, "_MOST_VALUES", 1)
    _, small, _ = run(separator, audio)
    assert level_db(small - usual, usual) < -100


def test_an_empty_stream_gives_nothing(separator):
    stream = SeparationStream(
        separator.model.network, torch.zeros(2, 24), sample_rate=16000, channels=1
    )
    assert list(stream.run([])) == []
    assert stream.scores() == [0.0, 0.0]


@pytest.mark.parametrize("level", [1e-30, 1e-6, 1e3, 1e9, 1e12])
def test_results_are_finite_at_any_level(separator, sound, level):
    audio = sound()
    audio *= np.float32(level / np.abs(audio).max())
    _, parts, scores = run(separator, audio)
    assert np.isfinite(parts).all()
    assert np.isfinite(scores).all()


def test_the_level_changes_nothing_but_the_level(separator, sound):
    audio = sound()
    _, parts, scores = run(separator, audio)
    _, loud, loud_scores = run(separator, audio * np.float32(1024.0))
    assert level_db(loud / 1024 - parts, parts) < -60
    assert scores == pytest.approx(loud_scores, abs=1e-3)


def test_samples_that_cannot_be_sound_are_refused(separator):
    with pytest.raises(AudioError, match=r"1\.0e\+30 times full scale"):
        run(separator, np.full((1, 100), 1e30, np.float32))


def test_a_silent_stretch_scores_nothing(separator, sound):
    silence = np.zeros((2, 32000), np.float32)
    _, parts, scores = run(separator, silence)
    assert not parts.any()
    assert scores == [0.0, 0.0]
    _, _, later = run(separator, np.concatenate([silence, sound(seconds=2.0)], axis=1))
    assert min(later) > 0.0


def test_presence_is_a_logistic_curve_of_certainty_and_level():
    from lass.separation.presence import PresenceScale

    logits, levels = torch.tensor([-2.0, 0.0, 3.0]), torch.tensor([-80.0, -10.0, 5.0])
    scale = PresenceScale(bias=0.5, certainty=0.7, level=0.1)
    wanted = 1 / (1 + np.exp(-(0.5 + 0.7 * logits.numpy() + 0.1 * np.array([-40.0, -10.0, 0.0]))))
    found = scale(scale.evidence(logits), levels)
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-5)
    plain = PresenceScale()
    np.testing.assert_allclose(
        plain(plain.evidence(logits), levels), torch.sigmoid(logits), rtol=1e-6
    )
    match = torch.tensor([1.0, -1.0, 2.0])
    matched = PresenceScale(certainty=0.5, match=2.0).evidence(logits, match)
    assert matched.tolist() == [1.0, -2.0, 5.5]


def test_the_match_of_sound_and_query_counts_if_a_model_says_so(separator, sound):
    from lass.separation.presence import PresenceScale

    audio = sound(16000, channels=1, seconds=2.0)
    network = separator.model.network
    query = torch.from_numpy(separator.model.encoder.encode_text(["violin"]))

    def scores(**weights):
        stream = SeparationStream(
            network, query, sample_rate=16000, channels=1, presence=PresenceScale(**weights)
        ).track()
        list(stream.run([audio]))
        return stream.scores()[0], stream.tracks()[0].scores

    with torch.inference_mode():
        spectrum = network.frontend.analyse(torch.from_numpy(audio), sample_rate=16000)
        state = network.look(spectrum, sample_rate=16000)
        frames = network.core.recognise(state, query[None])[0, 0]
    second = round(16000 / (256 * network.core.frame_multiple))
    best = torch.sigmoid(3.0 * frames).sort().values[-second:].mean()
    found, track = scores(certainty=0.0, match=3.0)
    assert found == pytest.approx(best.item(), abs=0.02)
    without = scores(certainty=0.0, match=0.0)[1]
    assert np.ptp(track) > np.ptp(without)


# Scores over time


def _tracks(separator, audio, rate, *, blocks=None, **options):
    stream = SeparationStream(
        separator.model.network,
        torch.from_numpy(separator.model.encoder.encode_text(["violin", "dog"])),
        sample_rate=rate,
        channels=len(audio),
        **options,
    ).track()
    size = blocks or audio.shape[1]
    list(stream.run(audio[:, i : i + size] for i in range(0, audio.shape[1], size)))
    return stream.tracks()


@pytest.mark.parametrize("rate", [16000, 44100])
def test_tracks_cover_the_recording(separator, rate):
    audio = 0.1 * np.random.default_rng(0).standard_normal((1, 2 * rate)).astype(np.float32)
    for track in _tracks(separator, audio, rate):
        assert track.duration_s == 2.0
        assert 0.03 < track.frame_s < 0.034
        assert track.scores.shape == track.level_db.shape
        assert track.time_s(len(track.scores) - 1) < 2.0 <= track.time_s(len(track.scores))
        assert ((track.scores >= 0) & (track.scores <= 1)).all()


def test_tracks_do_not_depend_on_pieces_or_blocks(separator):
    audio = 0.1 * np.random.default_rng(0).standard_normal((2, 48000)).astype(np.float32)
    whole = _tracks(separator, audio, 16000)
    cut = _tracks(separator, audio, 16000, blocks=777, piece_frames=32, context_frames=128)
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-3)
        np.testing.assert_allclose(one.level_db, other.level_db, atol=0.1)


def test_levels_of_a_track_are_those_of_the_part(separator):
    audio = 0.1 * np.random.default_rng(0).standard_normal((1, 32000)).astype(np.float32)
    (part,) = separator.separate(audio, 16000, ["dog"]).parts.values()
    track = separator.find(audio, 16000, "dog").tracks["dog"]
    found_db = 10 * np.log10(np.mean(10 ** (track.level_db[1:-1] / 10)))
    assert found_db == pytest.approx(10 * np.log10(np.mean(part**2)), abs=0.5)


def test_silence_scores_nothing_over_time(separator):
    track = separator.find(np.zeros((1, 16000), np.float32), 16000, "dog").tracks["dog"]
    assert not track.scores.any()


def test_scores_of_a_search_are_those_of_the_separation(separator, sound):
    audio = sound(16000)
    found = separator.find(audio, 16000, ["dog", "rain"]).scores
    assert found == separator.separate(audio, 16000, ["dog", "rain"]).scores
