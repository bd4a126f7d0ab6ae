"""What a session can tell, play and write; what it changes is in :mod:`lass.edit.session`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lass.edit.desk import keys_of
from lass.edit.exporting import Exported, Job, OnExisting, export_names
from lass.edit.history import History
from lass.edit.operations import Span, Target
from lass.edit.parts import HEARD, Key, key_of, name_of
from lass.edit.rendering import MIX, Output
from lass.edit.studio import REST, OnProgress, Studio
from lass.errors import EditError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lass.separation import Event, Track

__all__ = ["Listening", "What"]

What = Literal["mix", "parts", "rest"]


class Listening:
    """The side of :class:`lass.EditSession` that changes nothing.

    Args:
        studio: renders.
        source: the recording's file, or None.
    """

    def __init__(self, studio: Studio, source: Path | None) -> None:
        self._studio, self._source = studio, source
        self._history = History()
        self._made_with: tuple[str, str | None] | None = None

    @property
    def source(self) -> Path | None:
        """The recording's file, or None if it was given as an array and never saved."""
        return self._source

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return self._studio.recording.sample_rate

    @property
    def channels(self) -> int:
        """Channels of everything that is rendered."""
        return self._studio.recording.channels

    @property
    def samples(self) -> int:
        """Samples per channel."""
        return self._studio.recording.length

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self._studio.recording.duration_s

    @property
    def sha256(self) -> str:
        """Hash of the recording's samples, rate and channels."""
        return self._studio.recording.sha256

    @property
    def model(self) -> str:
        """The model that separates: its name, or the folder that was given."""
        return str(self._studio.model)

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts in force, in the order in which they take their share."""
        return tuple(map(name_of, keys_of(self._history.steps)))

    @property
    def scores(self) -> dict[str, float]:
        """Presence of each part that was separated, 0…1, by name."""
        parts = self._studio.parts
        return {name_of(k): parts[k].score for k in keys_of(self._history.steps) if k in parts}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know about the edit in force."""
        told = [
            f"nothing like {name!r} was found (score {score:.2f})"
            for name, score in self.scores.items()
            if score < HEARD
        ]
        now = self._studio.model_sha256
        if self._made_with is not None and None not in (now, self._made_with[1]):
            name, before = self._made_with
            if before != now:
                told.append(
                    f"the project was made with other weights of the model {name}: its parts may "
                    "differ from those of today"
                )
        return tuple(told)

    def track(self, query: str | Target) -> Track:
        """When a part is heard, frame by frame.

        Args:
            query: the part's name, or a target.

        Raises:
            EditError: there is no such part, or the model cannot tell.
        """
        key = self._ready(query)
        track = self._studio.parts[key].track
        if track is None:
            raise EditError("this model cannot tell when a sound is heard: use another, as default")
        return track

    def events(self, query: str | Target) -> list[Event]:
        """The times at which a part is heard, as ``the second bark`` counts them.

        Raises:
            EditError: as for :meth:`track`.
        """
        return self._studio.when.events(self._ready(query))

    def render(
        self,
        *,
        original: bool = False,
        span: Span | None = None,
        on_progress: OnProgress | None = None,
    ) -> NDArray[np.float32]:
        """Give the edited recording.

        Args:
            original: give it as it was.
            span: only this stretch of time.
            on_progress: called with what is being done and the share that is done.

        Returns:
            Float32 ``(channels, samples)``. Where nothing is edited, the very samples of the
            recording. Nothing is normalised: edits that add up may exceed full scale.

        Raises:
            EditError: an operation does not fit the recording.
        """
        if original:
            return self._studio.original(span)
        return self._studio.whole(self._history.steps, span=span, on_progress=on_progress)

    def part(
        self, query: str | Target, *, edited: bool = True, span: Span | None = None
    ) -> NDArray[np.float32]:
        """Give one part, with what its operations did to it.

        Args:
            query: its name, or a target.
            edited: after its operations; before them otherwise. Before them, all parts and the
                rest sum to the recording.
            span: only this stretch of time.

        Returns:
            Float32 ``(channels, samples)``.

        Raises:
            EditError: there is no such part.
        """
        place = keys_of(self._history.steps).index(self._key(query))
        output = Output((place,), edited)
        return self._studio.whole(self._history.steps, "part", span=span, output=output)

    def rest(self, *, edited: bool = True, span: Span | None = None) -> NDArray[np.float32]:
        """Give what is in no part; see :meth:`part`."""
        steps = self._history.steps
        output = Output((len(keys_of(steps)),), edited)
        return self._studio.whole(steps, REST, span=span, output=output)

    def render_file(
        self,
        path: str | Path,
        *,
        span: Span | None = None,
        subtype: str = "auto",
        sample_rate: int | None = None,
        on_existing: OnExisting = "error",
        on_progress: OnProgress | None = None,
    ) -> Exported:
        """Write the edited recording, in memory that does not grow with its length.

        Args:
            path: the file; its ending decides the format.
            span: only this stretch of time.
            subtype: bit depth by libsndfile's name, or ``auto`` to keep the recording's.
            sample_rate: another rate than the recording's.
            on_existing: ``error``, ``overwrite`` or ``skip``. The recording is never replaced.
            on_progress: called with what is being done and the share that is done.

        Returns:
            What was written, and the gain that an integer format needed so as not to clip.

        Raises:
            AudioWriteError: the file cannot be written; nothing half-written is left.
            EditError: an operation does not fit the recording.
        """
        return self.write(
            {MIX: Path(path)},
            {},
            span=span,
            subtype=subtype,
            sample_rate=sample_rate,
            on_existing=on_existing,
            on_progress=on_progress,
        )

    def export(
        self,
        folder: str | Path,
        what: Sequence[What] = ("mix", "parts", "rest"),
        *,
        span: Span | None = None,
        edited: bool = True,
        format: str | None = None,  # noqa: A002 (the field's word)
        subtype: str = "auto",
        sample_rate: int | None = None,
        on_existing: OnExisting = "error",
        on_progress: OnProgress | None = None,
    ) -> Exported:
        """Write the edited recording, its parts and the rest, all changed by one gain at most.

        Args:
            folder: where the files go; it is made if need be.
            what: some of ``mix``, ``parts`` and ``rest``.
            span: only this stretch of time.
            edited: parts and rest after their operations; as they were separated otherwise.
            format: ``wav``, ``flac``, …; like the recording if None.
            subtype: bit depth by libsndfile's name, or ``auto`` to keep the recording's.
            sample_rate: another rate than the recording's.
            on_existing: ``error``, ``overwrite`` or ``skip``. The recording is never replaced.
            on_progress: called with what is being done and the share that is done.

        Returns:
            Files by name.

        Raises:
            AudioWriteError: a file cannot be written; nothing half-written is left.
            EditError: ``what`` is not as described, or an operation does not fit.
        """
        asked = [what] if isinstance(what, str) else list(what)
        if not asked or set(asked) - {"mix", "parts", "rest"}:
            raise EditError(f"what is {what!r}, expected some of 'mix', 'parts' and 'rest'")
        outputs = self._studio.outputs(self._history.steps, edited=edited)
        rest = outputs.pop(REST)
        wanted = outputs if "parts" in asked else {}
        files = export_names(
            self._source or Path("recording.wav"),
            Path(folder),
            mix=MIX if "mix" in asked else None,
            parts=list(wanted),
            rest=REST if "rest" in asked else None,
            format=format,
        )
        if "rest" in asked:
            wanted = {**wanted, REST: rest}
        return self.write(
            files,
            wanted,
            span=span,
            subtype=subtype,
            sample_rate=sample_rate,
            on_existing=on_existing,
            on_progress=on_progress,
        )

    def extracts(self) -> dict[str, Output]:
        """What "extract the drums" and its like ask for, for :meth:`write`."""
        self._studio.prepare(self._history.steps)
        return self._studio.extracts(self._history.steps)

    def write(
        self,
        files: dict[str, Path],
        outputs: dict[str, Output],
        *,
        span: Span | None = None,
        subtype: str = "auto",
        sample_rate: int | None = None,
        on_existing: OnExisting = "error",
        on_progress: OnProgress | None = None,
    ) -> Exported:
        """Write any outputs in one pass, all changed by one gain at most.

        Args:
            files: name → file; ``mix`` is the edited recording.
            outputs: what the other names are.
            span: as for :meth:`export`, as are all that follow.
            subtype: bit depth.
            sample_rate: rate of the files.
            on_existing: what to do if a file exists.
            on_progress: called with what is being done and the share that is done.

        Returns:
            Files by name.
        """
        studio = self._studio
        start, stop = studio.stretch(span)
        job = Job(
            files,
            sample_rate=self.sample_rate,
            channels=self.channels,
            told=studio.recording.told,
            to_rate=sample_rate or self.sample_rate,
            subtype=subtype,
            on_existing=on_existing,
            expected=stop - start,
        )
        if job.skipped:
            return Exported(dict(files), skipped=True)
        blocks = studio.blocks(
            self._history.steps,
            span=span,
            outputs=outputs,
            mix=MIX in files,
            on_progress=on_progress,
        )
        return job.run(blocks, studio.scratch, on_progress)

    def _key(self, query: str | Target) -> Key:
        """The part that is meant."""
        keys = keys_of(self._history.steps)
        for key in keys:
            if query == name_of(key) or (isinstance(query, Target) and key_of(query) == key):
                return key
        shown = query if isinstance(query, str) else query.query
        raise EditError(
            f"there is no part {shown!r}: there are {', '.join(map(repr, self.parts)) or 'none'}; "
            "apply an operation on it first, such as lass.edit.Extract"
        )

    def _ready(self, query: str | Target) -> Key:
        """The part that is meant, separated."""
        key = self._key(query)
        self._studio.parts.separate(keys_of(self._history.steps))
        return key
