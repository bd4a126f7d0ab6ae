"""What all commands share: one sentence for each error, and the exit codes."""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from lass.errors import ConfigError, DeviceError, LassError, ModelNotFoundError, QueryError

if TYPE_CHECKING:
    import typer

__all__ = ["Exit", "note", "plain", "run"]

_TIDYING_S = 2.0
_KEPT_BYTES = 1 << 28  # more than the network's largest map takes
_MALLOC_OPTIONS = {"MALLOC_MMAP_THRESHOLD_": -3, "MALLOC_TRIM_THRESHOLD_": -1}  # see mallopt(3)
_USAGE = (ConfigError, DeviceError, ModelNotFoundError, QueryError)


class Exit(IntEnum):
    """Exit codes."""

    GOOD = 0
    FAILED = 1
    USAGE = 2
    NOTHING = 3
    INTERRUPTED = 130


def run(app: typer.Typer, *, name: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command line and turn every error of ours into one sentence.

    Args:
        app: the commands, whose functions return an exit code or None.
        name: the program's name.
        arguments: what follows it; those of the process if None.

    Returns:
        The exit code.
    """
    # Threads that wait for others sleep, and do not keep a core from whoever works: beside two busy
    # programs on two cores a separation takes less than half of the time. Read when torch loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    _keep_memory()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name must never be the reason to stop
            stream.reconfigure(errors="backslashreplace")
    try:
        with _interruptible():
            code = app(
                args=None if arguments is None else list(arguments),
                prog_name=name,
                standalone_mode=False,
            )
    except LassError as error:
        note(f"{name}: {error}")
        return Exit.USAGE if isinstance(error, _USAGE) else Exit.FAILED
    except KeyboardInterrupt:
        note(f"{name}: interrupted")
        return Exit.INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except Exception as error:
        # Typer's own errors have this; where their classes live changes between its versions.
        if not hasattr(error, "format_message"):
            raise
        return _usage(error.format_message(), name)
    return int(code or 0)


def _keep_memory() -> None:
    """Let freed blocks of the network's size be used again, where glibc would give them back.

    Every map of the network would else be made of fresh pages, which the system fills with zeros.
    """
    for name in _MALLOC_OPTIONS:  # for processes that are started by this one
        os.environ.setdefault(name, str(_KEPT_BYTES))
    # Neither Windows nor macOS has mallopt, and neither needs it.
    with contextlib.suppress(AttributeError, OSError, TypeError):
        library = ctypes.CDLL(None)
        for option in _MALLOC_OPTIONS.values():
            library.mallopt(option, _KEPT_BYTES)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Make an order to end as clean as Ctrl-C; tidying up is not interrupted by a second one."""
    last = -_TIDYING_S

    def interrupt(*_: object) -> None:
        nonlocal last
        if time.monotonic() - last > _TIDYING_S:
            last = time.monotonic()
            raise KeyboardInterrupt

    before: dict[signal.Signals, Any] = {}
    with contextlib.suppress(ValueError):  # outside the main thread: leave signals alone
        before[signal.SIGTERM] = signal.signal(signal.SIGTERM, interrupt)
        # Whoever started us with Ctrl-C ignored, as shells do for background jobs, meant it.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            before[signal.SIGINT] = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _usage(message: str, name: str) -> int:
    if not message.strip():  # no arguments at all: Typer has shown the help already
        return Exit.USAGE
    note(f"{name}: {message.strip().rstrip('.')}; see `{name} --help`")
    return Exit.USAGE


def note(text: str) -> None:
    """Say something to the user, beside the results."""
    print(plain(text), file=sys.stderr)


def plain(text: object) -> str:
    r"""Text that cannot disturb a terminal: control characters are spelled out.

    Example:
        >>> print(plain("a\x1b[31mb\n"))
        a\x1b[31mb\n
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))
