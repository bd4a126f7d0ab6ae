"""An edit session as a desk of strips: what each is heard with, and its sound before that.

A strip's gain, place and mute are operations like all others ("the dog 3 dB louder", "the dog to
the left", "remove the dog"). The browser does these three itself, so that a hand on a fader is
heard at once. Its sound is therefore rendered without them, and with everything else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lass.edit import EVERYTHING, EditSession, Gain, Keep, Operation, Pan, Remove, Target
from lass.edit.checking import check_operation
from lass.edit.desk import keys_of
from lass.edit.operations import Extract
from lass.edit.parts import Key, Shares, key_of, name_of
from lass.edit.project import Project
from lass.edit.rendering import Desk, Output, blocks_of
from lass.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from lass.edit.history import Step
    from lass.separation import Separator

__all__ = ["REST_ID", "Control", "DeckSession", "LateSeparator", "Strip"]

REST_ID = "\0rest"
"""Name of the strip that holds what no other does; no query can be called so."""


@dataclass(frozen=True)
class Control:
    """What a strip is heard with.

    Args:
        gain_db: change of level in dB.
        pan: place from -1 (left) to 1 (right).
        mute: whether it is taken out.
    """

    gain_db: float = 0.0
    pan: float = 0.0
    mute: bool = False


@dataclass(frozen=True)
class Strip:
    """One strip of the desk.

    Args:
        id: its name, or `REST_ID`.
        number: its place on the desk.
        target: what operations on it aim at; None if none can.
        control: what it is heard with.
        lifted: operations that the control stands for; they are not in the strip's sound.
        key: changes whenever the strip's sound does.
        done: operations that are in its sound.
    """

    id: str
    number: int
    target: Target | None
    control: Control
    lifted: frozenset[int]
    key: tuple[object, ...]
    done: tuple[Operation, ...]

    @property
    def rest(self) -> bool:
        """Whether this is everything else."""
        return self.id == REST_ID


class LateSeparator:
    """A separator that is asked for when it is first needed, so that a page need not wait for it.

    Args:
        get: gives the separator.
    """

    def __init__(self, get: Callable[[], Separator]) -> None:
        self._get = get

    def __getattr__(self, name: str) -> object:
        return getattr(self._get(), name)


class DeckSession(EditSession):
    """An edit session that also tells and renders its strips."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Operations in their places, with what the user gave them."""
        return self._history.steps

    @property
    def recorded_channels(self) -> int:
        """Channels of the recording itself."""
        return self._studio.recording.own.channels

    def project_text(self) -> str:
        """The project as JSON; its recording is called ``recording``."""
        studio = self._studio
        project = Project(
            source="recording",
            sha256=self.sha256,
            model=Path(studio.model).absolute().name,
            model_sha256=studio.model_sha256,
            to_stereo=studio.recording.doubled,
            steps=self.steps,
        )
        return project.to_json()

    def strips(self) -> list[Strip]:
        """All strips in force; the rest is the last."""
        keys = keys_of(self.steps)
        parts = [
            _strip(self.steps, number, key, Target(*key), keys) for number, key in enumerate(keys)
        ]
        return [*parts, _strip(self.steps, len(keys), None, _rest_of(keys), keys)]

    def strip_blocks(
        self,
        strips: Sequence[Strip],
        *,
        on_progress: Callable[[str, float], None] | None = None,
    ) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Render strips without their controls, and as the operations on everything leave them.

        Args:
            strips: which ones.
            on_progress: as for the session.

        Yields:
            Identities and float32 blocks ``(channels, samples)``.
        """
        studio, keys = self._studio, keys_of(self.steps)
        studio.prepare(self.steps, on_progress)
        stages: list[tuple[object, ...]] = [() for _ in range(len(keys) + 1)]
        for strip in strips:
            kept = [step for place, step in enumerate(self.steps) if place not in strip.lifted]
            desk = studio.desk(kept, keys)
            stages[strip.number] = (*desk.strips[strip.number], *desk.master)
        yield from blocks_of(
            studio.recording,
            Shares(studio.recording, [studio.parts[key] for key in keys]),
            Desk(tuple(stages)),  # type: ignore[arg-type]
            outputs={strip.id: Output((strip.number,)) for strip in strips},
            mix=False,
            on_progress=on_progress,
        )

    def set_control(self, strip: Strip, field: str, value: float | bool) -> None:
        """Change what a strip is heard with.

        Args:
            strip: which one.
            field: ``gain_db``, ``pan`` or ``mute``.
            value: its new value.
        """
        kinds = {"gain_db": (Gain,), "pan": (Pan,), "mute": (Remove, Keep)}
        mine = [
            place
            for place in sorted(strip.lifted)
            if isinstance(self.steps[place].operation, kinds[field])
        ]
        if field == "mute":
            self._set_mute(strip, mine, muted=bool(value))
            return
        if strip.target is None:
            raise EditError(
                "everything else has no gain and place of its own while there are several strips: "
                "change the other strips instead"
            )
        wanted: Operation
        if field == "gain_db":
            others = sum(self._gain_db(place) for place in mine[:-1])
            wanted = Gain(strip.target, gain_db=round(float(value) - others, 6))
            nothing = wanted.gain_db == 0.0
        else:
            wanted = Pan(strip.target, position=min(1.0, max(-1.0, float(value))))
            nothing = wanted.position == 0.0
        if mine and nothing:
            self.remove(mine[-1])
        elif mine:
            self.replace(mine[-1], wanted)
        elif not nothing:
            self.apply(wanted)

    def _set_mute(self, strip: Strip, mine: Sequence[int], *, muted: bool) -> None:
        if not muted:
            for place in reversed(mine):
                self.remove(place)
        elif not mine and strip.target is not None:
            self.apply(Remove(strip.target))
        elif not mine:  # what is in no strip goes when only the strips stay
            first, *also = (Target(*key) for key in keys_of(self.steps))
            self.apply(Keep(first, also=tuple(also)))

    def _gain_db(self, place: int) -> float:
        operation = self.steps[place].operation
        return operation.gain_db if isinstance(operation, Gain) else 0.0


def _rest_of(keys: Sequence[Key]) -> Target | None:
    """What means everything that is in no part; None if nothing does."""
    if not keys:
        return EVERYTHING
    if len(keys) == 1:
        return Target(*keys[0], others=True)
    try:
        check_operation(Remove(Target(others=True)))
    except EditError:
        return None
    return Target(others=True)


def _strip(
    steps: Sequence[Step], number: int, key: Key | None, target: Target | None, keys: Sequence[Key]
) -> Strip:
    """A strip, from what is done to it."""
    acting = [(place, step) for place, step in enumerate(steps) if _acts(step, key)]
    simple = [
        (place, step.operation)
        for place, step in acting
        if target is not None and step.operation.target == target and step.operation.span is None
    ]
    gains = {place: one.gain_db for place, one in simple if isinstance(one, Gain)}
    pans = {place: one.position for place, one in simple if isinstance(one, Pan)}
    mutes = {place for place, one in simple if isinstance(one, Remove)}
    if target is None:
        mutes = {place for place, step in acting if _keeps_all(step.operation, keys)}
    moved = max(pans, default=None)
    lifted = frozenset({*gains, *mutes, *(() if moved is None else (moved,))})
    heard = tuple(step for place, step in acting if place not in lifted)
    return Strip(
        id=REST_ID if key is None else name_of(key),
        number=number,
        target=target,
        control=Control(
            gain_db=sum(gains.values()),
            pan=0.0 if moved is None else pans[moved],
            mute=bool(mutes),
        ),
        lifted=lifted,
        # A part's share depends on the parts before it.
        key=(number, tuple(keys[: number + 1]), key is None, heard),
        done=tuple(step.operation for step in heard),
    )


def _acts(step: Step, key: Key | None) -> bool:
    """Whether a step changes a part, or the rest; the same rule as on the desk itself."""
    operation = step.operation
    if not step.enabled or isinstance(operation, Extract):
        return False
    target = operation.target
    if isinstance(operation, Keep) and not target.others:
        return key is None or target.query is None or key not in _kept(operation)
    if target.query is None:
        return key is None or not target.others
    own = key is not None and key_of(target) == key
    return own != target.others if not isinstance(operation, Keep) else own == target.others


def _kept(keep: Keep) -> set[Key]:
    """Parts that stay, whenever they are heard."""
    return {key_of(one) for one in (keep.target, *keep.also) if one.occurrence is None}


def _keeps_all(operation: Operation, keys: Sequence[Key]) -> bool:
    """Whether an operation takes out the rest and nothing else."""
    if not isinstance(operation, Keep) or operation.span is not None:
        return False
    named = operation.target.query is not None and not operation.target.others
    return named and _kept(operation) == set(keys)
