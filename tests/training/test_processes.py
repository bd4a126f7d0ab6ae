"""Several processes train like one that sees all their batches."""

import csv
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from lass.data import ClipStore, read_manifests
from lass.errors import ConfigError
from lass.training.loop import learning_rate_factor
from lass.training.optimisers import optimiser_for
from lass.training.processes import launch
from lass.zoo import resources
from tests.data.pack import make_pack
from tests.training.two_processes import make_task, recipe

SCRIPT = ["-W", "ignore", "-m", "tests.training.two_processes"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("training")
    pack = make_pack(made / "pack")
    ClipStore.open(pack, read_manifests(pack), cache=made / "cache")
    return made


def command(folder, run, *, devices, steps, batch=4):
    return [sys.executable, *SCRIPT, str(folder), str(run), str(devices), str(steps), str(batch)]


def start(*arguments, **numbers):
    return subprocess.Popen(
        command(*arguments, **numbers), cwd=resources("lass").parent,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def train(*arguments, **numbers):
    process = start(*arguments, **numbers)
    _, said = process.communicate(timeout=240)
    assert process.returncode == 0, said[-2000:]


def weights(run, name="module"):
    return torch.load(run / "last.ckpt", weights_only=True)[name]


def by_hand(folder, steps):
    """Gradients of both processes' batches, averaged: what two processes should do."""
    task, config = make_task(folder, batch=4), recipe(steps).optimiser
    module = task.module.train()
    optimiser = optimiser_for(module, config)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * learning_rate_factor(step, step / steps, config)
        gathered = []
        for rank in (0, 1):
            optimiser.zero_grad()
            task.loss(module, task.batch(2 * step + rank))[0].backward()
            gathered.append([p.grad.clone() for p in module.parameters()])
        for parameter, one, other in zip(module.parameters(), *gathered, strict=True):
            parameter.grad = (one + other) / 2
        torch.nn.utils.clip_grad_norm_(module.parameters(), config.clip_norm)
        optimiser.step()
    return dict(module.named_parameters())


@pytest.mark.filterwarnings("ignore")
def test_two_processes_take_the_steps_of_averaged_gradients(folder, tmp_path):
    train(folder, tmp_path / "two", devices=2, steps=3)
    found = weights(tmp_path / "two")
    for name, value in by_hand(folder, 3).items():
        torch.testing.assert_close(found[name], value.detach(), msg=name, rtol=2e-3, atol=2e-4)


@pytest.mark.slow
def test_two_processes_reach_the_loss_of_one_with_their_batches_together(folder, tmp_path):
    """The same loss within the noise of their mixtures, which are not the same; -6 dB at first."""
    train(folder, tmp_path / "one", devices=1, steps=150, batch=8)
    train(folder, tmp_path / "two", devices=2, steps=150, batch=4)

    def level(name):
        rows = list(csv.DictReader((tmp_path / name / "log.csv").read_text().splitlines()))
        assert float(rows[0]["error_db"]) > -7.0
        return sum(float(row["error_db"]) for row in rows[-10:]) / 10

    assert level("one") < -15.0
    assert level("two") == pytest.approx(level("one"), abs=2.0)


@pytest.mark.slow
def test_killed_between_steps_goes_on_exactly(folder, tmp_path):
    train(folder, tmp_path / "whole", devices=2, steps=60)
    process = start(folder, tmp_path / "killed", devices=2, steps=60)
    deadline = time.monotonic() + 120
    while not (tmp_path / "killed" / "last.ckpt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    position = weights(tmp_path / "killed", "position")
    assert 0 < position["step"] < 60
    assert position["batches"] == 2 * position["step"]
    train(folder, tmp_path / "killed", devices=2, steps=60)
    for name, value in weights(tmp_path / "whole").items():
        torch.testing.assert_close(weights(tmp_path / "killed")[name], value, msg=name)


def test_numbers_below_one_are_refused():
    with pytest.raises(ConfigError, match="must be 1 or more"):
        launch(devices=0)
