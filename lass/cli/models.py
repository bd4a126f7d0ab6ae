"""`lass models`: what ships, and whether it is as it was published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from lass.cli.running import Exit, note, plain

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    help="List the models, show one, or check that they are undamaged.",
)


@app.callback(invoke_without_command=True)
def models(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """List the models that ship."""
    if context.invoked_subcommand is not None:
        return Exit.GOOD
    from lass.zoo import list_models, model_folder

    rows = [_row(model_folder(name)) for name in list_models()]
    if as_json:
        print(json.dumps({"models": rows}, indent=2))
        return Exit.GOOD
    if not rows:
        note("lass: no models are installed")
        return Exit.NOTHING
    titles = {"name": "NAME", "task": "TASK", "space": "SPACE", "megabytes": "MB",
              "sha256": "SHA-256", "licence": "LICENCE"}  # fmt: skip
    table = [titles, *({**row, "sha256": row["sha256"][:12]} for row in rows)]
    widths = {key: max(len(plain(row[key])) for row in table) for key in titles}
    for row in table:
        print("  ".join(plain(row[key]).ljust(widths[key]) for key in titles).rstrip())
    return Exit.GOOD


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME|PATH", help="A model.")],
) -> int:
    """Show a model's card, or its configuration where it has none."""
    from lass.zoo import model_folder

    folder = model_folder(name)
    card = folder / "README.md"
    shown = card if card.is_file() else folder / "config.json"
    print(shown.read_text(encoding="utf-8").rstrip())
    return Exit.GOOD


@app.command()
def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME|PATH]...", help="Models; all if none.")
    ] = None,
) -> int:
    """Compare every weight file with its published SHA-256."""
    from lass.errors import LassError
    from lass.zoo import list_models, model_folder
    from lass.zoo import verify as compare

    code = Exit.GOOD
    for name in names or list_models():
        try:
            folder = model_folder(name)
            compare(folder)
            count = len(_config(folder).get("sha256", {}))
        except LassError as error:
            note(f"lass: {error}")
            code = Exit.FAILED
            continue
        if count:
            print(f"{plain(name)}: {count} files as published")
        else:
            note(f"lass: {name} states no SHA-256, so there is nothing to compare with")
            code = Exit.FAILED
    return code


def _config(folder: Path) -> dict[str, Any]:
    from lass.zoo.loading import read_config

    return read_config(folder)


def _row(folder: Path) -> dict[str, Any]:
    config = _config(folder)
    hashes = config.get("sha256", {})
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    return {
        "name": folder.name,
        "task": config.get("task", ""),
        "space": config.get("space", ""),
        "megabytes": round(size / 1e6, 1),
        "sha256": hashes.get("model.safetensors", ""),
        "licence": config.get("licence", ""),
    }
