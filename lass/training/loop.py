"""The training loop on Lightning Fabric: resumable, the same on CPU and GPU, on one or many."""

from __future__ import annotations

import csv
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from lass.errors import ConfigError
from lass.training.optimisers import optimiser_for
from lass.training.processes import agreed, launch
from lass.training.recipe import OptimiserConfig, Recipe, RunConfig
from lass.training.tasks import Task, TrainingStream

if TYPE_CHECKING:
    from lightning.fabric import Fabric

__all__ = ["Progress", "fit", "learning_rate_factor"]


@dataclass(frozen=True)
class Progress:
    """Where a run stands.

    Args:
        step: optimiser steps done.
        share: part of the run that is done, 0…1.
        minutes: training time so far.
        figures: means since the last report.
    """

    step: int
    share: float
    minutes: float
    figures: dict[str, float]


@dataclass
class _Position:
    """Everything besides tensors that a checkpoint keeps."""

    step: int = 0
    seconds: float = 0.0
    batches: int = 0  # over all processes, so that a run may go on with more or fewer of them

    def share(self, run: RunConfig) -> float:
        done = self.step / run.steps if run.steps else self.seconds / (60.0 * run.minutes)
        return min(1.0, done)


def learning_rate_factor(step: int, share: float, config: OptimiserConfig) -> float:
    """Linear rise, a plateau, and a cosine to zero.

    Example:
        >>> config = OptimiserConfig(warmup_steps=10, hold=0.5)
        >>> [round(learning_rate_factor(s, s / 100, config), 2) for s in (0, 10, 50, 75, 100)]
        [0.1, 1.0, 1.0, 0.5, 0.0]
    """
    rise = min(1.0, (step + 1) / max(1, config.warmup_steps))
    fall = max(0.0, share - config.hold) / max(1e-9, 1.0 - config.hold)
    return rise * 0.5 * (1.0 + math.cos(math.pi * fall))


def fit(
    task: Task,
    recipe: Recipe,
    folder: Path,
    *,
    accelerator: str = "auto",
    fabric: Fabric | None = None,
    stop_after_minutes: float | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> nn.Module:
    """Train until the recipe's end, going on from ``folder/last.ckpt`` if it is there.

    Args:
        task: what to train.
        recipe: how.
        folder: receives ``last.ckpt`` and ``log.csv``.
        accelerator: Fabric's name of the device kind, if ``fabric`` is None.
        fabric: several processes, from :func:`lass.training.processes.launch`. All of them call
            this function, and the first one writes.
        stop_after_minutes: leave early (with a checkpoint) after this much time in this call.
        on_progress: called at every row of the log.
        clock: seconds of a time that only grows; ``time.process_time`` leaves out what other
            programs take of a shared processor.

    Returns:
        A network with the averaged weights.

    Raises:
        ConfigError: the checkpoint belongs to another network.
    """
    if fabric is None:
        fabric = launch(accelerator=accelerator, precision=recipe.run.precision)
    torch.manual_seed(recipe.run.seed)
    optimiser = optimiser_for(task.module, recipe.optimiser)
    task.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    module, wrapped = fabric.setup(task.module, optimiser)
    average = _Average(task.module, decay=recipe.optimiser.average)
    position = _Position()
    folder.mkdir(parents=True, exist_ok=True)
    _resume(fabric, folder / "last.ckpt", task.module, optimiser, average, position)

    fabric.barrier()  # the folder is read by all before the first one writes into it
    rank, world = fabric.global_rank, fabric.world_size
    stream = TrainingStream(task, first=position.batches, rank=rank, world=world)
    loader = torch.utils.data.DataLoader(
        stream,
        batch_size=None,
        num_workers=recipe.run.workers,
        prefetch_factor=4 if recipe.run.workers else None,
    )
    recorder = _Recorder(folder / "log.csv")
    started = last_save = before = clock()
    module.train()
    for batch in loader:
        late = stop_after_minutes is not None and before - started > 60.0 * stop_after_minutes
        share, stop = agreed(fabric, position.share(recipe.run), float(late))
        if share >= 1.0 or stop:
            break
        factor = learning_rate_factor(position.step, share, recipe.optimiser)
        for group in optimiser.param_groups:
            group["lr"] = factor * recipe.optimiser.learning_rate
        loss, figures = task.loss(module, fabric.to_device(batch))
        fabric.backward(loss)
        norm = fabric.clip_gradients(module, wrapped, max_norm=recipe.optimiser.clip_norm)
        wrapped.step()
        wrapped.zero_grad(set_to_none=True)
        average.update(task.module, position.step)
        if rank == 0:
            recorder.add({"loss": float(loss.detach()), "norm": float(norm or 0.0), **figures})
        position.step += 1
        position.batches += world
        now = clock()
        position.seconds += now - before
        before = now
        if position.step % recipe.run.log_every == 0 and rank == 0:
            progress = Progress(position.step, share, position.seconds / 60.0, recorder.flush())
            recorder.write(progress, factor * recipe.optimiser.learning_rate)
            if on_progress is not None:
                on_progress(progress)
        if now - last_save > 60.0 * recipe.run.checkpoint_minutes and rank == 0:
            _save(folder / "last.ckpt", task.module, optimiser, average, position)
            last_save = now
    if rank == 0:
        _save(folder / "last.ckpt", task.module, optimiser, average, position)
    average.copy_to(task.module)
    return task.module.eval()


class _Average:
    """Running average of weights and buffers; short at first, so that early results are usable."""

    def __init__(self, module: nn.Module, *, decay: float) -> None:
        self.decay = decay
        self.state = {k: v.detach().clone() for k, v in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        decay = min(self.decay, (1.0 + step) / (10.0 + step))
        for name, value in module.state_dict().items():
            kept = self.state[name]
            if kept.is_floating_point():
                kept.lerp_(value.to(kept.dtype), 1.0 - decay)
            else:
                kept.copy_(value)

    def copy_to(self, module: nn.Module) -> None:
        module.load_state_dict(self.state)


class _Recorder:
    """Means of figures, one row of ``log.csv`` at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: list[dict[str, float]] = []

    def add(self, figures: dict[str, float]) -> None:
        self._rows.append(figures)

    def flush(self) -> dict[str, float]:
        names = self._rows[0].keys()
        means = {n: sum(row[n] for row in self._rows) / len(self._rows) for n in names}
        self._rows.clear()
        return means

    def write(self, progress: Progress, learning_rate: float) -> None:
        row = {
            "step": progress.step,
            "minutes": round(progress.minutes, 2),
            "learning_rate": f"{learning_rate:.3g}",
            **{k: round(v, 4) for k, v in progress.figures.items()},
        }
        new = not self.path.exists()
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow(row)


def _save(
    path: Path,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: _Average,
    position: _Position,
) -> None:
    """Write a checkpoint by rename, so that a kill never leaves half of one."""
    state = {
        "module": module.state_dict(),
        "average": average.state,
        "optimiser": optimiser.state_dict(),
        "position": vars(position),
    }
    temporary = path.with_suffix(".part")
    torch.save(state, temporary)
    os.replace(temporary, path)


def _resume(
    fabric: Fabric,
    path: Path,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: _Average,
    position: _Position,
) -> None:
    if not path.exists():
        return
    state: dict[str, Any] = torch.load(path, map_location=fabric.device, weights_only=True)
    try:
        module.load_state_dict(state["module"])
    except RuntimeError as error:
        raise ConfigError(
            f"{path} was made with another network: use a new run folder, or the recipe it was "
            f"started with ({str(error).splitlines()[0]})"
        ) from error
    optimiser.load_state_dict(state["optimiser"])
    saved: dict[str, Tensor] = state["average"]
    average.state = {k: v.clone() for k, v in saved.items()}
    position.step = int(state["position"]["step"])
    position.seconds = float(state["position"]["seconds"])
    position.batches = int(state["position"].get("batches", position.step))
