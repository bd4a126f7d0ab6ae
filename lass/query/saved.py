"""Saved queries: a ``.lassquery`` file is JSON with the vector, its space and where it came from.

Numbers are written so that reading them gives the same float32 values again, bit for bit.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

import numpy as np

from lass.errors import QueryError
from lass.query.types import Query, QueryEmbedding, QueryEncoder

__all__ = ["ENDING", "VERSION", "check_path", "load_query", "save_query"]

ENDING = ".lassquery"
VERSION = 1

_MAX_BYTES = 4_000_000
_MAX_DIM = 65536
_UNIT = 1e-3  # how far the length of a unit vector may be off


def save_query(
    query: Query, path: Path, encoder: QueryEncoder | None = None, *, overwrite: bool = False
) -> Path:
    """Write a query; see :meth:`lass.Query.save`."""
    from lass import __version__

    check_path(path, overwrite=overwrite)
    if query.which is not None:
        raise QueryError(
            f"{query.name!r} is one time out of several, and a file keeps what a sound is like: "
            "save the query for the sound itself"
        )
    embedding = _embedding(query, encoder)
    table = {
        "lassquery": VERSION,
        "name": query.name,
        "space": embedding.space,
        "dim": int(embedding.vector.size),
        "normalised": embedding.normalised,
        "vector": [float(value) for value in embedding.vector],
        "provenance": {"lass": __version__, "query": describe(query)},
    }
    text = json.dumps(table, indent=1, ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # words with bytes that are no UTF-8
        text = json.dumps(table, indent=1, allow_nan=False)
    _write(path, text + "\n")
    return path


def check_path(path: Path, *, overwrite: bool = False) -> None:
    """Complain about a name before the work.

    Args:
        path: where a query is to be saved.
        overwrite: whether a file may be replaced.

    Raises:
        QueryError: it does not end in ``.lassquery``, or exists.
    """
    if path.suffix != ENDING:
        raise QueryError(f"cannot save a query as {path.name!r}: name the file FILE{ENDING}")
    if os.path.exists(path) and not overwrite:  # Path's own has exceptions for impossible names
        raise QueryError(f"{path} exists: choose another name, or allow it to be overwritten")


def load_query(path: Path) -> Query:
    """Read a saved query; see :meth:`lass.Query.load`."""
    try:
        if os.path.exists(path) and not (
            path.is_file() or path.is_dir()
        ):  # a pipe or a device has no end
            raise QueryError(f"{path} is no saved query: give a {ENDING} file")
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise QueryError(f"{path} is no saved query: it is larger than {_MAX_BYTES} bytes")
        table = json.loads(content.decode("utf-8"))
    except FileNotFoundError as error:
        raise QueryError(
            f"there is no file {path}: save a query with --save-query first"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise QueryError(
            f"{path} cannot be read as a saved query ({type(error).__name__}): give a {ENDING} file"
        ) from error
    if not isinstance(table, dict) or "lassquery" not in table:
        raise QueryError(f"{path} is no saved query: give a {ENDING} file")
    version = table["lassquery"]
    if version != VERSION:
        raise QueryError(
            f"{path} is a saved query of version {version!r}, this program reads version "
            f"{VERSION}: save the query again"
        )
    return Query(embedding=_read_embedding(table, path), label=_string(table, "name", path))


def describe(query: Query) -> dict[str, Any]:
    """What a query is made of, without the sound and the pictures themselves.

    Example:
        >>> describe(Query("dog").minus("cat"))["negatives"]
        [{'text': ['cat']}]
    """
    told: dict[str, Any] = {}
    if query.wordings:
        told["text"] = list(query.wordings)
    if query.example is not None:
        told["example"] = {
            "shape": list(query.example.shape),
            "sample_rate": int(query.example_rate),
            "sha256": _hash(query.example),
            "weight": float(query.example_weight),
        }
    if query.image is not None:
        told["image"] = {
            "shape": list(query.image.shape),
            "sha256": _hash(query.image),
            "weight": float(query.image_weight),
        }
    if query.embedding is not None:
        told["saved"] = query.name
    if query.parts:
        told["parts"] = [{"weight": weight, **describe(part)} for part, weight in query.parts]
    if query.negatives:
        told["negatives"] = [describe(negative) for negative in query.negatives]
        told["negative_weight"] = float(query.negative_weight)
    return told


def _embedding(query: Query, encoder: QueryEncoder | None) -> QueryEmbedding:
    if encoder is not None:
        from lass.query.algebra import embed

        return embed(query, encoder)
    if query.embedding is None or query.negatives:
        raise QueryError(
            "a query can only be saved with the encoder that understands it: give the encoder, "
            "such as separator.model.encoder"
        )
    return query.embedding


def _read_embedding(table: dict[str, Any], path: Path) -> QueryEmbedding:
    values, dim = table.get("vector"), table.get("dim")
    numbers = isinstance(values, list) and all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in values
    )
    if not numbers or not values or len(values) > _MAX_DIM:
        raise QueryError(f"{path} is damaged: its vector is no list of numbers; save it again")
    if dim != len(values):
        raise QueryError(
            f"{path} is damaged: it states {dim!r} numbers and holds {len(values)}; save it again"
        )
    try:
        with np.errstate(over="ignore"):
            vector = np.asarray(values, dtype=np.float64).astype(np.float32)
    except (OverflowError, ValueError) as error:
        raise QueryError(f"{path} is damaged: a number is too large; save it again") from error
    length = float(np.linalg.norm(vector.astype(np.float64)))
    if not np.isfinite(length):
        raise QueryError(f"{path} is damaged: its vector holds NaN or infinity; save it again")
    normalised = table.get("normalised")
    if not isinstance(normalised, bool):
        raise QueryError(f"{path} is damaged: it does not say whether it is normalised")
    if length == 0.0 or (normalised and abs(length - 1.0) > _UNIT):
        raise QueryError(
            f"{path} is damaged: its vector has length {length:.4g}, expected 1; save it again"
        )
    return QueryEmbedding(vector, _string(table, "space", path), normalised)


def _string(table: dict[str, Any], key: str, path: Path) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise QueryError(f"{path} is damaged: it has no {key}; save the query again")
    return value


def _hash(array: np.ndarray[Any, Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def _write(path: Path, text: str) -> None:
    """Write a whole file or none."""
    aside = path.with_name(f".lass-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        aside.write_text(text, encoding="utf-8")
        os.replace(aside, path)
    except OSError as error:
        with contextlib.suppress(OSError):  # nothing was made, or the disk can only be read
            aside.unlink(missing_ok=True)
        raise QueryError(
            f"cannot save the query as {path}: {error.strerror or error}; choose another place"
        ) from error
