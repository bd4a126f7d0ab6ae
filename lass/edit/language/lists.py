"""Lists of words, written as people write them: in one string."""

from __future__ import annotations

__all__ = ["phrases", "words"]


def words(text: str) -> list[str]:
    """The words between spaces.

    Example:
        >>> words("dog cat")
        ['dog', 'cat']
    """
    return text.split()


def phrases(text: str) -> list[str]:
    """What stands between commas.

    Example:
        >>> phrases("the rest,all else")
        ['the rest', 'all else']
    """
    return text.split(",")
