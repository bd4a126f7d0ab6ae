"""Ctrl-C is for the process that the user started, not for those it starts."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

__all__ = ["interrupts_held"]


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Start processes that Ctrl-C leaves alone: it is for this one, which ends them.

    They inherit that it is held back; this process gets it as soon as they are started. On
    Windows nothing is held back.

    Example:
        >>> with interrupts_held():
        ...     pass  # start processes here
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
