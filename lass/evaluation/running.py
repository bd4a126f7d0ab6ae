"""Rows one after another or over several processes, and taken up again after an interruption.

Numbers do not depend on any of it: rows are measured alone, put back into the order of the list,
and a row written to the resume file is read back to the last bit.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lass.errors import DataError, LassError
from lass.interrupts import interrupts_held

if TYPE_CHECKING:
    from lass.evaluation.mixtures import Mixture

__all__ = ["Rows", "Work", "run_rows", "stamp_of"]

_LOG = logging.getLogger(__name__)
_FORMAT = 1

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Work:
    """What is done with a row; it must be picklable for ``workers`` above 1.

    Attributes:
        separate: The separator.
        mixture_at: Makes the mixture of the row at a place in the list.
        measure: ``measure(mixture, answer) -> figures``.
    """

    separate: Callable[[Any, int, Any], Any]
    mixture_at: Callable[[int], Mixture]
    measure: Callable[[Mixture, Any], dict[str, Any]]

    def __call__(self, place: int) -> dict[str, Any]:
        """Figures of one row, or ``{"error": ...}``."""
        try:
            mixture = self.mixture_at(place)
            answer = self.separate(mixture.mixture.copy(), mixture.sample_rate, mixture.query)
            return self.measure(mixture, answer)
        except LassError as error:
            return {"error": f"{type(error).__name__}: {error}"}
        except MemoryError:
            return {"error": "MemoryError: the row does not fit into memory; use fewer workers"}
        except OSError as error:
            named = f"{error.filename}: " if error.filename else ""
            return {"error": f"OSError: {named}{error.strerror or error}"}


def stamp_of(
    separate: object, *, name: str, sha256: str, system: str, bounds: bool, space: str | None
) -> dict[str, Any]:
    """What kept rows belong to: rows of anything else must never be taken over.

    Args:
        separate: The separator; its ``fingerprint`` counts if it has one.
        name: Name of the list.
        sha256: Hash of the list.
        system: What the separator is called.
        bounds: Whether the rows have bounds.
        space: The query space of their similarities, or None without any.

    Returns:
        Plain data, for `run_rows`.

    Example:
        >>> stamp_of(print, name="a", sha256="1", system="s", bounds=True, space=None)["list"]
        'a'
    """
    return {
        "list": name,
        "sha256": sha256,
        "system": system,
        "bounds": bounds,
        "similarity_space": space,
        "fingerprint": getattr(separate, "fingerprint", None),
    }


def run_rows(
    work: Work,
    ids: Sequence[int],
    *,
    on_progress: Callable[[int, int], None] | None = None,
    resume: str | Path | None = None,
    stamp: dict[str, Any] | None = None,
    workers: int = 1,
) -> tuple[Rows, Rows]:
    """Ask and measure row by row, keeping the bad rows apart.

    Args:
        work: What is done with a row.
        ids: The number of each row, in the order of the list.
        on_progress: Called with rows done and rows in all, after each row.
        resume: A JSONL file of the rows done; those in it are not asked again, new ones are added
            as soon as they are measured. Rows that failed are asked again.
        stamp: What the rows belong to (list, system); a resume file of another is refused.
        workers: Processes. Above 1 they are started afresh (``spawn``), so the calling script
            needs its ``if __name__ == "__main__"``.

    Returns:
        Figures of the rows that worked, and the reason for each that did not, in list order.

    Raises:
        DataError: When the resume file belongs to something else, or the separator cannot be sent
            to other processes.
        LassError: When a process died.
    """
    if workers < 1:
        raise DataError(f"{workers} workers were asked for; give 1 or more.")
    done: dict[int, dict[str, Any]] = {}
    path = Path(resume) if resume is not None else None
    if path is not None:
        known = _take_up(path, stamp or {})
        done = {i: known[i] for i in ids if i in known}
    missing = [place for place, number in enumerate(ids) if number not in done]
    finished = len(done)
    if finished and on_progress is not None:
        on_progress(finished, len(ids))
    for place, result in _results(work, missing, workers):
        number = ids[place]
        done[number] = result
        if "error" in result:
            _LOG.warning("row %s: %s", number, result["error"])
        elif path is not None:
            _append(path, {"id": number, "figures": result})
        finished += 1
        if on_progress is not None:
            on_progress(finished, len(ids))
    failures = [{"row": i, "error": done[i]["error"]} for i in ids if "error" in done[i]]
    return [done[i] for i in ids if "error" not in done[i]], failures


def _results(
    work: Work, places: Sequence[int], workers: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Do the rows, in this process or in several; in the order in which they are finished."""
    if workers == 1 or len(places) < 2:
        for place in places:
            yield place, work(place)
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    try:
        packed = pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise DataError(
            f"The separator cannot be sent to other processes ({error}); give a function of a "
            "module or an object of such a class, or use workers=1."
        ) from error
    workers = min(workers, len(places))
    threads = max(1, (os.cpu_count() or 1) // workers)
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(packed, threads)
    )
    try:
        with interrupts_held():
            waiting = {pool.submit(_one, place): place for place in places}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    except BrokenProcessPool as error:
        raise LassError(
            "A worker process died (out of memory, or the script lacks its "
            "'if __name__ == \"__main__\"'); use fewer workers. Rows done are kept in the resume "
            "file if one was given."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_WORK: Work | None = None


def _begin(packed: bytes, threads: int) -> None:
    """Set a worker process up: few threads, no signals, then the work itself."""
    global _WORK
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    if not hasattr(signal, "pthread_sigmask"):  # elsewhere we never see it: interrupts_held
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    _WORK = pickle.loads(packed)  # noqa: S301 - made by this program a moment ago
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(threads)


def _one(place: int) -> dict[str, Any]:
    """One row in a worker process."""
    assert _WORK is not None
    return _WORK(place)


def _take_up(path: Path, stamp: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Rows in a resume file by their number; the file is begun if there is none.

    A last line that was cut off by a kill is taken out of the file.
    """
    head = {"format": _FORMAT, **stamp}
    if not path.is_file() or not path.stat().st_size:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
        _append(path, head)
        return {}
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    try:
        records = [json.loads(line) for line in whole.splitlines()]
        rows = {int(record["id"]): dict(record["figures"]) for record in records[1:]}
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is not a file to resume from ({error!r}); give another path."
        ) from error
    if not records:  # killed while its first line was written
        path.unlink()
        return _take_up(path, stamp)
    different = [k for k in head if records[0].get(k) != json.loads(json.dumps(head[k]))]
    if different:
        said = "; ".join(f"{k} {records[0].get(k)!r}, now {head[k]!r}" for k in different)
        raise DataError(f"{path} belongs to another run ({said}); give another path.")
    if len(whole) < len(content):
        os.truncate(path, len(whole))
    return rows


def _append(path: Path, record: dict[str, Any]) -> None:
    """Add one line and hand it to the system at once."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, ensure_ascii=False) + "\n")
