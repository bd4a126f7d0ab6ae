"""Saved queries: `lass.Query.load`, and back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.fuzz.targets import tokens

MODULES = ("lass.query.saved", "lass.query.types")
TOKENS = (
    *tokens(
        "lassquery name space dim normalised vector provenance",
        marks='"',
    ),
    b"1e999",
    b"NaN",
    b"Infinity",
    b"1e39",
    b"9" * 400,
    b"true",
    b"null",
    b'"\\udcff"',
    b"[]",
)
LONGEST = 4_000


def seeds() -> dict[str, bytes]:
    """A right one, and values that are too large."""
    table = {
        "lassquery": 1, "name": "dog", "space": "compact-v1", "dim": 2, "normalised": True,
        "vector": [0.6, 0.8], "provenance": {},
    }  # fmt: skip
    plain = json.dumps(table).encode()
    return {
        "plain": plain,
        "huge": plain.replace(b"0.6", b"1" + b"0" * 400),
        "digits": plain.replace(b"0.6", b"1" + b"0" * 5000),
        "surrogate": plain.replace(b"dog", b"\\udcff"),
        "deep": b"[" * 3000,
    }


def run(data: bytes, folder: Path) -> None:
    """Load a query; what is loaded can be saved and is the same again."""
    from lass import Query

    path = folder / "input.lassquery"
    path.write_bytes(data)
    query = Query.load(path)
    assert query.embedding is not None
    assert np.isfinite(query.embedding.vector).all()
    again = folder / "again.lassquery"
    query.save(again, overwrite=True)
    assert np.array_equal(Query.load(again).embedding.vector, query.embedding.vector)
