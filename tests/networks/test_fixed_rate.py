"""What networks for one sample rate share: the way in and out, presence, training."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.signal
import torch

from lass.errors import ConfigError
from lass.networks import build
from lass.networks.fixed_rate import change_rate, inverse_stft, share_logits, stft
from lass.networks.protocols import FixedRateNetwork
from lass.training.tasks import SeparatorTask
from tests.conftest import CORE, shake

DIM = 12
NETWORKS = [
    {
        "kind": "resunet30",
        "core": {"channels": [4, 4, 6, 6, 8, 8], "query_dim": DIM, "sample_rate": 16000,
                 "n_fft": 512, "hop": 160},
    },
    {
        "kind": "clipsep",
        "core": {"channels": [4, 4, 6, 6, 8], "maps": 8, "bands": 64, "query_dim": DIM},
    },
]  # fmt: skip
IDS = [description["kind"] for description in NETWORKS]


def noise(*shape, seed=0):
    return 0.3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def unit(*shape, seed=1):
    return torch.nn.functional.normalize(noise(*shape, seed=seed), dim=-1)


@pytest.fixture(scope="module", params=NETWORKS, ids=IDS)
def network(request):
    return shake(build(request.param), 7)


# Changing the rate


@pytest.mark.parametrize("rates", [(16000, 32000), (32000, 16000), (44100, 32000), (8000, 44100)])
def test_a_tone_stays_the_same_tone(rates):
    before, after = (np.sin(2 * np.pi * 1000 * np.arange(hz // 2) / hz) for hz in rates)
    got = change_rate(torch.from_numpy(before)[None], from_hz=rates[0], to_hz=rates[1])[0].numpy()
    assert len(got) == math.ceil(len(before) * rates[1] / rates[0])
    middle = slice(rates[1] // 10, -rates[1] // 10)
    np.testing.assert_allclose(got[: len(after)][middle], after[middle], atol=2e-3)


def test_agrees_with_scipy_on_band_limited_noise():
    low = scipy.signal.butter(8, 3000, fs=32000, output="sos")
    audio = scipy.signal.sosfilt(low, np.random.default_rng(2).standard_normal(16000))
    got = change_rate(torch.from_numpy(audio), from_hz=32000, to_hz=16000).numpy()
    oracle = scipy.signal.resample_poly(audio, 1, 2)
    error = (got - oracle)[500:-500]
    assert np.sqrt(np.mean(error**2)) < 1e-3 * np.sqrt(np.mean(oracle**2))


@pytest.mark.parametrize("samples", [441, 5000])
def test_there_and_back(samples):
    audio = noise(2, samples)
    wide = change_rate(audio, from_hz=16000, to_hz=44100)
    assert wide.shape == (2, math.ceil(samples * 44100 / 16000))
    back = change_rate(wide, from_hz=44100, to_hz=16000)[..., :samples]
    assert (back - audio).square().mean() < 0.02 * audio.square().mean()
    assert change_rate(audio, from_hz=16000, to_hz=16000) is audio


# Spectrum


@pytest.mark.parametrize("mode", ["reflect", "constant"])
@pytest.mark.parametrize("samples", [1, 200, 513, 4000])
def test_the_transform_has_an_inverse(mode, samples):
    audio = noise(2, samples)
    spectra = stft(audio, n_fft=512, hop=160, pad_mode=mode)[:, None]
    back = inverse_stft(spectra, n_fft=512, hop=160, samples=samples)
    torch.testing.assert_close(back[:, 0], audio, atol=1e-5, rtol=0)


# Presence


def test_presence_is_the_level_of_what_is_taken_against_what_is_left():
    mixture = noise(1, 4000)
    for share in (0.1, 0.5, 0.9):
        got = share_logits(share * mixture, mixture, step=1000)
        expected = 2 * math.log(share / (1 - share))
        torch.testing.assert_close(got, torch.full((1, 4), expected), atol=1e-4, rtol=1e-4)
    assert share_logits(torch.zeros(1, 10), torch.zeros(1, 10), step=4).shape == (1, 3)
    assert share_logits(torch.zeros(1, 10), torch.zeros(1, 10), step=4).max() < -9
    assert share_logits(torch.zeros(1, 10), torch.ones(1, 10), step=4).max() < -9
    assert share_logits(torch.ones(1, 10), torch.ones(1, 10), step=4).min() > 9


# Networks


def test_they_are_known_by_their_rate(network):
    assert isinstance(network, FixedRateNetwork)
    assert not isinstance(build({"kind": "band-unet", "core": CORE}), FixedRateNetwork)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("samples", [1, 999, 8001])
def test_shapes(network, rate, samples):
    with torch.inference_mode():
        estimates, presence = network(noise(2, samples), unit(2, 3, DIM), sample_rate=rate)
    own = math.ceil(samples * network.sample_rate / rate)
    frames = math.ceil(own / (network.hop * network.frame_multiple))
    assert estimates.shape == (2, 3, samples)
    assert presence.shape == (2, 3, frames)
    assert estimates.isfinite().all()
    assert presence.isfinite().all()


def test_queries_and_items_do_not_touch_each_other(network):
    audio, queries = noise(2, 6000), unit(2, 2, DIM)
    with torch.inference_mode():
        together, presence = network(audio, queries, sample_rate=16000)
        for item in range(2):
            for query in range(2):
                alone, score = network(
                    audio[item : item + 1], queries[item : item + 1, query : query + 1],
                    sample_rate=16000,
                )  # fmt: skip
                torch.testing.assert_close(together[item, query], alone[0, 0], atol=1e-5, rtol=1e-4)
                torch.testing.assert_close(presence[item, query], score[0, 0], atol=1e-3, rtol=1e-3)
    assert (together[0, 0] - together[0, 1]).abs().max() > 1e-4


def test_silence_stays_silence(network):
    with torch.inference_mode():
        estimates, _ = network(torch.zeros(1, 5000), unit(1, 1, DIM), sample_rate=16000)
    assert not estimates.any()


def test_the_presence_loss_does_not_touch_the_mask(network):
    _, presence = network(noise(1, 5000), unit(1, 1, DIM), sample_rate=16000)
    assert not presence.requires_grad


# Training


SAMPLER = SimpleNamespace(config=SimpleNamespace(batch=2))


def batch(rate):
    """A low tone and a high tone, asked for by one query each."""
    time = torch.arange(rate // 2) / rate
    tones = torch.stack([torch.sin(2 * math.pi * hz * time) for hz in (300.0, 3000.0)])
    targets = 0.3 * tones.expand(2, 2, -1)
    queries = torch.eye(DIM)[:2].expand(2, 2, -1)
    return {
        "mixture": targets.sum(dim=1) + 0.01 * noise(2, rate // 2),
        "targets": targets,
        "queries": queries,
        "distractors": torch.zeros(2, 0, DIM),
        "rests": torch.zeros(2, dtype=torch.bool),
        "sample_rate": rate,
    }


@pytest.mark.parametrize("rate", [16000, 32000])
@pytest.mark.parametrize("description", NETWORKS, ids=IDS)
def test_training_lowers_the_error(description, rate):
    torch.manual_seed(0)
    task = SeparatorTask(build(description).train(), SAMPLER)
    optimiser = torch.optim.AdamW(task.module.parameters(), lr=1e-2)
    errors = []
    for _ in range(25):
        loss, figures = task.loss(task.module, batch(rate))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        errors.append(figures["error_db"])
    gradients = {n: p.grad for n, p in task.module.named_parameters() if p.grad is not None}
    assert all(gradient.isfinite().all() for gradient in gradients.values())
    idle = {n for n, _ in task.module.named_parameters()} - set(gradients)
    assert all("decoder_block" in name and ("bn2" in name or "beta2" in name) for name in idle)
    assert errors[-1] < errors[0] - 2.0


@pytest.mark.parametrize("description", NETWORKS, ids=IDS)
def test_distractors_are_refused(description):
    task = SeparatorTask(build(description), SAMPLER)
    with pytest.raises(ConfigError, match=r"no presence head.*set distractors to 0"):
        task.loss(task.module, {**batch(16000), "distractors": torch.zeros(2, 1, DIM)})


@pytest.mark.parametrize("description", NETWORKS, ids=IDS)
def test_sharing_out_is_refused(description):
    task = SeparatorTask(build(description), SAMPLER)
    with pytest.raises(ConfigError, match=r"no mask at any rate.*set rest to 0"):
        task.loss(task.module, {**batch(16000), "rests": torch.tensor([True, False])})


@pytest.mark.parametrize("description", NETWORKS, ids=IDS)
def test_half_precision_of_the_loop(description):
    torch.manual_seed(0)
    task = SeparatorTask(build(description).train(), SAMPLER)
    task.module.to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        loss, _ = task.loss(task.module, batch(16000))
    loss.backward()
    assert loss.isfinite()
    assert all(p.grad.isfinite().all() for p in task.module.parameters() if p.grad is not None)
