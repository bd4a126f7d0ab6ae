"""`lass edit`: say what shall be done to a recording."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lass.cli.edit_show import Done, as_table, report, table
from lass.cli.options import (
    SUBTYPES,
    WORK,
    WRITE,
    AsJson,
    Device,
    Encoder,
    ModelOrNone,
    OnExisting,
    Quiet,
    Subtype,
)
from lass.cli.running import Exit, note

if TYPE_CHECKING:
    from lass.edit import EditSession, Operation

__all__ = ["HELP", "edit"]

HELP = """Change a recording by saying what shall be done.

[b]Examples[/b]

\b
lass edit in.wav "remove the dog"                 in.edit.wav next to it
lass edit in.wav "make the piano warmer and 3 dB louder" -o out.wav
lass edit in.wav "mute the siren from 0:10 to 0:15, and fade out"
lass edit in.wav "extract the drums"              in.drums.wav
lass edit in.wav "keep only the voice" --dry-run  only say what is understood
lass edit in.wav "remove the hum" --project in.lassproj   keep the steps
lass edit in.wav --project in.lassproj            do them again

Where nothing is edited the recording stays exactly as it is. Length, sample
rate and bit depth are kept, and so are the channels without --stereo.

Exit codes: 0 all good, 1 the file failed, 2 usage or not understood, 3 no
sound file was found, 130 interrupted.
"""


def edit(
    recording: Annotated[
        Path, typer.Argument(metavar="INPUT", help="The recording.", show_default=False)
    ],
    instruction: Annotated[
        str | None,
        typer.Argument(
            metavar="[INSTRUCTION]",
            help="What shall be done, in plain words (may be left out with --project).",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", rich_help_panel=WRITE,
            help="The file to write; NAME.edit.wav next to the recording if not given.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", rich_help_panel=WORK,
                     help="Say what is understood, and do nothing."),
    ] = False,
    project: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.lassproj", rich_help_panel=WRITE,
            help="Keep the steps there; if it exists, its steps come first.",
        ),
    ] = None,
    stereo: Annotated[
        bool,
        typer.Option("--stereo", rich_help_panel=WRITE,
                     help="Make a mono recording stereo, so that sounds can be moved."),
    ] = False,
    subtype: Subtype = "auto",
    on_existing: OnExisting = "error",
    model: ModelOrNone = None,
    encoder: Encoder = None,
    device: Device = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:  # fmt: skip
    """Understand the instruction, then do it."""
    from lass.errors import ConfigError, EditError

    if instruction is None and project is None:
        raise ConfigError('say what shall be done, such as lass edit in.wav "remove the dog"')
    try:
        operations = _understood(instruction)
    except EditError as error:
        note(f"edit: {error}")
        return Exit.USAGE
    if not recording.exists() or recording.is_dir():
        note(f"edit: no sound file was found at {recording}; give the recording first")
        return Exit.NOTHING
    if dry_run:
        return _dry_run(recording, project, operations, stereo=stereo, as_json=as_json)
    work = _Work(
        recording, output, project, stereo, SUBTYPES[subtype], on_existing, model, encoder, device
    )
    work.check(operations)
    done = work.perform(operations, shown=not quiet and not as_json)
    if as_json:
        print(as_table(work.recording, work.project, done))
    elif not quiet:
        report(done)
    for warning in () if quiet else done.warnings:
        note(f"edit: {recording}: {warning}")
    return Exit.GOOD


@dataclass(frozen=True)
class _Work:
    """What is to be done; see the options of the command."""

    recording: Path
    output: Path | None
    project: Path | None
    stereo: bool
    subtype: str
    on_existing: OnExisting
    model: str | None
    encoder: str | None
    device: str

    def check(self, operations: Sequence[Operation]) -> None:
        """Complain about the output and the project before the work starts."""
        from lass.edit.project import check_replaceable
        from lass.errors import AudioWriteError, ConfigError

        if self.project is not None:
            check_replaceable(self.project)
            if self.project.exists() and self.stereo:
                raise ConfigError("the project says whether it is stereo: leave out --stereo")
        target = self._mix_path(operations)
        if target is not None and target.exists() and self.on_existing == "error":
            raise AudioWriteError(
                f"{target} exists: name another output, or give --on-existing overwrite or skip"
            )

    def perform(self, operations: Sequence[Operation], *, shown: bool) -> Done:
        """Separate, render and write."""
        from lass.cli.progress import AudioBar
        from lass.separation import Progress

        with AudioBar([self.recording], shown=shown) as bar:
            total_s = _duration_s(self.recording)

            def show(_: str, share: float) -> None:
                bar.update(Progress(self.recording, share * total_s, total_s))

            with self._open(show) as session:
                if operations:
                    session.apply(operations, on_progress=show)
                files, outputs = self._outputs(session)
                exported = session.write(
                    files,
                    outputs,
                    subtype=self.subtype,
                    on_existing=self.on_existing,
                    on_progress=show,
                )
                if self.project is not None:
                    session.save(self.project)
                return Done(
                    session.operations, exported, session.scores, session.warnings, session.model
                )

    def _open(self, show: Any) -> EditSession:  # noqa: ANN401 (the progress)
        """The session, with the project's steps if there is one."""
        from lass.edit import EditSession

        if self.project is not None and self.project.exists():
            return EditSession.open(
                self.project,
                source=self.recording,
                model=self.model,
                encoder=self.encoder,
                device=self.device,
                on_progress=show,
            )
        return EditSession(
            self.recording,
            model=self.model,
            encoder=self.encoder,
            device=self.device,
            to_stereo=self.stereo,
            on_progress=show,
        )

    def _outputs(self, session: EditSession) -> tuple[dict[str, Path], dict[str, Any]]:
        """What is written where: the mix, and what was asked for as a file of its own."""
        from lass.edit.exporting import export_names

        extracts = session.extracts()
        mix = self._mix_path(session.operations)
        if mix is None and not extracts:  # all of them are bypassed in the project
            mix = self._named()
        files = {} if mix is None else {"mix": mix}
        if extracts:
            folder = None if self.output is None else self.output.parent
            format = None if self.output is None else self.output.suffix.lstrip(".")  # noqa: A001
            named = export_names(
                self.recording, folder, mix=None, parts=list(extracts), rest=None, format=format
            )
            files.update(named)
        return files, dict(extracts)

    def _mix_path(self, operations: Sequence[Operation]) -> Path | None:
        """Where the edited recording goes; None if only parts were asked for."""
        from lass.edit import Extract

        if self.output is not None:
            return self.output
        only_parts = all(isinstance(operation, Extract) for operation in operations)
        return None if only_parts and operations else self._named()

    def _named(self) -> Path:
        from lass.edit.exporting import export_names

        return export_names(self.recording, None, mix="mix", parts=[], rest=None)["mix"]


def _understood(instruction: str | None) -> list[Operation]:
    """The operations that the words mean."""
    from lass.edit import parse_instruction

    return [] if instruction is None else parse_instruction(instruction)


def _dry_run(
    recording: Path,
    project: Path | None,
    operations: Sequence[Operation],
    *,
    stereo: bool,
    as_json: bool,
) -> int:
    """Say what would be done, and whether it fits the recording."""
    from lass.audio import info
    from lass.edit.checking import check_fits, check_operation
    from lass.edit.project import read_project

    earlier: tuple[Operation, ...] = ()
    if project is not None and project.exists():
        told = read_project(project)
        earlier, stereo = tuple(step.operation for step in told.steps), told.to_stereo
    known = info(recording)
    channels = 2 if stereo and known.channels == 1 else known.channels
    every = [*earlier, *operations]
    for operation in every:
        check_fits(
            check_operation(operation),
            duration_s=known.duration_s,
            channels=channels,
            recorded=known.channels,
        )
    if as_json:
        told_json = {"path": str(recording), "operations": [one.to_dict() for one in every]}
        print(json.dumps(told_json, indent=2, ensure_ascii=False))
    else:
        table(every)
    return Exit.GOOD


def _duration_s(path: Path) -> float:
    from lass.audio import info

    return info(path).duration_s
