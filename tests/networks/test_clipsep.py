"""CLIPSep's network: warp, U-Net and late fusion against NumPy and torch's own layers."""

import numpy as np
import pytest
import torch

from lass.errors import ConfigError
from lass.networks import build
from lass.networks.clipsep import warp_matrices
from tests.conftest import shake
from tests.networks import reference as ref

DIM = 12
SMALL = {
    "channels": [3, 4, 5], "maps": 4, "bands": 16, "n_fft": 128, "hop": 32, "query_dim": DIM,
}  # fmt: skip


def make(seed=5, **changes):
    made = shake(build({"kind": "clipsep", "core": {**SMALL, **changes}}), seed)
    generator = torch.Generator().manual_seed(12)
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0.0, 0.3, generator=generator)
            module.running_var.uniform_(0.5, 2.0, generator=generator)
    return made


@pytest.fixture(scope="module")
def network():
    return make()


def double(x):
    """Bilinear, twice as large, first and last rows stay where they are."""

    def stretch(line):
        return np.interp(np.linspace(0, len(line) - 1, 2 * len(line)), np.arange(len(line)), line)

    for axis in (1, 2):
        x = np.apply_along_axis(stretch, axis, x)
    return x


def block(x, w, level, *, activated=True):
    """What lies below level ``level``; its input beside its output."""
    levels = 3
    passed = ref.leaky(x, 0.2)
    y = ref.conv(passed, w[f"unet.down.{level}.weight"], stride=2, pad=1)
    if level < levels - 1:
        y = block(ref.norm(y, w, f"unet.down_norm.{level - 1}"), w, level + 1, activated=activated)
    up = levels - 1 - level
    y = ref.conv(double(np.maximum(y, 0)), w[f"unet.up.{up}.weight"], pad=1)
    return np.concatenate([passed if activated else x, ref.norm(y, w, f"unet.up_norm.{up}")])


def unet(x, w, **options):
    y = ref.conv(ref.norm(x, w, "unet.bn0"), w["unet.down.0.weight"], stride=2, pad=1)
    y = block(y, w, 1, **options)
    return ref.conv(double(np.maximum(y, 0)), w["unet.up.2.weight"], w["unet.up.2.bias"], pad=1)


def whole(network, audio, query):
    """The described signal path, step by step; the audio fills whole blocks."""
    w, (n_fft, hop) = ref.weights(network), (network.config.n_fft, network.hop)
    seen = ref.spectrum(audio, n_fft, hop, "constant")
    bins, bands = n_fft // 2 + 1, network.config.bands

    def read(rows, places, count):
        at = (places + 1) / 2 * (count - 1)
        return np.stack([np.interp(at, np.arange(count), column) for column in rows.T], axis=1)

    y = np.linspace(-1, 1, bands)
    warped = read(np.abs(seen) + 1e-10, (21 ** ((y + 1) / 2) - 11) / 10, bins)
    maps = unet(np.log(warped)[None], w)
    q = ref.sigmoid(w["frame_net.weight"] @ query + w["frame_net.bias"])
    z = np.einsum("k,k,kft->ft", q, w["synth_net.scale"], maps) + w["synth_net.bias"]
    y = np.linspace(-1, 1, bins)
    mask = read(ref.sigmoid(z), 2 * np.log(10 * y + 11) / np.log(21) - 1, bands)
    return ref.waveform(seen * mask, n_fft, hop, len(audio))


def test_the_signal_path_is_the_one_described(network):
    rng = np.random.default_rng(0)
    samples = 15 * network.hop + 7
    audio, query = 0.3 * rng.standard_normal(samples), rng.standard_normal(DIM)
    with torch.inference_mode():
        got, _ = network(
            torch.from_numpy(audio).float()[None],
            torch.from_numpy(query).float()[None, None],
            sample_rate=16000,
        )
    expected = whole(network, audio, query)
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(got[0, 0].numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("activated", [True, False])
def test_a_skip_before_or_after_the_leaky_rectifier_is_the_same(network, activated):
    """A rectifier follows on the way up; relu(leaky(x)) is relu(x)."""
    x, w = np.random.default_rng(1).standard_normal((1, 16, 24)), ref.weights(network)
    with torch.inference_mode():
        got = network.unet(torch.from_numpy(x).float()[None])[0].numpy()
    np.testing.assert_allclose(got, unet(x, w, activated=activated), atol=1e-4)


@pytest.mark.parametrize(("bins", "bands"), [(513, 256), (65, 16)])
def test_the_warp_is_that_of_grid_sample(bins, bands):
    """`grid_sample` of torch, bilinear with aligned corners, is what the authors used."""

    def sampled(rows, places):
        places = places.clamp(-1.0, 1.0)  # beyond the edge by rounding alone
        across = torch.linspace(-1, 1, rows.shape[1], dtype=torch.float64)
        grid = torch.stack(torch.meshgrid(across, places, indexing="xy"), dim=-1)
        return torch.nn.functional.grid_sample(
            rows[None, None], grid[None], mode="bilinear", align_corners=True
        )[0, 0]

    rows = torch.rand(bins, 6, dtype=torch.float64)
    warp, unwarp = (matrix.double() for matrix in warp_matrices(bins=bins, bands=bands))
    y = torch.linspace(-1, 1, bands, dtype=torch.float64)
    warped = sampled(rows, (21 ** ((y + 1) / 2) - 11) / 10)
    torch.testing.assert_close(warp @ rows, warped, atol=1e-5, rtol=0)
    y = torch.linspace(-1, 1, bins, dtype=torch.float64)
    back = sampled(warped, 2 * torch.log(10 * y + 11) / np.log(21) - 1)
    torch.testing.assert_close(unwarp @ warped, back, atol=1e-5, rtol=0)


def test_the_warp_and_its_inverse_are_inverse():
    warp, unwarp = warp_matrices(bins=513, bands=256)
    ramp = torch.linspace(0, 1, 513)
    torch.testing.assert_close(unwarp @ (warp @ ramp), ramp, atol=2e-3, rtol=0)
    torch.testing.assert_close(warp.sum(dim=1), torch.ones(256))
    torch.testing.assert_close(unwarp.sum(dim=1), torch.ones(513))


def test_the_full_size_is_the_one_described():
    with torch.device("meta"):
        full = build({"kind": "clipsep", "core": {"noise_heads": 2}})
    shapes = {name: tuple(value.shape) for name, value in full.state_dict().items()}
    down = [64, 128, 256, 512, 512, 512, 512]
    for level, (inputs, outputs) in enumerate(zip([1, *down], down, strict=False)):
        assert shapes[f"unet.down.{level}.weight"] == (outputs, inputs, 4, 4)
    # From the bottom up; all but the lowest see the skip beside what comes up.
    ups = [(512, 512), (512, 1024), (512, 1024), (256, 1024), (128, 512), (64, 256), (32, 128)]
    for level, shape in enumerate(ups):
        assert shapes[f"unet.up.{level}.weight"] == (*shape, 3, 3)
    assert [n for n in shapes if n.startswith("unet.") and n.endswith("bias") and "norm" not in n
            ] == ["unet.bn0.bias", "unet.up.6.bias"]  # fmt: skip
    assert shapes["frame_net.weight"] == (32, 512)
    assert shapes["synth_net.scale"] == (32,)
    assert shapes["synth_net.bias"] == (1,)
    assert [shapes[f"pit_nets.{i}.weight"] for i in range(2)] == [(32, 32)] * 2
    assert not any("warp" in name for name in shapes)


def test_the_published_block_has_2_by_2_values_at_the_bottom():
    network = build({"kind": "clipsep", "core": {"channels": [2] * 7, "maps": 2}}).eval()
    seen = []
    network.unet.down[-1].register_forward_hook(lambda *args: seen.append(args[2].shape))
    for samples in (65535, 100):  # the published length; what is shorter is repeated
        with torch.inference_mode():
            network.estimate(torch.randn(1, samples), torch.randn(1, 1, 512))
    assert seen == [(1, 2, 2, 2), (1, 2, 2, 1)]


def test_noise_heads_are_left_out_of_separation():
    with_heads, without = make(noise_heads=2), make()
    missing = without.load_state_dict(with_heads.state_dict(), strict=False)
    assert sorted(missing.unexpected_keys) == [
        f"pit_nets.{i}.{part}" for i in range(2) for part in ("bias", "weight")
    ]
    audio, queries = torch.randn(2, 900), torch.randn(2, 2, DIM)
    with torch.inference_mode():
        plain = without.estimate(audio, queries)
        assert torch.equal(with_heads.estimate(audio, queries), plain)
        estimates, noise = with_heads.explain(audio, queries)
    assert estimates.shape == noise.shape == (2, 2, 900)
    torch.testing.assert_close(estimates, plain, atol=1e-6, rtol=1e-5)
    with pytest.raises(ConfigError, match="no noise heads"):
        without.explain(audio, queries)


def test_a_noise_head_sees_the_mean_of_the_projected_queries():
    """With heads that pass on what they see, the noise answers the mean of the queries."""
    network = make(noise_heads=2)
    audio, queries = torch.randn(1, 900), torch.randn(1, 2, DIM)
    with torch.no_grad():
        for head in network.pit_nets:
            head.weight.copy_(torch.eye(4))
            head.bias.zero_()
        _, noise = network.explain(audio, queries)
        answer = network.estimate(audio, queries.mean(dim=1, keepdim=True))
    torch.testing.assert_close(noise, answer.expand(-1, 2, -1), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("core", "words"),
    [
        ({"fusion": "early"}, "fusion is 'early', expected 'late'"),
        ({"bands": 100}, r"bands is 100, expected a multiple of 2 \*\* 7"),
        ({"channels": [8]}, "at least 2"),
        ({"hop": 0}, "hop is 0, expected 1 to 512"),
        ({"noise_head": 2}, "did you mean 'noise_heads'"),
    ],
)
def test_shapes_that_cannot_be_are_refused(core, words):
    with pytest.raises(ConfigError, match=words):
        build({"kind": "clipsep", "core": core})
