"""Fetching one large file over https: it goes on where it stopped, and it is checked.

Only https is opened (http to this very computer, for tests), after redirections too. What arrives
grows under ``NAME.part``; it takes its name when its SHA-256 is the expected one.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from lass.errors import ChecksumError, ConfigError, ModelError
from lass.zoo.published import UNKNOWN, agrees, check_url

__all__ = ["download", "is_offline"]

_BLOCK = 1 << 20
_TIMEOUT_S = 30.0
_TRIES = 3  # at one address, as long as something more arrives each time
_NO = ("", "0", "no", "off", "false")
_SPARE = 1 << 28  # bytes that stay free on the disk

Watch = Callable[[int, int], None]
"""Called with bytes that are there and bytes in all (0 where the server does not say)."""


class _InterruptedError(Exception):
    """The connection ended early; what has arrived is kept."""


@dataclass
class _Part:
    """What has arrived so far, and of which version of the file."""

    path: Path

    @property
    def note(self) -> Path:
        return self.path.with_name(self.path.name + ".json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def version(self, url: str) -> str:
        """The server's mark of the version that was begun, or nothing."""
        try:
            held = json.loads(self.note.read_text(encoding="utf-8"))
            return str(held["version"]) if held["url"] == url else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def begin(self, url: str, version: str) -> None:
        """Forget what is there, and remember what comes."""
        self.path.unlink(missing_ok=True)
        self.note.write_text(json.dumps({"url": url, "version": version}), encoding="utf-8")

    def drop(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def is_offline() -> bool:
    """Whether ``--offline`` was given, or ``LASS_OFFLINE`` says so: then nothing is downloaded.

    Returns:
        False where the variable is missing, empty, ``0``, ``no``, ``off`` or ``false``.
    """
    return os.environ.get("LASS_OFFLINE", "").strip().lower() not in _NO


def download(
    urls: Sequence[str],
    target: Path,
    *,
    sha256: str = UNKNOWN,
    on_progress: Watch | None = None,
) -> str:
    """Fetch a file from the first address that has it.

    Args:
        urls: addresses of the same file, the best first.
        target: where it goes; ``target.part`` and ``target.part.json`` hold what has arrived.
        sha256: as in :class:`lass.zoo.published.Published`.
        on_progress: called with the bytes that are there and those in all (0 if unknown).

    Returns:
        The file's SHA-256.

    Raises:
        ConfigError: an address is not allowed, or nothing may be downloaded at all.
        ChecksumError: what arrived everywhere is not the published file; it was deleted.
        ModelError: no address had it, the connection ended early, or the disk is full.
    """
    for url in urls:
        check_url(url)
    if is_offline():
        raise ConfigError(
            f"{target.name} is not downloaded, because of --offline or LASS_OFFLINE: run "
            f"`lass models pull {target.name.partition('.')[0]}` on a connected machine"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"cannot make the folder {target.parent}: {error.strerror}") from error
    part = _Part(target.with_name(target.name + ".part"))
    said: list[ModelError] = []
    for url in urls:
        try:
            _fetch_all(url, part, known=sha256 != UNKNOWN, watch=on_progress or (lambda *_: None))
            with part.path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if sha256 != UNKNOWN and not agrees(sha256, found):
                part.drop()
                raise ChecksumError(
                    f"what {_host(url)} sent is not the published file (SHA-256 {found[:12]}…, "
                    f"expected {sha256[:12]}…): it was deleted; try again later or from a mirror "
                    "with --url"
                )
            part.path.replace(target)
            part.drop()
            return found
        except ModelError as error:
            said.append(error)
    if len(said) == 1:
        raise said[0]
    kind = ChecksumError if all(isinstance(e, ChecksumError) for e in said) else ModelError
    raise kind("; ".join(map(str, said)) or "no address is known for this file")


def _fetch_all(url: str, part: _Part, *, known: bool, watch: Watch) -> None:
    """Fetch until everything is there, going on after interruptions that brought something."""
    for _ in range(_TRIES):
        before = part.size
        try:
            _fetch(url, part, known=known, watch=watch)
            return
        except _InterruptedError as error:
            reason = str(error)
            if part.size == before:
                break
    raise ModelError(
        f"the download from {_host(url)} stopped after {part.size} bytes ({reason}): give the same "
        "command again and it goes on from there"
    )


def _fetch(url: str, part: _Part, *, known: bool, watch: Watch) -> None:
    """One request: the file, or the rest of it."""
    have, version = part.size, part.version(url)
    if have and not version and not known:  # nothing tells whether it is still the same file
        have = 0
    headers = {"User-Agent": "lass", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if version:
            headers["If-Range"] = version
    try:
        with _opener(url).open(_request(url, headers), timeout=_TIMEOUT_S) as answer:
            have, total = _agree_on(answer.status, answer.headers, url, part, have)
            if total:
                _check_space(part.path.parent, total - have)
            _receive(answer, part, have, total, watch)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 416 or not have:
            said = str(error.reason).splitlines()[0]
            raise ModelError(f"{_host(url)} answered {error.code} {said} for {url}") from error
        if error.headers.get("Content-Range", "") != f"bytes */{have}":
            part.drop()
            raise _InterruptedError("the file at this address has changed") from error
    except urllib.error.URLError as error:
        raise _InterruptedError(f"cannot reach it: {error.reason}") from error
    except (http.client.HTTPException, OSError) as error:
        raise _InterruptedError(str(error) or type(error).__name__) from error


def _agree_on(
    status: int, headers: Mapping[str, str], url: str, part: _Part, have: int
) -> tuple[int, int]:
    """Where the answer goes on and how long the file is; begins anew where the server does."""
    if "text/html" in headers.get("Content-Type", "").lower():
        raise ModelError(
            f"{_host(url)} sent a web page instead of the file: open {url} in a browser and give "
            "the file to `lass models convert`"
        )
    if status == 206:
        start, _, total = headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        if start.partition("-")[0] == str(have) and total.isdigit():
            return have, int(total)
        part.drop()
        raise _InterruptedError("the server sent another part than it was asked for")
    mark = headers.get("ETag", "")
    part.begin(url, "" if mark.startswith("W/") else mark)
    length = headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else 0


def _receive(answer: IO[bytes], part: _Part, have: int, total: int, watch: Watch) -> None:
    """Append what arrives."""
    watch(have, total)
    while block := answer.read(_BLOCK):
        try:
            with part.path.open("ab" if have else "wb") as file:
                file.write(block)
        except OSError as error:
            raise ModelError(f"cannot write {part.path}: {error.strerror}") from error
        have += len(block)
        watch(have, total)
    if total and have < total:
        raise _InterruptedError(f"{total} were announced")


def _check_space(folder: Path, needed: int) -> None:
    """Refuse to begin what the disk cannot hold."""
    free = shutil.disk_usage(folder).free
    if free < needed + _SPARE:
        raise ModelError(
            f"{folder} has {free / 1e9:.1f} GB free, the download needs {needed / 1e9:.1f} GB and "
            "some to spare: make room, or set LASS_HOME to a folder on another disk"
        )


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows only to addresses that would be opened directly, too."""

    max_redirections = 5

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The next request."""
        fp.close()
        try:
            check_url(newurl)
        except ConfigError as error:
            raise ModelError(f"{_host(req.full_url)} points elsewhere: {error}") from error
        if urlsplit(req.full_url).scheme == "https" and urlsplit(newurl).scheme != "https":
            raise ModelError(f"{_host(req.full_url)} points to an address without https: refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(url: str) -> urllib.request.OpenerDirector:
    """What opens https, and http, and nothing else (no files, no ftp)."""
    opener = urllib.request.OpenerDirector()
    here = urlsplit(url).scheme == "http"
    handlers: list[Any] = [
        urllib.request.ProxyHandler({} if here else None),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
    ]
    for handler in handlers:
        opener.add_handler(handler)
    return opener


def _request(url: str, headers: dict[str, str]) -> urllib.request.Request:
    check_url(url)
    return urllib.request.Request(url, headers=headers)  # noqa: S310 (checked just above)


def _host(url: str) -> str:
    return urlsplit(url).hostname or url[:60]
