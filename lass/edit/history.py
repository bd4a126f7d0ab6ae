"""What was done, what was undone, and what can be done again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lass.edit.operations import Effect, Operation
from lass.errors import EditError

if TYPE_CHECKING:
    from lass.fx import Chain

__all__ = ["History", "Step"]


@dataclass(frozen=True)
class Step:
    """An operation in its place.

    Args:
        operation: what is done.
        enabled: False if it is bypassed: kept, and not done.
        chain: effect settings that the user gave instead of those of the words, at amount 1.
    """

    operation: Operation
    enabled: bool = True
    chain: Chain | None = None

    def with_operation(self, operation: Operation) -> Step:
        """The same step with another operation.

        Settings that were given to an effect stay while its words and its sound do.
        """
        old = self.operation
        same = (
            isinstance(old, Effect)
            and isinstance(operation, Effect)
            and (old.words, old.target) == (operation.words, operation.target)
        )
        return replace(self, operation=operation, chain=self.chain if same else None)


@dataclass(frozen=True)
class _Change:
    before: tuple[Step, ...]
    after: tuple[Step, ...]
    concerned: tuple[Operation, ...]


class History:
    """Steps in force, and the way back and forth.

    Args:
        steps: what is in force at the beginning, which cannot be undone.

    Example:
        >>> from lass.edit.operations import Gain
        >>> history = History()
        >>> history.commit([Step(Gain(gain_db=3.0))], [Gain(gain_db=3.0)])
        >>> history.undo(), history.steps, history.can_redo
        ([Gain(target=Target(query=None, without=(), others=False, occurrence=None), span=None, \
gain_db=3.0)], (), True)
    """

    def __init__(self, steps: Sequence[Step] = ()) -> None:
        self.steps = tuple(steps)
        self._done: list[_Change] = []
        self._undone: list[_Change] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to do again."""
        return bool(self._undone)

    def commit(self, after: Sequence[Step], concerned: Sequence[Operation]) -> None:
        """Put other steps in force; what was undone is forgotten.

        Args:
            after: all steps from now on.
            concerned: the operations that this is about, for :meth:`undo` and :meth:`redo` to say.
        """
        change = _Change(self.steps, tuple(after), tuple(concerned))
        self._done.append(change)
        self._undone.clear()
        self.steps = change.after

    def undo(self) -> list[Operation]:
        """Go back by one change.

        Raises:
            EditError: there is nothing to undo.
        """
        if not self._done:
            raise EditError("there is nothing to undo")
        change = self._done.pop()
        self._undone.append(change)
        self.steps = change.before
        return list(change.concerned)

    def redo(self) -> list[Operation]:
        """Do again what was undone last.

        Raises:
            EditError: nothing was undone.
        """
        if not self._undone:
            raise EditError("there is nothing to redo")
        change = self._undone.pop()
        self._done.append(change)
        self.steps = change.after
        return list(change.concerned)
