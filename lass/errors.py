"""Every error that `lass` raises on purpose.

The tree::

    LassError
    ├── AudioError          something about a signal or a sound file
    │   ├── AudioReadError      the file is missing, empty, truncated or not audio
    │   └── AudioWriteError     the folder is not writable, the disk is full, the file exists
    ├── QueryError          the query is empty, too long, or of another space
    ├── ModelError          a model cannot be used
    │   ├── ModelNotFoundError  no such name or folder
    │   └── ChecksumError       the file is not the one that was published
    ├── ConfigError         a recipe or configuration has an unknown or wrong entry
    ├── EffectError         an effect, setting or preset is unknown or out of range
    ├── EditError           an instruction is not understood, or a project file is wrong
    ├── DeviceError         the device is not there
    └── DataError           a manifest, shard or mixture list is not as it should be

A message says what was given, what was expected, and what to do.
"""

from __future__ import annotations

__all__ = [
    "AudioError",
    "AudioReadError",
    "AudioWriteError",
    "ChecksumError",
    "ConfigError",
    "DataError",
    "DeviceError",
    "EditError",
    "EffectError",
    "LassError",
    "ModelError",
    "ModelNotFoundError",
    "QueryError",
]


class LassError(Exception):
    """Base of all errors raised by `lass`."""


class AudioError(LassError):
    """A signal has a wrong shape, type or value."""


class AudioReadError(AudioError):
    """A sound file cannot be read."""


class AudioWriteError(AudioError):
    """A sound file cannot be written."""


class QueryError(LassError):
    """A query cannot be understood by the model that was asked."""


class ModelError(LassError):
    """A model cannot be used."""


class ModelNotFoundError(ModelError):
    """No model of that name, and no such folder."""


class ChecksumError(ModelError):
    """A model file is not the one that was published."""


class ConfigError(LassError):
    """A recipe or configuration has an unknown or wrong entry."""


class EffectError(LassError):
    """An effect, one of its settings or a preset is unknown or out of range."""


class EditError(LassError):
    """An instruction was not understood, or a project file is not as it should be."""


class DeviceError(LassError):
    """The device that was asked for is not available."""


class DataError(LassError):
    """A manifest, shard or mixture list is not as it should be."""


def brief(error: BaseException) -> str:
    r"""Last line of what another library says, for the end of a sentence of ours.

    Example:
        >>> brief(ValueError("something long:\n  it is too large "))
        'it is too large'
    """
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__
