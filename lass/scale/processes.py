"""A process that separates files, seen from both of its ends."""

from __future__ import annotations

import _thread
import contextlib
import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from lass import errors
from lass.errors import LassError
from lass.scale.records import Record
from lass.scale.tasks import Setup, Task

__all__ = ["Hand", "Refusal"]

_PATIENCE_S = 1.2  # how long a process may take to tidy up; stopping must take less than 2 s
_READY = b"ready"


@dataclass(frozen=True)
class Refusal:
    """Why a process could not begin: an error that would meet every file alike."""

    kind: str
    message: str

    def as_error(self) -> LassError:
        """The error, to be raised here."""
        kind = getattr(errors, self.kind, LassError)
        known = isinstance(kind, type) and issubclass(kind, LassError)
        return kind(self.message) if known else LassError(self.message)


class Hand:
    """A process as its owner sees it.

    Args:
        setup: what all files have in common. It is pickled, from us to ourselves; tasks and
            records travel as text.
        threads: threads that it computes in.
    """

    def __init__(self, setup: Setup, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_work, args=(theirs, setup, threads), daemon=True, name="lass"
        )
        self._process.start()
        theirs.close()  # so that its death is the end of the line
        self.task: Task | None = None
        self.ready = False

    def give(self, task: Task) -> None:
        """Put a task into its hand; if it has died meanwhile, that is noticed when it is heard."""
        self.task = task
        with contextlib.suppress(OSError):
            self._connection.send_bytes(task.to_json().encode())

    def receive(self) -> Record | Refusal | bool | None:
        """What it says: a record, why it cannot begin, True for being ready, None for its death."""
        try:
            said = self._connection.recv_bytes()
        except (EOFError, OSError):
            return None
        if said == _READY:
            self.ready = True
            return True
        if said.startswith(b"["):
            return Refusal(*json.loads(said))
        self.task = None
        return Record.from_json(said.decode())

    def end(self) -> str:
        """Make an end of it if it is not over yet, and tell how it was."""
        self._connection.close()
        self._process.join(_PATIENCE_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        code = self._process.exitcode or 0
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    @staticmethod
    def wait(hands: Sequence[Hand]) -> list[Hand]:
        """Those that have something to say; waits until there is one."""
        by_connection: dict[Any, Hand] = {hand._connection: hand for hand in hands}
        return [by_connection[found] for found in wait(list(by_connection))]

    @staticmethod
    def end_all(hands: Sequence[Hand]) -> None:
        """End all of them: those at work are interrupted, and tidy up."""
        for hand in hands:
            if hand.task is not None:
                hand._process.terminate()
            hand._connection.close()
        deadline = time.monotonic() + _PATIENCE_S
        for hand in hands:
            hand._process.join(max(0.0, deadline - time.monotonic()))
        for hand in hands:
            if hand._process.is_alive():
                hand._process.kill()
            hand._process.join()
            hand._process.close()


def _work(connection: Connection, setup: Setup, threads: int) -> None:
    """The process itself: load the model, then take tasks until there are no more."""
    signal.signal(signal.SIGTERM, _stop)
    if not hasattr(signal, "pthread_sigmask"):  # elsewhere Ctrl-C is held back, see `LocalEngine`
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    # The end of the line and an order to stop are ordinary ends; what was begun is tidied up.
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        _serve(connection, setup, threads)


def _serve(connection: Connection, setup: Setup, threads: int) -> None:
    from lass.scale.worker import Worker, limit_threads

    try:
        limit_threads(threads)
        worker = Worker(setup)
    except LassError as error:
        connection.send_bytes(json.dumps([type(error).__name__, str(error)]).encode())
        return
    connection.send_bytes(_READY)
    while True:
        task = Task.from_json(connection.recv_bytes().decode())
        connection.send_bytes(worker.run(task).to_json().encode())


def _stop(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # tidying up is not interrupted again
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    """Stop when the parent is gone, even if it was killed outright."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        _thread.interrupt_main(signal.SIGTERM)
        time.sleep(_PATIENCE_S)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
