"""What the user of `lass eval` named: lists, the data pack, a list or stems of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lass.cli.running import Exit
from lass.errors import ConfigError, DataError

if TYPE_CHECKING:
    from lass.cli.evaluate_measure import Settings, Task

__all__ = ["data_folder", "known_lists", "published_tasks", "score_list", "score_stems"]


def known_lists(protocols: Sequence[str]) -> list[str]:
    """The lists that were named, each once; a wrong name is a usage error."""
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


def data_folder(data: Path | None) -> Path:
    """The folder of the data pack."""
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


def published_tasks(names: Sequence[str], data: Path) -> list[Task]:
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


def score_list(path: Path, settings: Settings) -> int:
    """Measure a model on a user's own list."""
    from lass.cli.evaluate_measure import Task, measure_lists
    from lass.evaluation import list_protocols
    from lass.evaluation.lists import check_list, evaluate_list

    if not path.exists() and str(path) in [entry["name"] for entry in list_protocols()]:
        raise ConfigError(f"{path} is a published list: it goes to `lass eval run {path}`")

    def measure(separate: Any, **options: Any) -> Any:  # noqa: ANN401
        return evaluate_list(separate, path, **options)

    return measure_lists([Task(path.stem, check_list(path), measure)], settings)


def score_stems(references: Path, estimates: Path, museval: Path | None, settings: Settings) -> int:
    """Score files that were written by any separator."""
    from lass.cli.evaluate_measure import finish, places, print_json
    from lass.cli.evaluate_show import RowBar
    from lass.evaluation import StemFolder, environment, evaluate_stems

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
    found.extra |= environment()
    finish(found, path, settings, classes=True)
    if settings.as_json:
        print_json([(str(found.protocol["name"]), found, None, path)])
    return Exit.FAILED if found.failures else Exit.GOOD
