"""A part of many files, the same on every machine."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Self

from lass.errors import ConfigError

__all__ = ["Shard"]


@dataclass(frozen=True)
class Shard:
    """Part ``number`` of ``count``.

    A file belongs to the part that the hash of its name says: neither other files nor their order
    matter, so what is added later moves nothing. The parts are of about equal numbers, not of
    equal length.

    Args:
        number: which part, from 1.
        count: parts in all.

    Example:
        >>> shard = Shard.parse("2/3")
        >>> [name for name in "abcdef" if Path(name) in shard]
        ['a', 'b']
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``i/n``.

        Args:
            text: such as ``2/8``.

        Returns:
            The shard.

        Raises:
            ConfigError: it is not that.
        """
        found = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise ConfigError(
                f"the shard {text!r} is not understood: give a part of a whole, counted from 1, "
                "such as 1/8 up to 8/8"
            )
        return cls(int(found[1]), int(found[2]))

    def __contains__(self, name: Path) -> bool:
        """Whether a file belongs to this part.

        Args:
            name: its path below what was named, which is the same on every machine.
        """
        digest = sha256(os.fsencode(name.as_posix())).digest()
        return int.from_bytes(digest[:8]) % self.count == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
