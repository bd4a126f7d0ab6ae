"""Project files: what was done to which recording with which model, as JSON.

A project holds no sound and nothing that could be executed. It names its recording by a path beside
it and by the hash of its samples, and everything in it is checked when it is read.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from lass.edit.checking import check_operation
from lass.edit.history import Step
from lass.edit.operations import Operation, operation_from_dict
from lass.errors import EditError, LassError

if TYPE_CHECKING:
    from lass.fx import Chain

__all__ = ["LARGEST_BYTES", "Project", "read_project", "write_project"]

LARGEST_BYTES = 1 << 20
"""Size of a project file above which it is not read."""

_FORMAT, _VERSION = "lass-edit", 1
_MOST_STEPS = 1000
_TOP = {"format", "version", "source", "model", "to_stereo", "operations"}
_SOURCE = {"path", "sha256"}
_MODEL = {"name", "sha256"}
_STEP = {"operation", "enabled", "chain"}


@dataclass(frozen=True)
class Project:
    """What a project file says.

    Args:
        source: path of the recording, relative to the project's folder, with ``/``.
        sha256: hash of its samples; see :class:`lass.edit.store.Recording`.
        model: name of the model.
        model_sha256: hash of its weights, or None if they were never loaded.
        to_stereo: whether one channel becomes two.
        steps: the operations, whether they are bypassed, and settings that the user gave.
    """

    source: str
    sha256: str
    model: str
    model_sha256: str | None
    to_stereo: bool
    steps: tuple[Step, ...]

    def to_json(self) -> str:
        """The file's text."""
        told = {
            "format": _FORMAT,
            "version": _VERSION,
            "source": {"path": self.source, "sha256": self.sha256},
            "model": {"name": self.model, "sha256": self.model_sha256},
            "to_stereo": self.to_stereo,
            "operations": [_step_to_dict(step) for step in self.steps],
        }
        text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
        try:
            text.encode()
        except UnicodeEncodeError:  # a file name or a word with bytes that are no UTF-8
            text = json.dumps(told, indent=2) + "\n"
        return text

    @classmethod
    def from_json(cls, text: str) -> Project:
        """Read a project.

        Args:
            text: as of :meth:`to_json`.

        Returns:
            The project.

        Raises:
            EditError: it is no project, of another version, or an entry is unknown or wrong.

        Example:
            >>> Project.from_json('{"format": "lass-edit", "version": 7}')
            Traceback (most recent call last):
            ...
            lass.errors.EditError: the project has version 7, this program reads version 1; \
update lass
        """
        try:
            told = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise EditError(f"the project is not JSON ({error}): save it again") from error
        if not isinstance(told, dict) or told.get("format") != _FORMAT:
            raise EditError(f'the file is no project: expected JSON with "format": "{_FORMAT}"')
        version = told.get("version")
        if version != _VERSION or not isinstance(version, int) or isinstance(version, bool):
            raise EditError(
                f"the project has version {version!r}, this program reads version {_VERSION}; "
                "update lass"
            )
        _entries(told, _TOP, "the project")
        source = _entries(told["source"], _SOURCE, "source")
        model = _entries(told["model"], _MODEL, "model")
        listed = told["operations"]
        if not isinstance(listed, list) or len(listed) > _MOST_STEPS:
            raise EditError(f"operations is no list of at most {_MOST_STEPS}: save it again")
        if not isinstance(told["to_stereo"], bool):
            raise EditError(f"to_stereo is {told['to_stereo']!r}, expected true or false")
        return cls(
            source=_relative(source["path"]),
            sha256=_hash(source["sha256"]),
            model=_plain_name(model["name"]),
            model_sha256=None if model["sha256"] is None else _hash(model["sha256"]),
            to_stereo=told["to_stereo"],
            steps=tuple(_step_from(entry, number) for number, entry in enumerate(listed, 1)),
        )


def read_project(path: Path) -> Project:
    """Read a project file.

    Args:
        path: the file.

    Returns:
        What it says.

    Raises:
        EditError: it cannot be read, is too large, or is not as it should be.
    """
    try:
        if os.path.exists(path) and not path.is_file():  # a pipe would keep us waiting for ever
            raise EditError(f"cannot read the project {path}: it is no file; choose another")
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        told = getattr(error, "strerror", None) or error
        raise EditError(f"cannot read the project {path}: {told}") from error
    if len(content) > LARGEST_BYTES:
        raise EditError(
            f"{path} is larger than {LARGEST_BYTES >> 20} MiB, which no project is: choose another"
        )
    try:
        return Project.from_json(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise EditError(f"{path} is no project: it is not text") from error
    except LassError as error:
        raise EditError(f"{path}: {error}") from error


def write_project(path: Path, project: Project) -> None:
    """Write a project file, whole or not at all; it replaces a project and nothing else.

    Args:
        path: the file.
        project: what it says.

    Raises:
        EditError: the file exists and is no project, or it cannot be written.
    """
    check_replaceable(path)
    # A name of its own, because two programs may save at a time.
    temporary = path.with_name(f".lass-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        temporary.write_text(project.to_json(), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise EditError(
            f"cannot write the project {path}: {error.strerror or error}; choose another place"
        ) from error
    finally:
        with contextlib.suppress(OSError):  # nothing was made, or the disk can only be read
            temporary.unlink(missing_ok=True)


def check_replaceable(path: Path) -> None:
    """Refuse to replace anything but a project.

    Args:
        path: where a project shall be written.

    Raises:
        EditError: something else is there.
    """
    if not os.path.exists(path):  # unlike Path's own, it has no exception for impossible names
        return
    try:
        read_project(path)
    except EditError as error:
        raise EditError(
            f"{path} exists and is no project that can be read: choose another name"
        ) from error


def _step_to_dict(step: Step) -> dict[str, Any]:
    told: dict[str, Any] = {"operation": step.operation.to_dict(), "enabled": step.enabled}
    if step.chain is not None:
        told["chain"] = json.loads(step.chain.to_json())
    return told


def _step_from(entry: object, number: int) -> Step:
    where = f"operation {number}"
    if not isinstance(entry, dict):
        raise EditError(f"{where} is {entry!r:.40}, expected an object")
    told = _entries(entry, _STEP, where, optional={"chain"})
    if not isinstance(told["enabled"], bool):
        raise EditError(f"{where}: enabled is {told['enabled']!r}, expected true or false")
    try:
        operation = _operation(told["operation"])
        chain = _chain(told["chain"]) if "chain" in told else None
    except LassError as error:
        raise EditError(f"{where}: {error}") from error
    if chain is not None and operation.kind != "effect":
        raise EditError(f"{where} has effect settings, but is no effect: remove them")
    return Step(operation, told["enabled"], chain)


def _operation(told: object) -> Operation:
    if not isinstance(told, dict) or not isinstance(told.get("kind"), str):
        raise EditError('it has no kind; expected such as "kind": "remove"')
    for listed in [told.get("target"), *_list(told.get("also", []), "also")]:
        if isinstance(listed, dict):
            _list(listed.get("without", []), "without")
    return check_operation(operation_from_dict(told))


def _chain(told: object) -> Chain:
    from lass.fx import Chain

    return Chain.from_json(json.dumps(told))


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise EditError(f"{name} is {value!r:.40}, expected a list")
    return value


def _entries(
    told: object, known: set[str], where: str, *, optional: set[str] | None = None
) -> Mapping[str, Any]:
    """Check that an object has what it should have and nothing else."""
    if not isinstance(told, dict):
        raise EditError(f"{where} is {told!r:.40}, expected an object")
    for key in told:
        if key not in known:
            raise EditError(
                f"{where} has an unknown entry {key!r:.40}; expected {', '.join(sorted(known))}"
            )
    for key in sorted(known - (optional or set())):
        if key not in told:
            raise EditError(f"{where} has no entry {key!r}: save the project again")
    return told


def _relative(path: object) -> str:
    """A path that starts at the project, whatever the system."""
    plain = isinstance(path, str) and path.strip() != "" and "\0" not in path
    if not plain or PurePosixPath(str(path)).is_absolute() or PureWindowsPath(str(path)).anchor:
        raise EditError(
            f"the recording is at {path!r:.80}, expected a path relative to the project: put the "
            "recording beside it, or open the project with source="
        )
    return str(path)


def _plain_name(name: object) -> str:
    if not isinstance(name, str) or not name or name in (".", "..") or set(name) & set("/\\\0"):
        raise EditError(f"the model is {name!r:.80}, expected a name: open the project with model=")
    return name


def _hash(value: object) -> str:
    if not isinstance(value, str) or len(value) != 64 or set(value) - set("0123456789abcdef"):
        raise EditError(f"{value!r:.80} is no SHA-256: save the project again")
    return value


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise EditError("the project says something twice: save it again")
    return result


def _no_constant(word: str) -> float:
    raise EditError(f"the project holds {word}, expected finite numbers")
