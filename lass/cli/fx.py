"""`lass fx`: words become effect settings, and settings become sound."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lass.cli.options import WORK, WRITE, AsJson, OnExisting, Quiet
from lass.cli.running import Exit, note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lass.cli.fx_files import Done, Work

__all__ = ["HELP", "fx"]

Method = Literal["default", "cosine", "directional"]

HELP = """Change how a recording sounds by saying how it should sound.

[b]Examples[/b]

\b
lass fx in.wav "warm and distant"                in.fx.wav next to it
lass fx in.wav "a little brighter" -o out.wav    another name
lass fx in.wav "bright, keep the low end" --plot bright.svg
lass fx in.wav warm --save-preset warm.json      keep the settings
lass fx --preset warm.json a.wav b.wav -o out/   use them on any file
lass fx in.wav --prompts words.txt --pair        try many, each as a pair to compare

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
            help="Recordings, folders, globs or lists (.txt, .csv), and the words last (no words "
            "with --preset).",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE|DIR", rich_help_panel=WRITE,
            help="The file to write, or a folder for several; NAME.fx.wav if not given.",
        ),
    ] = None,
    effects: Annotated[
        str, typer.Option(metavar="A,B", rich_help_panel=WORK, help="Effects, in their order.")
    ] = "eq,reverb",
    amount: Annotated[
        float,
        typer.Option(metavar="X", min=0.0, max=4.0, rich_help_panel=WORK,
                     help="0 for no change, 1 for what the words say, more to exaggerate."),
    ] = 1.0,
    method: Annotated[
        Method, typer.Option(rich_help_panel=WORK, help="default, or Text2FX as published.")
    ] = "default",
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, rich_help_panel=WORK, help="Same seed, same result.")
    ] = 0,
    steps: Annotated[
        int, typer.Option(metavar="N", min=1, rich_help_panel=WORK,
                          help="Gradient steps of the published methods.")
    ] = 600,
    encoder: Annotated[
        str | None,
        typer.Option(metavar="NAME|PATH", rich_help_panel=WORK,
                     help="A query encoder that hears, such as clap: tells the similarity, and "
                     "the published methods search in its space."),
    ] = None,
    refine: Annotated[
        bool,
        typer.Option("--refine", rich_help_panel=WORK,
                     help="Fit the settings to the recording by ear, near what the words mean."),
    ] = False,
    preset: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", rich_help_panel=WORK, help="Use saved settings."),
    ] = None,
    save_preset: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", rich_help_panel=WRITE, help="Also keep the settings."),
    ] = None,
    prompts: Annotated[
        Path | None,
        typer.Option(metavar="FILE.txt", rich_help_panel=WORK,
                     help="Many descriptions, one a line, instead of the words; each makes a "
                     "file."),
    ] = None,
    pair: Annotated[
        bool,
        typer.Option("--pair", rich_help_panel=WRITE,
                     help="Also write the loudest 10 s before and after, equally loud: NAME.a.wav "
                     "and NAME.b.wav."),
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE.svg", rich_help_panel=WRITE,
                     help="Draw the tone curve and the decay of the reverb."),
    ] = None,
    on_existing: OnExisting = "error",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:  # fmt: skip
    """Check everything that can be checked, then find the settings and write."""
    from lass.cli.fx_files import Work, outputs_for, spread
    from lass.cli.inputs import collect, only_paths
    from lass.errors import ConfigError

    given = list(inputs)
    many = [] if prompts is None else _read_prompts(prompts, preset)
    prompt = None if preset is not None or many else given.pop()
    if not given:
        raise ConfigError('give a recording and words, such as lass fx in.wav "warm and airy"')
    folder = output if output is not None and output.is_dir() else None
    found = only_paths(collect(given, stdin=sys.stdin, leave_out=folder, lists=True))
    if not any(item.path.exists() and not item.path.is_dir() for item in found):
        shown = ", ".join(given[:3]) + (", ..." if len(given) > 3 else "")
        note(f"fx: no sound file was found for {shown}; give recordings, and the words last")
        return Exit.NOTHING
    targets = outputs_for(found, output)
    _check_beside(plot, save_preset, len(found) * max(1, len(many)), on_existing)
    if pair and preset is not None:
        raise ConfigError("--pair goes with words, not with --preset: leave one of them out")
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
        pair=pair,
        refine=refine,
    )
    return _run(spread(work, many, targets), as_json=as_json, quiet=quiet)


def _read_prompts(path: Path, preset: Path | None) -> list[str]:
    """The lines of a file that say something."""
    from lass.errors import ConfigError

    if preset is not None:
        raise ConfigError("--prompts and --preset exclude each other: leave one of them out")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}; give a text file in UTF-8") from error
    found = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not found:
        raise ConfigError(f"{path} has no words: write one description a line")
    return found


def _run(todo: Sequence[tuple[Work, Path, Path]], *, as_json: bool, quiet: bool) -> int:
    """Do all files; one that fails stops no other."""
    from lass.cli.fx_files import perform, report_json, report_text

    for work in {work.prompt: work for work, _, _ in todo}.values():
        work.check()
    done: list[Done] = []
    interrupted = False
    try:
        for work, path, output in todo:
            one = perform(work, path, output)
            done.append(one)
            if one.error is not None:
                note(f"fx: {one.error}")
            elif not as_json and not quiet:
                report_text(one)
    except KeyboardInterrupt:
        interrupted = True
    if as_json:
        print(report_json(todo[0][0].seed, done))
    if interrupted:
        note(f"fx: interrupted, {len(done)} of {len(todo)} files are finished")
        return Exit.INTERRUPTED
    return Exit.FAILED if any(one.error is not None for one in done) else Exit.GOOD


def _check_beside(
    plot: Path | None, save_preset: Path | None, results: int, on_existing: str
) -> None:
    """Complain about the picture and the preset before the work starts."""
    from lass.errors import ConfigError

    for path, option, suffix in ((plot, "--plot", ".svg"), (save_preset, "--save-preset", ".json")):
        if path is None:
            continue
        if results > 1:
            raise ConfigError(f"{option} goes with one result, not {results}: give one file")
        if path.suffix.lower() != suffix:
            raise ConfigError(f"{option} writes {suffix[1:].upper()}, not {path.name!r}: "
                              f"name it FILE{suffix}")  # fmt: skip
        if path.exists() and on_existing != "overwrite":
            raise ConfigError(f"{path} exists: choose another name or give --on-existing overwrite")
