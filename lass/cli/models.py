"""`lass models`: what there is, whose it is, and whether it is as it was published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from lass.cli import models_bring
from lass.cli.running import Exit, note, plain

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    help="List the models, show one, bring others' weights, or check that all are undamaged.",
)
app.command("pull")(models_bring.pull)
app.command("convert")(models_bring.convert)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Name = Annotated[str, typer.Argument(metavar="NAME|PATH", help="A model.")]

_WIDE = 28  # characters of a licence in the table; --json and show have all of them


@app.callback(invoke_without_command=True)
def models(context: typer.Context, as_json: AsJson = False) -> int:
    """List the models."""
    if context.invoked_subcommand is not None:
        return Exit.GOOD
    return list_(as_json=as_json)


@app.command("list")
def list_(
    as_json: AsJson = False,
    available: Annotated[
        bool, typer.Option("--available", help="Published ones that are not here, instead.")
    ] = False,
) -> int:
    """List the models: those that ship, then yours."""
    from lass.zoo.catalogue import describe_all, describe_published
    from lass.zoo.published import list_published

    code = Exit.GOOD
    rows, errors = describe_all()
    for error in errors:
        note(f"lass: {error}")
        code = Exit.FAILED
    if available:
        here = {row["name"] for row in rows}
        rows = [describe_published(e) for e in list_published() if e.name not in here]
    if as_json:
        print(json.dumps({"models": rows}, indent=2))
        return code
    if not rows:
        note("lass: no models are " + ("left to get" if available else "installed"))
        return code or Exit.NOTHING
    _print_table([_cells(row) for row in rows])
    for row in rows:
        if row.get("hidden"):
            note(f"lass: your model {row['name']!r} is hidden by the shipped one of that name: "
                 f"give its folder {row['path']}")  # fmt: skip
    return code


@app.command()
def show(name: Name, as_json: AsJson = False) -> int:
    """Show a model's card, or what is known of it."""
    from lass.zoo.catalogue import describe, measured
    from lass.zoo.folders import model_folder
    from lass.zoo.loading import read_config

    folder = model_folder(name)
    card = folder / "README.md"
    if as_json or not card.is_file():
        config = read_config(folder)
        told = {**describe(folder), "measured": measured(config), "config": config}
        print(json.dumps(told if as_json else config, indent=2))
        return Exit.GOOD
    print("\n".join(map(plain, card.read_text(encoding="utf-8").rstrip().splitlines())))
    row = describe(folder)
    print("\nLicences, and whose it is")
    for key, licence in row["licences"].items():
        print(f"  {key:<8} {plain(licence)} ({plain(row['who'][key])})")
    return Exit.GOOD


@app.command()
def path(name: Name) -> int:
    """Print a model's folder."""
    from lass.zoo.folders import model_folder

    print(plain(model_folder(name).absolute()))
    return Exit.GOOD


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME|PATH]...", help="Models; all if none.")
    ] = None,
) -> int:
    """Compare every weight file with its published SHA-256."""
    from lass.errors import LassError
    from lass.zoo.folders import list_models, list_user_models, model_folder, user_models
    from lass.zoo.loading import read_config
    from lass.zoo.loading import verify as compare

    yours = [str(user_models() / name) for name in list_user_models()]
    code = Exit.GOOD
    for name in names or [*list_models(), *yours]:
        try:
            folder = model_folder(name)
            compare(folder)
            config = read_config(folder)
        except LassError as error:
            note(f"lass: {error}")
            code = Exit.FAILED
            continue
        made = "converted" if "source" in config else "published"
        print(f"{plain(name if names else folder.name)}: {len(config['sha256'])} files as {made}")
    return code


def _cells(row: dict[str, Any]) -> dict[str, str]:
    """A row as it is printed."""
    licences = row["licences"]
    sdri, size = row.get("sdri"), row["megabytes"]
    return {
        "NAME": row["name"],
        "TASK": row["task"],
        "SPACE": row["space"],
        "RATE": f"{row['rate']} Hz" if row["rate"] else "any",
        "MB": "?" if size is None else f"{size:g}",
        "SDRi": "-" if sdri is None else f"{sdri:.2f} dB",
        "SHA-256": row["sha256"][:12],
        "CODE": licences["code"],
        "WEIGHTS": licences["weights"],
        "DATA": licences["data"],
    }


def _print_table(rows: Sequence[dict[str, str]]) -> None:
    titles = {key: key for key in rows[0]}
    table = [{key: _short(plain(value)) for key, value in row.items()} for row in (titles, *rows)]
    widths = {key: max(len(row[key]) for row in table) for key in titles}
    for row in table:
        print("  ".join(row[key].ljust(widths[key]) for key in titles).rstrip())


def _short(text: str) -> str:
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}…"
