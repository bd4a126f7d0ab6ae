"""Separators, towers and their registry."""

import math

import numpy as np
import pytest
import torch

from lass.errors import ConfigError
from lass.networks import build, config_to_dict
from lass.networks.audio_tower import AudioTowerConfig
from lass.networks.blocks import ConvBlock, FiLM, TemporalBlock
from lass.networks.frontend import FrontendConfig
from lass.networks.presence import PresenceHead
from lass.networks.registry import config_from_dict
from tests.conftest import AUDIO_TOWER, CORE, DIM, TEXT_TOWER, shake

SPLIT = {"query_dim": DIM, "width": 8, "shared_layers": 1, "query_layers": 1}
SEPARATORS = [
    {"kind": "band-unet", "core": CORE},
    {"kind": "band-unet", "core": {**CORE, "fusion": "inner", "maps": 4}},
    {"kind": "band-split", "core": SPLIT},
]


def noise(*shape, seed=0):
    return 0.3 * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def unit(*shape, seed=1):
    return torch.nn.functional.normalize(noise(*shape, seed=seed), dim=-1)


@pytest.fixture(scope="module", params=SEPARATORS, ids=["film", "inner", "split"])
def network(request):
    return shake(build(request.param), 7)


# Blocks


def test_film_starts_near_the_identity_and_is_scale_and_shift():
    film = FiLM(DIM, 4)
    x, query = noise(2, 4, 3, 5), unit(2, DIM)
    assert not film.linear.bias.any()
    with torch.no_grad():
        assert (film(x, query) - x).abs().max() < 0.2 * x.abs().max()
        film.linear.weight.zero_()
        assert torch.equal(film(x, query), x)
        film.linear.bias.copy_(torch.arange(8.0))
    scale, shift = np.arange(4.0), np.arange(4.0, 8.0)
    expected = x.numpy() * (1 + scale[:, None, None]) + shift[:, None, None]
    np.testing.assert_allclose(film(x, query).detach().numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("stride", [(1, 1), (2, 2)])
def test_conv_blocks_keep_or_halve_both_sides(stride):
    block = ConvBlock(3, 5, stride=stride).eval()
    assert block(noise(1, 3, 16, 12)).shape == (1, 5, 16 // stride[0], 12 // stride[1])


@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_a_temporal_block_reaches_as_far_as_its_dilation(dilation):
    block = shake(TemporalBlock(4, dilation=dilation), 3)
    x = noise(1, 4, 41)
    touched = x.clone()
    touched[..., 20] += 1.0
    with torch.no_grad():
        changed = (block(x) - block(touched)).abs().amax(dim=(0, 1)) > 0
    assert set(changed.nonzero().flatten().tolist()) == {20 - dilation, 20, 20 + dilation}


def test_the_presence_head_is_a_dot_product():
    head = shake(PresenceHead(6, DIM, hidden=5), 4)
    context, query = noise(2, 6, 9), unit(2, DIM)
    with torch.no_grad():
        got = head(context, query)
        frames = head.frames(context).numpy()
        key, bias = head.query(query).numpy(), head.bias(query).numpy()
    expected = np.einsum("nct,nc->nt", frames, key) / math.sqrt(5) + bias
    np.testing.assert_allclose(got.numpy(), expected, atol=1e-5)


# Separators


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 192000])
@pytest.mark.parametrize("samples", [1, 999, 8001])
def test_shapes(network, rate, samples):
    with torch.inference_mode():
        estimates, presence = network(noise(2, samples), unit(2, 3, DIM), sample_rate=rate)
    assert estimates.shape == (2, 3, samples)
    assert presence.shape[:2] == (2, 3)
    assert estimates.isfinite().all()
    assert presence.isfinite().all()


def test_a_mask_never_amplifies(network):
    spectrum = network.frontend.analyse(noise(1, 8000), sample_rate=16000)
    with torch.inference_mode():
        state = network.look(spectrum, sample_rate=16000)
        mask, _ = network.mask(
            state, unit(1, DIM), frames=spectrum.shape[-1], sample_rate=16000
        )  # fmt: skip
    assert mask.shape == spectrum.shape
    assert mask.abs().max() <= 1.0 + 1e-5


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
                torch.testing.assert_close(presence[item, query], score[0, 0], atol=1e-4, rtol=1e-4)


def test_the_query_matters(network):
    with torch.inference_mode():
        estimates, presence = network(noise(1, 6000), unit(1, 2, DIM), sample_rate=16000)
    assert (estimates[0, 0] - estimates[0, 1]).abs().max() > 1e-4
    assert (presence[0, 0] - presence[0, 1]).abs().max() > 1e-4


def test_silence_stays_silence(network):
    with torch.inference_mode():
        estimates, _ = network(torch.zeros(1, 5000), unit(1, 1, DIM), sample_rate=16000)
    assert not estimates.any()


def test_the_level_goes_through(network):
    audio, query = noise(1, 8000), unit(1, 1, DIM)
    with torch.inference_mode():
        one, _ = network(audio, query, sample_rate=16000)
        loud, _ = network(audio * 64, query, sample_rate=16000)
    torch.testing.assert_close(loud / 64, one, atol=1e-3, rtol=0)


@pytest.mark.parametrize("description", SEPARATORS, ids=["film", "inner", "split"])
def test_every_weight_is_trained(description):
    torch.manual_seed(0)
    network = build(description).train()
    estimates, presence = network(noise(2, 8000), unit(2, 2, DIM), sample_rate=32000)
    (estimates.square().mean() + presence.square().mean()).backward()
    idle = [name for name, p in network.named_parameters() if p.grad is None]
    assert idle == []


# Towers


def test_the_audio_tower():
    tower = shake(build({"kind": "audio-tower", "tower": AUDIO_TOWER}), 5)
    with torch.inference_mode():
        vectors = tower.embed(noise(3, 16000), sample_rate=16000)
        one = tower.embed(noise(3, 16000)[1:2], sample_rate=16000)
    assert vectors.shape == (3, DIM)
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(3))
    torch.testing.assert_close(vectors[1:2], one, atol=1e-5, rtol=1e-4)


def test_padding_of_a_text_does_not_matter():
    tower = shake(build({"kind": "text-tower", "tower": TEXT_TOWER}), 6)
    tokens = torch.tensor([[2, 7, 9, 3]])
    padded = torch.tensor([[2, 7, 9, 3, 0, 0]])
    with torch.inference_mode():
        one = tower(tokens, torch.ones_like(tokens))
        other = tower(padded, (padded != 0).long())
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0)
    torch.testing.assert_close(one.norm(dim=-1), torch.ones(1))


def test_a_text_layer_is_the_transformer_of_torch():
    tower = shake(build({"kind": "text-tower", "tower": TEXT_TOWER}), 6)
    layer = tower.layers[0]
    oracle = torch.nn.TransformerEncoderLayer(
        32, 2, 32, 0.0, "gelu", layer_norm_eps=1e-12, batch_first=True
    ).eval()
    parts = [layer.query, layer.key, layer.value]
    with torch.no_grad():
        oracle.self_attn.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
        oracle.self_attn.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
        for mine, theirs in (
            (layer.output, oracle.self_attn.out_proj),
            (layer.wide, oracle.linear1),
            (layer.narrow, oracle.linear2),
            (layer.norm1, oracle.norm1),
            (layer.norm2, oracle.norm2),
        ):
            theirs.load_state_dict(mine.state_dict())
        x = noise(2, 5, 32)
        mask = torch.ones(2, 1, 1, 5, dtype=torch.bool)
        torch.testing.assert_close(layer(x, mask), oracle(x), atol=1e-5, rtol=1e-4)


# Registry


@pytest.mark.parametrize("config", [{}, {"kind": "nope"}, {"kind": "os.system"}, {"kind": None}])
def test_unknown_kinds(config):
    with pytest.raises(ConfigError, match=r"expected .*audio-tower, band-split, band-unet"):
        build(config)


@pytest.mark.parametrize(
    ("key", "words"),
    [("chanels", "did you mean 'channels'"), ("dilation", "did you mean 'dilations'"),
     ("zzz", "expected bands, channels")],
)  # fmt: skip
def test_unknown_entries_name_the_nearest(key, words):
    with pytest.raises(ConfigError, match=f"unknown entry '{key}' for BandUNetConfig.*{words}"):
        build({"kind": "band-unet", "core": {key: 1}})


@pytest.mark.parametrize("table", ["frontend", "tower"])
def test_unknown_entries_of_other_tables(table):
    kind = "band-unet" if table == "frontend" else "audio-tower"
    with pytest.raises(ConfigError, match="unknown entry 'x'"):
        build({"kind": kind, table: {"x": 1}})


def test_configurations_survive_json():
    for config in (FrontendConfig(hop_ms=8.0), AudioTowerConfig(channels=(1, 2))):
        again = config_from_dict(type(config), config_to_dict(config))
        assert again == config


def test_weights_are_drawn_from_the_global_seed():
    torch.manual_seed(3)
    one = build(SEPARATORS[0]).state_dict()
    torch.manual_seed(3)
    other = build(SEPARATORS[0]).state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


# Presence without masks


@pytest.mark.parametrize("config", SEPARATORS, ids=["film", "inner", "split"])
def test_recognised_queries_score_as_if_they_were_separated(config):
    network = shake(build(config), 3)
    audio, queries = noise(2, 8000), unit(2, 3, DIM)
    with torch.no_grad():
        _, alone = network(audio, queries, sample_rate=16000)
        _, _, recognised = network(audio, queries[:, :1], sample_rate=16000, others=queries)
    torch.testing.assert_close(recognised, alone, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("config", SEPARATORS, ids=["film", "inner", "split"])
def test_items_that_are_only_recognised_do_not_change_the_others(config):
    network = shake(build(config), 3)
    audio, queries, others = noise(3, 8000), unit(3, 2, DIM), unit(3, 4, DIM, seed=2)
    with torch.no_grad():
        whole = network(audio, queries, sample_rate=16000, others=others)
        first = network(audio, queries[:2], sample_rate=16000, others=others)
    assert first[0].shape[0] == first[1].shape[0] == 2
    torch.testing.assert_close(first[0], whole[0][:2], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(first[1], whole[1][:2], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(first[2], whole[2], atol=1e-5, rtol=1e-4)


def test_evidence_can_join_a_trained_network_without_changing_it():
    plain = shake(build({"kind": "band-unet", "core": CORE}), 3)
    more = build({"kind": "band-unet", "core": {**CORE, "evidence": True}}).eval()
    missing, unexpected = more.load_state_dict(plain.state_dict(), strict=False)
    assert not unexpected
    assert {name.split(".")[1] for name in missing} == {"evidence", "hint"}
    audio, queries = noise(1, 8000), unit(1, 2, DIM)
    with torch.no_grad():
        for one, other in zip(
            plain(audio, queries, sample_rate=16000),
            more(audio, queries, sample_rate=16000),
            strict=True,
        ):
            torch.testing.assert_close(one, other)


def test_evidence_and_hint_follow_the_query():
    network = shake(build({"kind": "band-unet", "core": {**CORE, "evidence": True}}), 3)
    with torch.no_grad():
        for parameter in (*network.core.evidence.parameters(), network.core.hint.weight):
            parameter.normal_(std=0.3, generator=torch.Generator().manual_seed(5))
    audio, queries = noise(1, 8000), unit(1, 2, DIM)
    _, presence = network(audio, queries, sample_rate=16000)
    state = network.look(network.frontend.analyse(audio, sample_rate=16000), sample_rate=16000)
    assert (presence - network.core.recognise(state, queries)).abs().max() > 1e-3
    gradient = torch.autograd.grad(presence[0, 0].sum(), network.core.hint.weight)[0]
    assert gradient.abs().max() > 0


def test_dropout_is_for_training_alone():
    torch.manual_seed(3)
    plain = build({"kind": "band-unet", "core": CORE})
    dropped = build({"kind": "band-unet", "core": {**CORE, "dropout": 0.5}})
    dropped.load_state_dict(plain.state_dict())  # the weights have the same names
    audio, queries = noise(2, 8000), unit(2, 1, DIM)
    with torch.no_grad():
        before = plain.eval()(audio, queries, sample_rate=16000)
        after = dropped.eval()(audio, queries, sample_rate=16000)
        for a, b in zip(before, after, strict=True):
            assert torch.equal(a, b)
        dropped.train()
        torch.manual_seed(4)
        first = dropped(audio, queries, sample_rate=16000)[1]
        second = dropped(audio, queries, sample_rate=16000)[1]
    assert not torch.allclose(first, second)
