"""From a row of a protocol to sound: all the arithmetic of mixing is here.

Everything is float64 until the end, so that the target, the rest and the mixture agree to the
last bit that float32 has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lass.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

    from lass.evaluation.clips import ClipStore
    from lass.evaluation.protocol import Protocol, Row

__all__ = ["AudioExample", "Mixture", "build_mixture", "iter_mixtures", "place", "resample"]

SILENT_POWER = 1e-10
"""Mean square under which a source counts as silent: -100 dB, as in `lass.metrics`."""

Loader = Callable[[str], "npt.NDArray[np.float64]"]


@dataclass(frozen=True)
class AudioExample:
    """A recording that serves as the query.

    Attributes:
        samples: ``(1, samples)`` float32, full scale 1.0.
        sample_rate: Rate in Hz.
        label: Its class, for reports only: a separator must not look at it.
    """

    samples: npt.NDArray[np.float32]
    sample_rate: int
    label: str


@dataclass(frozen=True)
class Mixture:
    """One question of a protocol, as sound.

    Attributes:
        row: The row it was made from.
        mixture: What the separator hears, ``(1, samples)`` float32.
        target: What is asked for, same shape; zeros when the query asks for nothing that is there.
        rest: ``mixture - target``, same shape.
        sample_rate: Rate in Hz.
        query: The words, or a recording.
    """

    row: Row
    mixture: npt.NDArray[np.float32]
    target: npt.NDArray[np.float32]
    rest: npt.NDArray[np.float32]
    sample_rate: int
    query: str | AudioExample


def resample(
    samples: npt.NDArray[np.float64], *, rate: int, new_rate: int
) -> npt.NDArray[np.float64]:
    """Bring a clip to a lower rate (soxr, very high quality).

    Args:
        samples: ``(samples,)``.
        rate: Its rate in Hz.
        new_rate: The wanted rate in Hz, not above ``rate``.

    Returns:
        ``(ceil-like(samples * new_rate / rate),)``; unchanged when the rates are equal.

    Raises:
        DataError: When the rate would have to rise: nothing is ever invented above a clip's band.

    Example:
        >>> resample(np.zeros(32000), rate=32000, new_rate=16000).shape
        (16000,)
    """
    if rate == new_rate:
        return samples
    if rate < new_rate:
        raise DataError(
            f"A clip of {rate} Hz cannot go into a mixture of {new_rate} Hz; "
            "mix at the lowest rate of the clips."
        )
    import soxr

    return np.asarray(soxr.resample(samples, rate, new_rate, quality="VHQ"), dtype=np.float64)


def place(samples: npt.NDArray[np.float64], *, offset: int, length: int) -> npt.NDArray[np.float64]:
    """Lay a clip into silence of a given length, cutting what stands over at either end.

    Args:
        samples: ``(samples,)``.
        offset: Where its first sample goes; negative cuts the beginning off.
        length: Length of the result in samples.

    Returns:
        ``(length,)``.

    Example:
        >>> place(np.array([1.0, 2.0, 3.0]), offset=-1, length=4).tolist()
        [2.0, 3.0, 0.0, 0.0]
    """
    out = np.zeros(length)
    start, stop = max(offset, 0), min(offset + len(samples), length)
    if stop > start:
        out[start:stop] = samples[start - offset : stop - offset]
    return out


def build_mixture(
    row: Row,
    load: Loader,
    *,
    sample_rate: int,
    level: str = "energy",
    level_db: float = -26.0,
    duration_s: float | None = None,
    query: str | AudioExample | None = None,
) -> Mixture:
    """Make the sound of a row.

    Args:
        row: The row.
        load: Gives the samples ``(samples,)`` of a key, at ``sample_rate``.
        sample_rate: Rate in Hz.
        level: As in `lass.evaluation.Protocol`.
        level_db: As in `lass.evaluation.Protocol`.
        duration_s: As in `lass.evaluation.Protocol`.
        query: The query if it is not the row's own words.

    Returns:
        The mixture. Target and interferers carry one common gain, so their sum is the mixture.

    Raises:
        DataError: When a clip is missing, or a source is silent over the mixture's span.

    Example:
        >>> from lass.evaluation.protocol import Row
        >>> row = Row(0, ("a",), (0,), ("b",), (0,), (6.0,), "target", "dog", "", "dog")
        >>> clips = {"a": np.full(8, 0.1), "b": np.tile([0.3, -0.3], 4)}
        >>> made = build_mixture(row, clips.__getitem__, sample_rate=8000)
        >>> rest = np.sqrt(np.mean(made.rest.astype(float) ** 2))
        >>> round(float(20 * np.log10(0.1 / rest)), 2)
        6.0
    """
    targets = [load(key) for key in row.targets]
    length = len(targets[0]) if duration_s is None else round(duration_s * sample_rate)
    target_parts = _lay(targets, row.target_offsets, length, row, row.targets)
    other_parts = _lay(
        [load(key) for key in row.interferers], row.interferer_offsets, length, row, row.interferers
    )
    if level == "rms":
        target_parts = [_to_rms(x, level_db) for x in target_parts]
        other_parts = [_to_rms(x, level_db) for x in other_parts]
    elif level == "peak":
        target_parts = [x / np.abs(x).max() for x in target_parts]
        other_parts = [x / np.abs(x).max() for x in other_parts]
    target = np.sum(target_parts, axis=0)
    if level == "energy":
        ratios = row.snr_db or (0.0,) * len(other_parts)
        other_parts = [
            x * np.sqrt(_power(target) / _power(x)) * 10 ** (-snr / 20)
            for x, snr in zip(other_parts, ratios, strict=True)
        ]
    gain = _common_gain(target, other_parts, level)
    asked = {"target": target, "nothing": np.zeros(length)}
    if row.asked == "interferer":
        asked["interferer"] = other_parts[0]
    mixture = target + np.sum(other_parts, axis=0) if other_parts else target
    wanted = gain * asked[row.asked]
    return Mixture(
        row=row,
        mixture=_as_audio(gain * mixture),
        target=_as_audio(wanted),
        rest=_as_audio(gain * mixture - wanted),
        sample_rate=sample_rate,
        query=row.query if query is None else query,
    )


def iter_mixtures(
    protocol: Protocol, clips: ClipStore, *, limit: int | None = None
) -> Iterator[Mixture]:
    """Go through the mixtures of a protocol.

    Args:
        protocol: The protocol.
        clips: Where the sound is.
        limit: Stop after so many rows.

    Yields:
        The mixtures, in the order of the rows.

    Raises:
        DataError: When a clip is missing or silent; the message names the row.
    """
    for row in protocol.rows[:limit]:
        yield mixture_of(row, protocol, clips)


def mixture_of(row: Row, protocol: Protocol, clips: ClipStore) -> Mixture:
    """Make one mixture of a protocol (see `iter_mixtures`)."""

    def load(key: str) -> npt.NDArray[np.float64]:
        samples, rate = clips.read(key)
        return resample(samples, rate=rate, new_rate=protocol.sample_rate)

    query: str | AudioExample | None = None
    if row.query_clip:
        samples = load(row.query_clip)
        query = AudioExample(_as_audio(samples), protocol.sample_rate, row.label)
    return build_mixture(
        row,
        load,
        sample_rate=protocol.sample_rate,
        level=protocol.level,
        level_db=protocol.level_db,
        duration_s=protocol.duration_s,
        query=query,
    )


def _lay(
    signals: list[npt.NDArray[np.float64]],
    offsets: tuple[int, ...],
    length: int,
    row: Row,
    keys: tuple[str, ...],
) -> list[npt.NDArray[np.float64]]:
    """Place signals and refuse silent ones."""
    placed = [place(x, offset=at, length=length) for x, at in zip(signals, offsets, strict=True)]
    for key, x in zip(keys, placed, strict=True):
        if _power(x) < SILENT_POWER:
            raise DataError(
                f"Row {row.id}: '{key}' is silent over the mixture's {length} samples; "
                "no level can be set against it."
            )
    return placed


def _common_gain(
    target: npt.NDArray[np.float64], others: list[npt.NDArray[np.float64]], level: str
) -> float:
    """One gain for target and interferers: 0.9/peak against clipping, or peak 1 for ``peak``."""
    peak = float(np.abs(target + np.sum(others, axis=0) if others else target).max())
    if level == "peak":
        return 1.0 / peak
    return 0.9 / peak if peak > 1.0 else 1.0


def _power(x: npt.NDArray[np.float64]) -> float:
    """Mean square."""
    return float(np.mean(x * x))


def _to_rms(x: npt.NDArray[np.float64], level_db: float) -> npt.NDArray[np.float64]:
    """Scale a placed clip so that its sounding part has a given RMS."""
    sounding = x[np.flatnonzero(x)[0] : np.flatnonzero(x)[-1] + 1]
    return np.asarray(x * 10 ** (level_db / 20) / np.sqrt(_power(sounding)))


def _as_audio(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Shape ``(1, samples)``, float32."""
    return np.asarray(x, dtype=np.float32)[None, :]
