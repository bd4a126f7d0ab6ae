"""Files on a cluster, by Ray Data.

Every machine must see the recordings and the folders of the results under the same paths, and
have the same `lass`. Ray starts actors, each with the model loaded once, hands files to them as
they become free, and does again what a lost machine had in hand. What Ray cannot know is kept by
a small actor beside the driver: how often each file was begun. So a file that kills its process
every time is given up, and a result that a dead machine left behind is replaced, not taken for
somebody else's.

Facts about Ray: https://docs.ray.io/en/latest/data/api/doc/ray.data.ActorPoolStrategy.html and
https://docs.ray.io/en/latest/ray-core/fault_tolerance/actors.html
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from lass.errors import ConfigError, LassError
from lass.scale.local import usable_cores
from lass.scale.records import Record
from lass.scale.tasks import Setup, Task

__all__ = ["RayEngine"]

_TRIES = 3
_MOST_BLOCKS = 20_000  # a block is what is done again if a machine is lost: mostly one file


class RayEngine:
    """Works on a Ray cluster; see `lass.scale.LocalEngine` for what it gives.

    Args:
        address: of a cluster, such as ``10.0.0.1:6379`` or ``auto``; one on this machine is
            started, and ended afterwards, if None.
        actors: at most so many; one for every core but one if None. That core is the driver's:
            if actors take all of them, a run waits for ever.
        threads: threads, and so cores, of each actor.

    Raises:
        ConfigError: Ray is not installed.
    """

    def __init__(
        self, *, address: str | None = None, actors: int | None = None, threads: int = 1
    ) -> None:
        _ray()
        self.address, self.actors, self.threads = address, actors, threads

    def run(self, setup: Setup, tasks: Iterable[Task]) -> Generator[Record]:
        """Do all tasks.

        Args:
            setup: what they have in common.
            tasks: the files.

        Yields:
            A record for each, in the order in which they are finished.

        Raises:
            LassError: the model cannot be loaded, or the cluster cannot be reached or is lost.
        """
        ray = _ray()
        given = list(tasks)
        if not given:
            return
        setup.load()  # what every actor would fail at is said once, here
        missing = dict(enumerate(given))
        with _cluster(self.address):
            try:
                for place, record in self._records(setup, given):
                    if missing.pop(place, None) is not None:
                        yield record
            except ray.exceptions.RayError as error:
                reason = str(error).strip().splitlines()  # a traceback, the reason last
                raise LassError(
                    f"the Ray cluster failed with {len(missing)} of {len(given)} files to do "
                    f"({type(error).__name__}: {reason[-1] if reason else 'no reason given'}): "
                    "start the same command again, and only those are done"
                ) from error
        for task in missing.values():
            error_text = f"{task.path} was lost by the cluster: start the same command again"
            yield Record(task.path, "failed", error=error_text)

    def _records(self, setup: Setup, tasks: list[Task]) -> Iterator[tuple[int, Record]]:
        ray = _ray()
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=True
        )
        tries = ray.remote(num_cpus=0)(_Tries).options(scheduling_strategy=here).remote()
        actors, cores = self._pool()
        rows = [{"place": place, "task": task.to_json()} for place, task in enumerate(tasks)]
        options: dict[str, Any] = {"num_gpus": 1} if setup.device.startswith("cuda") else {}
        results = ray.data.from_items(
            rows, override_num_blocks=min(len(rows), _MOST_BLOCKS)
        ).map_batches(
            _Actor,
            fn_constructor_kwargs={"setup": setup, "tries": tries, "threads": self.threads},
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(actors, len(tasks))),
            num_cpus=cores,
            **options,
        )
        for row in results.iter_rows():
            yield int(row["place"]), Record.from_json(str(row["record"]))

    def _pool(self) -> tuple[int, float]:
        """How many actors, and how many cores each is given; one stays with the driver."""
        ray = _ray()
        cores = int(ray.cluster_resources().get("CPU", 1))
        most = max(1, (cores - 1) // self.threads)
        actors = most if self.actors is None else min(self.actors, most)
        return actors, float(self.threads) if cores > self.threads else 0.5


def _ray() -> Any:  # noqa: ANN401 (a module, most of which has no types)
    """Ray, which is imported when it is needed and tells nobody that it is used."""
    # Ray reads these when it is imported.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
    try:
        import ray
        import ray.data
        import ray.util.scheduling_strategies
    except ImportError as error:
        raise ConfigError(
            'the engine ray needs Ray: install it with pip install "lass[ray]"'
        ) from error
    return ray


class _Tries:
    """How often each file was begun."""

    def __init__(self) -> None:
        self._begun: dict[int, int] = {}

    def begin(self, place: int) -> int:
        """Count, and tell the number."""
        self._begun[place] = self._begun.get(place, 0) + 1
        return self._begun[place]


class _Actor:
    """A process of the cluster with the model loaded."""

    def __init__(
        self,
        setup: Setup,
        tries: Any,  # noqa: ANN401 (an actor's handle)
        threads: int,
    ) -> None:
        from lass.scale.worker import Worker, limit_threads

        limit_threads(threads)
        self._worker, self._tries = Worker(setup), tries

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Do the files of a batch."""
        places = [int(place) for place in batch["place"]]
        records = [
            self._one(place, Task.from_json(str(text)))
            for place, text in zip(places, batch["task"], strict=True)
        ]
        return {"place": places, "record": [record.to_json() for record in records]}

    def _one(self, place: int, task: Task) -> Record:
        ray = _ray()
        try:
            begun = int(ray.get(self._tries.begin.remote(place)))
        except ray.exceptions.RayError:  # the counter is lost: take it that somebody was here
            begun = 2
        if begun > _TRIES:
            error = (
                f"{task.path}: the processes that worked on it died {_TRIES} times, perhaps for "
                "want of memory"
            )
            return Record(task.path, "failed", error=error)
        return self._worker.run(replace(task, again=begun > 1))


@contextmanager
def _cluster(address: str | None) -> Iterator[None]:
    """Connect to a cluster, or start one here; and leave it as it was found."""
    ray = _ray()
    if ray.is_initialized():
        yield
        return
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address is None:
        options |= {"num_cpus": max(2, usable_cores()), "include_dashboard": False}
    else:
        options |= {"address": address}
    try:
        ray.init(**options)
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
        reason = str(error).strip().splitlines()
        raise LassError(
            f"no Ray cluster answers at {address or 'this machine'} "
            f"({reason[0] if reason else type(error).__name__}): start one with `ray start "
            "--head`, or leave --address out"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()
        if address is None:
            time.sleep(0.1)  # its processes end a moment after it
