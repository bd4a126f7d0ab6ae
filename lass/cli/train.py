"""`lass train`: a recipe and a data pack in, a trained network out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lass.cli.running import Exit, note, plain

if TYPE_CHECKING:
    from lass.training import Recipe
    from lass.training.loop import Progress

__all__ = ["train"]


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE", help="A TOML file, or a recipe that ships: default, compact."
        ),
    ],
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the data pack.")],
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder of the run: checkpoint, log and model. A run in "
                     "it that was interrupted goes on."),
    ],
    minutes: Annotated[
        float | None,
        typer.Option(metavar="M", min=0.0, help="Stop after so many minutes; go on another time."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--start-from", metavar="NAME|PATH", help="Begin with the weights of this "
                     "model, such as default, instead of random ones."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    devices: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="Processes on this machine; each makes batches of "
                     "the recipe's size."),
    ] = 1,
    num_nodes: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="Machines; give the same command on each, with "
                     "MASTER_ADDR, MASTER_PORT and NODE_RANK set, or start it with torchrun."),
    ] = 1,
) -> int:  # fmt: skip
    """Train a network by a recipe, or go on where a run was interrupted."""
    path = _recipe(recipe)
    _check_folders(data, out)
    from lass.training import fit, load_recipe
    from lass.training.processes import launch
    from lass.training.setup import open_task, start_from

    wanted = load_recipe(path)
    fabric = launch(
        accelerator=device, devices=devices, num_nodes=num_nodes, precision=wanted.run.precision
    )
    first = fabric.is_global_zero
    say = note if first else _silent
    with fabric.rank_zero_first(local=True):  # the first one decodes the clips, the others use them
        task = open_task(wanted, data, cache=out / "cache", on_message=say)
    if start is not None:
        start_from(task, start)
    fit(
        task,
        wanted,
        out,
        fabric=fabric,
        stop_after_minutes=minutes,
        on_progress=lambda progress: say(_line(progress)),
    )
    if not first:
        return Exit.GOOD
    print(f"{plain(_export(wanted, out))}  the model, to be used with --model")
    print(f"{plain(out / 'log.csv')}  its log")
    return Exit.GOOD


def _silent(_: str) -> None:
    """What the further processes have to say: nothing."""


def _export(recipe: Recipe, out: Path) -> Path:
    """Write the model as it is now; an encoder takes the text files of the one it grew from."""
    import shutil

    from lass.training.export import export
    from lass.zoo import model_folder

    folder = out / "model"
    folder.mkdir(exist_ok=True)
    if recipe.task == "joint":
        for name in ("text.safetensors", "tokenizer.json"):
            shutil.copyfile(model_folder(recipe.encoder) / name, folder / name)
    export(out, recipe, folder)
    return folder


def _recipe(name: str) -> Path:
    """A recipe by path or by the name of one that ships."""
    from importlib.resources import files

    from lass.errors import ConfigError

    if Path(name).is_file():
        return Path(name)
    shipped = Path(str(files("lass"))) / "training" / "recipes"
    names = sorted(path.stem for path in shipped.glob("*.toml"))
    if name in names:
        return shipped / f"{name}.toml"
    raise ConfigError(
        f"there is no recipe {name!r}: give a TOML file or one of those that ship "
        f"({', '.join(names)})"
    )


def _check_folders(data: Path, out: Path) -> None:
    """Complain before the slow imports."""
    from lass.errors import ConfigError

    if not data.is_dir():
        raise ConfigError(f"there is no folder {data}: give the folder of the data pack to --data")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"cannot make the folder {out}: {error.strerror or error}; give another to --out"
        ) from error


def _line(progress: Progress) -> str:
    """One line about where a run stands."""
    figures = "  ".join(f"{name} {value:.3g}" for name, value in progress.figures.items())
    return (
        f"step {progress.step}  {progress.minutes:.1f} min  {100 * progress.share:.0f} %  {figures}"
    )
