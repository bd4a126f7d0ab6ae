"""Many files with one model: each ends in a result or in one sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lass.cli.inputs import Input
from lass.cli.running import note, plain
from lass.errors import AudioWriteError, LassError
from lass.separation import FileResult, OutputPaths, output_paths

if TYPE_CHECKING:
    from lass import Query, Separator
    from lass.separation import Progress

__all__ = ["Job", "Outcome", "Settings", "perform", "plan", "report_json", "report_text"]

HEARD = 0.3
"""Presence below which a result is not passed off as the sound that was asked for."""


@dataclass(frozen=True)
class Settings:
    """What all files have in common.

    Args:
        names: names of the queries.
        queries: path → what to listen for in it.
        negatives: what the parts should not be.
        output_dir: where results go; next to each recording if None.
        name: template of file names.
        format: ending of the outputs; like the recording if None.
        subtype: libsndfile's name of a coding, or ``auto``.
        residual: whether everything else is written, too.
        on_existing: ``error``, ``overwrite`` or ``skip``.
    """

    names: Sequence[str]
    queries: Callable[[Path], Sequence[Query | str]]
    negatives: Sequence[str]
    output_dir: Path | None
    name: str
    format: str | None
    subtype: str
    residual: bool
    on_existing: str

    def folder(self, item: Input) -> Path | None:
        """Where the results of an input go."""
        return None if self.output_dir is None else self.output_dir / item.folder

    def outputs(self, item: Input) -> OutputPaths:
        """Files that an input will become."""
        return output_paths(
            item.path,
            self.names,
            folder=self.folder(item),
            template=self.name,
            format=self.format,
            residual=self.residual,
        )


@dataclass(frozen=True)
class Job:
    """A file to separate, or why that cannot be."""

    item: Input
    error: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How a file ended: with a result, or with an error."""

    path: Path
    result: FileResult | None = None
    error: str | None = None


def plan(inputs: Sequence[Input], settings: Settings) -> tuple[list[Job], list[tuple[Path, Path]]]:
    """Find out what would collide before anything is written.

    Args:
        inputs: all inputs.
        settings: what they have in common.

    Returns:
        The jobs, and what is left out because it is a result of another input: pairs of the two.
    """
    jobs: list[Job] = []
    made_from: dict[str, Path] = {}
    for item in inputs:
        try:
            outputs = [os.path.realpath(path) for path in settings.outputs(item)]
        except LassError as error:
            jobs.append(Job(item, str(error)))
            continue
        rivals = [made_from[path] for path in outputs if path in made_from]
        if rivals:
            error_text = (
                f"{item.path} would become the same files as {rivals[0]}: give both different "
                "names, or separate them into different folders"
            )
            jobs.append(Job(item, error_text))
            continue
        made_from.update(dict.fromkeys(outputs, item.path))
        jobs.append(Job(item))
    kept, left_out = [], []
    for job in jobs:
        source = made_from.get(os.path.realpath(job.item.path))
        if source is None or source == job.item.path:
            kept.append(job)
        else:
            left_out.append((job.item.path, source))
    return kept, left_out


def perform(
    job: Job, separator: Separator, settings: Settings, on_progress: Callable[[Progress], None]
) -> Outcome:
    """Separate one file, whatever happens to it.

    Args:
        job: the file.
        separator: the model.
        settings: what all files have in common.
        on_progress: called after every block.

    Returns:
        How it ended.
    """
    path = job.item.path
    if job.error is not None:
        return Outcome(path, error=job.error)
    try:
        result = separator.separate_file(
            path,
            settings.queries(path),
            settings.negatives,
            output_dir=settings.folder(job.item),
            name=settings.name,
            format=settings.format,
            subtype=settings.subtype,
            residual=settings.residual,
            on_existing=settings.on_existing,
            on_progress=on_progress,
        )
    except LassError as error:
        return Outcome(path, error=_with_path(str(error), path))
    except MemoryError:
        return Outcome(path, error=f"{path} does not fit into memory: ask for fewer sounds at once")
    except OSError as error:
        failed = AudioWriteError(f"{path} failed: {error.strerror or error}; try again")
        return Outcome(path, error=str(failed))
    return Outcome(path, result)


def _with_path(message: str, path: Path) -> str:
    return message if str(path) in message or path.stem in message else f"{path}: {message}"


def report_text(outcome: Outcome) -> None:
    """Say on stdout what was written, and beside it what the user should know."""
    result = outcome.result
    if result is None:
        return
    if result.skipped:
        note(f"{result.path}: skipped, its results exist already")
        return
    for query, path in result.parts.items():
        print(f"{plain(path)}  {plain(query)}  presence {result.scores[query]:.2f}")
    if result.residual is not None:
        print(f"{plain(result.residual)}  everything else")
    if result.gain_db:
        note(
            f"{result.path}: all its outputs are {-result.gain_db:.2f} dB quieter than the "
            "recording, so that none of them clips"
        )
    for query, score in result.scores.items():
        if score < HEARD:
            note(f"{result.path}: nothing like {query!r} was found (presence {score:.2f})")


def report_json(outcomes: Sequence[Outcome], *, model: str, version: str) -> str:
    """Everything as one JSON object."""
    files = [_as_table(outcome) for outcome in outcomes]
    table = {"version": version, "model": model, "files": files}
    return json.dumps(table, indent=2)


def _as_table(outcome: Outcome) -> dict[str, Any]:
    result = outcome.result
    if result is None:
        result = FileResult(outcome.path, {}, None, {})
    return {
        "path": str(result.path),
        "parts": {query: str(path) for query, path in result.parts.items()},
        "residual": None if result.residual is None else str(result.residual),
        "scores": {query: round(score, 4) for query, score in result.scores.items()},
        "gain_db": round(result.gain_db, 4),
        "skipped": result.skipped,
        "error": outcome.error,
    }
