"""The second look, against the network asked by hand."""

import numpy as np
import pytest
import torch

from lass.errors import ModelError
from lass.networks.patterns import heard_around, refine
from lass.query.again import ask_again, ask_for_rest
from lass.separation import engine, second_look
from lass.separation.engine import SeparationStream
from lass.separation.fixed_rate import open_stream
from lass.separation.presence import BestSecond
from lass.separation.second_look import Asked, SecondLook

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
    model = separator.model
    stream = SeparationStream(
        model.network,
        torch.from_numpy(vectors),
        sample_rate=RATE,
        channels=len(audio),
        again=SecondLook(model.network, model.encoder, sample_rate=RATE),
        **options,
    )
    parts = np.concatenate([piece.parts for piece in stream.run([audio])], axis=2)
    return parts, stream.scores()


def seen(separator, audio, vector):
    """Spectrum and mask of each channel as a stream has them: silence up to the network's grid."""
    network = separator.model.network
    grid = network.core.frame_multiple
    frames = -(-(-(-audio.shape[1] // 256) + 1) // grid) * grid
    padded = np.pad(audio, ((0, 0), (0, (frames - 1) * 256 - audio.shape[1])))
    with torch.inference_mode():
        spectrum = network.frontend.analyse(torch.from_numpy(padded), sample_rate=RATE)
        state = network.look(spectrum, sample_rate=RATE)
        queries = torch.from_numpy(vector).expand(len(audio), -1)
        return spectrum, network.mask(state, queries, frames=frames, sample_rate=RATE)[0]


def refined(mask, spectrum):
    return refine(mask, spectrum.abs().square(), bin_hz=RATE / 512)


def first_part(separator, whole, vector):
    """What a first look takes out of a short signal."""
    spectrum, mask = seen(separator, whole[None], vector)
    masked = spectrum[0] * refined(mask[0], spectrum[0])
    return separator.model.network.frontend.synthesise(masked, samples=whole.size).numpy()


def settled(separator, audio, first, rest, believed):
    """Two answers of the network on a short signal, put together as the second look says."""
    spectra, masks = seen(separator, audio, first)
    _, others = seen(separator, audio, rest)
    made = []
    for spectrum, mask, other in zip(spectra, masks, others, strict=True):
        seen_, mask_, other_ = (x.numpy().astype(complex) for x in (spectrum, mask, other))
        # The signal is shorter than the six seconds that are judged together.
        part, over = seen_ * mask_, seen_ * (1 - other_)
        agreed = np.vdot(part, over).real / (np.linalg.norm(part) * np.linalg.norm(over))
        share = abs(mask_) / (abs(mask_) + abs(other_) + 1e-4)
        shared = mask_ + believed * max(0.0, agreed) ** 4 * share * (1 - other_ - mask_)
        both = torch.from_numpy(shared.astype(np.complex64))
        back = refined(both, spectrum)
        heard = heard_around(mask, spectrum.abs().square(), frames=round(1.5 * RATE / 256))
        made.append(spectrum * (mask + believed * heard * (back - mask)))
    frontend = separator.model.network.frontend
    return frontend.synthesise(torch.stack(made), samples=audio.shape[1]).numpy()


def test_it_asks_what_the_first_look_suggests(separator, sound):
    audio = sound(RATE, seconds=2.5)
    encoder = separator.model.encoder
    vectors = encoder.encode_text(["violin", "dog"])
    first, _ = ask(separator, audio, vectors)
    whole = audio.mean(axis=0)
    _, sure = ask(separator, whole[None], vectors)
    second, expected = [], []
    for vector, likely in zip(vectors, sure, strict=True):
        part = first_part(separator, whole, vector)
        rest = whole - part
        share = rest @ rest / (rest @ rest + part @ part)
        heard = encoder.encode_audio(part[None], sample_rate=RATE)
        left = encoder.encode_audio(rest[None], sample_rate=RATE)
        counts = min(1.0, 10 * share)
        second.append(ask_again(vector, heard=heard, left=left, sure=likely, left_counts=counts))
        others = ask_for_rest(vector, left=left)
        expected.append(settled(separator, audio, second[-1], others, counts))
    alone, surely = ask(separator, audio, np.stack(second))
    got, scores = twice(separator, audio, vectors)
    np.testing.assert_allclose(scores, surely, atol=1e-5)
    power = np.mean(np.square(expected, dtype=np.float64))
    assert np.mean((got - expected) ** 2) < 1e-10 * power
    assert np.mean((got - alone) ** 2) > 1e-6 * power
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
    twice_heard, found = (
        looking.separate(audio, RATE, "violin"),
        looking.find(audio, RATE, "violin"),
    )
    looking.model.config["second_look"] = False
    once = looking.separate(audio, RATE, "violin")
    assert not np.array_equal(twice_heard.parts["violin"], once.parts["violin"])
    assert found.scores == twice_heard.scores
    total = twice_heard.parts["violin"] + twice_heard.residual
    np.testing.assert_allclose(total, audio, atol=1e-6)


class Ear:
    """Hears whether it is given the loud part of a recording or the rest."""

    def __init__(self, dim):
        self.dim, self.heard = dim, []

    def encode_audio(self, audio, *, sample_rate):
        self.heard.append(audio[0])
        return np.eye(self.dim, dtype=np.float32)[len(self.heard) % 2]


def test_it_listens_where_the_sound_is_surest(separator, sound, monkeypatch):
    """Of a long piece one window is heard, the one in which the query matches best."""
    monkeypatch.setattr(second_look, "_LONGEST_S", 1.0)
    network, ear = separator.model.network, Ear(separator.model.encoder.dim)
    grid, hop = network.core.frame_multiple, 256
    frames = 20 * RATE // (grid * hop) * grid // 2
    audio = sound(RATE, seconds=12.0)[0, : (frames + 1) * hop]
    query = torch.from_numpy(separator.model.encoder.encode_text(["violin"]))
    again = SecondLook(network, ear, sample_rate=RATE)
    spectrum = network.frontend.transform(torch.from_numpy(audio), hop=hop)
    with torch.inference_mode():
        state = network.look(spectrum[None], sample_rate=RATE)
        view = engine.View(spectrum, state)
        again(query, audio, view, slice(0, frames), samples=audio.size - hop)
        match = network.core.recognise(state, query[None])[0, 0]
        masks, _ = network.mask(state, query, frames=frames, sample_rate=RATE)
    length = round(RATE / (grid * hop))
    odds = torch.sigmoid(match).numpy()
    best = max(range(len(odds) - length + 1), key=lambda at: odds[at : at + length].mean())
    window = slice(best * grid, (best + length) * grid)
    samples = (length * grid - 1) * hop
    heard = spectrum[:, window]
    masked = heard * refined(masks[0, :, window], heard)
    expected = network.frontend.synthesise(masked, samples=samples).numpy()
    np.testing.assert_allclose(ear.heard[0], expected, atol=1e-5)
    rest = audio[(best * grid + 1) * hop :][: expected.size] - expected
    np.testing.assert_allclose(ear.heard[1], rest, atol=1e-5)


@pytest.mark.parametrize(
    ("level_db", "least", "most"), [(-9, 1, 1), (-13, 0.4, 0.6), (-20, 0.05, 0.15)]
)
def test_a_faint_rest_hardly_counts(separator, level_db, least, most):
    """The query is pushed away from the rest by its share of the power, in full from 10 %."""
    part = np.ones(64, np.float32)
    query, heard, left = np.eye(3, dtype=np.float32)

    class Two:
        def encode_audio(self, audio, *, sample_rate):
            return heard if np.abs(audio).max() > 0.5 else left

    again = SecondLook(separator.model.network, Two(), sample_rate=RATE)
    whole = part * np.float32(1 + 10 ** (level_db / 20))
    pushed = again._told(torch.from_numpy(query), part, whole, 1.0).query[2]
    full = ask_again(query, heard=heard, left=left, sure=1.0)[2]
    assert least - 1e-5 <= float(pushed / full) <= most + 1e-5


def test_the_state_of_a_stretch_is_cut_on_every_level(separator, sound):
    network = separator.model.network
    audio = torch.from_numpy(sound(RATE, seconds=6.0)[:1])
    query = torch.from_numpy(separator.model.encoder.encode_text(["violin"]))
    with torch.inference_mode():
        spectrum = network.frontend.analyse(audio, sample_rate=RATE)
        state = network.look(spectrum, sample_rate=RATE)
        grid = network.core.frame_multiple
        whole, logits = network.mask(state, query, frames=spectrum.shape[-1], sample_rate=RATE)
        cut, cut_logits = network.mask(state.span(4, 20), query, frames=16 * grid, sample_rate=RATE)
    # Four coarse frames from the cut on, nothing of it is felt.
    inner = slice(4 * grid, 12 * grid)
    torch.testing.assert_close(cut[..., inner], whole[..., 8 * grid : 16 * grid])
    torch.testing.assert_close(cut_logits[:, 4:12], logits[:, 8:16])


def test_pieces_that_are_asked_otherwise_pass_into_each_other(separator, sound):
    """Two pieces, two queries: a frame's mask goes from one to the other over one coarse frame."""
    network = separator.model.network
    grid = network.core.frame_multiple
    audio = sound(RATE, seconds=4.0)
    vectors = torch.from_numpy(separator.model.encoder.encode_text(["violin", "dog"]))

    class Turns:
        def __init__(self):
            self.turn = -1

        def __call__(self, queries, audio, view, inside, *, samples):
            self.turn += 1
            return [Asked(vectors[min(self.turn, 1)])]

    piece_frames = 8 * grid
    stream = SeparationStream(
        network, vectors[:1], sample_rate=RATE, channels=len(audio), again=Turns(),
        piece_frames=piece_frames,
    )  # fmt: skip
    got = np.concatenate([piece.parts for piece in stream.run([audio])], axis=2)[0]
    with torch.inference_mode():
        spectrum = network.frontend.analyse(torch.from_numpy(audio), sample_rate=RATE)
        state = network.look(spectrum, sample_rate=RATE)
        first, second = (
            network.mask(
                state, vector.expand(len(audio), -1), frames=spectrum.shape[-1], sample_rate=RATE
            )[0]
            for vector in vectors
        )
        ramp = (torch.arange(spectrum.shape[-1]) - piece_frames + 1.0) / (grid + 1.0)
        ramp = ramp.clamp(0.0, 1.0)
        masked = spectrum * (first * (1.0 - ramp) + second * ramp)
        expected = network.frontend.synthesise(masked, samples=audio.shape[1]).numpy()
    np.testing.assert_allclose(got, expected, atol=2e-5)
    assert float((first - second).abs().max()) > 0.01


def test_a_network_that_cannot_look_twice_is_refused_in_a_sentence(separator):
    class Other:
        core = object()
        frontend = separator.model.network.frontend

    with pytest.raises(ModelError, match="second_look"):
        open_stream(
            Other(), torch.zeros(1, 4), sample_rate=RATE, channels=1,
            hearing=separator.model.encoder,
        )  # fmt: skip
