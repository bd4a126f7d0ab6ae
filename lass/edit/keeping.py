"""How a session is kept: as a project beside its recording, and as a line for a shell."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from lass.audio import write
from lass.edit.history import Step
from lass.edit.project import Project, check_replaceable, write_project
from lass.edit.store import Scratch, take
from lass.edit.studio import Studio
from lass.errors import EditError, LassError

__all__ = ["command_of", "save"]


def save(path: Path, studio: Studio, steps: Sequence[Step], source: Path | None) -> Path:
    """Write a project, and the recording beside it if that has no file yet.

    Args:
        path: the project's file, absolute.
        studio: the recording and the model.
        steps: what is in force.
        source: the recording's file, if it has one.

    Returns:
        The recording's file.

    Raises:
        EditError: something else is at that path, or it cannot be written.
        AudioWriteError: the recording cannot be written.
    """
    check_replaceable(path)
    found = source or _write_source(path.with_suffix(".wav"), studio)
    try:
        relative = os.path.relpath(found.resolve(), path.parent.resolve())
    except ValueError as error:  # another drive of Windows
        raise EditError(
            f"{path} cannot tell where {found} is: save the project on the same disk"
        ) from error
    project = Project(
        source=Path(relative).as_posix(),
        sha256=studio.recording.sha256,
        model=Path(studio.model).absolute().name,
        model_sha256=studio.model_sha256,
        to_stereo=studio.recording.doubled,
        steps=tuple(steps),
    )
    write_project(path, project)
    return found


def command_of(
    studio: Studio, steps: Sequence[Step], source: Path | None, project: Path | None
) -> str:
    """The command line that does the same, for a POSIX shell.

    Args:
        studio: the recording and the model.
        steps: what is in force.
        source: the recording's file, if it has one.
        project: the project's file, if it was saved.

    Returns:
        The line; empty if nothing is done.
    """
    done = [step for step in steps if step.enabled]
    if not done:
        return ""
    from lass.edit.describing import describe

    words = ["lass", "edit", str(source or "recording.wav")]
    if project is not None and any(step.chain is not None for step in done):
        words += ["--project", str(project)]
    else:
        words.append(", ".join(describe(step.operation) for step in done))
        words += ["--stereo"] if studio.recording.doubled else []
        model = str(studio.model)
        words += ["--model", model] if model != "default" else []
    words += ["--encoder", str(studio.encoder)] if studio.encoder is not None else []
    return shlex.join(words)


def _write_source(path: Path, studio: Studio) -> Path:
    """Give a recording that came as an array a file."""
    recording = studio.recording.own
    if not path.exists():
        rate = studio.recording.sample_rate
        write(path, recording.read(0, recording.length), sample_rate=rate, subtype="FLOAT")
        return path
    scratch = Scratch()
    try:
        same = take(path, None, scratch).sha256 == studio.recording.sha256
    except LassError:
        same = False
    finally:
        scratch.close()
    if not same:
        raise EditError(
            f"the recording has no file yet and would become {path}, which exists: give the "
            "project another name"
        )
    return path
