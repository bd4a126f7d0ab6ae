"""The common query layer: words, audio examples and images become one vector in one space.

``compact`` is the backend that ships; ``clap`` and ``clip`` open encoders of other people from
local files. Heavy imports happen when a backend is loaded.
"""

from __future__ import annotations

from lass.query.algebra import embed
from lass.query.types import MAX_QUERY_CHARACTERS, Query, QueryEmbedding, QueryEncoder, as_query

__all__ = [
    "MAX_QUERY_CHARACTERS",
    "Query",
    "QueryEmbedding",
    "QueryEncoder",
    "as_query",
    "embed",
]
