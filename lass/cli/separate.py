"""`separate`: words and recordings in, sounds out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from lass.cli.options import (
    LISTEN,
    SUBTYPES,
    WORK,
    WRITE,
    AsJson,
    Device,
    Encoder,
    Model,
    Offline,
    OnExisting,
    Quiet,
    Subtype,
)
from lass.cli.running import run

__all__ = ["HELP", "app", "main", "separate"]

Format = Literal["wav", "flac", "ogg", "mp3"]
Engine = Literal["local", "ray"]

_MANY = "Many files"

HELP = """Take a sound out of a recording by saying what it is.

[b]Examples[/b]

\b
separate -q violin in.wav                   in.violin.wav and in.rest.wav
separate -q "dog barking" -q rain in.flac         two sounds, one pass
separate -q "the second knock" in.wav             one time out of several
separate -q voice --without music talk.mp3        this, but not that
separate --like example.wav in.wav                a sound like this one
separate --like-span 3.2-4.0 in.wav               the sound heard there
separate --query-file hum.lassquery in.wav        a query that was saved
separate -q rain recordings/ -o out/ --jobs 4     a folder, four at a time

The parts and the rest always sum to the recording; its length, channels,
sample rate and bit depth are kept. The presence of a part, 0 to 1, tells how
sure the model is that the sound occurs at all.

Exit codes: 0 all good, 1 some file failed, 2 usage, 3 nothing to separate,
130 interrupted.
"""

app = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        from lass import __version__

        print(f"separate {__version__}")
        raise typer.Exit


@app.command(help=HELP, no_args_is_help=True)
def separate(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Recordings, folders, globs, lists (.txt, .csv), or [b]-[/b] for a list on stdin.",
            show_default=False,
        ),
    ],
    query: Annotated[
        list[str] | None,
        typer.Option(
            "--query", "-q", metavar="TEXT", rich_help_panel=LISTEN,
            help="A sound in words. Repeat it for several sounds in one pass.",
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", rich_help_panel=LISTEN, help="What it is not. Repeatable."),
    ] = None,
    without_weight: Annotated[
        float,
        typer.Option(
            metavar="W", min=0.0, max=10.0, rich_help_panel=LISTEN,
            help="How far to keep away from what it is not.",
        ),
    ] = 0.5,
    like: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", rich_help_panel=LISTEN,
            help="A recording of the sound, alone or together with one --query.",
        ),
    ] = None,
    like_span: Annotated[
        str | None,
        typer.Option(
            metavar="A-B", rich_help_panel=LISTEN,
            help="Where the sound is heard, such as 3.2-4.0 or 1:05-1:07: in the file of --like, "
            "or in INPUT itself.",
        ),
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", rich_help_panel=LISTEN,
            help="A picture of what makes the sound, for models with a clip encoder.",
        ),
    ] = None,
    query_file: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE.lassquery", rich_help_panel=LISTEN,
            help="A query that was saved. Repeatable.",
        ),
    ] = None,
    save_query: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.lassquery", rich_help_panel=LISTEN,
            help="Also keep the query in a file, to ask for the same again.",
        ),
    ] = None,
    output_dir: Annotated[
        Path | None,
        typer.Option(
            "--output-dir", "-o", metavar="DIR", rich_help_panel=WRITE,
            help="Where results go; next to each recording if not given.",
        ),
    ] = None,
    name: Annotated[
        str,
        typer.Option(
            metavar="TEMPLATE", rich_help_panel=WRITE,
            help="File names, of {stem}, {query} and {index}.",
        ),
    ] = "{stem}.{query}",
    format: Annotated[  # noqa: A002 (the name of the option)
        Format | None,
        typer.Option(rich_help_panel=WRITE, help="File format; like the recording if not given."),
    ] = None,
    subtype: Subtype = "auto",
    on_existing: OnExisting = "error",
    residual: Annotated[
        bool, typer.Option(rich_help_panel=WRITE, help="Also write everything else (.rest).")
    ] = True,
    model: Model = "default",
    encoder: Encoder = None,
    device: Device = "auto",
    offline: Offline = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", metavar="N", min=1, rich_help_panel=_MANY,
            help="Files at a time, in processes that share the cores; 1 if not given.",
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, rich_help_panel=_MANY, help="Threads of each process."),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", rich_help_panel=_MANY, help="Only this part, such as 2/8."),
    ] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.jsonl", rich_help_panel=_MANY,
            help="Keep a line for each file, and do again only what it does not tell as done.",
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option(rich_help_panel=_MANY, help="This machine, or a Ray cluster.")
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", rich_help_panel=_MANY, help="Where the cluster is."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_version, rich_help_panel=WORK,
            help="Show the version.",
        ),
    ] = False,
) -> int:  # fmt: skip
    """Separate recordings: check everything that can be checked, then start the work."""
    from lass.cli.asked import Wanted
    from lass.cli.batch import Options
    from lass.cli.separating import How, Voice, separate_files
    from lass.errors import ConfigError
    from lass.scale import Setup, Shard
    from lass.zoo.downloading import is_offline

    options = Options(
        Wanted(
            words=query or [],
            without=without or [],
            without_weight=without_weight,
            like=like,
            span=like_span,
            image=image,
            saved=query_file or [],
            save_as=save_query,
            overwrite=on_existing == "overwrite",
        )
    )
    setup = Setup(
        options,
        model=model,
        encoder=encoder,
        device=device,
        name=name,
        format=format,
        subtype=SUBTYPES[subtype],
        residual=residual,
        on_existing=on_existing,
        hashed=manifest is not None,
    )
    if address is not None and is_offline():
        raise ConfigError(
            "--address connects to other machines, and --offline or LASS_OFFLINE forbids that: "
            "leave one of the two out"
        )
    part = None if shard is None else Shard.parse(shard)
    how = How(jobs, threads, part, manifest, engine, address)
    return separate_files(
        inputs, options, setup, output_dir=output_dir, how=how, voice=Voice(quiet, as_json)
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `separate`.

    Args:
        arguments: the command line after the program's name; the process's if None.
    """
    sys.exit(run(app, name="separate", arguments=arguments))
