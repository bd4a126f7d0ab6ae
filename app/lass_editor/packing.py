"""The zip that a user takes home: sounds, the project, and a page that says what is what."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lass.edit import describe
from lass_editor.uploads import plain_name

if TYPE_CHECKING:
    from lass.edit import Span
    from lass.edit.exporting import Exported
    from lass.edit.history import Step
    from lass_editor.workspace import Workspace

__all__ = ["DEPTHS", "FORMATS", "Made", "Wanted", "pack", "project_text"]

FORMATS = ("wav", "flac", "ogg", "mp3")
"""Endings of files that can be made."""

DEPTHS = {
    "wav": {"As it is": "auto", "16 bit": "PCM_16", "24 bit": "PCM_24", "32 bit float": "FLOAT"},
    "flac": {"As it is": "auto", "16 bit": "PCM_16", "24 bit": "PCM_24"},
    "ogg": {"Vorbis": "auto"},
    "mp3": {"MP3": "auto"},
}
"""Bit depths of each format, in words and in libsndfile's names."""


@dataclass(frozen=True)
class Wanted:
    """What a user wants.

    Args:
        what: some of ``mix``, ``parts``, ``rest``.
        format: ending of the files.
        subtype: bit depth in libsndfile's words.
        sample_rate: rate of the files; the recording's if None.
        span: only this stretch.
    """

    what: tuple[Any, ...]
    format: str
    subtype: str
    sample_rate: int | None
    span: Span | None


@dataclass(frozen=True)
class Made:
    """A finished zip.

    Args:
        path: where it is.
        gain_db: what all files were turned down by, so that none clips; 0 if by nothing.
        steps: what was in force.
    """

    path: Path
    gain_db: float
    steps: tuple[Step, ...]


def pack(
    work: Workspace, wanted: Wanted, *, on_progress: Callable[[str, float], None] | None = None
) -> Made:
    """Make the files and put them in a zip.

    Args:
        work: one user's work.
        wanted: what shall be in it.
        on_progress: called with what is being done and the share that is done.

    Returns:
        The zip, in the user's own folder; an older one is replaced.
    """
    folder = work.folder.path / "export"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        exported = work.session.export(
            folder,
            wanted.what,
            span=wanted.span,
            format=wanted.format,
            subtype=wanted.subtype,
            sample_rate=wanted.sample_rate,
            on_progress=on_progress,
        )
        path = work.folder.path / "export.zip"
        _zip(work, wanted, exported, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Made(path, exported.gain_db, work.session.steps)


def project_text(work: Workspace) -> str:
    """The project as JSON; its recording is expected beside it, under the name that users know.

    Args:
        work: one user's work.

    Returns:
        The text of a ``.lassproj`` file.
    """
    session = work.session
    told = json.loads(session.project_text())
    told["source"]["path"] = plain_name(work.name)
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _zip(work: Workspace, wanted: Wanted, exported: Exported, path: Path) -> None:
    stem = plain_name(work.stem)
    source = work.session.source
    own = "recording" if source is None else source.stem
    names = {name: stem + file.name.removeprefix(own) for name, file in exported.files.items()}
    part = path.with_suffix(".part")
    # Sound that is compressed already is only stored.
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as pack:
        for name, file in exported.files.items():
            pack.write(file, names[name])
        pack.writestr(f"{stem}.lassproj", project_text(work))
        pack.writestr("README.txt", _readme(work, wanted, exported, names))
    part.replace(path)


def _readme(work: Workspace, wanted: Wanted, exported: Exported, names: dict[str, str]) -> str:
    session = work.session
    told = {"mix": "the edited recording", "rest": "everything that is in no strip"}
    lines = [f"Made with lass from {work.name}.", "", "Files:"]
    for name, file in names.items():
        score = session.scores.get(name)
        hint = "" if score is None else f" (presence {score:.2f} of 1)"
        lines.append(f"  {file}: {told.get(name, name)}{hint}")
    if wanted.span is not None:
        end = session.duration_s if wanted.span.end_s is None else wanted.span.end_s
        lines += ["", f"Only the stretch from {wanted.span.start_s:.2f} to {end:.2f} s."]
    if exported.gain_db:
        lines += [
            "",
            f"All files were turned down by {-exported.gain_db:.2f} dB so that none clips.",
        ]
    lines += ["", "What was done:"]
    for number, step in enumerate(session.steps, start=1):
        off = "" if step.enabled else " (bypassed)"
        lines.append(f"  {number}. {describe(step.operation)}{off}")
    if not session.steps:
        lines.append("  nothing")
    command = session.command()
    if command:
        lines += ["", "The same on the command line:", f"  {command}"]
    lines += [
        "",
        f"To go on with it: open {plain_name(work.name)} and {plain_name(work.stem)}.lassproj in",
        "the editor (lass app), or put both in one folder and use `lass edit --project`.",
        "",
    ]
    return "\n".join(lines)
