"""Lists of mixtures measured with one model: kept, taken up again, and shown."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lass.cli.evaluate_show import RowBar, show_failures, show_report
from lass.cli.running import Exit, note
from lass.errors import ConfigError, DataError, LassError

if TYPE_CHECKING:
    from lass.evaluation import ModelSeparator, Report
    from lass.evaluation.results import Presence

__all__ = ["Settings", "Task", "finish", "measure_lists", "places", "print_json"]


_SAME = ("fingerprint", "limit", "similarity_space")
"""What two results of one list must share for the one to stand for the other."""


@dataclass(frozen=True)
class Settings:
    """What all lists of a call have in common.

    Args:
        model: a model's name or folder.
        device: where it runs.
        limit: only so many rows of each list.
        out: a JSON file, or a folder for one file a list; nothing is kept if None.
        workers: processes.
        resume: go on where a call was interrupted.
        similarity: also measure likeness in the query space of the model.
        as_json: results as one JSON object on stdout.
        quiet: nothing but errors.
    """

    model: str = "default"
    device: str = "auto"
    limit: int | None = None
    out: Path | None = None
    workers: int = 1
    resume: bool = False
    similarity: bool = False
    as_json: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class Task:
    """A list to be measured.

    Args:
        name: its name, and that of its result.
        sha256: hash of the list.
        measure: ``measure(separate, **options)`` gives the report.
    """

    name: str
    sha256: str
    measure: Callable[..., Report]


def measure_lists(tasks: Sequence[Task], settings: Settings) -> int:
    """Measure a model on lists, whatever happens to one of them.

    Args:
        tasks: the lists.
        settings: what they have in common.

    Returns:
        The exit code.
    """
    from lass.evaluation import ModelSeparator, environment
    from lass.zoo import model_folder

    paths = places([task.name for task in tasks], settings)
    if settings.resume and settings.out is None:
        raise ConfigError("--resume needs --out: that is where the rows done are kept")
    separate = ModelSeparator(settings.model, device=settings.device)
    system = separate.separator.model.name
    extra = environment(model_folder(settings.model)) | {"fingerprint": separate.fingerprint}
    extra["device"] = str(separate.separator.device)
    if settings.limit is not None:
        extra["limit"] = settings.limit
    if settings.similarity:
        extra["similarity_space"] = separate.space
    # Failures are shown below the table; the library's warnings would say them twice.
    logging.getLogger("lass").addHandler(logging.NullHandler())
    reports: list[Report] = []
    errors: dict[str, str] = {}
    interrupted = False
    try:
        for task, path in zip(tasks, paths, strict=True):
            try:
                report = _complete(task, path, settings, system, extra)
                fresh = report is None
                if report is None:
                    report = _measured(task, path, settings, separate, system)
                    report.extra |= extra
                finish(report, path, settings, save=fresh)
            except LassError as error:
                errors[task.name] = str(error)
                note(f"lass: {task.name}: {error}")
                continue
            reports.append(report)
    except KeyboardInterrupt:
        interrupted = True
    _sum_up(tasks, reports, errors, paths, settings)
    if interrupted:
        note(f"lass: interrupted, {len(reports)} of {len(tasks)} lists are finished")
        return Exit.INTERRUPTED
    bad = bool(errors) or any(report.failures for report in reports)
    return Exit.FAILED if bad else Exit.GOOD


def _measured(
    task: Task, path: Path | None, settings: Settings, separate: ModelSeparator, system: str
) -> Report:
    """Measure a list; with a place for its result, row by row kept."""
    state = None if path is None else _state(path)
    if state is not None and state.exists() and not settings.resume:
        raise DataError(
            f"{state} keeps the rows of a run that did not finish: go on with --resume, or delete "
            "it to begin anew"
        )
    try:
        with RowBar(task.name, shown=not settings.quiet) as bar:
            return task.measure(
                separate,
                limit=settings.limit,
                system=system,
                on_progress=bar,
                encoder=separate if settings.similarity else None,
                resume=state,
                workers=settings.workers,
            )
    except KeyboardInterrupt:
        if state is not None and state.exists():
            note(f"{state}: the rows done so far; go on with --resume")
        raise
    except OSError as error:
        raise DataError(
            f"the rows done cannot be kept in {state} ({error.strerror or error}): give another "
            "place with --out"
        ) from error


def _state(path: Path) -> Path:
    """Where the rows done are kept until all of them are in the result."""
    return path.with_suffix(".rows.jsonl")


def _complete(
    task: Task, path: Path | None, settings: Settings, system: str, extra: dict[str, Any]
) -> Report | None:
    """A result of the call that is resumed, if it is whole and just what would be measured."""
    from lass.evaluation import Report

    if not settings.resume or path is None or not path.is_file() or _state(path).exists():
        return None
    try:
        report = Report.load(path)
    except LassError:
        return None
    same = (
        report.protocol.get("sha256") == task.sha256
        and report.system == system
        and all(report.extra.get(key) == extra.get(key) for key in _SAME)
    )
    return report if same and not report.failures else None


def finish(
    report: Report,
    path: Path | None,
    settings: Settings,
    *,
    classes: bool = False,
    save: bool = True,
) -> None:
    """Keep a report and show it.

    Args:
        report: The report.
        path: Where it is kept, if anywhere.
        settings: What the user wants to see.
        classes: Show a line for each class, too.
        save: Whether it is not there already.

    Raises:
        DataError: It cannot be written.
    """
    if path is not None and save:
        try:
            report.save(path)
            if not report.failures:
                _state(path).unlink(missing_ok=True)
        except OSError as error:
            raise DataError(
                f"cannot write {path}: {error.strerror or error}; give another place with --out"
            ) from error
    if not settings.quiet and not settings.as_json:
        show_report(report, classes=classes)
    show_failures(report)
    if path is not None and not settings.quiet:
        note(f"{path}: {'written' if save else 'complete already'}")


def places(names: Sequence[str], settings: Settings) -> list[Path | None]:
    """Where the result of each list goes; what cannot be is complained about before the work.

    Args:
        names: The lists.
        settings: What the user said.

    Returns:
        A path for each list, or None.

    Raises:
        ConfigError: Two results would be one file, or the folder cannot be made.
    """
    out = settings.out
    if out is None:
        return [None] * len(names)
    single = out.suffix == ".json" and not out.is_dir()
    if single and len(names) > 1:
        raise ConfigError(
            f"{out} is one file for {len(names)} lists: give a folder with --out, which gets a "
            "file for each"
        )
    if len(set(names)) < len(names):
        raise ConfigError("two lists have the same name, so have their results: give one a time")
    folder = out.parent if single else out
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"cannot make the folder {folder}: {error.strerror or error}; give another to --out"
        ) from error
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"cannot write into {folder}: give another place with --out")
    return [out if single else folder / f"{name}.json" for name in names]


def _sum_up(
    tasks: Sequence[Task],
    reports: Sequence[Report],
    errors: dict[str, str],
    paths: Sequence[Path | None],
    settings: Settings,
) -> None:
    """What several lists say together, and everything as JSON if wanted."""
    presence = _presence(reports)
    if settings.as_json:
        known = {report.protocol["name"]: report for report in reports}
        print_json(
            [
                (task.name, known.get(task.name), errors.get(task.name), path)
                for task, path in zip(tasks, paths, strict=True)
                if task.name in known or task.name in errors
            ],
            presence=presence,
        )
    elif presence is not None and not settings.quiet:
        print(
            f"presence, esc50-fold5 against absent-query: AUROC {presence.auroc:.3f}, expected "
            f"calibration error {presence.calibration_error:.3f}"
        )


def _presence(reports: Sequence[Report]) -> Presence | None:
    """How well presence scores tell what is there, if both lists were measured."""
    from lass.evaluation.results import presence_beside

    found = [presence_beside(report, reports) for report in reports]
    return next((one for one in found if one is not None), None)


def print_json(
    results: Sequence[tuple[str, Report | None, str | None, Path | None]],
    *,
    presence: Presence | None = None,
) -> None:
    """Print results as one JSON object.

    Args:
        results: Name, report or error, and the file of each.
        presence: How well presence scores tell what is there.
    """
    from lass import __version__

    tables = [_as_table(*result) for result in results]
    found = {
        "version": __version__,
        "results": tables,
        "presence_auroc": None if presence is None else round(presence.auroc, 4),
        "presence_calibration_error": (
            None if presence is None else round(presence.calibration_error, 4)
        ),
    }
    print(json.dumps(found, indent=2))


def _as_table(
    name: str, report: Report | None, error: str | None, path: Path | None
) -> dict[str, Any]:
    """A result without its rows; those are in the file."""
    if report is None:
        return {"name": name, "error": error}
    whole = report.as_dict()
    return {
        "name": name,
        "system": report.system,
        "protocol": report.protocol,
        "rows": len(report.rows),
        "failures": report.failures,
        **{key: whole[key] for key in ("summary", "bounds", "per_class", "extra")},
        "path": None if path is None else str(path),
        "error": None,
    }
