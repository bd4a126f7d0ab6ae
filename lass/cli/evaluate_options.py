"""The options and the help of `lass eval`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

__all__ = [
    "COMPARE",
    "EVAL",
    "REPORT",
    "RUN",
    "SCORE",
    "AsJson",
    "Data",
    "Device",
    "JsonCommand",
    "JsonTo",
    "Limit",
    "Model",
    "Out",
    "Quiet",
    "Resume",
    "Similarity",
    "Workers",
    "json_place",
]

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", envvar="LASS_DATA", help="Folder of the data pack."),
]
Model = Annotated[
    str, typer.Option("--model", "-m", metavar="NAME|PATH", help="A model's name or folder.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")]
Limit = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Only the first N rows of each list.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR|JSON",
        help="Where every row is kept: a folder that gets a JSON file for each list, or such a "
        "file.",
    ),
]
Workers = Annotated[int, typer.Option(metavar="N", min=1, help="Processes that share the rows.")]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume", help="Go on where a call with the same --out (or --json FILE) was interrupted."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
JsonTo = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="[FILE.json]",
        show_default=False,
        help="The means as one JSON object on stdout (so does -); with the name of a file, every "
        "row there, as --out does.",
    ),
]
Similarity = Annotated[
    bool,
    typer.Option(
        "--similarity",
        help="Also CLAPScore and audio similarity, in the query space of the model. Slower.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")]

EVAL = """Measure a separator honestly: published lists, bounds beside every number.

[b]Examples[/b]

\b
lass eval list                                the lists and what they ask
lass eval run esc50-fold5 --data DATA         the default model on one list
lass eval run all --data DATA --out results/ --resume
lass eval score mine.csv                      recordings of your own
lass eval score stems/ --estimates theirs/    files that another program wrote
lass eval compare a.json b.json               is b better than a?
lass eval report results/                     REPORT.md and a page to look at

Exit codes: 0 all good, 1 some row or file failed, 2 usage, 3 nothing to
report, 130 interrupted.
"""
RUN = """Measure a model on published lists, beside the bounds of each.

[b]Examples[/b]

\b
lass eval run esc50-fold5 --data DATA
lass eval run instruments10 kitchen20 --limit 50 --workers 4
lass eval run all --out results/ --resume     goes on where it was interrupted

lass eval run esc50-fold5 --json result.json  all rows, to compare and report

A table shows means over rows with 95 % bootstrap intervals, then the bounds:
what the mixture, half of it and oracle masks score on the same rows. A row
that fails is reported and left out, and the exit code is 1.
"""
SCORE = """Score recordings of your own.

[b]Examples[/b]

\b
lass eval score mine.csv --out mine.json
lass eval score stems/ --estimates theirs/ --museval json/

A CSV has the columns [b]mixture,target,query[/b] and, if you like, noise,label;
paths are taken from its folder, and a model separates the mixtures. A folder
holds true stems in museval's layout, FOLDER/test/TRACK/TARGET.wav (test may
be left out); nothing is separated, the estimates lie in such a tree in the
folder of --estimates.
"""
COMPARE = """Say whether two results on one list differ: paired bootstrap over their rows.

[b]Examples[/b]

\b
lass eval compare before.json after.json
lass eval compare a.json b.json --json

The difference is B less A. It is called one only if its 95 % interval leaves
out zero.
"""
REPORT = """Write REPORT.md and a page, report.html, from stored results.

[b]Examples[/b]

\b
lass eval report                              eval/results in this folder
lass eval report results/                     results of yours
lass eval report result.json -o page.html
lass eval report result.json --worst 10 -m default --data DATA

Without [b]-o[/b] the two go beside the results: next to a folder, or into the
folder of a file; a file there that this command did not write is left alone.
The page needs no network. With --worst it shows the worst rows as pictures;
they are separated again, so it needs the model and the data pack. Files that
are no results are left out with a note.
"""


class JsonCommand(TyperCommand):
    """A command whose ``--json`` may stand alone, as in all other commands, or name a file."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 (Typer moves it)
        """Fill in what a bare ``--json`` means before the line is read."""
        return super().parse_args(ctx, with_json_value(args))


def with_json_value(arguments: Sequence[str]) -> list[str]:
    """Give a bare ``--json`` its value: the next word is one only if it is - or ends in .json.

    Args:
        arguments: The words of the command line.

    Returns:
        The same, with ``--json=-`` where it stood alone.

    Example:
        >>> with_json_value(["--json", "toy", "--json", "a.json"])
        ['--json=-', 'toy', '--json', 'a.json']
    """
    read: list[str] = []
    for place, word in enumerate(arguments):
        if word == "--":
            return [*read, *arguments[place:]]
        after = arguments[place + 1] if place + 1 < len(arguments) else ""
        named = after == "-" or after.lower().endswith(".json")
        read.append("--json=-" if word == "--json" and not named else word)
    return read


def json_place(json_to: str | None, out: Path | None) -> tuple[bool, Path | None]:
    """What ``--json`` and ``--out`` ask for together.

    Args:
        json_to: Value of ``--json``: ``-`` for stdout, a file, or None.
        out: Value of ``--out``.

    Returns:
        Whether to print JSON, and where every row is kept, if anywhere.

    Raises:
        ConfigError: Both name a place, or the file is not called .json.
    """
    from lass.errors import ConfigError

    if json_to in (None, "-"):
        return json_to == "-", out
    if not str(json_to).lower().endswith(".json"):
        raise ConfigError(
            f"--json {json_to}: give the name of a file that ends in .json, or --json alone for "
            "stdout"
        )
    if out is not None:
        raise ConfigError(
            f"--json {json_to} and --out {out} both say where the rows go: give one of them "
            "(--json alone prints the means)"
        )
    return False, Path(str(json_to))
