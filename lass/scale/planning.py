"""What would collide is found before anything is written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lass.errors import LassError
from lass.scale.tasks import Setup, Task

__all__ = ["folders_of", "plan"]


def plan(tasks: Sequence[Task], setup: Setup) -> tuple[list[Task], list[tuple[Path, Path]]]:
    """Find out what would collide before anything is written.

    Args:
        tasks: all files.
        setup: what they have in common.

    Returns:
        The tasks, those that cannot be done with the reason, and what is left out because it is a
        result of another file: pairs of the two.

    Example:
        >>> from lass.scale import Words
        >>> tasks = [Task(Path("a.wav")), Task(Path("a.dog.wav"))]
        >>> kept, left_out = plan(tasks, Setup(Words(["dog"])))
        >>> [str(task.path) for task in kept], [str(path) for path, _ in left_out]
        (['a.wav'], ['a.dog.wav'])
    """
    planned: list[Task] = []
    made_from: dict[str, Path] = {}
    for task in tasks:
        try:
            outputs = [os.path.realpath(path) for path in setup.outputs(task)]
        except LassError as error:
            planned.append(replace(task, error=str(error)))
            continue
        rivals = [made_from[path] for path in outputs if path in made_from]
        if rivals:
            reason = (
                f"{task.path} would become the same files as {rivals[0]}: give both different "
                "names, or separate them into different folders"
            )
            planned.append(replace(task, error=reason))
            continue
        made_from.update(dict.fromkeys(outputs, task.path))
        planned.append(replace(task, free=not any(map(os.path.lexists, outputs))))
    kept, left_out = [], []
    for task in planned:
        source = made_from.get(os.path.realpath(task.path))
        if source is None or source == task.path:
            kept.append(task)
        else:
            left_out.append((task.path, source))
    return kept, left_out


def folders_of(tasks: Sequence[Task]) -> list[Path]:
    """Folders into which the results of tasks go, each once."""
    return sorted({task.path.parent if task.folder is None else task.folder for task in tasks})
