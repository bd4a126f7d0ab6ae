"""The edit session: say it, hear it, take it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from lass.edit.checking import check_operation
from lass.edit.desk import keys_of
from lass.edit.history import History, Step
from lass.edit.keeping import command_of, save
from lass.edit.listening import Listening
from lass.edit.operations import Effect, Operation
from lass.edit.project import read_project
from lass.edit.studio import OnProgress, Studio
from lass.errors import EditError

if TYPE_CHECKING:
    from lass.fx import Chain
    from lass.separation import Separator

__all__ = ["EditSession"]


class EditSession(Listening):
    """A recording and what is done to it, every step of which can be undone.

    Everything is masks, gains and effects on the samples of the recording: where nothing is
    edited, they come out exactly as they were. A sound is separated once, from the recording as
    it was, when an operation first needs it.

    Args:
        source: a sound file, or an array ``(channels, samples)``.
        sample_rate: samples per second of an array.
        separator: a separator; the model is loaded when first needed if None.
        model: name or folder of the model; the default one if None. With a separator it only says
            what that is called.
        encoder: name or folder of another query encoder of the model's space; the model's own if
            None.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        to_stereo: whether a mono recording is made stereo, so that sounds can be moved.
        on_progress: called with what is being done and the share that is done, here and
            wherever it can be given. What it raises ends the work, passes through, and leaves
            the session as it was.

    Raises:
        AudioError: the recording cannot be read or is not as described.

    Example:
        >>> import numpy as np
        >>> from lass.edit import Gain
        >>> noise = 0.1 * np.random.default_rng(0).standard_normal((1, 8000))
        >>> with EditSession(noise, 16000) as session:
        ...     _ = session.apply(Gain(gain_db=-20.0))
        ...     louder = session.render()
        ...     _ = session.undo()
        ...     same = session.render()
        >>> bool(np.allclose(louder, noise / 10)), bool((same == noise.astype(np.float32)).all())
        (True, True)
    """

    def __init__(
        self,
        source: Any,  # noqa: ANN401 (a path or an array)
        sample_rate: int | None = None,
        *,
        separator: Separator | None = None,
        model: str | Path | None = None,
        encoder: str | Path | None = None,
        device: str = "auto",
        to_stereo: bool = False,
        on_progress: OnProgress | None = None,
    ) -> None:
        studio = Studio(
            source,
            sample_rate,
            separator=separator,
            model=model,
            encoder=encoder,
            device=device,
            to_stereo=to_stereo,
            on_progress=on_progress,
        )
        super().__init__(
            studio, Path(source).absolute() if isinstance(source, str | Path) else None
        )
        self._project: Path | None = None

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        source: str | Path | None = None,
        separator: Separator | None = None,
        model: str | Path | None = None,
        encoder: str | Path | None = None,
        device: str = "auto",
        on_progress: OnProgress | None = None,
    ) -> EditSession:
        """Open a project file; nothing is separated yet.

        Args:
            path: a file that :meth:`save` wrote.
            source: the recording, if it is not where the project says.
            separator: as for the class.
            model: another model than the project's.
            encoder: as for the class.
            device: as for the class.
            on_progress: as for the class.

        Returns:
            The session, with the project's operations in force. They cannot be undone.

        Raises:
            EditError: the project is not as it should be, or the recording is missing or another.
        """
        path = Path(path).absolute()
        told = read_project(path)
        where = path.parent / told.source if source is None else Path(source)
        if not where.is_file():
            raise EditError(
                f"the recording of {path} is not at {where}: put it there, or open the project "
                "with source="
            )
        session = cls(
            where,
            separator=separator,
            model=told.model if model is None and separator is None else model,
            encoder=encoder,
            device=device,
            to_stereo=told.to_stereo,
            on_progress=on_progress,
        )
        try:
            if session.sha256 != told.sha256:
                raise EditError(
                    f"{where} is not the recording of {path}: its samples are others (SHA-256 "
                    f"{session.sha256[:12]}…, expected {told.sha256[:12]}…); find the original"
                )
            session._studio.check(told.steps)
        except BaseException:
            session.close()
            raise
        session._history = History(told.steps)
        session._project = path
        session._made_with = (told.model, told.model_sha256)
        return session

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations that were applied and not undone, in order, bypassed ones included."""
        return tuple(step.operation for step in self._history.steps)

    @property
    def enabled(self) -> tuple[bool, ...]:
        """For each operation, whether it is done; False if it is bypassed."""
        return tuple(step.enabled for step in self._history.steps)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is something to do again."""
        return self._history.can_redo

    def apply(
        self,
        instruction: str | Operation | Sequence[Operation],
        *,
        on_progress: OnProgress | None = None,
    ) -> list[Operation]:
        """Do something more.

        Args:
            instruction: plain words, or operations.
            on_progress: as for the class; sounds that are new are separated now.

        Returns:
            What was understood and is now in force.

        Raises:
            EditError: it is not understood, or does not fit the recording; nothing is applied.
            QueryError: a sound or an effect cannot be understood.
        """
        if isinstance(instruction, str):
            from lass.edit.parsing import parse_instruction

            given: list[Operation] = parse_instruction(instruction)
        else:
            given = [instruction] if isinstance(instruction, Operation) else list(instruction)
        new = [Step(check_operation(operation)) for operation in given]
        if new:
            self._commit((*self._history.steps, *new), given, on_progress)
        return given

    def undo(self) -> list[Operation]:
        """Take back the last change; returns the operations that it was about.

        Raises:
            EditError: there is nothing to undo.
        """
        return self._history.undo()

    def redo(self) -> list[Operation]:
        """Do again what was undone last; returns the operations that it was about.

        Raises:
            EditError: nothing was undone.
        """
        return self._history.redo()

    def replace(
        self, index: int, operation: Operation, *, on_progress: OnProgress | None = None
    ) -> None:
        """Put another operation in the place of one.

        Settings that were given to an effect stay, as long as its words and its sound do.

        Raises:
            EditError: there is no such operation, or the new one does not fit.
        """
        new = check_operation(operation)
        step = self._step(index).with_operation(new)
        self._swap(index, step, [new], on_progress)

    def remove(self, index: int) -> None:
        """Take out one operation, wherever it is.

        Raises:
            EditError: there is no such operation.
        """
        gone, steps = self._step(index), list(self._history.steps)
        del steps[index]
        self._commit(steps, [gone.operation])

    def set_enabled(self, index: int, enabled: bool) -> None:
        """Bypass an operation, or do it again.

        Raises:
            EditError: there is no such operation.
        """
        step = self._step(index)
        self._swap(index, replace(step, enabled=bool(enabled)), [step.operation])

    def chain(self, index: int) -> Chain:
        """Settings with which an effect is heard.

        Raises:
            EditError: the operation is no effect.
        """
        step = self._effect(index)
        self._studio.parts.separate(keys_of([step]))
        return self._studio.chains.of(step)

    def set_chain(self, index: int, chain: Chain | None) -> None:
        """Use other settings than those of the words.

        Args:
            index: which operation.
            chain: the settings, which will be heard as they are: the amount becomes 1. None for
                those of the words.

        Raises:
            EditError: the operation is no effect.
        """
        step = self._effect(index)
        operation = step.operation
        if chain is not None:
            assert isinstance(operation, Effect)
            operation = replace(operation, amount=1.0)
        self._swap(index, replace(step, operation=operation, chain=chain), [operation])

    def prepare(self, *, on_progress: OnProgress | None = None) -> None:
        """Separate what is in force and not separated yet, after a project was opened."""
        self._studio.prepare(self._history.steps, on_progress)

    def save(self, path: str | Path) -> Path:
        """Write a project file: the operations, and where the recording is; no sound.

        A recording that was given as an array is written beside it, as a float WAV of the
        project's name.

        Args:
            path: the file, by custom ``.lassproj``; an older project is replaced.

        Returns:
            The path.

        Raises:
            EditError: something else is at that path, or it cannot be written.
            AudioWriteError: the recording cannot be written beside it.
        """
        path = Path(path).absolute()
        self._source = save(path, self._studio, self._history.steps, self._source)
        self._project = path
        return path

    def command(self) -> str:
        """The command line that does the same.

        Bypassed operations are left out. Settings that the user gave to an effect can only be
        told by a project: if there are any and the session was saved, the project is named.

        Returns:
            A line for a POSIX shell; empty if nothing is done.
        """
        return command_of(self._studio, self._history.steps, self._source, self._project)

    def close(self) -> None:
        """Remove the parts from disk; nothing can be rendered after it."""
        self._studio.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _commit(
        self,
        steps: Sequence[Step],
        concerned: Sequence[Operation],
        on_progress: OnProgress | None = None,
    ) -> None:
        """Put steps in force, once all that could fail has been done."""
        self._studio.check(steps)
        self._studio.prepare(steps, on_progress)
        self._history.commit(steps, concerned)

    def _swap(
        self,
        index: int,
        step: Step,
        concerned: Sequence[Operation],
        on_progress: OnProgress | None = None,
    ) -> None:
        steps = list(self._history.steps)
        steps[index] = step
        self._commit(steps, concerned, on_progress)

    def _step(self, index: int) -> Step:
        count = len(self._history.steps)
        if not isinstance(index, int) or not -count <= index < count:
            raise EditError(f"there is no operation {index!r}: there are {count}, from 0")
        return self._history.steps[index]

    def _effect(self, index: int) -> Step:
        step = self._step(index)
        if not isinstance(step.operation, Effect):
            raise EditError(f"operation {index} is {step.operation.kind!r}, not an effect")
        return step
