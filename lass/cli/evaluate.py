"""`lass eval`: separators measured on published mixture lists, with the bounds beside them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lass.cli.running import Exit, note, plain

if TYPE_CHECKING:
    from lass.cli.evaluate_measure import Settings, Task

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    no_args_is_help=True,
    help="""Measure a separator honestly: published lists, bounds beside every number.

[b]Examples[/b]

\b
lass eval list                                the lists and what they ask
lass eval run esc50-fold5 --data DATA         the default model on one list
lass eval run all --data DATA --out results/ --resume
lass eval score mine.csv                      recordings of your own
lass eval score stems/ --estimates theirs/    files that another program wrote
lass eval compare a.json b.json               is b better than a?
lass eval report results/ -o report.html      a page to look at

Exit codes: 0 all good, 1 some row or file failed, 2 usage, 3 nothing to
report, 130 interrupted.
""",
)

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
    bool, typer.Option("--resume", help="Go on where a call with the same --out was interrupted.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")]

_RUN = """Measure a model on published lists, beside the bounds of each.

[b]Examples[/b]

\b
lass eval run esc50-fold5 --data DATA
lass eval run instruments10 kitchen20 --limit 50 --workers 4
lass eval run all --out results/ --resume     goes on where it was interrupted

A table shows means over rows with 95 % bootstrap intervals, then the bounds:
what the mixture, half of it and oracle masks score on the same rows. A row
that fails is reported and left out, and the exit code is 1.
"""
_SCORE = """Score recordings of your own.

[b]Examples[/b]

\b
lass eval score mine.csv -m compact --out mine.json
lass eval score stems/ --estimates theirs/ --museval json/

A CSV has the columns [b]mixture,target,query[/b] and, if you like, noise,label;
paths are taken from its folder, and a model separates the mixtures. A folder
holds true stems in museval's layout, FOLDER/test/TRACK/TARGET.wav (test may
be left out); nothing is separated, the estimates lie in such a tree in the
folder of --estimates.
"""
_COMPARE = """Say whether two results on one list differ: paired bootstrap over their rows.

[b]Examples[/b]

\b
lass eval compare before.json after.json
lass eval compare a.json b.json --json

The difference is B less A. It is called one only if its 95 % interval leaves
out zero.
"""
_REPORT = """Write a page, or Markdown, from stored results.

[b]Examples[/b]

\b
lass eval report result.json -o report.html
lass eval report eval/results -o report.html -o REPORT.md
lass eval report result.json -o report.html --worst 10 -m compact --data DATA

The page needs no network. With --worst it shows the worst rows as pictures;
they are separated again, so it needs the model and the data pack. Files that
are no results are left out with a note.
"""


@app.command(help=_RUN, no_args_is_help=True)
def run(
    protocols: Annotated[
        list[str],
        typer.Argument(
            metavar="PROTOCOL...",
            help="Names of lists (see [b]lass eval list[/b]), CSV files beside an index.json, or "
            "[b]all[/b].",
            show_default=False,
        ),
    ],
    data: Data = None,
    model: Model = "default",
    device: Device = "auto",
    limit: Limit = None,
    out: Out = None,
    workers: Workers = 1,
    resume: Resume = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Measure a model on published lists."""
    from lass.cli.evaluate_measure import Settings, measure_lists

    names = _known(protocols)
    folder = _data(data)
    settings = Settings(model, device, limit, out, workers, resume, as_json, quiet)
    return measure_lists(_tasks(names, folder), settings)


@app.command(help=_SCORE, no_args_is_help=True)
def score(
    given: Annotated[
        Path,
        typer.Argument(metavar="LIST.csv|STEM_FOLDER", help="A list, or a folder of true stems."),
    ],
    estimates: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Stem folder: the estimates, in the same tree."),
    ] = None,
    museval: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Stem folder: also write museval's JSON there."),
    ] = None,
    model: Model = "default",
    device: Device = "auto",
    limit: Limit = None,
    out: Out = None,
    workers: Workers = 1,
    resume: Resume = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Score a user's own list or folder of stems."""
    from lass.cli.evaluate_measure import Settings
    from lass.errors import ConfigError

    settings = Settings(model, device, limit, out, workers, resume, as_json, quiet)
    if given.is_dir():
        if estimates is None:
            raise ConfigError(
                f"{given} is a folder of true stems: give the folder of the estimates with "
                "--estimates"
            )
        if resume or workers > 1:
            raise ConfigError("--resume and --workers are for lists, not for folders of stems")
        return _score_stems(given, estimates, museval, settings)
    if estimates is not None or museval is not None:
        raise ConfigError(f"--estimates and --museval go with a folder of stems, not with {given}")
    return _score_list(given, settings)


@app.command(help=_COMPARE, no_args_is_help=True)
def compare(
    first: Annotated[Path, typer.Argument(metavar="A.json", help="A result.")],
    second: Annotated[Path, typer.Argument(metavar="B.json", help="Another, of the same list.")],
    as_json: AsJson = False,
) -> int:
    """Compare two results row by row."""
    from lass.cli.evaluate_show import show_comparison
    from lass.evaluation import Report
    from lass.evaluation.comparison import paired_table

    reports = [Report.load(path) for path in (first, second)]
    names = [report.system or path.stem for report, path in zip(reports, (first, second),
                                                                 strict=True)]  # fmt: skip
    if names[0] == names[1]:
        names = [str(first), str(second)]
    found = paired_table(*reports, names=(names[0], names[1]))
    rows = [{row["row"] for row in report.rows} for report in reports]
    shared = len(rows[0] & rows[1])
    left_out = len(rows[0] | rows[1]) - shared
    if as_json:
        print(json.dumps({
            "first": names[0],
            "second": names[1],
            "protocol": reports[0].protocol,
            "rows": shared,
            "rows_left_out": left_out,
            "figures": found,
        }, indent=2))  # fmt: skip
        return Exit.GOOD
    print(f"{plain(reports[0].protocol.get('name', '?'))}: rows of both: {shared}")
    show_comparison(found, names[0], names[1])
    if left_out:
        note(f"lass: left out, because only one of the two has them: {left_out}")
    return Exit.GOOD


@app.command("list")
def list_(as_json: AsJson = False) -> int:
    """Show the published lists and what they ask."""
    from lass.cli.evaluate_show import show_lists
    from lass.evaluation import list_protocols

    entries = list_protocols()
    if as_json:
        print(json.dumps({"protocols": entries}, indent=2))
    else:
        show_lists(entries)
    return Exit.GOOD


@app.command(help=_REPORT, no_args_is_help=True)
def report(
    results: Annotated[
        list[Path],
        typer.Argument(metavar="RESULT.json...", help="Results, or folders of them.",
                       show_default=False),
    ],
    outputs: Annotated[
        list[Path],
        typer.Option("--output", "-o", metavar="FILE", show_default=False,
                     help="report.html or REPORT.md; repeat it for both."),
    ],
    worst: Annotated[
        int, typer.Option(metavar="N", min=0, help="Show the N worst rows of each result.")
    ] = 0,
    sounds: Annotated[
        bool,
        typer.Option("--sounds", help="With --worst: players, too. The recordings are other "
                     "people's; look at their licences before you pass the page on."),
    ] = False,
    title: Annotated[str, typer.Option(metavar="TEXT", help="Heading.")] = "Evaluation of lass",
    data: Data = None,
    model: Model = "default",
    device: Device = "auto",
    quiet: Quiet = False,
) -> int:  # fmt: skip
    """Write a report from stored results."""
    from lass.cli.evaluate_report import Pages, check_outputs, load_results, write_pages
    from lass.errors import ConfigError

    check_outputs(outputs)
    if sounds and not worst:
        raise ConfigError("--sounds goes with --worst N: there are no players without rows")
    folder = _data(data) if worst else None
    loaded = load_results(results, quiet=quiet)
    if not loaded.reports:
        if not loaded.failed:
            note("lass: nothing to report: there is no result among the files given")
        return Exit.FAILED if loaded.failed else Exit.NOTHING
    pages = Pages(outputs, title, worst, sounds, folder, model, device, quiet)
    write_pages(loaded.reports, pages)
    return Exit.FAILED if loaded.failed else Exit.GOOD


def _known(protocols: Sequence[str]) -> list[str]:
    """The lists that were named, each once; a wrong name is a usage error."""
    from lass.errors import ConfigError
    from lass.evaluation import list_protocols

    known = [str(entry["name"]) for entry in list_protocols()]
    names: list[str] = []
    for name in dict.fromkeys(protocols):
        if name == "all":
            names += known
        elif name in known:
            names.append(name)
        elif not Path(name).is_file():
            raise ConfigError(
                f"there is no mixture list {name!r}: expected a file, all, or some of "
                f"{', '.join(known)}"
            )
        elif not (Path(name).parent / "index.json").is_file():
            raise ConfigError(
                f"{name} has no index.json beside it, which says how its rows become sound; a "
                f"list of your own recordings goes to `lass eval score {name}`"
            )
        else:
            names.append(name)
    return list(dict.fromkeys(names))


def _data(data: Path | None) -> Path:
    """The folder of the data pack."""
    from lass.errors import ConfigError

    if data is None:
        raise ConfigError(
            "the folder of the data pack is not known: give it with --data DIR or in the "
            "environment variable LASS_DATA"
        )
    if not data.is_dir():
        raise ConfigError(
            f"there is no folder {data}: give the folder of the data pack with --data DIR or in "
            "the environment variable LASS_DATA"
        )
    return data


def _tasks(names: Sequence[str], data: Path) -> list[Task]:
    """Published lists as something to measure."""
    from lass.cli.evaluate_measure import Task
    from lass.evaluation import ClipStore, evaluate, load_protocol

    ClipStore(data)  # complains, once for all lists, about a folder that is no data pack

    def task(name: str) -> Task:
        protocol = load_protocol(name)

        def measure(separate: Any, **options: Any) -> Any:  # noqa: ANN401
            return evaluate(separate, protocol, data, **options)

        return Task(protocol.name, protocol.sha256, measure)

    return [task(name) for name in names]


def _score_list(path: Path, settings: Settings) -> int:
    """Measure a model on a user's own list."""
    from lass.cli.evaluate_measure import Task, measure_lists
    from lass.errors import ConfigError
    from lass.evaluation import list_protocols
    from lass.evaluation.lists import check_list, evaluate_list

    if not path.exists() and str(path) in [entry["name"] for entry in list_protocols()]:
        raise ConfigError(f"{path} is a published list: it goes to `lass eval run {path}`")

    def measure(separate: Any, **options: Any) -> Any:  # noqa: ANN401
        return evaluate_list(separate, path, **options)

    return measure_lists([Task(path.stem, check_list(path), measure)], settings)


def _score_stems(
    references: Path, estimates: Path, museval: Path | None, settings: Settings
) -> int:
    """Score files that were written by any separator."""
    from lass.cli.evaluate_measure import finish, places, print_json
    from lass.cli.evaluate_show import RowBar
    from lass.errors import DataError
    from lass.evaluation import StemFolder, evaluate_stems

    (path,) = places([references.resolve().name], settings)
    try:
        with RowBar(references.name, shown=not settings.quiet) as bar:
            found = evaluate_stems(
                StemFolder(references, estimates),
                json_dir=museval,
                on_progress=bar,
                limit=settings.limit,
                system=estimates.resolve().name,
            )
    except OSError as error:
        raise DataError(
            f"cannot write into {museval}: {error.strerror or error}; give another folder to "
            "--museval"
        ) from error
    finish(found, path, settings, classes=True)
    if settings.as_json:
        print_json([(str(found.protocol["name"]), found, None, path)])
    return Exit.FAILED if found.failures else Exit.GOOD
