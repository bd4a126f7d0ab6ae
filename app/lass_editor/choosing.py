"""Which model separates, and what the command line says of it."""

from __future__ import annotations

from argparse import ArgumentError, ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lass.errors import ConfigError

__all__ = ["Choice", "given"]


@dataclass(frozen=True)
class Choice:
    """A separator and what it is asked by.

    Args:
        model: its name or folder.
        encoder: name or folder of a query encoder; the model's own if None.
    """

    model: str = "default"
    encoder: str | None = None


def given(arguments: Sequence[str]) -> tuple[Choice, Path | None]:
    """Read what `lass app` tells its script.

    Args:
        arguments: those after ``--``.

    Returns:
        The choice, and a recording if there is one.

    Raises:
        ConfigError: they are not what `lass app` tells.

    Example:
        >>> given(["--model=audiosep", "/tmp/a.wav"])
        (Choice(model='audiosep', encoder=None), PosixPath('/tmp/a.wav'))
    """
    parser = ArgumentParser(prog="lass app", add_help=False, exit_on_error=False)
    parser.add_argument("--model", default="default")
    parser.add_argument("--encoder")
    parser.add_argument("recording", type=Path, nargs="?")
    try:
        told = parser.parse_known_args(arguments)[0]
    except ArgumentError as error:
        raise ConfigError(f"the editor was started wrongly ({error}): use lass app") from error
    return Choice(told.model, told.encoder), told.recording
