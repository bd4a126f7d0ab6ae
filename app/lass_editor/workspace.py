"""One user's work: the session, the previews of its strips, and what the deck was told."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lass.edit import Extract, Keep, Operation, Remove, Span, Target
from lass.errors import LassError
from lass_editor.choosing import Choice
from lass_editor.deck_session import DeckSession, LateSeparator, Strip
from lass_editor.matching import Match
from lass_editor.packing import Made
from lass_editor.preview import Preview, make_preview
from lass_editor.uploads import Folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.separation import Separator

__all__ = ["Workspace"]

_MOST_PREVIEW_BYTES = 400 << 20
_MOST_PREVIEWS = 24
_MOST_QUERIES = 20

OnProgress = Callable[[str, float], None]


@dataclass(eq=False)
class Workspace:
    """What belongs to one user and one recording; nothing of it is shared.

    Args:
        session: the edit session.
        name: the recording's name for people; it is never used as a path.
        folder: the user's own files; they go with the workspace.
        separator: what the session separates with, loaded when it is first needed.
    """

    session: DeckSession
    name: str
    folder: Folder
    separator: Separator
    solos: set[str] = field(default_factory=set)
    region: Span | None = None
    seen: int = 0
    history: list[str] = field(default_factory=list)
    matched: tuple[object, Match] | None = None
    suggestions: list[tuple[str, float]] | None = None
    made: Made | None = None
    told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Begin without any preview."""
        self._previews: OrderedDict[tuple[object, ...], Preview] = OrderedDict()
        self._view: list[tuple[Strip, Preview]] = []
        self._original: Preview | None = None
        self._busy = threading.Lock()

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        name: str,
        folder: Folder,
        model: Callable[[], Separator],
        choice: Choice | None = None,
        to_stereo: bool = False,
        project: Path | None = None,
        on_progress: OnProgress | None = None,
    ) -> Workspace:
        """Open a recording, or a project that was made with it.

        Args:
            path: the recording.
            name: its name for people.
            folder: the user's own files.
            model: gives the separator, which users share.
            choice: how it was asked for; the default model if None.
            to_stereo: whether a mono recording becomes stereo.
            project: a project of the recording.
            on_progress: called with what is being done and the share that is done.

        Returns:
            The work.
        """
        asked = choice or Choice()
        separator: Any = LateSeparator(model)
        options: dict[str, Any] = {
            "separator": separator,
            "model": asked.model,
            "encoder": asked.encoder,
            "on_progress": on_progress,
        }
        if project is None:
            session = DeckSession(path, to_stereo=to_stereo, **options)
        else:
            session = DeckSession.open(project, source=path, **options)
        work = cls(session, name, folder, separator)
        try:
            work.refresh(on_progress)
        except BaseException:
            session.close()
            raise
        return work

    # ---- what is done

    def separate(self, queries: Iterable[str], on_progress: OnProgress | None = None) -> list[str]:
        """Give sounds strips of their own.

        Args:
            queries: the sounds, in words.
            on_progress: called with what is being done and the share that is done.

        Returns:
            Those that are new.
        """
        known = set(self.session.parts)
        new = [query for query in dict.fromkeys(queries) if query not in known]
        if new:
            operations = [Extract(Target(query)) for query in new]
            self.session.apply(operations, on_progress=on_progress)
            self.refresh(on_progress)
        self.history = [*new, *(old for old in self.history if old not in new)][:_MOST_QUERIES]
        return new

    def apply(self, operations: list[Operation], on_progress: OnProgress | None = None) -> None:
        """Do operations, separating what is new."""
        self.session.apply(operations, on_progress=on_progress)
        self.refresh(on_progress)

    def cut(self, strip_id: str, span: Span) -> None:
        """Take a strip out for a stretch of time."""
        strip = self.strip(strip_id)
        if strip is None:
            return
        if strip.target is not None:
            self.session.apply(Remove(strip.target, span))
            return
        first, *also = (one.target for one in self.strips if one.target is not None)
        self.session.apply(Keep(first, span, also=tuple(also)))

    def take_changes(self, told: dict[str, Any]) -> list[str]:
        """Do what hands on the deck did since the last time.

        Args:
            told: the deck's message: changes by strip and field, each with a number.

        Returns:
            Sentences about what could not be done.
        """
        refused = []
        for change in sorted(told.get("changes", ()), key=lambda one: int(one["sequence"])):
            if int(change["sequence"]) <= self.seen:
                continue
            self.seen = int(change["sequence"])
            try:
                self._change(str(change["strip"]), str(change["field"]), change["value"])
            except LassError as error:
                refused.append(str(error))
        self.seen = max(self.seen, int(told.get("sequence", 0)))
        return refused

    def _change(self, strip_id: str, name: str, value: object) -> None:
        strip = self.strip(strip_id)
        if strip is None or not isinstance(value, int | float):
            return
        if name == "solo":
            (self.solos.add if value else self.solos.discard)(strip_id)
        elif name in ("gain_db", "pan", "mute"):
            self.session.set_control(strip, name, value)

    def new_warnings(self) -> list[str]:
        """What the user should know and was not told yet."""
        new = [warning for warning in self.session.warnings if warning not in self.told]
        self.told.update(new)
        return new

    # ---- what is there

    @property
    def strips(self) -> list[Strip]:
        """All strips; the rest is the last."""
        return self.session.strips()

    def strip(self, strip_id: str) -> Strip | None:
        """The strip of that identity, if there still is one."""
        return next((strip for strip in self.strips if strip.id == strip_id), None)

    @property
    def original(self) -> Preview:
        """The recording as it was."""
        assert self._original is not None
        return self._original

    @property
    def view(self) -> list[tuple[Strip, Preview]]:
        """All strips with their sound; those of before while something is still rendered."""
        found = [(strip, self._previews.get(strip.key)) for strip in self.strips]
        ready = [(strip, preview) for strip, preview in found if preview is not None]
        if len(ready) == len(found):
            self._view = ready
            for strip, _ in ready:
                self._previews.move_to_end(strip.key)
        return self._view

    @property
    def identity(self) -> str:
        """Tells this work from all others."""
        return f"{self.session.sha256[:16]}-{id(self):x}"

    @property
    def stem(self) -> str:
        """The recording's name without its ending."""
        return self.name.rpartition(".")[0] or self.name

    @property
    def stale(self) -> bool:
        """Whether some strip must be rendered before it can be heard."""
        return any(strip.key not in self._previews for strip in self.strips)

    def refresh(self, on_progress: OnProgress | None = None) -> None:
        """Render the strips whose sound changed, and no other."""
        with self._busy:
            if self._original is None:
                self._original = self._make(self._read(), on_progress)
            missing = [strip for strip in self.strips if strip.key not in self._previews]
            if not missing:
                return
            if len(self.strips) == 1 and not missing[0].done:
                # Nothing was taken out yet: the rest is the recording.
                self._keep(missing[0].key, self._original)
                return
            for strip in missing:
                blocks = self.session.strip_blocks([strip], on_progress=on_progress)
                self._keep(strip.key, self._make(block for _, block in blocks))

    def _read(self) -> Iterator[NDArray[np.float32]]:
        step = round(10.0 * self.session.sample_rate)
        for start in range(0, self.session.samples, step):
            span = Span(
                start / self.session.sample_rate,
                min(start + step, self.session.samples) / self.session.sample_rate,
            )
            yield self.session.render(original=True, span=span)

    def _make(
        self, blocks: Iterable[NDArray[np.float32]], on_progress: OnProgress | None = None
    ) -> Preview:
        return make_preview(
            self._watched(blocks, on_progress),
            sample_rate=self.session.sample_rate,
            length=self.session.samples,
        )

    def _watched(
        self, blocks: Iterable[NDArray[np.float32]], on_progress: OnProgress | None
    ) -> Iterator[NDArray[np.float32]]:
        done = 0
        for block in blocks:
            yield block
            done += block.shape[1]
            if on_progress is not None:
                on_progress("drawing", done / self.session.samples)

    def _keep(self, key: tuple[object, ...], preview: Preview) -> None:
        """Remember a preview; what was not used for longest goes first, but nothing in use."""
        self._previews[key] = preview
        used = {strip.key for strip in self.strips}
        for old in list(self._previews):
            size = sum(one.size for one in self._previews.values())
            if len(self._previews) <= _MOST_PREVIEWS and size <= _MOST_PREVIEW_BYTES:
                break
            if old not in used:
                del self._previews[old]

    def with_region(self, operations: Iterable[Operation]) -> list[Operation]:
        """The same operations, in the selected stretch where they have no time of their own."""
        if self.region is None:
            return list(operations)
        return [
            one if one.span is not None else replace(one, span=self.region) for one in operations
        ]

    def close(self) -> None:
        """Remove everything from disk and memory."""
        with contextlib.suppress(OSError):
            self.session.close()
        self.folder.close()
        self._previews.clear()
        self._view = []
        self._original = None
