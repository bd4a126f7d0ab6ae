"""Measure other people's separators from the files they wrote: folders of stems, museval's layout.

References lie in ``<references>[/<subset>]/<track>/<target>.wav``, estimates in the same tree
under another root; the subset is ``test`` or ``train`` as in MUSDB18, or there is none.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lass.errors import DataError, LassError
from lass.evaluation.mixtures import SILENT_POWER
from lass.evaluation.results import Report
from lass.metrics import BssEval, bss_eval, median_over_frames, sdr, si_sdr

if TYPE_CHECKING:
    import numpy.typing as npt

    Stem = npt.NDArray[np.float64]

__all__ = ["MUSEVAL_VERSION", "StemFolder", "Track", "TrackScores", "evaluate_stems"]

MUSEVAL_VERSION = "0.4.1"
"""The museval whose definition and JSON layout are followed; tests compare with it."""

_MIXTURES = ("mixture", "linear_mixture")
_SUBSETS = ("test", "train")
_BSS = ("sdr", "isr", "sir", "sar")


@dataclass(frozen=True)
class Track:
    """One track: where its stems are.

    Attributes:
        name: Name of its folder.
        subset: ``test``, ``train`` or empty.
        references: Folder of the true stems.
        estimates: Folder of the estimates.
    """

    name: str
    subset: str
    references: Path
    estimates: Path


@dataclass(frozen=True)
class StemFolder:
    """Two folders of stems, references and estimates, of one layout.

    Args:
        references: Root of the true stems.
        estimates: Root of the estimates.

    Raises:
        DataError: When a root is missing or holds no tracks.

    Example:
        >>> StemFolder("/nowhere", "/nowhere").tracks()
        Traceback (most recent call last):
        lass.errors.DataError: The folder of references /nowhere is missing.
    """

    references: str | Path
    estimates: str | Path

    def tracks(self) -> list[Track]:
        """List the tracks of the references, in order of subset and name.

        Returns:
            The tracks; the estimates of one may be missing, which is reported when it is scored.
        """
        roots = {"references": Path(self.references), "estimates": Path(self.estimates)}
        for what, root in roots.items():
            if not root.is_dir():
                raise DataError(f"The folder of {what} {root} is missing.")
        subsets = [s for s in _SUBSETS if (roots["references"] / s).is_dir()] or [""]
        found = [
            Track(folder.name, subset, folder, roots["estimates"] / subset / folder.name)
            for subset in subsets
            for folder in sorted((roots["references"] / subset).iterdir())
            if folder.is_dir() and any(folder.glob("*.wav"))
        ]
        if not found:
            raise DataError(
                f"{roots['references']} holds no tracks; expected "
                "<root>[/test]/<track>/<target>.wav."
            )
        return found


@dataclass(frozen=True)
class TrackScores:
    """What one track scores.

    Attributes:
        track: The track.
        sample_rate: Rate in Hz.
        frames: BSS-eval of each target, each figure ``(frames,)`` in dB; empty for a single stem,
            of which BSS-eval (which needs what else there was) says nothing.
        plain: Plain SDR and SI-SDR of each target over the whole track, mean over channels, with
            their improvements when the folder of references has a ``mixture.wav``.
    """

    track: Track
    sample_rate: int
    frames: dict[str, dict[str, Stem]] = field(default_factory=dict)
    plain: dict[str, dict[str, float]] = field(default_factory=dict)

    def museval_dict(self) -> dict[str, Any]:
        """The frames as museval's ``TrackStore`` keeps them (1 s frames, five decimals).

        Returns:
            Plain data; infinite figures are NaN, as museval writes them.
        """
        targets = [
            {
                "name": name,
                "frames": [
                    {
                        "time": float(at),
                        "duration": 1.0,
                        "metrics": {f.upper(): _quantised(figures[f][at]) for f in _BSS},
                    }
                    for at in range(len(figures["sdr"]))
                ],
            }
            for name, figures in self.frames.items()
        ]
        return {"targets": targets, "museval_version": MUSEVAL_VERSION}

    def save_museval(self, folder: str | Path) -> Path:
        """Write ``<folder>/<subset or test>/<track>.json``: what ``EvalStore.add_eval_dir`` reads.

        Args:
            folder: Root of the results of one system.

        Returns:
            The file.
        """
        path = Path(folder) / (self.track.subset or "test") / f"{self.track.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.museval_dict(), indent=2) + "\n", encoding="utf-8")
        return path

    def rows(self) -> list[dict[str, Any]]:
        """One row per target for a `Report`; ``bss_*`` are medians over frames."""
        made = []
        for name, figures in self.plain.items():
            medians = {
                f"bss_{f}": float(median_over_frames(np.where(np.isinf(x), np.nan, x)))
                for f, x in self.frames.get(name, {}).items()
            }
            known = {k: v for k, v in medians.items() if math.isfinite(v)}
            row: dict[str, Any] = {"row": f"{self.track.name}/{name}", "label": name}
            made.append(row | figures | known)
        return made


def evaluate_stems(
    folder: StemFolder,
    *,
    json_dir: str | Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    limit: int | None = None,
    system: str = "",
) -> Report:
    """Score folders of stems: museval's framewise BSS-eval, and plain SDR and SI-SDR beside it.

    BSS-eval compares the stems that have an estimate with each other, as museval does;
    ``vocals`` and ``accompaniment`` are scored as a pair of their own, ``accompaniment`` being the
    sum of the other references when it is no file. Where museval pads or cuts an estimate of
    another length in silence, the track is reported as failed here.

    Args:
        folder: Where the stems are.
        json_dir: Also write each track's frames there, in museval's JSON layout.
        on_progress: Called with tracks done and tracks in all.
        limit: Only so many tracks, from the first.
        system: What to call the separator.

    Returns:
        A report with one row per track and target; the label is the target.

    Raises:
        DataError: When a folder is missing or empty.
    """
    tracks = folder.tracks()[:limit]
    rows: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = []
    for done, track in enumerate(tracks, start=1):
        try:
            scores = _score(track)
            if json_dir is not None and scores.frames:
                scores.save_museval(json_dir)
            rows += scores.rows()
        except LassError as error:
            failures.append({"row": track.name, "error": f"{type(error).__name__}: {error}"})
        if on_progress is not None:
            on_progress(done, len(tracks))
    files = [(t, path) for t in tracks for path in sorted(t.references.glob("*.wav"))]
    names = "\n".join(f"{t.subset}/{t.name}/{p.name} {p.stat().st_size}" for t, p in files)
    return Report(
        system=system,
        protocol={
            "name": Path(folder.references).name,
            "sha256": sha256(names.encode()).hexdigest(),
            "recipe": "Folders of stems as given; the SHA-256 is of the names and sizes of the "
            "references.",
            "sdr_definition": "plain SDR, whole track, mean over channels; bss_* are museval "
            "(BSS-eval v4, 1 s frames, median over frames)",
            "rows_in_list": len(tracks),
        },
        rows=rows,
        failures=failures,
    )


def _score(track: Track) -> TrackScores:
    """Score one track."""
    true, made, rate = _load_track(track)
    scores = TrackScores(track, rate)
    groups = [list(made)]
    if {"vocals", "accompaniment"} <= set(made):
        groups = [[n for n in made if n != "accompaniment"], ["vocals", "accompaniment"]]
    for names in groups:
        if len(names) < 2:
            continue
        found = bss_eval(
            np.stack([true[n] for n in names]),
            np.stack([made[n] for n in names]),
            sample_rate=rate,
        )
        for place, name in enumerate(names):
            # As in museval, vocals count from the pair when there is an accompaniment.
            scores.frames[name] = _frames_of(found, place)
    mixture = next((true[m] for m in _MIXTURES if m in true), None)
    for name, estimate in made.items():
        scores.plain[name] = _plain(true[name], estimate, mixture)
    return scores


def _frames_of(found: BssEval, place: int) -> dict[str, Stem]:
    """The figures of one source by name."""
    return {f: np.asarray(getattr(found, f)[place]) for f in _BSS}


def _plain(true: Stem, made: Stem, mixture: Stem | None) -> dict[str, float]:
    """Whole-track figures, mean over channels."""
    figures: dict[str, float] = {}
    for name, metric in (("sdr", sdr), ("si_sdr", si_sdr)):
        figures[name] = float(metric(true, made).mean())
        if mixture is not None:
            before = float(metric(true, mixture).mean())
            figures[f"{name}_improvement"] = figures[name] - before
    return figures


def _load_track(track: Track) -> tuple[dict[str, Stem], dict[str, Stem], int]:
    """Read references and estimates of a track, ``(channels, samples)`` each, all of one shape."""
    if not track.estimates.is_dir():
        raise DataError(f"Track {track.name}: there are no estimates in {track.estimates}.")
    names = sorted(p.stem for p in track.estimates.glob("*.wav") if p.stem not in _MIXTURES)
    known = {p.stem for p in track.references.glob("*.wav")}
    parts = known - {"vocals", *_MIXTURES}
    wanted = [n for n in names if n in known or (n == "accompaniment" and parts)]
    if not wanted:
        raise DataError(
            f"Track {track.name}: no estimate has the name of a reference "
            f"({', '.join(names) or 'none'}; expected some of {', '.join(sorted(known))})."
        )
    needed = {n for n in wanted if n in known} | (known & set(_MIXTURES))
    summed = "accompaniment" in wanted and "accompaniment" not in known
    loaded = {n: _read(track.references / f"{n}.wav") for n in sorted(needed)}
    true = {n: x for n, (x, _) in loaded.items()}
    if summed:
        others = [_read(track.references / f"{n}.wav")[0] for n in sorted(parts)]
        if len({x.shape for x in others}) > 1:
            raise DataError(f"Track {track.name}: the references differ in length or channels.")
        true["accompaniment"] = np.sum(others, axis=0)
    estimates = {n: _read(track.estimates / f"{n}.wav") for n in wanted}
    rate = next(iter(loaded.values()))[1] if loaded else estimates[wanted[0]][1]
    for name in wanted:
        made, made_rate = estimates[name]
        if made.shape != true[name].shape or made_rate != rate:
            raise DataError(
                f"Track {track.name}: the estimate of {name} has {made.shape[0]} channel(s), "
                f"{made.shape[1]} samples at {made_rate} Hz, the reference "
                f"{true[name].shape[0]} channel(s), {true[name].shape[1]} samples at {rate} Hz; "
                "make them alike (nothing is cut or padded here)."
            )
        if float(np.mean(true[name] ** 2)) < SILENT_POWER:
            raise DataError(f"Track {track.name}: the reference of {name} is silent.")
    return true, {n: x for n, (x, _) in estimates.items()}, rate


def _read(path: Path) -> tuple[Stem, int]:
    """Read one file, ``(channels, samples)``."""
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise DataError(f"{path} is not audio: {error}") from error
    if not len(samples):
        raise DataError(f"{path} is empty.")
    if not np.isfinite(samples).all():
        raise DataError(f"{path} has samples that are not finite.")
    return np.ascontiguousarray(samples.T), int(rate)


def _quantised(value: float) -> float:
    """Five decimals; infinity becomes NaN."""
    return round(float(value), 5) if math.isfinite(value) else math.nan
