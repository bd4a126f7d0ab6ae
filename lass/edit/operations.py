"""What an edit is made of: a target, perhaps a span of time, and one thing to do.

An :class:`Operation` is plain data. It says what was meant, in the units a person would use, and
nothing about how it is done; :class:`lass.EditSession` does it. All of them go to JSON and back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from lass.errors import EditError

__all__ = [
    "EVERYTHING",
    "Effect",
    "Extract",
    "Fade",
    "Gain",
    "Keep",
    "Operation",
    "Pan",
    "Remove",
    "Span",
    "Target",
    "operation_from_dict",
]


@dataclass(frozen=True)
class Span:
    """A stretch of time.

    Args:
        start_s: where it begins, in seconds; counted from the end if negative.
        end_s: where it ends, likewise; the end of the recording if None.
        outside: everything but this stretch is meant ("except from 3 to 5 s").
    """

    start_s: float = 0.0
    end_s: float | None = None
    outside: bool = False


@dataclass(frozen=True)
class Target:
    """The sound that is meant.

    Args:
        query: its words without article ("dog", "church bells"); None for everything.
        without: sounds that look alike and are to be left ("the noise, but not the birds");
            with ``others``, further sounds that are not meant.
        others: everything except the query is meant ("everything but the voice"); without a
            query what is in no part ("the rest").
        occurrence: which time it is heard: 1 the first, 2 the second, -1 the last; None for all.
    """

    query: str | None = None
    without: tuple[str, ...] = ()
    others: bool = False
    occurrence: int | None = None


EVERYTHING = Target()
"""The whole recording."""


@dataclass(frozen=True)
class Operation:
    """Base of all operations.

    Args:
        target: the sound that is meant.
        span: when; None for always.
    """

    target: Target = EVERYTHING
    span: Span | None = None

    @property
    def kind(self) -> str:
        """Name of the operation in JSON, such as ``remove``."""
        return type(self).__name__.lower()

    def to_dict(self) -> dict[str, Any]:
        """As plain data for JSON; entries at their defaults are left out."""
        plain = asdict(self)
        told = {
            entry.name: plain[entry.name]
            for entry in fields(self)
            if getattr(self, entry.name) != entry.default
        }
        return {"kind": self.kind, **told}


@dataclass(frozen=True)
class Remove(Operation):
    """Take the sound out ("remove the dog", "mute the dog from 3 to 5 s", "silence the end")."""


@dataclass(frozen=True)
class Keep(Operation):
    """Take everything else out ("isolate the voice", "keep only the piano and the violin").

    Args:
        also: further sounds that stay.
    """

    also: tuple[Target, ...] = ()


@dataclass(frozen=True)
class Extract(Operation):
    """Give the sound as a part of its own; the mix stays as it is ("extract the drums")."""


@dataclass(frozen=True)
class Gain(Operation):
    """Make the sound louder or softer.

    Args:
        gain_db: change of level in dB.
    """

    gain_db: float = 0.0


@dataclass(frozen=True)
class Effect(Operation):
    """Change the sound by words that describe it ("warmer", "as in a church").

    Args:
        words: the description, as :func:`lass.text_to_fx` takes it.
        amount: how much of it, 0…1 and a little beyond: 1 as it is, 0.5 "a bit", 1.5 "much".
    """

    words: str = ""
    amount: float = 1.0


@dataclass(frozen=True)
class Pan(Operation):
    """Move the sound in the stereo field.

    Args:
        position: -1 left … 0 middle … 1 right.
    """

    position: float = 0.0


@dataclass(frozen=True)
class Fade(Operation):
    """Let the sound come in or go out.

    Args:
        direction: ``in`` or ``out``.
        duration_s: length of the fade; None for the whole span, or 3 s where there is none.
    """

    direction: Literal["in", "out"] = "out"
    duration_s: float | None = field(default=None)


_KINDS: dict[str, type[Operation]] = {
    kind.__name__.lower(): kind for kind in (Remove, Keep, Extract, Gain, Effect, Pan, Fade)
}


def operation_from_dict(told: dict[str, Any]) -> Operation:
    """Read an operation back from plain data.

    Args:
        told: what :meth:`Operation.to_dict` gave.

    Returns:
        The operation.

    Raises:
        EditError: an entry is unknown, missing or of the wrong kind.

    Example:
        >>> operation = Gain(Target("piano"), gain_db=3.0)
        >>> operation_from_dict(operation.to_dict()) == operation
        True
    """
    given = dict(told)
    kind = _KINDS.get(given.pop("kind", None))
    if kind is None:
        raise EditError(
            f"{told.get('kind')!r} is no operation: expected one of {', '.join(_KINDS)}"
        )
    try:
        if "target" in given:
            given["target"] = _target(given["target"])
        if given.get("span") is not None:
            given["span"] = Span(**given["span"])
        if "also" in given:
            given["also"] = tuple(_target(other) for other in given["also"])
        return kind(**given)
    except (TypeError, AttributeError, KeyError) as error:
        raise EditError(
            f"an operation {told!r} has entries that do not belong there: {error}"
        ) from error


def _target(told: dict[str, Any]) -> Target:
    """A target from plain data."""
    return Target(**{**told, "without": tuple(told.get("without", ()))})
