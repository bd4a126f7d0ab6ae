"""The common query layer: words, audio examples and (later) images become one vector in one space.

``compact`` is the backend that ships; heavy imports happen when a backend is loaded.
"""

from __future__ import annotations

from lass.query.types import MAX_QUERY_CHARACTERS, Query, QueryEmbedding, QueryEncoder, as_query

__all__ = ["MAX_QUERY_CHARACTERS", "Query", "QueryEmbedding", "QueryEncoder", "as_query"]
