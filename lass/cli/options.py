"""Options that several commands share, said once: the model, how it works, and what is written.

Each is a type for a parameter of a command; the command gives its default.
"""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal

import typer

__all__ = [
    "LISTEN",
    "SUBTYPES",
    "WORK",
    "WRITE",
    "AsJson",
    "Device",
    "Encoder",
    "Model",
    "ModelOrNone",
    "Offline",
    "OnExisting",
    "Quiet",
    "Subtype",
]

LISTEN, WRITE, WORK = "What to listen for", "What is written", "How it works"

SUBTYPES = {"auto": "auto", "pcm16": "PCM_16", "pcm24": "PCM_24", "float": "FLOAT"}
"""What `lass.audio` calls the bit depths of `Subtype`."""


def _go_offline(wanted: bool) -> None:
    """Tell everything below, other processes included."""
    if wanted:
        os.environ["LASS_OFFLINE"] = "1"


_MODEL: Any = typer.Option(
    "--model", "-m", metavar="NAME|PATH", rich_help_panel=WORK,
    help="A model's name (see [b]lass models[/b]) or folder.",
)  # fmt: skip
Model = Annotated[str, _MODEL]
ModelOrNone = Annotated[str | None, _MODEL]
"""For commands to which it makes a difference whether a model was named."""
Encoder = Annotated[
    str | None,
    typer.Option("--encoder", metavar="NAME|PATH", rich_help_panel=WORK,
                 help="A query encoder of the model's space; the model's own if not given."),
]  # fmt: skip
Device = Annotated[str, typer.Option(rich_help_panel=WORK, help="auto, cpu, cuda, cuda:N or mps.")]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline", is_eager=True, callback=_go_offline, rich_help_panel=WORK,
        help="Download nothing and connect to nothing (also: LASS_OFFLINE=1).",
    ),
]  # fmt: skip
AsJson = Annotated[
    bool,
    typer.Option("--json", rich_help_panel=WORK, help="Results as one JSON object on stdout."),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", rich_help_panel=WORK, help="Say nothing but errors.")
]
Subtype = Annotated[
    Literal["auto", "pcm16", "pcm24", "float"],
    typer.Option(rich_help_panel=WRITE, help="Bit depth; auto keeps the recording's."),
]
OnExisting = Annotated[
    Literal["error", "overwrite", "skip"],
    typer.Option(rich_help_panel=WRITE, help="What to do if a result exists."),
]
