"""Many files: shards, several processes, several machines, and a record of what became of each.

A `Setup` says what all files have in common, a `Task` is one file, and an engine turns tasks
into records. `LocalEngine` works in this process or in several, `lass.scale.ray_engine.RayEngine`
on a cluster. With equal numbers of threads both leave the same files behind, bit for bit. A
`Manifest` keeps the records and
knows, the next time, what need not be done again.

This room stands on `lass.separation`; only the command line stands on it.
"""

from __future__ import annotations

from lass.scale.local import LocalEngine
from lass.scale.manifest import Manifest
from lass.scale.planning import plan
from lass.scale.records import Record
from lass.scale.sharding import Shard
from lass.scale.tasks import Asking, Setup, Task, Words

__all__ = [
    "Asking",
    "LocalEngine",
    "Manifest",
    "Record",
    "Setup",
    "Shard",
    "Task",
    "Words",
    "plan",
]
