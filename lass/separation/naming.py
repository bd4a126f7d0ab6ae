"""Names of the files that a separation writes."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lass.errors import AudioWriteError, ConfigError

__all__ = ["NAME_TEMPLATE", "OutputPaths", "output_paths", "slug"]

NAME_TEMPLATE = "{stem}.{query}"
REST = "rest"

_LOSSLESS = ("wav", "flac", "aiff", "aif")
_LONGEST_SLUG = 80  # bytes of UTF-8
_LONGEST_NAME = 255  # bytes: the limit of usual file systems
_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class OutputPaths:
    """Where the results of one recording go.

    Args:
        parts: query → file.
        residual: file for everything else, or None if it is not wanted.
    """

    parts: dict[str, Path]
    residual: Path | None

    def __iter__(self) -> Iterator[Path]:
        """All files, the residual last."""
        rest = [] if self.residual is None else [self.residual]
        return iter([*self.parts.values(), *rest])


def slug(text: str) -> str:
    """A query as part of a file name: letters and digits of any script, and hyphens.

    Example:
        >>> slug("Dog barking, far away!"), slug("../../etc"), slug("Geige & Klavier")
        ('dog-barking-far-away', 'etc', 'geige-klavier')
    """
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    # Marks belong to letters: without them, Hindi words would fall apart.
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in plain)
    joined = "-".join(kept.split())
    return joined.encode()[:_LONGEST_SLUG].decode(errors="ignore").rstrip("-") or "query"


def output_paths(
    path: Path,
    names: Sequence[str],
    *,
    folder: Path | None = None,
    template: str = NAME_TEMPLATE,
    format: str | None = None,  # noqa: A002 (the field's word)
    residual: bool = True,
) -> OutputPaths:
    """Files for the parts and for the rest.

    Args:
        path: the recording.
        names: the queries, each once.
        folder: where the files go; next to the recording if None.
        template: file name without ending, with ``{stem}``, ``{query}`` and ``{index}``.
        format: ending of the files; the recording's if None, or ``wav`` where that would lose.
        residual: whether everything else is written, too.

    Returns:
        One path a query, and the path of the residual.

    Raises:
        ConfigError: the template has an unknown field, or gives a path instead of a name.
        AudioWriteError: an output would replace the recording itself.

    Example:
        >>> paths = output_paths(Path("in.wav"), ["violin"])
        >>> str(paths.parts["violin"]), str(paths.residual)
        ('in.violin.wav', 'in.rest.wav')
    """
    own = path.suffix.lstrip(".").lower()
    suffix = (format or (own if own in _LOSSLESS else "wav")).lower()
    words = [*_distinct([slug(name) for name in names]), *([REST] if residual else [])]
    files = []
    for index, word in enumerate(words, start=1):
        base = _fill(template, {"stem": path.stem, "query": word, "index": str(index)})
        files.append((folder or path.parent) / f"{base}.{suffix}")
    if len(set(files)) < len(files):
        raise ConfigError(
            f"the name {template!r} gives the same file to several parts: add {{query}} or "
            "{index}"
        )
    for file in files:
        _check(file, path)
    rest = files.pop() if residual else None
    return OutputPaths(dict(zip(names, files, strict=True)), rest)


def _distinct(words: Sequence[str]) -> list[str]:
    """Number the words that occur again, or that mean the residual."""
    taken = {REST}
    result = []
    for word in words:
        candidate, number = word, 2
        while candidate in taken:
            candidate, number = f"{word}-{number}", number + 1
        taken.add(candidate)
        result.append(candidate)
    return result


def _fill(template: str, fields: dict[str, str]) -> str:
    """Fill a template; only plain fields are understood."""
    unknown = [name for name in _FIELD.findall(template) if name not in fields]
    if unknown or re.search(r"[{}]", _FIELD.sub("", template)):
        raise ConfigError(
            f"the name {template!r} cannot be filled in: use {{stem}}, {{query}} and {{index}}"
        )
    base = _FIELD.sub(lambda match: fields[match[1]], template)
    odd = any(mark in "/\\" or unicodedata.category(mark) == "Cc" for mark in template)
    if odd or not base.strip(". "):
        raise ConfigError(
            f"the name {template!r} is not the name of a file: leave out folders (they go to "
            "--output-dir) and the ending (it comes from --format)"
        )
    return base


def _check(file: Path, recording: Path) -> None:
    """Refuse a name that no file system takes, and the recording itself."""
    size = len(os.fsencode(file.name))
    if size > _LONGEST_NAME:
        raise AudioWriteError(
            f"the name {file.name[:40]}… has {size} bytes, at most {_LONGEST_NAME} are possible: "
            "give a shorter one with --name"
        )
    if file.exists() and recording.exists() and file.samefile(recording):
        raise AudioWriteError(
            f"an output would replace the recording {recording}: choose another name"
        )
