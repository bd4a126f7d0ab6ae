"""`lass fx`: words become effect settings, and settings become sound."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lass.cli.running import Exit, note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lass.cli.fx_files import Done, Work
    from lass.cli.inputs import Input

__all__ = ["HELP", "fx"]

Method = Literal["default", "cosine", "directional"]
OnExisting = Literal["error", "overwrite", "skip"]
_WRITE, _WORK = "What is written", "How it works"

HELP = """Change how a recording sounds by saying how it should sound.

[b]Examples[/b]

\b
lass fx in.wav "warm and distant"                in.fx.wav next to it
lass fx in.wav "a little brighter" -o out.wav    another name
lass fx in.wav "bright, keep the low end" --plot bright.svg
lass fx in.wav warm --save-preset warm.json      keep the settings
lass fx --preset warm.json a.wav b.wav -o out/   use them on any file

The words set an equaliser and a reverb as listeners meant them. The result is
as loud as the recording. With a preset nothing is searched, and files of any
length are made in flat memory.

Exit codes: 0 all good, 1 some file failed, 2 usage, 3 no sound file was found,
130 interrupted.
"""


def fx(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT... PROMPT",
            help="Recordings, folders or globs, and the words last (no words with --preset).",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE|DIR", rich_help_panel=_WRITE,
            help="The file to write, or a folder for several; NAME.fx.wav if not given.",
        ),
    ] = None,
    effects: Annotated[
        str, typer.Option(metavar="A,B", rich_help_panel=_WORK, help="Effects, in their order.")
    ] = "eq,reverb",
    amount: Annotated[
        float,
        typer.Option(metavar="X", min=0.0, max=4.0, rich_help_panel=_WORK,
                     help="0 for no change, 1 for what the words say, more to exaggerate."),
    ] = 1.0,
    method: Annotated[
        Method, typer.Option(rich_help_panel=_WORK, help="default, or Text2FX as published.")
    ] = "default",
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, rich_help_panel=_WORK, help="Same seed, same result.")
    ] = 0,
    steps: Annotated[
        int, typer.Option(metavar="N", min=1, rich_help_panel=_WORK,
                          help="Gradient steps of the published methods.")
    ] = 600,
    encoder: Annotated[
        str | None,
        typer.Option(metavar="NAME|PATH", rich_help_panel=_WORK,
                     help="A query encoder that hears, such as clap, to tell the similarity."),
    ] = None,
    preset: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", rich_help_panel=_WORK, help="Use saved settings."),
    ] = None,
    save_preset: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", rich_help_panel=_WRITE, help="Also keep the settings."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE.svg", rich_help_panel=_WRITE,
                     help="Draw the tone curve and the decay of the reverb."),
    ] = None,
    on_existing: Annotated[
        OnExisting, typer.Option(rich_help_panel=_WRITE, help="What to do if a result exists.")
    ] = "error",
    as_json: Annotated[
        bool, typer.Option("--json", rich_help_panel=_WORK, help="One JSON object on stdout.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", rich_help_panel=_WORK, help="Say nothing but errors.")
    ] = False,
) -> int:  # fmt: skip
    """Check everything that can be checked, then find the settings and write."""
    from lass.cli.fx_files import Work, outputs_for
    from lass.cli.inputs import collect
    from lass.errors import ConfigError

    given = list(inputs)
    prompt = None if preset is not None else given.pop()
    if not given:
        raise ConfigError('give a recording and words, such as lass fx in.wav "warm and airy"')
    folder = output if output is not None and output.is_dir() else None
    found = collect(given, stdin=sys.stdin, leave_out=folder)
    if not any(item.path.exists() and not item.path.is_dir() for item in found):
        shown = ", ".join(given[:3]) + (", ..." if len(given) > 3 else "")
        note(f"fx: no sound file was found for {shown}; give recordings, and the words last")
        return Exit.NOTHING
    targets = outputs_for(found, output)
    _check_beside(plot, save_preset, found, on_existing)
    work = Work(
        prompt=prompt,
        effects=tuple(name.strip() for name in effects.split(",") if name.strip()),
        amount=amount,
        method=method,
        seed=seed,
        steps=steps,
        preset=preset,
        save_preset=save_preset,
        plot=plot,
        on_existing=on_existing,
        encoder=encoder,
    )
    return _run(work, targets, as_json=as_json, quiet=quiet)


def _run(work: Work, targets: Sequence[tuple[Input, Path]], *, as_json: bool, quiet: bool) -> int:
    """Do all files; one that fails stops no other."""
    from lass.cli.fx_files import perform, report_json, report_text

    work.check()
    done: list[Done] = []
    interrupted = False
    try:
        for item, output in targets:
            one = perform(work, item.path, output)
            done.append(one)
            if one.error is not None:
                note(f"fx: {one.error}")
            elif not as_json and not quiet:
                report_text(one)
    except KeyboardInterrupt:
        interrupted = True
    if as_json:
        print(report_json(work, done))
    if interrupted:
        note(f"fx: interrupted, {len(done)} of {len(targets)} files are finished")
        return Exit.INTERRUPTED
    return Exit.FAILED if any(one.error is not None for one in done) else Exit.GOOD


def _check_beside(
    plot: Path | None, save_preset: Path | None, found: Sequence[Input], on_existing: str
) -> None:
    """Complain about the picture and the preset before the work starts."""
    from lass.errors import ConfigError

    for path, option, suffix in ((plot, "--plot", ".svg"), (save_preset, "--save-preset", ".json")):
        if path is None:
            continue
        if len(found) > 1:
            raise ConfigError(f"{option} goes with one recording, not {len(found)}: give one file")
        if path.suffix.lower() != suffix:
            raise ConfigError(f"{option} writes {suffix[1:].upper()}, not {path.name!r}: "
                              f"name it FILE{suffix}")  # fmt: skip
        if path.exists() and on_existing != "overwrite":
            raise ConfigError(f"{path} exists: choose another name or give --on-existing overwrite")
