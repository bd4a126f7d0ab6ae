"""What others published: where their weights are, how to know them, and under which licence."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lass.errors import ConfigError, ModelNotFoundError

__all__ = ["NOT_STATED", "UNKNOWN", "Published", "agrees", "find_published", "list_published"]

NOT_STATED = "not stated"
UNKNOWN = "unknown"

_SHA256 = re.compile(r"[0-9a-f]{64}|[0-9a-f]{6,32}…[0-9a-f]{6,32}|unknown")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NETWORKS = ("resunet30", "clipsep")


@dataclass(frozen=True)
class Published:
    """A separator that somebody published.

    Args:
        name: the name it gets here.
        title: what its authors call it.
        network: kind of its network.
        space: name of the space of its queries.
        encoder: name of the query encoder that it was trained with.
        page: where a person finds it.
        paper: where it is described.
        file: name of the file; empty where it is not known.
        urls: where the file is, the best place first; none if it has to be fetched by hand.
        size_gb: size of the file in 10⁹ bytes, rounded; 0 where it is not known.
        sha256: all 64 digits, their beginning and end around ``…``, or ``unknown``.
        code_licence: of the authors' code.
        weight_licence: of the weights.
        data_licence: of what they were trained on.
    """

    name: str
    title: str
    network: str
    space: str
    encoder: str
    page: str
    paper: str = ""
    file: str = ""
    urls: tuple[str, ...] = ()
    size_gb: float = 0.0
    sha256: str = UNKNOWN
    code_licence: str = NOT_STATED
    weight_licence: str = NOT_STATED
    data_licence: str = NOT_STATED

    def __post_init__(self) -> None:
        """Refuse entries that could do harm or mean nothing."""
        where = f"the published model {self.name!r}"
        if self.network not in _NETWORKS:
            raise ConfigError(f"{where} has the network {self.network!r}, expected {_NETWORKS}")
        if not _SHA256.fullmatch(self.sha256):
            raise ConfigError(
                f"{where} has the sha256 {self.sha256!r}: expected 64 digits 0-9a-f, beginning…end "
                f"or {UNKNOWN!r}"
            )
        if self.file and not _FILE.fullmatch(self.file):
            raise ConfigError(f"{where} has the file {self.file!r}: expected a plain file name")
        if self.urls and not self.file:
            raise ConfigError(f"{where} has urls and no file: say what the file is called")
        for url in (self.page, *self.urls):
            check_url(url)

    @property
    def licences(self) -> dict[str, str]:
        """Licences of code, weights and training data."""
        return {
            "code": self.code_licence,
            "weights": self.weight_licence,
            "data": self.data_licence,
        }


def list_published(path: Path | None = None) -> list[Published]:
    """All entries of the registry, in its order.

    Args:
        path: another registry than the one that ships.

    Returns:
        The entries.

    Raises:
        ConfigError: an entry is not as it should be.

    Example:
        >>> [entry.name for entry in list_published()]
        ['audiosep', 'audiosep-hive', 'clipsep-nit']
    """
    path = path or Path(__file__).with_name("published.toml")
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the registry {path}: {error}") from error
    return [_entry(name, table) for name, table in tables.items()]


def find_published(name: str) -> Published:
    """One entry of the registry.

    Raises:
        ModelNotFoundError: there is no such entry; the message lists those there are.
    """
    entries = {entry.name: entry for entry in list_published()}
    if name not in entries:
        raise ModelNotFoundError(
            f"no published model {name!r} is known: expected {', '.join(entries)}; a file that you "
            "have goes to `lass models convert FILE`"
        )
    return entries[name]


def agrees(stated: str, found: str) -> bool:
    """Whether a file's SHA-256 is the stated one, as far as that is known.

    Args:
        stated: as in :class:`Published`; ``unknown`` agrees with nothing.
        found: 64 digits.

    Example:
        >>> agrees("aaaaaa…bbbbbb", 26 * "a" + 38 * "b"), agrees("unknown", 64 * "a")
        (True, False)
    """
    begin, _, end = stated.partition("…")
    if not end:
        return stated == found
    return found.startswith(begin) and found.endswith(end)


def check_url(url: str) -> None:
    """Refuse everything but https; http only to this very computer.

    Raises:
        ConfigError: the address is not allowed.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        named = parts.username is not None or parts.password is not None
    except ValueError:
        parts, host, named = urlsplit(""), "", False
    here = parts.scheme == "http" and host in ("localhost", "127.0.0.1", "::1")
    if not url.isprintable() or " " in url or named or not host:
        raise ConfigError(f"{url[:200]!r} is no address that lass opens: expected https://…")
    if parts.scheme != "https" and not here:
        raise ConfigError(f"{url[:200]!r} is not safe to open: expected an address with https://")


def _entry(name: str, table: Any) -> Published:  # noqa: ANN401 (from a file)
    if not isinstance(table, Mapping):
        raise ConfigError(f"the registry's entry {name!r} is no table")
    known = {field.name: field for field in fields(Published)}
    values: dict[str, Any] = {"name": name}
    for key, value in table.items():
        if key not in known or key == "name":
            raise ConfigError(f"the registry's entry {name!r} has an unknown key {key!r}")
        kind = {"urls": list, "size_gb": (int, float)}.get(key, str)
        if not isinstance(value, kind):  # type: ignore[arg-type]
            raise ConfigError(f"the registry's entry {name!r} has a wrong value for {key!r}")
        values[key] = tuple(map(str, value)) if key == "urls" else value
    try:
        return Published(**values)
    except TypeError as error:
        raise ConfigError(f"the registry's entry {name!r} is not complete: {error}") from error
