"""`lass models pull` and `lass models convert`: weights that others published."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lass.cli.options import Offline
from lass.cli.running import Exit, note, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from lass.zoo.converting import Converted
    from lass.zoo.published import Published

__all__ = ["convert", "pull"]

To = Annotated[
    str | None, typer.Option("--to", metavar="NAME|DIR", help="What to call it, or where it goes.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a model that is there.")]
Half = Annotated[bool, typer.Option("--half", help="16-bit matrices: half the size, not exact.")]


def convert(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE|DIR", help="A checkpoint, or a folder with CLAP or CLIP."),
    ],
    to: To = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose it is, if its SHA-256 is not known."),
    ] = None,
    tokenizer: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="For LAION's CLAP: roberta-base's tokenizer.json."),
    ] = None,
    stems: Annotated[
        str | None,
        typer.Option(metavar="A,B,…", help="For asteroid: what its outputs are, in their order."),
    ] = None,
    overwrite: Overwrite = False,
    half: Half = False,
    rate: Annotated[
        int | None, typer.Option(metavar="HZ", min=1, help="Sample rate, if not the published.")
    ] = None,
    hop: Annotated[
        int | None, typer.Option(metavar="SAMPLES", min=1, help="Step, if not the published.")
    ] = None,
) -> int:
    """Make a model of others' weights: AudioSep, CLIPSep, CLAP, CLIP, or a model of asteroid."""
    if tokenizer is not None or (file / "config.json").is_file():
        from lass.zoo.encoders import bring_encoder

        _report(bring_encoder(file, to, tokenizer=tokenizer, overwrite=overwrite))
        return Exit.GOOD
    from lass.zoo.converting import convert as make

    named = stems.split(",") if stems is not None else ()
    made = make(
        file, to, source=source, overwrite=overwrite, half=half, sample_rate=rate, hop=hop,
        stems=named,
    )  # fmt: skip
    if not made.recognised:
        note(
            "lass: no published SHA-256 is known for this file, so its origin is taken on trust; "
            "the card says so"
        )
    _report(made)
    return Exit.GOOD


def pull(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="See `lass models list --available`.")
    ],
    to: To = None,
    url: Annotated[
        list[str] | None,
        typer.Option("--url", metavar="URL", help="A mirror to use; may be given several times."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Accept the licences shown.")] = False,
    accept_unverified: Annotated[
        bool, typer.Option("--accept-unverified", help="Go on where no SHA-256 is known.")
    ] = False,
    overwrite: Overwrite = False,
    half: Half = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the download, too.")] = False,
    offline: Offline = False,
) -> int:
    """Download a model that others published, and convert it. Licences are shown first."""
    from lass.zoo.published import find_published
    from lass.zoo.pulling import check_online, check_pull
    from lass.zoo.pulling import pull as fetch

    entry = find_published(name)
    check_online(entry)
    _show_licences(entry)
    check_pull(entry, urls=url or (), accept_unverified=accept_unverified)
    if not yes and not _agreed():
        note("lass: nothing was downloaded: give --yes to accept these licences")
        return Exit.USAGE
    with _bar(entry.name) as watch:
        made = fetch(
            entry,
            to,
            urls=url or (),
            accept_unverified=accept_unverified,
            overwrite=overwrite,
            half=half,
            keep=keep,
            on_progress=watch,
            on_wait=lambda: note(f"lass: another process is bringing {name}; waiting for it"),
        )
    _report(made)
    return Exit.GOOD


def _show_licences(entry: Published) -> None:
    """Say what is about to be brought, before anything is."""
    from lass.zoo.published import UNKNOWN

    size = f", about {entry.size_gb:g} GB" if entry.size_gb else ""
    note(f"{entry.title}{size}, from {entry.page}")
    for what, licence in zip(("code", "weights", "training data"), entry.licences.values(),
                             strict=True):  # fmt: skip
        note(f"  licence of the {what}: {licence}")
    if entry.sha256 == UNKNOWN:
        note("  SHA-256: unknown, so nothing can tell whether the file is the authors'")
    elif "…" in entry.sha256:
        note(f"  SHA-256: {entry.sha256} (only its beginning and end are known and compared)")
    else:
        note(f"  SHA-256: {entry.sha256}")


def _agreed() -> bool:
    """Ask, where somebody is there to answer."""
    if not sys.stdin.isatty():
        return False
    print("Download it under these licences? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _report(made: Converted) -> None:
    """Say where the model is and what it still needs."""
    from lass.errors import LassError
    from lass.zoo.loading import encoder_folder

    print(plain(made.folder))
    if made.config["task"] != "separation" or "stems" in made.config:
        return
    try:
        encoder_folder(made.folder, made.config)
    except LassError as error:
        note(f"lass: {error}")


@contextmanager
def _bar(name: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on stderr; it stays away where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(),
               TransferSpeedColumn(), TimeRemainingColumn(compact=True))  # fmt: skip
    console = Console(stderr=True, markup=False, highlight=False)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(name, total=None)

        def watch(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None)

        yield watch
