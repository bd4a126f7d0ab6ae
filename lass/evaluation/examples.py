"""The worst rows of a result, made again to be looked at and heard."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lass.evaluation.clips import ClipStore
from lass.evaluation.mixtures import Mixture, mixture_of
from lass.evaluation.pictures import peak_power, spectrogram
from lass.evaluation.protocol import Protocol, load_protocol
from lass.evaluation.results import Report, main_metric
from lass.evaluation.runner import Separate, unpack

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Example", "worst_examples"]

SOUND_S = 5.0


@dataclass(frozen=True)
class Example:
    """One row to be shown.

    Attributes:
        system: As in the report.
        protocol: Name of the protocol.
        row: The figures of the row.
        against: What the other sounds are, in words.
        pictures: PNG bytes of ``mixture``, ``target`` and ``estimate``, one scale for the three.
        sounds: FLAC bytes of the same, or empty; at most 5 s, the loudest part of the target.
    """

    system: str
    protocol: str
    row: dict[str, Any]
    against: str
    pictures: dict[str, bytes]
    sounds: dict[str, bytes] = field(default_factory=dict)


def worst_examples(
    report: Report,
    separate: Separate,
    data_dir: str | Path,
    *,
    count: int = 10,
    protocol: str | Path | Protocol | None = None,
    sounds: bool = False,
) -> list[Example]:
    """Make the worst rows of a report again.

    Args:
        report: A report on a protocol.
        separate: The separator that was measured.
        data_dir: Folder of the data pack.
        count: How many rows.
        protocol: The protocol, if it is not a published one.
        sounds: Keep the audio too. The recordings are other people's: never publish or commit a
            page made with it without looking at their licences.

    Returns:
        The examples, worst first: least SDRi, or most leakage where silence was right.

    Raises:
        DataError: When the protocol or a clip cannot be read.
    """
    metric = main_metric(report)
    if metric is None:
        return []
    wanted = protocol or str(report.protocol["name"])
    chosen = wanted if isinstance(wanted, Protocol) else load_protocol(wanted)
    sign = -1.0 if metric == "leakage" else 1.0
    ranked = sorted((r for r in report.rows if metric in r), key=lambda r: sign * r[metric])
    clips, by_id = ClipStore(data_dir), {row.id: row for row in chosen.rows}
    made = []
    for figures in ranked[:count]:
        mixture = mixture_of(by_id[figures["row"]], chosen, clips)
        answer = separate(mixture.mixture.copy(), mixture.sample_rate, mixture.query)
        estimate, _ = unpack(answer, mixture.mixture.shape)
        others = mixture.row.interferers
        if mixture.row.asked == "interferer":
            others = mixture.row.targets
        labels = dict.fromkeys(clips.get(key).label for key in others)
        signals = {"mixture": mixture.mixture, "target": mixture.target, "estimate": estimate}
        top = peak_power(np.asarray(mixture.mixture)[0], sample_rate=mixture.sample_rate)
        made.append(
            Example(
                system=report.system,
                protocol=chosen.name,
                row=figures,
                against=", ".join(labels),
                pictures={
                    name: spectrogram(
                        np.asarray(x)[0], sample_rate=mixture.sample_rate, reference_power=top
                    )
                    for name, x in signals.items()
                },
                sounds=_sounds(mixture, signals) if sounds else {},
            )
        )
    return made


def _sounds(mixture: Mixture, signals: dict[str, npt.NDArray[Any]]) -> dict[str, bytes]:
    """FLAC of the loudest seconds of the target, one gain for all if one would clip."""
    import soundfile

    span = round(SOUND_S * mixture.sample_rate)
    energy = np.cumsum(np.asarray(mixture.target[0], np.float64) ** 2)
    at = int(np.argmax(energy[span:] - energy[:-span])) if len(energy) > span else 0
    cut = {name: np.asarray(x, np.float64)[0, at : at + span] for name, x in signals.items()}
    peak = max(float(np.abs(x).max()) for x in cut.values())
    encoded = {}
    for name, x in cut.items():
        buffer = io.BytesIO()
        soundfile.write(buffer, x / max(peak, 1.0), mixture.sample_rate, format="FLAC")
        encoded[name] = buffer.getvalue()
    return encoded
