"""One model, many files: each ends in a record, whatever happens to it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lass.errors import AudioReadError, AudioWriteError, LassError
from lass.scale.records import Record, sha256_of
from lass.scale.tasks import Setup, Task

if TYPE_CHECKING:
    from lass.separation import FileResult, Progress, Separator

__all__ = ["Worker", "limit_threads"]

_LOG = logging.getLogger(__name__)


class Worker:
    """Separates files with a model that is loaded once.

    Args:
        setup: what all files have in common.
        separator: the model if it is loaded already.

    Raises:
        LassError: the model cannot be loaded, or does not know the words.
    """

    def __init__(self, setup: Setup, separator: Separator | None = None) -> None:
        self.setup = setup
        self.separator = setup.load() if separator is None else separator
        self._encoder_weights = _encoder_weights(setup) if setup.hashed else None

    def run(self, task: Task, on_progress: Callable[[Progress], None] | None = None) -> Record:
        """Separate one file.

        Args:
            task: the file.
            on_progress: called after every block.

        Returns:
            How it ended. Only an interruption of the program gets through as an exception.
        """
        started = time.perf_counter()
        try:
            record = self._run(task, on_progress)
        except LassError as error:
            record = _failed(task, _with_path(str(error), task.path))
        except MemoryError:
            record = _failed(
                task, f"{task.path} does not fit into memory: ask for fewer sounds at once"
            )
        except OSError as error:
            failed = AudioWriteError(f"{task.path} failed: {error.strerror or error}; try again")
            record = _failed(task, str(failed))
        except Exception as error:  # one file must never end the work on all the others
            _LOG.debug("unforeseen at %s", task.path, exc_info=True)
            record = _failed(
                task,
                f"{task.path} failed unforeseen ({type(error).__name__}: {error}): please report "
                "it with the file",
            )
        seconds = time.perf_counter() - started
        return replace(record, seconds=seconds, model=self.separator.model.name)

    def _run(self, task: Task, on_progress: Callable[[Progress], None] | None) -> Record:
        if task.error is not None:
            return _failed(task, task.error)
        if not self.setup.hashed:
            return self._separate(task, on_progress, again=False)
        before, known = _read_state(task.path)
        queries = self.setup.asking.queries(task)
        asked = self._fingerprint(task, queries)
        previous = task.previous
        same = previous is not None and previous.asked == asked
        if previous is not None and same and previous.sha256 == known and _whole(previous):
            return replace(previous, path=task.path, status="skipped", verified=True, error=None)
        # Results of ours that no longer fit are made again: a manifest says whose they are.
        ours = previous is not None and same and previous.status != "skipped"
        record = self._separate(task, on_progress, again=ours and self.setup.on_existing == "skip")
        record = replace(record, sha256=known, asked=asked)
        if record.status != "failed":
            files = [*record.parts.values(), *([record.residual] if record.residual else [])]
            record = replace(record, outputs={file: sha256_of(file) for file in files})
        if _state(task.path) != before:
            error = (
                f"{task.path} was changed while it was read: its results may mix the two; "
                "separate it again"
            )
            return replace(record, status="failed", error=error)
        return record

    def _separate(
        self, task: Task, on_progress: Callable[[Progress], None] | None, *, again: bool
    ) -> Record:
        setup = self.setup
        heard_s = 0.0

        def listen(progress: Progress) -> None:
            nonlocal heard_s
            heard_s = progress.done_s
            if on_progress is not None:
                on_progress(progress)

        # What was not there when the run began, and is now, was left by a process that died.
        lost = task.free and task.again
        result = self.separator.separate_file(
            task.path,
            setup.asking.queries(task),
            output_dir=task.folder,
            name=setup.name,
            format=setup.format,
            subtype=setup.subtype,
            residual=setup.residual,
            on_existing="overwrite" if lost or again else setup.on_existing,
            on_progress=listen,
        )
        return _record(result, heard_s)

    def _fingerprint(self, task: Task, queries: Any) -> str:  # noqa: ANN401
        """Hash of all that decides the results of a file, its own content aside."""
        from lass.query import as_query

        setup, config = self.setup, self.separator.model.config
        outputs = [os.path.abspath(path) for path in setup.outputs(task)]
        parts = {
            "weights": config.get("sha256"),
            "network": config.get("network"),
            "presence": config.get("presence"),
            "encoder": self._encoder_weights,
            "queries": [_plain(as_query(query)) for query in queries],
            "outputs": outputs,
            "subtype": setup.subtype,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _encoder_weights(setup: Setup) -> Any:  # noqa: ANN401
    """Published hashes of the query encoder."""
    from lass.zoo import model_folder
    from lass.zoo.loading import encoder_folder, read_config

    if setup.encoder is not None:
        folder = model_folder(setup.encoder)
    else:
        own = model_folder(setup.model)
        folder = encoder_folder(own, read_config(own))
    return read_config(folder).get("sha256")


@dataclass(frozen=True)
class _State:
    size: int
    changed_ns: int
    inode: int


def _state(path: Path) -> _State:
    told = path.stat()
    return _State(told.st_size, told.st_mtime_ns, told.st_ino)


def _read_state(path: Path) -> tuple[_State, str]:
    """What the recording is right now: to notice changes while it is read."""
    from lass.audio import info

    info(path)  # says in one sentence what is no sound file, pipes among them
    try:
        return _state(path), sha256_of(path)
    except OSError as error:
        raise AudioReadError(f"cannot read {path}: {error.strerror or error}") from error


def _whole(record: Record) -> bool:
    """Whether the results are there as they were written."""
    if record.status == "failed" or not record.outputs:
        return False
    try:
        return all(sha256_of(path) == digest for path, digest in record.outputs.items())
    except OSError:
        return False


def _record(result: FileResult, audio_s: float) -> Record:
    return Record(
        result.path,
        "skipped" if result.skipped else "done",
        parts=result.parts,
        residual=result.residual,
        scores=result.scores,
        gain_db=result.gain_db,
        audio_s=audio_s,
    )


def _failed(task: Task, error: str) -> Record:
    return Record(task.path, "failed", error=error)


def _with_path(message: str, path: Path) -> str:
    return message if str(path) in message or path.stem in message else f"{path}: {message}"


def _plain(value: Any) -> Any:  # noqa: ANN401
    """A query as plain data, large arrays by their hash."""
    if isinstance(value, np.ndarray):
        content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return [str(value.dtype), list(value.shape), content]
    if dataclasses.is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def limit_threads(threads: int) -> None:
    """Let this process compute in so many threads."""
    import torch

    torch.set_num_threads(threads)
