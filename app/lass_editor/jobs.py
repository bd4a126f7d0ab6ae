"""Long work beside the page: how far it is, how long it will take, and a way to stop it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Cancelled", "Job"]

_Result = TypeVar("_Result")
_SETTLED = 0.04  # share of the work after which its speed can be told


class Cancelled(Exception):  # noqa: N818 (not an error: the user wished it)
    """The user stopped the work."""


class Job(Generic[_Result]):
    """A function in a thread of its own.

    Args:
        title: what is done, for people.
        work: takes a callback ``(stage, share)`` that it must call often: to stop the work, the
            callback raises :class:`Cancelled`.
    """

    def __init__(self, title: str, work: Callable[[Callable[[str, float], None]], _Result]) -> None:
        self.title = title
        self.stage = ""
        self.share = 0.0
        self._work = work
        self._stop = threading.Event()
        self._began = time.monotonic()
        self._stage_began = self._began
        self._result: _Result | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="lass-job")
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether the work has ended, one way or the other."""
        return not self._thread.is_alive()

    @property
    def cancelled(self) -> bool:
        """Whether the user asked to stop."""
        return self._stop.is_set()

    @property
    def left_s(self) -> float | None:
        """Seconds that this stage will still take; None while that cannot be told."""
        if self.share < _SETTLED:
            return None
        spent_s = time.monotonic() - self._stage_began
        return spent_s * (1.0 - self.share) / self.share

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self._stop.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; True if it came in time."""
        self._thread.join(timeout_s)
        return self.done

    def result(self) -> _Result:
        """What the work gave.

        Raises:
            Cancelled: the user stopped it.
            Exception: what the work raised.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    def report(self, stage: str, share: float) -> None:
        """Take note of the progress; raise if the work shall stop."""
        if stage != self.stage:
            self.stage, self._stage_began = stage, time.monotonic()
        self.share = min(max(share, 0.0), 1.0)
        if self._stop.is_set():
            raise Cancelled

    def _run(self) -> None:
        try:
            self._result = self._work(self.report)
        except BaseException as error:
            self._error = error
