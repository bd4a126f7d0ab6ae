from dataclasses import replace

import numpy as np
import pytest
import torch

from lass.data import ClipStore, MixtureConfig, MixtureSampler, QueryTable, read_manifests
from lass.errors import ConfigError
from lass.networks import build
from lass.training import Recipe, fit, load_recipe
from lass.training.loop import learning_rate_factor
from lass.training.recipe import OptimiserConfig, RunConfig
from lass.training.tasks import SeparatorTask, TrainingStream
from lass.zoo import resources
from tests.data.pack import LABELS, make_pack

NETWORK = {
    "kind": "band-unet",
    "core": {"channels": [4, 8, 8], "context": 16, "dilations": [1], "query_dim": 8},
}


@pytest.fixture(scope="module")
def make_task(tmp_path_factory):
    pack = make_pack(tmp_path_factory.mktemp("pack"))
    store = ClipStore.open(pack, read_manifests(pack), cache=tmp_path_factory.mktemp("cache"))
    vectors = {name: np.eye(8, dtype=np.float32)[i] for i, name in enumerate(LABELS)}
    table = QueryTable({name: [name] for name in LABELS}, vectors)
    config = MixtureConfig(
        batch=4, segment_s=0.5, datasets=(("esc50", 1.0),), high_rate=0.0, sources=(0.0, 1.0)
    )

    def make():
        torch.manual_seed(0)
        sampler = MixtureSampler(store, range(24), table, config, seed=0)
        return SeparatorTask(build(NETWORK), sampler)

    return make


def recipe(steps):
    return Recipe(
        "separator",
        run=RunConfig(steps=steps, precision="32-true", workers=0, log_every=5),
        optimiser=OptimiserConfig(warmup_steps=2, learning_rate=1e-2),
    )


@pytest.mark.filterwarnings("ignore")
def test_training_lowers_the_error(make_task, tmp_path):
    seen = []
    fit(make_task(), recipe(120), tmp_path, accelerator="cpu", on_progress=seen.append)
    assert seen[-1].figures["error_db"] < seen[0].figures["error_db"] - 1.0
    rows = (tmp_path / "log.csv").read_text().splitlines()
    assert len(rows) == 1 + 120 // 5
    assert rows[0].startswith("step,minutes,learning_rate,loss")


@pytest.mark.filterwarnings("ignore")
def test_resumed_run_equals_an_uninterrupted_one(make_task, tmp_path):
    whole = fit(make_task(), recipe(6), tmp_path / "a", accelerator="cpu")
    # A checkpoint after every step; the fourth step fails.
    first = replace(recipe(6), run=replace(recipe(6).run, checkpoint_minutes=0.0))
    task = make_task()
    calls = []
    original = task.loss

    def stop_after_three(module, batch):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return original(module, batch)

    task.loss = stop_after_three
    with pytest.raises(KeyboardInterrupt):
        fit(task, first, tmp_path / "b", accelerator="cpu")
    resumed = fit(make_task(), recipe(6), tmp_path / "b", accelerator="cpu")
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value, msg=name)


@pytest.mark.filterwarnings("ignore")
def test_checkpoint_of_another_network_is_refused(make_task, tmp_path):
    fit(make_task(), recipe(1), tmp_path, accelerator="cpu")
    task = make_task()
    task.module = build({**NETWORK, "core": {**NETWORK["core"], "channels": [4, 8, 12]}})
    with pytest.raises(ConfigError, match="another network"):
        fit(task, recipe(2), tmp_path, accelerator="cpu")


def test_workers_share_the_batches(make_task):
    task = make_task()
    task.batch = lambda number: {"number": number}
    alone = TrainingStream(task, first=3)
    rank1 = TrainingStream(task, first=3, rank=1, world=2)
    take = lambda stream: [b["number"] for b, _ in zip(stream, range(3), strict=False)]  # noqa: E731
    assert take(alone) == [3, 4, 5]
    assert take(TrainingStream(task, first=3, world=2)) == [3, 5, 7]
    assert take(rank1) == [4, 6, 8]


def test_learning_rate_rises_holds_and_falls():
    config = OptimiserConfig(warmup_steps=4, hold=0.5)
    assert learning_rate_factor(0, 0.0, config) == 0.25
    assert learning_rate_factor(9, 0.5, config) == 1.0
    assert learning_rate_factor(9, 1.0, config) == pytest.approx(0.0)


def test_shipped_recipes_load_and_build():
    for path in sorted(resources("lass").glob("training/recipes/*.toml")):
        loaded = load_recipe(path)
        assert build(loaded.network) is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("task = 'separator'\n[run]\nstep = 3", "did you mean 'steps'"),
        ("task = 'cook'", "expected 'separator' or 'joint'"),
        ("task = ", "cannot read the recipe"),
    ],
)
def test_wrong_recipes_are_explained(tmp_path, text, message):
    path = tmp_path / "r.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_recipe(path)
