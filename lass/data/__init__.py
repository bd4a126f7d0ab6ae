"""Training sound: manifests and shards, a decoded store, and mixtures made on the fly."""

from __future__ import annotations

from lass.data.manifest import Clip, is_validation, read_manifests, split_validation
from lass.data.mixing import MixtureConfig, MixtureSampler
from lass.data.queries import QueryTable
from lass.data.store import ClipStore

__all__ = [
    "Clip",
    "ClipStore",
    "MixtureConfig",
    "MixtureSampler",
    "QueryTable",
    "is_validation",
    "read_manifests",
    "split_validation",
]
