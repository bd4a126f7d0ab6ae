r"""Where the user's own things go: ``LASS_HOME``, or what the operating system has for them.

==========  ==========================================  =======================================
system      models and downloads                        cache, which may be deleted at any time
==========  ==========================================  =======================================
LASS_HOME   ``$LASS_HOME``                              ``$LASS_HOME/cache``
Linux       ``$XDG_DATA_HOME/lass``                     ``$XDG_CACHE_HOME/lass``
(unset)     ``~/.local/share/lass``                     ``~/.cache/lass``
macOS       ``~/Library/Application Support/lass``      ``~/Library/Caches/lass``
Windows     ``%LOCALAPPDATA%\lass``                     ``%LOCALAPPDATA%\lass\cache``
==========  ==========================================  =======================================
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from lass.errors import ConfigError

__all__ = ["cache_folder", "data_folder"]


def data_folder() -> Path:
    """Folder of models and downloads.

    Returns:
        The path, whether it exists or not.

    Raises:
        ConfigError: there is no ``LASS_HOME`` and the user has no home folder.

    Example:
        >>> data_folder().is_absolute()
        True
    """
    given = _given()
    if given is not None:
        return given
    if sys.platform == "win32":
        return _base("LOCALAPPDATA", "AppData/Local") / "lass"
    if sys.platform == "darwin":
        return _base("", "Library/Application Support") / "lass"
    return _base("XDG_DATA_HOME", ".local/share") / "lass"


def cache_folder() -> Path:
    """Folder of what can be made again.

    Returns:
        The path, whether it exists or not.

    Raises:
        ConfigError: there is no ``LASS_HOME`` and the user has no home folder.

    Example:
        >>> cache_folder().is_absolute()
        True
    """
    given = _given()
    if given is not None:
        return given / "cache"
    if sys.platform == "win32":
        return _base("LOCALAPPDATA", "AppData/Local") / "lass" / "cache"
    if sys.platform == "darwin":
        return _base("", "Library/Caches") / "lass"
    return _base("XDG_CACHE_HOME", ".cache") / "lass"


def _given() -> Path | None:
    given = os.environ.get("LASS_HOME")
    return Path(given).absolute() if given else None


def _base(variable: str, below: str) -> Path:
    """The system's folder: what a variable says, or a place below the user's home."""
    stated = Path(os.environ.get(variable, "")) if variable else Path()
    if stated.is_absolute():  # the XDG standard says that a relative path is to be ignored
        return stated
    try:
        return Path.home() / below
    except RuntimeError as error:
        raise ConfigError("there is no home folder to keep models in: set LASS_HOME") from error
