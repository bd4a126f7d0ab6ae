"""From a published name to a model folder: download, check, convert."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lass.errors import ChecksumError, ConfigError, ModelError
from lass.zoo.converting import Converted, check_free, convert, hash_file
from lass.zoo.downloading import download, is_offline
from lass.zoo.folders import destination, home, user_models
from lass.zoo.loading import read_config
from lass.zoo.locking import alone
from lass.zoo.published import UNKNOWN, Published, agrees

__all__ = ["check_online", "check_pull", "pull"]


def check_pull(
    entry: Published, *, urls: Sequence[str] = (), accept_unverified: bool = False
) -> Sequence[str]:
    """Say before anything is fetched whether it can be fetched.

    Args:
        entry: what is wanted.
        urls: addresses to use instead of the published ones.
        accept_unverified: go on although no SHA-256 is known.

    Returns:
        The addresses to try.

    Raises:
        ModelError: no address is known.
        ChecksumError: no SHA-256 is known and that was not accepted.
        ConfigError: it would have to be downloaded, and nothing may be.
    """
    check_online(entry)
    chosen = urls or entry.urls
    if not chosen:
        raise ModelError(
            f"no address of the file of {entry.name!r} is known: download it by hand from "
            f"{entry.page} and then run `lass models convert FILE --source {entry.name}`"
        )
    if entry.sha256 == UNKNOWN and not accept_unverified:
        raise ChecksumError(
            f"no SHA-256 is known for {entry.name!r}, so nothing can tell whether the file is the "
            "authors': give --accept-unverified to take it all the same"
        )
    return chosen


def check_online(entry: Published) -> None:
    """Refuse what would have to be downloaded where nothing may be.

    Args:
        entry: what is wanted.

    Raises:
        ConfigError: with the command for a connected machine.
    """
    if is_offline() and not _usable(entry, _kept(entry)):
        raise ConfigError(
            f"{entry.name!r} is not downloaded, because of --offline or LASS_OFFLINE: run `lass "
            f"models pull {entry.name}` on a connected machine, and copy the folder that it prints "
            f"to {user_models()}"
        )


def pull(
    entry: Published,
    to: str | Path | None = None,
    *,
    urls: Sequence[str] = (),
    accept_unverified: bool = False,
    overwrite: bool = False,
    half: bool = False,
    keep: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Converted:
    """Download a published model and convert it.

    Several processes may do so at once: one works, the others wait and take what it made.

    Args:
        entry: what is wanted; :func:`lass.zoo.published.find_published` knows some.
        to: name of the new model or a folder; the published name if None.
        urls: addresses to use instead of the published ones.
        accept_unverified: go on although no SHA-256 is known.
        overwrite: replace a model that is there.
        half: store matrices in 16 bits.
        keep: leave the download where it is.
        on_progress: called with the bytes that are there and those in all (0 if unknown).
        on_wait: called once if another process is at the same download.

    Returns:
        The new model.

    Raises:
        ModelError: it cannot be had, is not what it should be, or the model exists.
        ConfigError: an address or name is not allowed.
    """
    chosen = check_pull(entry, urls=urls, accept_unverified=accept_unverified)
    folder = destination(to if to is not None else entry.name)
    check_free(folder, overwrite=overwrite)
    file = _kept(entry)
    with alone(home() / "locks" / f"{file.name}.lock", on_wait=on_wait) as waited:
        made = _made_meanwhile(folder, entry, half=half) if waited else None
        if made is not None:
            return made
        return _bring(
            entry, folder, file,
            urls=chosen, overwrite=overwrite, half=half, keep=keep, on_progress=on_progress,
        )  # fmt: skip


def _bring(
    entry: Published,
    folder: Path,
    file: Path,
    *,
    urls: Sequence[str],
    overwrite: bool,
    half: bool,
    keep: bool,
    on_progress: Callable[[int, int], None] | None,
) -> Converted:
    """Download the file unless it is there, and convert it."""
    check_free(folder, overwrite=overwrite)
    if not _usable(entry, file):
        download(urls, file, sha256=entry.sha256, on_progress=on_progress)
    try:
        made = convert(file, folder.absolute(), source=entry, overwrite=overwrite, half=half)
    except ModelError:
        if entry.sha256 == UNKNOWN:  # perhaps the wrong file: do not keep it for the next time
            file.unlink(missing_ok=True)
        raise
    if not keep:
        file.unlink(missing_ok=True)
    return made


def _kept(entry: Published) -> Path:
    """Where the download is until it is converted, and after it with ``--keep``."""
    return home() / "downloads" / f"{entry.name}.{entry.file or 'download'}"


def _usable(entry: Published, file: Path) -> bool:
    """Whether a download is there already."""
    if not file.is_file():
        return False
    return entry.sha256 == UNKNOWN or agrees(entry.sha256, hash_file(file))


def _made_meanwhile(folder: Path, entry: Published, *, half: bool) -> Converted | None:
    """The model that another process made while this one waited; None if it is not the same."""
    try:
        config = read_config(folder)
        source = config["source"]
        same = source["title"] == entry.title and config["precision"] == (16 if half else 32)
        if not same or (entry.sha256 != UNKNOWN and not agrees(entry.sha256, source["sha256"])):
            return None
        return Converted(folder, config, entry.title, bool(source["known"]))
    except (ConfigError, KeyError, TypeError):
        return None
