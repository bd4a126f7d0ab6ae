"""One module a format, with ``MODULES``, ``TOKENS``, ``seeds()`` and ``run(data, folder)``."""


def tokens(words: str, *, marks: str = "") -> tuple[bytes, ...]:
    """Words for the dictionary of a target, each between the given marks."""
    return tuple(f"{marks}{word}{marks}".encode() for word in words.split())
