"""AudioSep's network: names and shapes of the published weights, arithmetic against NumPy."""

from pathlib import Path

import numpy as np
import pytest
import torch

from lass.errors import ConfigError
from lass.networks import build
from tests.conftest import shake
from tests.networks import reference as ref

DIM = 12
SMALL = {"channels": [3, 4, 4, 5, 6, 6], "query_dim": DIM}
TINY = {**SMALL, "n_fft": 256, "hop": 40}


def published():
    """Names and shapes of the authors' network, less the kernels of its Fourier transforms."""
    lines = (Path(__file__).parent / "data" / "resunet30_keys.txt").read_text().splitlines()
    pairs = dict(line.split(" ", 1) for line in lines)
    return {k: v for k, v in pairs.items() if not k.startswith(("base.stft.", "base.istft."))}


@pytest.fixture(scope="module")
def network():
    """Small, at random weights and statistics."""
    made = shake(build({"kind": "resunet30", "core": TINY}), 11)
    generator = torch.Generator().manual_seed(12)
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0.0, 0.3, generator=generator)
            module.running_var.uniform_(0.5, 2.0, generator=generator)
    return made


def test_names_and_shapes_are_those_published():
    with torch.device("meta"):
        full = build({"kind": "resunet30"})
    mine = {name: str(tuple(value.shape)) for name, value in full.state_dict().items()}
    assert len(published()) == 327
    assert mine == published()
    assert sum(p.numel() for p in full.parameters()) == 26_447_941
    assert sum(p.numel() for p in full.film.parameters()) == 5_056_128


def test_what_is_not_used_is_there_and_harmless(network):
    names = [n for n, _ in network.named_parameters() if ".bn2." in n or "beta2" in n]
    unused = [n for n in names if "conv_block" not in n]
    assert len(unused) == 6 * 4
    out, _ = network(torch.ones(1, 500), torch.ones(1, 1, DIM), sample_rate=32000)
    out.sum().backward()
    idle = {name for name, p in network.named_parameters() if p.grad is None}
    network.zero_grad()
    assert idle == set(unused)


def residual(x, w, path, betas):
    """conv2(leaky(bn2(conv1(leaky(bn1(x) + β1))) + β2)) beside a shortcut."""
    at, film = f"base.{path}", path.replace(".", "->")
    y = ref.leaky(ref.norm(x, w, f"{at}.bn1") + betas[f"{film}->beta1"], 0.01)
    y = ref.conv(y, w[f"{at}.conv1.weight"], pad=1)
    y = ref.leaky(ref.norm(y, w, f"{at}.bn2") + betas[f"{film}->beta2"], 0.01)
    y = ref.conv(y, w[f"{at}.conv2.weight"], pad=1)
    if f"{at}.shortcut.weight" in w:
        x = ref.conv(x, w[f"{at}.shortcut.weight"], w[f"{at}.shortcut.bias"])
    return x + y


def decoder(x, skip, w, path, betas):
    at = f"base.{path}"
    y = ref.leaky(ref.norm(x, w, f"{at}.bn1") + betas[f"{path}->beta1"], 0.01)
    y = ref.transposed(y, w[f"{at}.conv1.weight"])
    return residual(np.concatenate([y, skip]), w, f"{path}.conv_block2", betas)


def pool(x, height, width):
    channels, rows, columns = x.shape
    return x.reshape(channels, rows // height, height, columns // width, width).mean(axis=(2, 4))


def whole(network, audio, query):
    """The described signal path, step by step."""
    w, n_fft, hop = ref.weights(network), network.config.n_fft, network.hop
    betas = {
        name.removesuffix(".weight").removeprefix("film."): (
            w[name] @ query + w[name.replace(".weight", ".bias")]
        )[:, None, None]
        for name in w
        if name.startswith("film.") and name.endswith(".weight")
    }
    seen = ref.spectrum(audio, n_fft, hop, "reflect")
    mag = np.sqrt(np.maximum(seen.real**2 + seen.imag**2, 1e-10))
    cos, sin = seen.real / mag, seen.imag / mag
    frames = mag.shape[1]
    x = ref.norm(mag[:, None, :], w, "base.bn0")[:, 0].T[None]
    x = np.pad(x, ((0, 0), (0, -frames % 32), (0, 0)))[..., :-1]
    x = ref.conv(x, w["base.pre_conv.weight"], w["base.pre_conv.bias"])
    skips = []
    for level in range(1, 7):
        x = residual(x, w, f"encoder_block{level}.conv_block1", betas)
        skips.append(x)
        x = pool(x, 2 if level < 6 else 1, 2)
    x = residual(x, w, "conv_block7a.conv_block1", betas)
    for level in range(1, 7):
        x = decoder(x, skips.pop(), w, f"decoder_block{level}", betas)
    x = ref.conv(x, w["base.after_conv.weight"], w["base.after_conv.bias"])
    x = np.pad(x, ((0, 0), (0, 0), (0, 1)))[:, :frames].transpose(0, 2, 1)
    turn = np.tanh(x[1:])
    mask_cos, mask_sin = turn / np.maximum(np.sqrt((turn**2).sum(axis=0)), 1e-10)
    out_cos = cos * mask_cos - sin * mask_sin
    out_sin = sin * mask_cos + cos * mask_sin
    out = np.maximum(mag * ref.sigmoid(x[0]), 0.0) * (out_cos + 1j * out_sin)
    return ref.waveform(out, n_fft, hop, len(audio))


@pytest.mark.parametrize("samples", [1279, 1600])
def test_the_signal_path_is_the_one_described(network, samples):
    rng = np.random.default_rng(0)
    audio, query = 0.3 * rng.standard_normal(samples), rng.standard_normal(DIM)
    expected = whole(network, audio, query)
    with torch.inference_mode():
        got, _ = network(
            torch.from_numpy(audio).float()[None],
            torch.from_numpy(query).float()[None, None],
            sample_rate=32000,
        )
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(got[0, 0].numpy(), expected, atol=1e-4)


def test_a_block_is_the_one_described(network):
    rng = np.random.default_rng(1)
    x, skip = rng.standard_normal((4, 6, 8)), rng.standard_normal((4, 12, 16))
    w = ref.weights(network)
    betas = {
        name: rng.standard_normal((layer.out_features, 1, 1))
        for name, layer in network.film.items()
    }

    def tensor(array):
        return torch.from_numpy(array).float()[None]

    with torch.inference_mode():
        got = network.base.decoder_block5(
            tensor(x), tensor(skip), lambda name: tensor(betas[name])
        )  # fmt: skip
    expected = decoder(x, skip, w, "decoder_block5", betas)
    np.testing.assert_allclose(got[0].numpy(), expected, atol=1e-4)


def test_in_training_queries_go_together_and_agree():
    made = shake(build({"kind": "resunet30", "core": TINY}), 3)
    audio, queries = torch.randn(2, 900), torch.randn(2, 3, DIM)
    with torch.inference_mode():
        one_by_one = made.estimate(audio, queries)
        made.training = True  # itself only: batch statistics would differ
        together = made.estimate(audio, queries)
    torch.testing.assert_close(together, one_by_one, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("core", "words"),
    [
        ({"channels": [8, 8]}, "2 widths, expected 6"),
        ({"n_fft": 1000}, "n_fft is 1000, expected a multiple of 128"),
        ({"n_fft": 512}, "hop is 320, expected 1 to 256"),
        ({"chanels": [8]}, "did you mean 'channels'"),
    ],
)
def test_shapes_that_cannot_be_are_refused(core, words):
    with pytest.raises(ConfigError, match=words):
        build({"kind": "resunet30", "core": core})
