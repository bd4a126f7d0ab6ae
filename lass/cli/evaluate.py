"""`lass eval`: separators measured on published mixture lists, with the bounds beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from lass.cli.evaluate_options import (
    COMPARE,
    EVAL,
    REPORT,
    RUN,
    SCORE,
    AsJson,
    Data,
    Device,
    JsonCommand,
    JsonTo,
    Limit,
    Model,
    Out,
    Quiet,
    Resume,
    Similarity,
    Workers,
    json_place,
)
from lass.cli.running import Exit, note, plain

__all__ = ["app"]

app = typer.Typer(add_completion=False, rich_markup_mode="rich", no_args_is_help=True, help=EVAL)


@app.command(cls=JsonCommand, help=RUN, no_args_is_help=True)
def run(
    protocols: Annotated[
        list[str],
        typer.Argument(
            metavar="PROTOCOL",
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
    similarity: Similarity = False,
    json_to: JsonTo = None,
    quiet: Quiet = False,
) -> int:
    """Measure a model on published lists."""
    from lass.cli.evaluate_given import data_folder, known_lists, published_tasks
    from lass.cli.evaluate_measure import Settings, measure_lists

    names = known_lists(protocols)
    folder = data_folder(data)
    as_json, kept = json_place(json_to, out)
    settings = Settings(model, device, limit, kept, workers, resume, similarity, as_json, quiet)
    return measure_lists(published_tasks(names, folder), settings)


@app.command(cls=JsonCommand, help=SCORE, no_args_is_help=True)
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
    similarity: Similarity = False,
    json_to: JsonTo = None,
    quiet: Quiet = False,
) -> int:
    """Score a user's own list or folder of stems."""
    from lass.cli.evaluate_given import score_list, score_stems
    from lass.cli.evaluate_measure import Settings
    from lass.errors import ConfigError

    as_json, kept = json_place(json_to, out)
    settings = Settings(model, device, limit, kept, workers, resume, similarity, as_json, quiet)
    if given.is_dir():
        if estimates is None:
            raise ConfigError(
                f"{given} is a folder of true stems: give the folder of the estimates with "
                "--estimates"
            )
        if resume or workers > 1 or similarity:
            raise ConfigError(
                "--resume, --workers and --similarity are for lists, not for folders of stems"
            )
        return score_stems(given, estimates, museval, settings)
    if estimates is not None or museval is not None:
        raise ConfigError(f"--estimates and --museval go with a folder of stems, not with {given}")
    return score_list(given, settings)


@app.command(help=COMPARE, no_args_is_help=True)
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


@app.command(help=REPORT)
def report(
    results: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RESULT.json", show_default=False,
                       help="Results, or folders of them; eval/results if none is given."),
    ] = None,
    outputs: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", metavar="FILE", show_default=False,
                     help="A page (.html) or Markdown (.md); repeat it for both. Without it "
                     "REPORT.md and report.html beside the results."),
    ] = None,
    worst: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="On the page: the N worst rows of each result as "
                     "pictures. Needs the model and the data pack."),
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
    from lass.cli.evaluate_given import data_folder
    from lass.cli.evaluate_report import Pages, load_results, results_and_outputs, write_pages
    from lass.errors import ConfigError

    given, written = results_and_outputs(results or [], outputs or [])
    if sounds and not worst:
        raise ConfigError("--sounds goes with --worst N: there are no players without rows")
    folder = data_folder(data) if worst else None
    stored = load_results(given, quiet=quiet)
    failed = bool(stored.errors)
    if not stored.reports:
        if not failed:
            note("lass: nothing to report: there is no result among the files given")
        return Exit.FAILED if failed else Exit.NOTHING
    write_pages(stored, Pages(written, title, worst, sounds, folder, model, device, quiet))
    return Exit.FAILED if failed else Exit.GOOD
