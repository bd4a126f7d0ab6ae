"""Ask a separator every question of a protocol and measure the answers.

The separator is any callable, so anyone's can be measured; see `Separate`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from lass.errors import AudioError
from lass.evaluation.bounds import oracle_estimates
from lass.evaluation.clips import ClipStore
from lass.evaluation.mixtures import Mixture, mixture_of
from lass.evaluation.protocol import Protocol as MixtureList
from lass.evaluation.protocol import load_protocol
from lass.evaluation.results import Report
from lass.evaluation.running import Work, run_rows, stamp_of
from lass.evaluation.similarity import Encoder, Similarity
from lass.metrics import sdr, si_sdr

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Answer", "Separate", "evaluate", "measure", "unpack"]

_FLOOR = 1e-10


@runtime_checkable
class ScoredAnswer(Protocol):
    """An estimate with a presence score."""

    estimate: Any
    score: float | None


@dataclass(frozen=True)
class Answer:
    """What a separator may return instead of a bare array.

    Attributes:
        estimate: ``(1, samples)`` float.
        score: How sure it is that the sound is there, any scale that rises; or None.
    """

    estimate: Any
    score: float | None = None


Separate = Callable[[Any, int, Any], Any]
"""``separate(mixture, sample_rate, query) -> estimate``.

``mixture`` is float32 ``(1, samples)``, ``sample_rate`` in Hz, ``query`` a string, or an
`AudioExample` in example-query lists. The result is an array or tensor ``(1, samples)`` or
``(samples,)``, or an object with ``.estimate`` and ``.score`` such as `Answer`.
"""


def evaluate(
    separate: Separate,
    protocol: str | Path | MixtureList,
    data_dir: str | Path,
    *,
    on_progress: Callable[[int, int], None] | None = None,
    limit: int | None = None,
    system: str = "",
    bounds: bool = True,
    encoder: Encoder | None = None,
    resume: str | Path | None = None,
    workers: int = 1,
) -> Report:
    """Measure a separator on a protocol.

    Deterministic as far as the separator is: nothing here draws a random number but the bootstrap,
    which is seeded. A row that cannot be made, or whose answer is not a finite signal of the right
    length, goes into ``report.failures`` and the others still count.

    Args:
        separate: The separator (see `Separate`).
        protocol: Name, path of a list, or a loaded protocol.
        data_dir: Folder of the data pack.
        on_progress: Called with rows done and rows in all, after each row.
        limit: Only so many rows, from the first.
        system: What to call the separator in the report.
        bounds: Also measure the bounds of each mixture (oracle masks cost about 10 ms a row).
        encoder: Also measure likeness to the words and to the target in its query space (see
            `lass.evaluation.similarity`); three recordings a row are encoded.
        resume: A JSONL file: rows already in it are not asked again, each new row is added to it
            at once, so that a killed run goes on where it was. The numbers are the same. The
            file of another list, system, query space or ``separate.fingerprint`` (if it has one) is
            refused.
        workers: Processes that share the rows; above 1 ``separate`` must be picklable (a function
            of a module, or an object that loads its model at the first call). Same numbers.

    Returns:
        Every row's results, their means with confidence intervals, and the bounds.

    Raises:
        DataError: When the protocol or the data folder cannot be read, or ``resume`` is the file
            of another list or system.

    Example:
        >>> from lass.evaluation import evaluate
        >>> report = evaluate(lambda x, rate, query: x, "esc50-fold5", data)  # doctest: +SKIP
        >>> report.summary["sdr_improvement"]["mean"]  # doctest: +SKIP
        0.0
    """
    chosen = protocol if isinstance(protocol, MixtureList) else load_protocol(protocol)
    clips = ClipStore(data_dir)
    rows = chosen.rows[:limit]
    similarity = None if encoder is None else Similarity(encoder)
    figures = partial(measure, bounds=bounds, similarity=similarity)
    space = None if encoder is None else encoder.space
    results, failures = run_rows(
        Work(separate, _Mixtures(chosen, clips), figures),
        [row.id for row in rows],
        on_progress=on_progress,
        resume=resume,
        stamp=stamp_of(
            separate,
            name=chosen.name,
            sha256=chosen.sha256,
            system=system,
            bounds=bounds,
            space=space,
        ),
        workers=workers,
    )
    return Report(
        system=system,
        protocol={
            "name": chosen.name,
            "sha256": chosen.sha256,
            "recipe": chosen.recipe,
            "sample_rate": chosen.sample_rate,
            "level": chosen.level,
            "level_db": chosen.level_db if chosen.level == "rms" else None,
            "duration_s": chosen.duration_s,
            "sdr_definition": chosen.sdr_definition,
            "rows_in_list": len(chosen),
        },
        rows=results,
        failures=failures,
        extra={} if space is None else {"similarity_space": space},
    )


@dataclass(frozen=True)
class _Mixtures:
    """The mixtures of a protocol by their place in the list; picklable."""

    protocol: MixtureList
    clips: ClipStore

    def __call__(self, place: int) -> Mixture:
        """Make one."""
        return mixture_of(self.protocol.rows[place], self.protocol, self.clips)


def measure(
    mixture: Mixture,
    answer: Any,  # noqa: ANN401
    *,
    bounds: bool = True,
    similarity: Similarity | None = None,
) -> dict[str, Any]:
    """Measure one answer.

    Args:
        mixture: The question.
        answer: What the separator returned (see `Separate`).
        bounds: Also measure the bounds.
        similarity: Also measure likeness to the words and to the target.

    Returns:
        The row's numbers, all in dB unless said: ``sdr``, ``sdr_improvement``, ``si_sdr``,
        ``si_sdr_improvement`` where something is asked that is there; ``leakage`` (level of the
        estimate against the mixture) always; ``swap_margin`` when the interferer is asked (SI-SDR
        towards it less SI-SDR towards the other sound); ``score`` if the separator gave one; what
        `Similarity` gives if it is given; ``bounds`` with the same figures of each bound
        (similarities of the mixture only).

    Raises:
        AudioError: When the answer has another length or values that are not finite.
    """
    estimate, score = unpack(answer, mixture.mixture.shape)
    row = mixture.row
    result: dict[str, Any] = {
        "row": row.id,
        "label": row.label,
        "query": row.query or f"(audio) {row.query_clip}",
        "leakage": _level(estimate, mixture.mixture),
    }
    if score is not None:
        result["score"] = float(score)
    if row.asked != "nothing":
        result |= _figures(mixture, estimate)
    if row.asked == "interferer":
        towards_other = float(_db(si_sdr, mixture.rest, estimate))
        result["swap_margin"] = result["si_sdr"] - towards_other
    if bounds:
        result["bounds"] = _bounds(mixture)
    if similarity is not None:
        answers = [estimate, mixture.mixture] if bounds else [estimate]
        of_estimate, *of_mixture = similarity(mixture, answers)
        result |= of_estimate
        for figures in of_mixture:
            result["bounds"]["mixture"] |= figures
    return result


def _bounds(mixture: Mixture) -> dict[str, dict[str, float]]:
    """Figures of every bound; where nothing is asked for, only of those that know no answer."""
    if mixture.row.asked == "nothing":
        half = _level(0.5 * mixture.mixture, mixture.mixture)
        return {"mixture": {"leakage": 0.0}, "half": {"leakage": half}}
    ideal = oracle_estimates(mixture.mixture, mixture.target, sample_rate=mixture.sample_rate)
    return {name: _figures(mixture, made) for name, made in ideal.items()}


def _figures(mixture: Mixture, estimate: npt.NDArray[np.floating]) -> dict[str, float]:
    """SDR and SI-SDR of an estimate, absolute and as improvement."""
    found = {}
    for name, metric in (("sdr", sdr), ("si_sdr", si_sdr)):
        reached = _db(metric, mixture.target, estimate)
        found[name] = reached
        found[f"{name}_improvement"] = reached - _db(metric, mixture.target, mixture.mixture)
    return found


def _db(
    metric: Callable[..., Any],
    reference: npt.NDArray[np.floating],
    estimate: npt.NDArray[np.floating],
) -> float:
    """A metric of one-channel signals as a number."""
    return float(metric(reference[0], np.asarray(estimate, dtype=np.float64)[0]))


def _level(estimate: npt.NDArray[np.floating], mixture: npt.NDArray[np.floating]) -> float:
    """Level of the estimate against the mixture in dB, both floored at -100 dB of full scale."""
    powers = [
        max(float(np.mean(np.asarray(x, np.float64) ** 2)), _FLOOR) for x in (estimate, mixture)
    ]
    return float(10 * np.log10(powers[0] / powers[1]))


def unpack(answer: Any, shape: tuple[int, ...]) -> tuple[npt.NDArray[np.floating], float | None]:  # noqa: ANN401
    """Take estimate and score out of an answer, and check the estimate.

    Args:
        answer: What a separator returned (see `Separate`).
        shape: Shape of the mixture, ``(1, samples)``.

    Returns:
        The estimate ``(1, samples)`` and the score or None.

    Raises:
        AudioError: When the estimate has another shape or values that are not finite.

    Example:
        >>> unpack(Answer(np.zeros(3), score=0.5), (1, 3))
        (array([[0., 0., 0.]]), 0.5)
    """
    score = None
    if isinstance(answer, ScoredAnswer):
        answer, score = answer.estimate, answer.score
    if hasattr(answer, "detach"):
        answer = answer.detach().cpu().numpy()
    estimate = np.asarray(answer)
    if estimate.ndim == 1:
        estimate = estimate[None, :]
    if estimate.shape != shape:
        raise AudioError(
            f"The separator returned shape {estimate.shape} for a mixture of shape {shape}; "
            "expected the same shape."
        )
    if not np.isfinite(estimate).all():
        raise AudioError("The separator returned samples that are not finite (NaN or infinity).")
    return estimate, score
