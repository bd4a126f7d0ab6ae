"""Networks for one sample rate inside the separator: any rate, length and cutting of blocks."""

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lass import Separator
from lass.errors import AudioError
from lass.networks import build
from lass.networks.fixed_rate import share_logits
from lass.separation.engine import SeparationStream
from lass.separation.fixed_rate import FixedRateStream, open_stream
from tests.conftest import CORE, DIM, make_encoder, shake

NETWORKS = {
    "resunet30": {"channels": [4, 4, 4, 4, 4, 4], "query_dim": DIM, "n_fft": 768},
    "clipsep": {"channels": [4] * 7, "maps": 4, "query_dim": DIM},
}
QUIET = settings(max_examples=6, deadline=None)


def describe(kind):
    return {"kind": kind, "core": NETWORKS[kind]}


@pytest.fixture(scope="module", params=NETWORKS)
def foreign(request, tmp_path_factory):
    """A separator around a small network of others, loaded from a model folder."""
    from lass.zoo.loading import save_model

    folder = tmp_path_factory.mktemp("foreign")
    make_encoder(folder / "encoder")
    network = shake(build(describe(request.param)), 5)
    save_model(
        folder / request.param,
        network.state_dict(),
        {
            "task": "separation",
            "network": describe(request.param),
            "encoder": "encoder",
            "space": "compact-v1",
        },
    )
    return Separator.load(folder / request.param, device="cpu")


class Faithful(torch.nn.Module):
    """Gives back what it hears, times a gain; remembers how it was asked."""

    sample_rate, hop, frame_multiple, look_frames, context_frames = 1000, 10, 4, 64, 16

    def __init__(self, gains=(1.0,)):
        super().__init__()
        self.gains, self.asked = gains, []

    def forward(self, audio, queries, *, sample_rate):
        assert sample_rate == self.sample_rate
        gain = self.gains[len(self.asked) % len(self.gains)]
        self.asked.append(audio[0].numpy().copy())
        estimates = gain * audio[:, None].expand(-1, queries.shape[1], -1)
        step = self.hop * self.frame_multiple
        return estimates, share_logits(estimates, audio[:, None], step=step)


def run(network, audio, *, sample_rate, cuts=(), queries=2):
    vectors = torch.nn.functional.normalize(
        torch.randn(queries, DIM, generator=torch.Generator().manual_seed(0)), dim=-1
    )
    stream = FixedRateStream(network, vectors, sample_rate=sample_rate, channels=len(audio))
    pieces = list(stream.run(np.split(audio, sorted(cuts), axis=1)))
    return (
        np.concatenate([piece.audio for piece in pieces], axis=1),
        np.concatenate([piece.parts for piece in pieces], axis=2),
        stream.scores(),
    )


# The stream around a network that changes nothing


@pytest.mark.parametrize("samples", [1, 39, 320, 630, 631, 2000, 5003])
def test_what_comes_back_is_in_its_place(sound, samples):
    audio = sound(1000, samples=samples)
    got, parts, scores = run(Faithful(), audio, sample_rate=1000)
    np.testing.assert_array_equal(got, audio)
    np.testing.assert_allclose(parts, np.broadcast_to(audio, parts.shape), atol=1e-6)
    assert min(scores) > 0.99


def test_a_piece_is_seen_with_its_context(sound):
    audio = sound(1000, samples=5000, channels=1)
    network = Faithful()
    run(network, audio, sample_rate=1000)
    starts = range(0, 5000, 320)  # 64 frames less 2 · 16 of context
    for start, heard in zip(starts, network.asked, strict=False):
        left = max(0, start - 160)
        np.testing.assert_array_equal(heard, audio[0, left : left + 630])
    assert len(network.asked) == next(i for i, s in enumerate(starts) if s - 160 + 630 >= 5000) + 1


def test_pieces_pass_into_each_other_without_a_step():
    audio = np.ones((1, 4000), np.float32)
    _, parts, _ = run(Faithful(gains=(0.2, 0.9)), audio, sample_rate=1000, queries=1)
    assert parts.min() == pytest.approx(0.2)
    assert parts.max() == pytest.approx(0.9)
    assert np.abs(np.diff(parts[0, 0])).max() <= 0.7 / 40 + 1e-6  # a quarter of the context


def test_what_the_network_cannot_hear_stays_in_the_rest():
    time = np.arange(20000) / 8000
    low, high = (0.3 * np.sin(2 * np.pi * hz * time)[None] for hz in (200, 3000))
    _, parts, _ = run(Faithful(), (low + high).astype(np.float32), sample_rate=8000, queries=1)
    inside = slice(500, -500)
    np.testing.assert_allclose(parts[0, 0, inside], low[0, inside], atol=1e-3)


def test_resampling_is_that_of_scipy():
    low = scipy.signal.butter(8, 200, fs=8000, output="sos")
    noise = np.random.default_rng(0).standard_normal((1, 24000))
    audio = scipy.signal.sosfilt(low, noise, axis=1).astype(np.float32)
    network = Faithful()
    run(network, audio, sample_rate=8000, queries=1)
    oracle = scipy.signal.resample_poly(audio[0], 1, 8)[100:600]
    error = network.asked[0][100:600] - oracle
    assert np.sqrt(np.mean(error**2)) < 2e-3 * np.sqrt(np.mean(oracle**2))


def test_scores_are_those_of_the_most_certain_second():
    quiet, loud = np.full((1, 3000), 0.1, np.float32), np.full((1, 3000), 0.1, np.float32)

    class Later(Faithful):
        def forward(self, audio, queries, *, sample_rate):
            estimates, logits = super().forward(audio, queries, sample_rate=sample_rate)
            return estimates, torch.full_like(logits, 3.0 if audio.max() > 0.5 else -3.0)

    _, _, scores = run(Later(), quiet, sample_rate=1000)
    assert scores == pytest.approx([1 / (1 + np.exp(3.0))] * 2, rel=1e-4)
    loud[0, 2900] = 0.9
    _, _, scores = run(Later(), loud, sample_rate=1000)
    assert min(scores) > 0.4


# The stream around the real ones


def test_the_stream_fits_the_network(foreign):
    options = {"sample_rate": 16000, "channels": 1}
    vectors = torch.zeros(1, DIM)
    assert isinstance(open_stream(foreign.model.network, vectors, **options), FixedRateStream)
    ours = build({"kind": "band-unet", "core": CORE})
    assert isinstance(open_stream(ours, vectors, **options), SeparationStream)


@QUIET
@given(
    rate=st.sampled_from([8000, 16000, 44100]),
    samples=st.integers(1, 60000),
    cuts=st.lists(st.integers(0, 60000), max_size=6),
)
def test_any_cutting_of_blocks_gives_the_same(foreign, sound, rate, samples, cuts):
    audio = sound(rate, samples=samples)
    cuts = [min(cut, samples) for cut in cuts]
    one, parts, scores = run(foreign.model.network, audio, sample_rate=rate)
    other, cut_parts, cut_scores = run(foreign.model.network, audio, sample_rate=rate, cuts=cuts)
    np.testing.assert_array_equal(one, audio)
    np.testing.assert_array_equal(other, audio)
    np.testing.assert_allclose(parts, cut_parts, atol=1e-5)
    assert scores == pytest.approx(cut_scores, abs=1e-4)
    assert all(0.0 <= score <= 1.0 for score in scores)


def test_odd_blocks_of_a_long_sound_give_the_same(foreign, sound):
    audio = sound(44100, seconds=9.7, channels=1)
    _, parts, _ = run(foreign.model.network, audio, sample_rate=44100, queries=1)
    cuts = range(777, audio.shape[1], 13331)
    _, cut, _ = run(foreign.model.network, audio, sample_rate=44100, queries=1, cuts=cuts)
    np.testing.assert_allclose(parts, cut, atol=1e-5)


def test_a_short_sound_is_what_the_network_gives(foreign, sound):
    """At the network's own rate, and short enough for one look."""
    network = foreign.model.network
    audio = sound(network.sample_rate, seconds=3.3)
    _, parts, _ = run(network, audio, sample_rate=network.sample_rate, queries=1)
    vectors = torch.randn(1, DIM, generator=torch.Generator().manual_seed(0))
    vectors = torch.nn.functional.normalize(vectors, dim=-1)
    with torch.inference_mode():
        whole, _ = network(
            torch.from_numpy(audio), vectors.expand(2, 1, -1), sample_rate=network.sample_rate
        )
    np.testing.assert_allclose(parts[0], whole[:, 0].numpy(), atol=1e-5)


def test_pieces_agree_with_the_whole():
    """Of the one that has no blocks of its own: its context is all that it reaches."""
    network = shake(build(describe("resunet30")), 5)
    audio = 0.2 * np.random.default_rng(0).standard_normal((1, 14 * 32000)).astype(np.float32)
    vectors = torch.randn(1, DIM, generator=torch.Generator().manual_seed(0))
    vectors = torch.nn.functional.normalize(vectors, dim=-1)
    _, parts, _ = run(network, audio, sample_rate=32000, queries=1)
    with torch.inference_mode():
        whole, _ = network(torch.from_numpy(audio), vectors[None], sample_rate=32000)
    error = parts[0] - whole[:, 0].numpy()
    assert np.mean(error**2) < 1e-10 * np.mean(whole.numpy() ** 2)


# The separator's promises


@QUIET
@given(
    rate=st.sampled_from([8000, 11025, 16000, 44100, 48000, 96000]),
    channels=st.sampled_from([1, 2, 3]),
    samples=st.sampled_from([1, 2, 255, 4001, 9000]),
    queries=st.integers(1, 2),
)
def test_parts_and_residual_sum_to_the_input(foreign, sound, rate, channels, samples, queries):
    audio = sound(rate, channels=channels, samples=samples)
    result = foreign.separate(audio, rate, ["violin", "dog barking"][:queries])
    total = sum(np.asarray(part, np.float64) for part in result.parts.values()) + result.residual
    assert np.abs(total - audio).max() < 1e-6 * np.abs(audio).max()
    for signal in (*result.parts.values(), result.residual):
        assert signal.shape == audio.shape
        assert signal.dtype == np.float32
    assert all(0.0 <= score <= 1.0 for score in result.scores.values())


@pytest.mark.parametrize("rate", [16000, 44100])
def test_silence_in_silence_out(foreign, rate):
    result = foreign.separate(np.zeros((2, 30000), np.float32), rate, ["violin"])
    assert not result.parts["violin"].any()
    assert not result.residual.any()
    assert result.scores == {"violin": 0.0}


def test_nothing_in_nothing_out(foreign):
    result = foreign.separate(np.zeros((2, 0), np.float32), 16000, ["violin", "dog"])
    assert result.parts["dog"].shape == result.residual.shape == (2, 0)
    assert result.scores == {"violin": 0.0, "dog": 0.0}


def test_equal_channels_are_separated_like_one(foreign, sound):
    mono = sound(44100, channels=1)
    alone = foreign.separate(mono, 44100, ["violin"])
    both = foreign.separate(np.repeat(mono, 2, axis=0), 44100, ["violin"])
    for channel in range(2):
        np.testing.assert_array_equal(both.parts["violin"][channel], alone.parts["violin"][0])
    assert both.scores == alone.scores


def test_channels_do_not_leak_into_each_other(foreign, sound):
    audio = sound(44100, channels=3)
    audio[1] = 0.0
    result = foreign.separate(audio, 44100, ["violin"])
    alone = foreign.separate(audio[2:], 44100, ["violin"])
    assert not result.parts["violin"][1].any()
    np.testing.assert_array_equal(result.parts["violin"][2:], alone.parts["violin"])


@pytest.mark.parametrize("level", [1e-30, 1e-6, 1e3, 1e9, 1e12])
def test_results_are_finite_at_any_level(foreign, sound, level):
    audio = sound()
    audio *= np.float32(level / np.abs(audio).max())
    result = foreign.separate(audio, 16000, ["violin"])
    assert np.isfinite(result.parts["violin"]).all()
    assert np.isfinite(result.scores["violin"])


def test_samples_that_cannot_be_sound_are_refused(foreign):
    with pytest.raises(AudioError, match=r"1\.0e\+30 times full scale"):
        foreign.separate(np.full((1, 100), 1e30, np.float32), 16000, ["violin"])


def test_files(foreign, sound, tmp_path):
    from lass.audio import read, write

    audio = 0.3 * sound(44100, seconds=6.0)  # so that parts and rest fit without a common gain
    write(tmp_path / "in.wav", audio, sample_rate=44100, subtype="PCM_16")
    result = foreign.separate_file(tmp_path / "in.wav", ["violin", "dog"])
    stored = [read(path)[0] for path in (*result.parts.values(), result.residual)]
    np.testing.assert_array_equal(sum(stored), read(tmp_path / "in.wav")[0])
    assert set(result.scores) == {"violin", "dog"}
