"""Networks of asteroid as separators; skipped, with the reason, where asteroid is not."""

import sys

import numpy as np
import pytest
import torch

from lass.errors import ConfigError, ModelError
from lass.networks import build
from lass.networks.asteroid import ASKED, AsteroidConfig
from tests.networks.asteroids import SMALL, needs_asteroid

RATE = 8000


def make(kind, model, *, stems=3, rate=RATE):
    core = {
        "model": model, "arguments": {**SMALL[model], "n_src": stems}, "query_dim": stems,
        "sample_rate": rate,
    }  # fmt: skip
    torch.manual_seed(0)
    return build({"kind": kind, "core": core}).eval()


def test_all_that_can_be_asked_are_tested():
    assert set(SMALL) == set(ASKED)


@needs_asteroid
@pytest.mark.parametrize("model", ASKED)
def test_stems_are_those_of_asteroid(model):
    network = make("asteroid-stems", model)
    audio = torch.randn(2, 5001, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        told = network.model(audio[:, None])
        made, logits = network(audio, torch.eye(3).repeat(2, 1, 1), sample_rate=RATE)
    np.testing.assert_allclose(made, told, atol=1e-6)
    assert logits.shape == (2, 3, -(-5001 // (network.hop * network.frame_multiple)))


@needs_asteroid
@pytest.mark.parametrize(
    ("model", "arguments"),
    [
        ("DeMask", {"fb_name": "STFTFB", "n_filters": 128, "kernel_size": 128, "stride": 64}),
        ("DCUNet", {"architecture": "mini", "stft_n_filters": 256, "stft_kernel_size": 256,
                    "fix_length_mode": "pad"}),
    ],
)  # fmt: skip
def test_models_that_make_speech_clean_have_one_stem(model, arguments):
    core = {"model": model, "arguments": arguments, "query_dim": 1, "sample_rate": RATE}
    network = build({"kind": "asteroid-stems", "core": core}).eval()
    audio = torch.randn(1, 9001, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        told = network.model(audio[:, None])
        made, _ = network(audio, torch.ones(1, 1, 1), sample_rate=RATE)
    np.testing.assert_allclose(made, told.reshape(1, 1, -1), atol=1e-6)


@needs_asteroid
@pytest.mark.parametrize("model", ASKED)
def test_a_query_that_says_nothing_leaves_the_masker_alone(model):
    network = make("asteroid", model)
    torch.nn.init.zeros_(network.steer.weight)
    torch.nn.init.zeros_(network.steer.bias)
    audio = torch.randn(2, 5001, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        told = network.model(audio[:, None])
        made = network.estimate(audio, torch.ones(2, 2, 3))
    for query in range(2):
        np.testing.assert_allclose(made[:, query], told[:, 0], atol=1e-5)


@needs_asteroid
@pytest.mark.parametrize("model", ["ConvTasNet", "DPRNNTasNet", "SuDORMRFNet"])
def test_queries_steer_and_learn(model):
    network = make("asteroid", model).train()
    audio = torch.randn(2, 4000, generator=torch.Generator().manual_seed(1))
    queries = torch.eye(3)[None, :2].repeat(2, 1, 1)
    made, _ = network(audio, queries, sample_rate=RATE)
    assert made.shape == (2, 2, 4000)
    assert float((made[:, 0] - made[:, 1]).detach().abs().max()) > 1e-4
    made.square().mean().backward()
    assert float(network.steer.weight.grad.abs().max()) > 0.0


@needs_asteroid
@pytest.mark.parametrize("samples", [1, 7, 100])
@pytest.mark.parametrize("kind", ["asteroid", "asteroid-stems"])
def test_very_short_sounds(kind, samples):
    network = make(kind, "ConvTasNet")
    with torch.inference_mode():
        made, _ = network(torch.randn(1, samples), torch.eye(3)[None], sample_rate=RATE)
    assert made.shape == (1, 3, samples)


@needs_asteroid
def test_what_asteroid_cannot_build_is_one_sentence():
    core = {"model": "ConvTasNet", "arguments": {"mask_act": "nonsense"}, "query_dim": 2}
    with pytest.raises(ConfigError, match="asteroid cannot build ConvTasNet") as told:
        build({"kind": "asteroid", "core": core})
    assert "\n" not in str(told.value)
    two = {"arguments": {**SMALL["ConvTasNet"], "n_src": 2}, "query_dim": 5}
    with pytest.raises(ConfigError, match="2 stems, but query_dim is 5"):
        build({"kind": "asteroid-stems", "core": two})
    with pytest.raises(ConfigError, match="DCUNet cannot be asked"):
        build({"kind": "asteroid", "core": {"model": "DCUNet"}})


@needs_asteroid
def test_a_recipe_can_name_one():
    """The table of a recipe, as training builds it."""
    import tomllib

    recipe = tomllib.loads(
        '[network]\nkind = "asteroid"\n[network.core]\nmodel = "ConvTasNet"\nquery_dim = 24\n'
        "sample_rate = 16000\n[network.core.arguments]\nn_filters = 16\nbn_chan = 8\n"
        "hid_chan = 8\nskip_chan = 8\nn_blocks = 2\nn_repeats = 1\n"
    )
    network = build(recipe["network"])
    made, _ = network(torch.randn(1, 4410), torch.randn(1, 2, 24), sample_rate=44100)
    assert made.shape == (1, 2, 4410)


@pytest.mark.parametrize(
    ("core", "words"),
    [
        ({"model": "os.system"}, "cannot be used here"),
        ({"arguments": {"a b": 1}}, "'a b'"),
        ({"arguments": {"fb_name": "a; b"}}, "expected a word"),
        ({"arguments": {"n_filters": 10**9}}, "number up to"),
        ({"arguments": {"n_filters": {"x": 1}}}, "expected a word"),
        ({"arguments": {"hidden_dims": [1, object()]}}, "list of numbers"),
    ],
)
def test_only_plain_arguments_reach_asteroid(core, words):
    with pytest.raises(ConfigError, match=words):
        AsteroidConfig(**core)


def test_without_asteroid_it_is_said(monkeypatch):
    for name in ("asteroid", "asteroid.models"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModelError, match="needs asteroid, "):
        build({"kind": "asteroid", "core": {"arguments": SMALL["ConvTasNet"]}})
