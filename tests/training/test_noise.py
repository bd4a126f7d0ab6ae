from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment

from lass.data import ClipStore, MixtureConfig, MixtureSampler, QueryTable, read_manifests
from lass.networks import build
from lass.training import Recipe, fit, load_recipe
from lass.training.export import read_average, without_noise_heads
from lass.training.losses import error_level_db
from lass.training.noise import (
    NoiseInvariantNetwork,
    NoiseInvariantTask,
    excess_share,
    least_over_assignments,
)
from lass.training.recipe import NoiseConfig, OptimiserConfig, RunConfig
from lass.training.setup import start_from
from lass.zoo import model_folder
from tests.data.pack import LABELS, make_pack

NETWORK = {
    "kind": "band-unet",
    "core": {"channels": [4, 8, 8], "context": 16, "dilations": [1], "query_dim": 8},
}


class Echo(torch.nn.Module):
    """Answers every query with the mixture times the query's first entry."""

    def forward(self, audio, queries, *, sample_rate):
        estimates = queries[:, :, :1] * audio[:, None]
        return estimates, queries[:, :, :1].expand(-1, -1, 4)


@pytest.fixture(scope="module")
def sampler(tmp_path_factory):
    pack = make_pack(tmp_path_factory.mktemp("pack"))
    store = ClipStore.open(pack, read_manifests(pack), cache=tmp_path_factory.mktemp("cache"))
    vectors = {name: np.eye(8, dtype=np.float32)[i] for i, name in enumerate(LABELS)}
    table = QueryTable({name: [name] for name in LABELS}, vectors)
    config = MixtureConfig(
        batch=4, segment_s=0.5, datasets=(("esc50", 1.0),), high_rate=0.0, sources=(0.0, 1.0)
    )
    return MixtureSampler(store, range(24), table, config, seed=0)


def with_config(sampler, **changes):
    config = replace(sampler.config, **changes)
    return MixtureSampler(sampler.store, range(24), sampler.table, config, seed=0)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 2), (2, 4), (3, 3)])
def test_the_best_assignment_is_scipys(rows, columns):
    pairs = torch.randn(16, rows, columns, dtype=torch.float64)
    found = least_over_assignments(pairs)
    for item, total in zip(pairs.numpy(), found, strict=True):
        row, column = linear_sum_assignment(item)
        assert total.item() == pytest.approx(item[row, column].sum(), abs=1e-12)


def test_the_best_assignment_is_asteroids():
    losses = pytest.importorskip("asteroid.losses")
    wrapper = losses.PITLossWrapper(losses.pairwise_mse, pit_from="pw_mtx")
    estimates, targets = torch.randn(8, 3, 50), torch.randn(8, 3, 50)
    pairs = (estimates[:, :, None] - targets[:, None]).square().mean(dim=-1)
    ours = least_over_assignments(pairs).mean() / 3
    torch.testing.assert_close(ours, wrapper(estimates, targets))


def test_gradient_flows_only_through_the_best_assignment():
    pairs = torch.tensor([[[0.0, 9.0], [9.0, 0.0]]], requires_grad=True)
    least_over_assignments(pairs).sum().backward()
    assert pairs.grad.tolist() == [[[1.0, 0.0], [0.0, 1.0]]]


def test_the_share_of_the_heads_is_in_amplitude():
    mixture = torch.randn(4, 1000)
    noise = torch.stack([0.2 * mixture, 0.3 * mixture], dim=1)
    assert excess_share(noise, mixture, allowance=0.25).item() == pytest.approx(0.25, abs=1e-4)
    assert excess_share(noise, mixture, allowance=0.6).item() == 0.0


def test_heads_answer_after_the_queries():
    module = NoiseInvariantNetwork(Echo(), query_dim=8, heads=2)
    queries, audio = torch.randn(3, 2, 8), torch.randn(3, 100)
    estimates, noise, presence = module(audio, queries, sample_rate=16000)
    torch.testing.assert_close(estimates, queries[:, :, :1] * audio[:, None])
    assert noise.shape == (3, 2, 100)
    assert presence.shape == (3, 2, 4)


def test_a_query_that_is_not_there_gets_no_help(sampler):
    task = NoiseInvariantTask(
        NoiseInvariantNetwork(Echo(), query_dim=8), sampler, presence_weight=0.0, noise_weight=0.0
    )
    mixture = torch.randn(2, 100)
    queries = torch.full((2, 2, 8), 0.5)
    batch = {
        "mixture": mixture,
        "targets": torch.zeros(2, 2, 100),
        "queries": queries,
        "sample_rate": 16000,
    }
    loss, _ = task.loss(task.module, batch)
    expected = error_level_db(0.5 * mixture, torch.zeros_like(mixture), mixture).mean()
    assert loss.item() == pytest.approx(expected.item(), abs=1e-4)


def test_loss_is_the_best_of_both_assignments(sampler):
    task = NoiseInvariantTask(
        NoiseInvariantNetwork(Echo(), query_dim=8), sampler, presence_weight=0.0, noise_weight=0.0
    )
    batch = task.batch(0)
    batch["targets"] = torch.randn_like(batch["targets"])
    loss, figures = task.loss(task.module, batch)
    estimates, noise, _ = task.module(
        batch["mixture"], batch["queries"], sample_rate=batch["sample_rate"]
    )
    best = []
    for item in range(4):

        def level(query, head, item=item):
            return error_level_db(
                estimates[item, query] + noise[item, head],
                batch["targets"][item, query],
                batch["mixture"][item],
            ).item()

        best.append(min(level(0, 0) + level(1, 1), level(0, 1) + level(1, 0)))
    assert loss.item() == pytest.approx(np.mean(best) / 2, abs=1e-4)
    assert figures["explained_db"] == pytest.approx(loss.item(), abs=1e-4)


def test_contamination_adds_a_sound_at_the_asked_level(sampler):
    dirty = with_config(sampler, contaminated=1.0, contamination_db=(10.0, 10.0), absent=0.0)
    clean = with_config(sampler, absent=0.0)
    generator = np.random.default_rng(0)
    sources = np.stack([clean._source(0, 16000, generator), clean._source(1, 16000, generator)])
    chosen = [0, 1]
    result = dirty._contaminate(sources, chosen, 16000, generator)
    assert len(chosen) == 4
    for row in range(2):
        hidden = result[row] - sources[row]
        level_db = 20 * np.log10(np.std(sources[row]) / np.sqrt(np.mean(hidden**2)))
        assert level_db == pytest.approx(10.0, abs=0.2)
        assert sampler.store.clips[chosen[2 + row]].label not in {
            sampler.store.clips[i].label for i in (0, 1)
        }


def test_targets_still_add_up_to_the_mixture_when_contaminated(sampler):
    batch = with_config(sampler, contaminated=1.0, absent=0.0).batch(3)
    np.testing.assert_allclose(batch.targets.sum(axis=1), batch.mixture, atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_trained_heads_are_dropped_at_export(sampler, tmp_path):
    module = NoiseInvariantNetwork(build(NETWORK), query_dim=8)
    recipe = Recipe(
        "separator",
        run=RunConfig(steps=3, precision="32-true", workers=0),
        optimiser=OptimiserConfig(warmup_steps=1),
        noise=NoiseConfig(heads=2),
    )
    fit(NoiseInvariantTask(module, sampler), recipe, tmp_path, accelerator="cpu")
    weights = without_noise_heads(read_average(tmp_path)[0])
    build(NETWORK).load_state_dict(weights)
    assert not any("heads" in name for name in weights)


@pytest.mark.filterwarnings("ignore")
def test_training_with_heads_lowers_what_is_unexplained(sampler, tmp_path):
    torch.manual_seed(0)
    dirty = with_config(sampler, contaminated=1.0, absent=0.0)
    module = NoiseInvariantNetwork(build(NETWORK), query_dim=8)
    seen = []
    recipe = Recipe(
        "separator",
        run=RunConfig(steps=80, precision="32-true", workers=0, log_every=5),
        optimiser=OptimiserConfig(warmup_steps=2, learning_rate=1e-2),
    )
    fit(
        NoiseInvariantTask(module, dirty),
        recipe,
        tmp_path,
        accelerator="cpu",
        on_progress=seen.append,
    )
    assert seen[-1].figures["explained_db"] < seen[0].figures["explained_db"] - 0.5


def test_a_recipe_asks_for_heads(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('task = "separator"\n[noise]\nheads = 2\nallowance = 0.1\n', encoding="utf-8")
    assert load_recipe(path).noise == NoiseConfig(heads=2, allowance=0.1)


def test_the_shipped_weights_fit_inside_the_wrapper(sampler):
    from lass.zoo.loading import read_config

    network = build(read_config(model_folder("default"))["network"])
    before = {k: v.clone() for k, v in network.state_dict().items()}
    module = NoiseInvariantNetwork(network, query_dim=256)
    start_from(NoiseInvariantTask(module, sampler), "default")
    assert any(not torch.equal(before[k], v) for k, v in network.state_dict().items())
