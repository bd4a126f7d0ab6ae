"""One progress bar over all files, in seconds of audio."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from lass.cli.running import plain

if TYPE_CHECKING:
    from lass.separation import Progress

__all__ = ["AudioBar", "clock"]


class AudioBar:
    """A bar on stderr; it stays away where nobody looks.

    Args:
        paths: all files, to know how much there is to do.
        shown: whether the user wants it. It is never shown where stderr is no terminal.
    """

    def __init__(self, paths: Sequence[Path], *, shown: bool) -> None:
        self._shown = shown and sys.stderr.isatty()
        self._paths = paths
        self._before_s = 0.0
        if not self._shown:
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[clock]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True, markup=False, highlight=False),
            transient=True,
        )
        self._lengths = {path: _duration_s(path) for path in paths}
        self._total_s = sum(self._lengths.values())
        self._task = self._bar.add_task("", total=self._total_s, clock="")

    def __enter__(self) -> Self:
        if self._shown:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._shown:
            self._bar.stop()

    def update(self, progress: Progress) -> None:
        """Show how far the current file is."""
        if self._shown:
            self._show(progress.path, self._before_s + progress.done_s)

    def finish(self, path: Path) -> None:
        """Count a file as done, however it ended."""
        if self._shown:
            self._before_s += self._lengths[path]
            self._show(path, self._before_s)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the bar away while something else is said, so that neither disturbs the other."""
        if not self._shown:
            yield
            return
        self._bar.stop()
        yield
        self._bar.start()

    def _show(self, path: Path, done_s: float) -> None:
        told = f"{clock(done_s)} of {clock(self._total_s)}"
        name = plain(path.name)
        short = name if len(name) <= 30 else f"{name[:29]}…"
        self._bar.update(self._task, completed=done_s, description=short, clock=told)


def _duration_s(path: Path) -> float:
    """Length of a file; what cannot be read is complained about when its turn comes."""
    from lass.audio import info
    from lass.errors import LassError

    try:
        return info(path).duration_s
    except LassError:
        return 0.0


def clock(seconds: float) -> str:
    """Seconds as hours, minutes and seconds.

    Example:
        >>> clock(3725.4), clock(9)
        ('1:02:05', '0:09')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
