"""Files in this process, or in several of this machine."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from lass.audio.temporary import remove_leftovers
from lass.errors import LassError
from lass.interrupts import interrupts_held
from lass.scale.records import Record
from lass.scale.tasks import Setup, Task

if TYPE_CHECKING:
    from lass.scale.processes import Hand
    from lass.separation import Progress, Separator

__all__ = ["LocalEngine", "usable_cores"]

_FAILED_STARTS = 3


class LocalEngine:
    """Works in this process (one job) or in processes of its own, each with the model loaded once.

    A process holds one file at a time and gets the next when it is done, so tasks are drawn only
    as fast as they are worked on. If a process dies, another takes its file up once more; if that
    one dies as well, the file is recorded as failed and the others go on.

    Args:
        jobs: processes, not more than there are cores.
        threads: threads of each, so few that all of them together fit the cores; as many as fit,
            and not more than ``OMP_NUM_THREADS``, if None. Results are the same to the last bit
            for equal numbers of threads, and to rounding for others.
        separator: with one job, the model if it is loaded already.
        on_progress: with one job, called after every block.

    Example:
        >>> LocalEngine(jobs=1000).jobs <= usable_cores()
        True
    """

    def __init__(
        self,
        jobs: int = 1,
        *,
        threads: int | None = None,
        separator: Separator | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.jobs = max(1, min(jobs, usable_cores()))
        wished = os.environ.get("OMP_NUM_THREADS", "")
        most = int(wished) if threads is None and wished.isdecimal() else threads
        fitting = max(1, usable_cores() // self.jobs)
        self.threads = max(1, fitting if most is None else min(fitting, most))
        self._told = threads is not None
        self._separator, self._on_progress = separator, on_progress

    def run(self, setup: Setup, tasks: Iterable[Task]) -> Generator[Record]:
        """Do all tasks.

        Args:
            setup: what they have in common.
            tasks: the files.

        Yields:
            A record for each, in the order in which they are finished. Close the iterator to stop:
            processes are ended and leave nothing half-written.

        Raises:
            LassError: the model cannot be loaded, or no process can be kept alive.
        """
        if self.jobs == 1:
            given = iter(tasks)
            first = next(given, None)
            if first is None:  # nothing to load a model for
                return
            from lass.scale.worker import Worker, limit_threads

            if self._told:
                limit_threads(self.threads)
            worker = Worker(setup, self._separator)
            for task in chain([first], given):
                yield worker.run(task, self._on_progress)
            return
        crew = _Crew(setup, self.jobs, self.threads)
        with closing(crew):
            yield from crew.run(iter(tasks))


class _Crew:
    """Processes and what each has in hand."""

    def __init__(self, setup: Setup, jobs: int, threads: int) -> None:
        self._setup, self._jobs, self._threads = setup, jobs, threads
        self._hands: list[Hand] = []
        self._again: deque[Task] = deque()
        self._failed_starts = 0

    def run(self, tasks: Iterator[Task]) -> Iterator[Record]:
        from lass.scale.processes import Hand, Refusal

        while True:
            self._hand_out(tasks)
            if not any(hand.task for hand in self._hands):
                return
            for hand in Hand.wait(self._hands):
                answer = hand.receive()
                if isinstance(answer, Record):
                    yield answer
                elif isinstance(answer, Refusal):
                    raise answer.as_error()
                elif answer is None:
                    yield from self._after_death(hand)

    def _hand_out(self, tasks: Iterator[Task]) -> None:
        """Give every process something to do, and start one only if there is."""
        from lass.scale.processes import Hand

        idle = [hand for hand in self._hands if hand.task is None]
        while idle or len(self._hands) < self._jobs:
            task = self._again.popleft() if self._again else next(tasks, None)
            if task is None:
                return
            if not idle:
                with interrupts_held(), _threads_set(self._threads):
                    self._hands.append(Hand(self._setup, self._threads))
                idle = [self._hands[-1]]
            idle.pop().give(task)

    def _after_death(self, hand: Hand) -> Iterator[Record]:
        self._hands.remove(hand)
        how = hand.end()
        if not hand.ready:
            self._failed_starts += 1
            if self._failed_starts >= _FAILED_STARTS:
                raise LassError(
                    f"processes end as soon as they are started ({how}): use fewer --jobs, or, in "
                    "a script of yours, put the call under `if __name__ == '__main__':`"
                )
        task = hand.task
        if task is None:
            return
        remove_leftovers(task.path.parent if task.folder is None else task.folder)
        if not hand.ready:
            self._again.append(task)  # it was not begun
        elif not task.again:
            self._again.append(replace(task, again=True))
        else:
            error = (
                f"{task.path}: the process that worked on it died twice ({how}), perhaps for want "
                "of memory: use fewer --jobs"
            )
            yield Record(task.path, "failed", error=error)

    def close(self) -> None:
        """End all processes: at once those at work, the others by themselves."""
        from lass.scale.processes import Hand

        Hand.end_all(self._hands)
        self._hands = []


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _threads_set(threads: int) -> Iterator[None]:
    """Start processes whose libraries know from their first moment how many threads to take."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
