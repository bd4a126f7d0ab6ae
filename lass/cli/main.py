"""`lass`: everything by subcommand."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from lass.cli import evaluate, models, train
from lass.cli.app import HELP as APP_HELP
from lass.cli.app import app as editor
from lass.cli.edit import HELP as EDIT_HELP
from lass.cli.edit import edit
from lass.cli.find import HELP as FIND_HELP
from lass.cli.find import find
from lass.cli.fx import HELP as FX_HELP
from lass.cli.fx import fx
from lass.cli.options import Offline
from lass.cli.running import run
from lass.cli.separate import HELP, separate

__all__ = ["app", "main"]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Say what you want to hear, and get it.",
)
app.command("separate", help=HELP, no_args_is_help=True)(separate)
app.command("edit", help=EDIT_HELP, no_args_is_help=True)(edit)
app.command("find", help=FIND_HELP, no_args_is_help=True)(find)
app.command("fx", help=FX_HELP, no_args_is_help=True)(fx)
app.add_typer(evaluate.app, name="eval")
app.command("train")(train.train)
app.add_typer(models.app, name="models")
app.command("app", help=APP_HELP)(editor)


def _version(wanted: bool) -> None:
    if wanted:
        from lass import __version__

        print(f"lass {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_version, help="Show the version."),
    ] = False,
    offline: Offline = False,
) -> None:
    """Options of `lass` itself."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `lass`.

    Args:
        arguments: the command line after the program's name; the process's if None.
    """
    sys.exit(run(app, name="lass", arguments=arguments))
