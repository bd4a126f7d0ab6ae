"""Learn what words mean for effects: make models/fx-words from listeners' settings and the lexicon.

    python eval/fx_learn_words.py --data DATA

Only words of the split "train" are used. The choices (template, kernel, ridge) were made by leaving
out one train word at a time; --check prints that figure again.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from lass.fx.word_model import (
    KERNEL_NOISE,
    SCALES,
    TEMPLATE,
    WordModel,
    kernel,
    likeness,
    pull,
)
from lass.query.compact import TextEncoder
from lass.zoo import resources

HERE = Path(__file__).resolve().parent
CURVE_RIDGE, ROOM_RIDGE = 10.0, 10.0


def read_lexicon(
    path: Path = HERE / "sources" / "fx_lexicon.txt",
) -> tuple[dict[str, np.ndarray], int]:
    """Ratings by word, and how many of them are English: those come first."""
    found: dict[str, list[np.ndarray]] = {}
    same: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        left, right = line.split(":")
        if left.startswith("="):
            same[right.strip()] = left[1:].strip()
            continue
        for word in right.split():
            found.setdefault(word, []).append(np.array(left.split(), np.float64))
    rated = {word: np.mean(values, axis=0) for word, values in found.items()}
    for word, english in same.items():
        if word not in rated and english in rated:
            rated[word] = rated[english]
    return rated, len(found)


def read_eq(data: Path) -> tuple[list[dict[str, str]], np.ndarray]:
    """Rows and curves ``(words, 40)``, mean removed."""
    with (data / "fx_descriptors" / "eq_words.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    curves = np.array([[float(row[key]) for key in row if key.startswith("gain_")] for row in rows])
    return rows, curves - curves.mean(axis=1, keepdims=True)


def read_reverb(data: Path) -> tuple[list[dict[str, str]], np.ndarray]:
    """Rows and ``log T60, wet gain, log cut-off, log comb delay`` ``(words, 4)``."""
    with (data / "fx_descriptors" / "reverb_words.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    p = np.array([[float(row[f"p{n}"]) for n in range(6)] for row in rows])
    decay_s = -3 * p[:, 0] / np.log10(p[:, 1])
    return rows, np.stack([np.log(decay_s), p[:, 4], np.log(p[:, 3]), np.log(p[:, 0])], axis=1)


def fit(
    rows: np.ndarray, values: np.ndarray, weights: np.ndarray, ridge: float
) -> tuple[np.ndarray, np.ndarray]:
    """Ridge regression: weights and the covariance of them but for the noise."""
    prior = ridge * np.eye(rows.shape[1])
    inverse = np.linalg.inv(rows.T @ (weights[:, None] * rows) + prior)
    return inverse @ rows.T @ (weights[:, None] * values), inverse


@dataclass(frozen=True)
class Regressions:
    """What scales mean in tone and room, and what it was learned from."""

    tensors: dict[str, np.ndarray]
    features: np.ndarray
    units: np.ndarray
    curves: np.ndarray
    weights: np.ndarray
    listeners: np.ndarray
    room_features: np.ndarray
    scores: np.ndarray


def regressions(
    data: Path, places: WordModel, *, left_out: Collection[str] = (), strike: Collection[str] = ()
) -> Regressions:
    """Learn from the train words, but for some of them.

    Args:
        data: The data pack.
        places: Puts words on the scales.
        left_out: Words whose settings are not used.
        strike: Words whose rating is forgotten.
    """
    rows, curves = read_eq(data)
    keep = [n for n, r in enumerate(rows) if r["split"] == "train" and r["word"] not in left_out]
    features = np.array([[1.0, *places.ratings(rows[n]["word"], strike=strike)] for n in keep])
    units = curves[keep] / np.linalg.norm(curves[keep], axis=1, keepdims=True)
    listeners = np.array([int(rows[n]["listeners"]) for n in keep])
    weights = 1 / (0.3 + 2 / listeners)
    made: dict[str, np.ndarray] = {}
    made["curve_weights"], made["curve_covariance"] = fit(features, units, weights, CURVE_RIDGE)
    left = units - features @ made["curve_weights"]
    made["curve_noise"] = np.array([np.average((left**2).mean(axis=1) * weights)])

    rows, rooms = read_reverb(data)
    kept = [n for n, r in enumerate(rows) if r["split"] == "train" and r["word"] not in left_out]
    room_features = np.array([[1.0, *places.ratings(rows[n]["word"], strike=strike)] for n in kept])
    mean, scale = rooms[kept].mean(axis=0), rooms[kept].std(axis=0)
    scores = (rooms[kept] - mean) / scale
    made["room_weights"], inverse = fit(room_features, scores, np.ones(len(kept)), ROOM_RIDGE)
    noise = (scores - room_features @ made["room_weights"]).var(axis=0)
    made["room_covariance"] = noise[:, None, None] * inverse
    made["room_mean"], made["room_scale"] = mean, scale
    return Regressions(
        made, features, units, curves[keep], weights, listeners, room_features, scores
    )


def left_out_ratings(
    data: Path, words: list[str], tensors: dict[str, np.ndarray]
) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Ratings of each word by all others, but for the words of the test.

    Returns:
        The words, what is read off their embeddings, their ratings, and what tells how far the
        one is from the other, see `likeness`.
    """
    rows = [*read_eq(data)[0], *read_reverb(data)[0]]
    tested = {r["word"].replace(" ", "-") for r in rows if r["split"] == "test"}
    kept = [n for n, word in enumerate(words) if word not in tested]
    vectors = tensors["vectors"].astype(np.float64)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True))[kept]
    ratings = tensors["ratings"].astype(np.float64)
    ratings = ((ratings - ratings.mean(axis=0)) / ratings.std(axis=0))[kept]
    inverse = np.linalg.inv(kernel(vectors, vectors) + KERNEL_NOISE * np.eye(len(kept)))
    read_off = ratings - (inverse @ ratings) / np.diag(inverse)[:, None]
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1.0)
    return [words[n] for n in kept], read_off, ratings, likeness(cosines, ratings)


def doubt(data: Path, words: list[str], tensors: dict[str, np.ndarray]) -> np.ndarray:
    """How far ratings read off embeddings are wrong: a regression of the logarithm ``(3,)``."""
    _, read_off, ratings, near = left_out_ratings(data, words, tensors)
    wrong = np.log(((read_off - ratings) ** 2).mean(axis=1))
    rows = np.concatenate([np.ones((len(near), 1)), near], axis=1)
    found = np.linalg.lstsq(rows, wrong, rcond=None)[0]
    # The mean of the error is above the exponential of the mean of its logarithm.
    found[0] += np.log(np.mean(np.exp(wrong)) / np.mean(np.exp(rows @ found)))
    return np.asarray(found)


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--check", action="store_true", help="leave out one train word at a time")
    options = parser.parse_args()
    lexicon, english = read_lexicon()
    encoder = TextEncoder(resources("models", "compact"))
    words = list(lexicon)
    # The text encoder knows English only, so other words are looked up and never near another.
    texts = [TEMPLATE.format(word.replace("-", " ")) for word in words[:english]]
    raw = encoder(texts).double().numpy()
    centre = raw.mean(axis=0)
    vectors = raw - centre
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    tensors = {
        "vectors": vectors.astype(np.float16),
        "centre": centre.astype(np.float32),
        "ratings": np.array([lexicon[word] for word in words], np.float32),
    }
    ratings = tensors["ratings"].astype(np.float64)
    standard = (ratings - ratings.mean(axis=0)) / ratings.std(axis=0)
    tensors["pulled"] = pull(
        vectors.astype(np.float16).astype(np.float64), standard[:english]
    ).astype(np.float32)
    tensors["doubt"] = doubt(options.data, words[:english], tensors)
    places = WordModel(words, {k: v.astype(np.float64) for k, v in tensors.items()}, encoder)
    fitted = regressions(options.data, places)
    tensors.update(fitted.tensors)
    if options.check:
        check(fitted)
    made = {
        key: np.ascontiguousarray(value if key == "vectors" else value.astype(np.float32))
        for key, value in tensors.items()
    }
    folder = resources("models", "fx-words")
    folder.mkdir(exist_ok=True)
    metadata = {"words": json.dumps(words, ensure_ascii=False), "scales": json.dumps(SCALES)}
    save_file(made, folder / "words.safetensors", metadata=metadata)
    print(f"{folder.name}: {len(words)} rated words, {len(fitted.units)} tone, "
          f"{len(fitted.scores)} room words")  # fmt: skip


def check(f: Regressions) -> None:
    """Leave out one train word at a time (its rating stays)."""
    from fx_metrics import correlation, spearman

    made = []
    for n in range(len(f.units)):
        rest = np.arange(len(f.units)) != n
        fitted, _ = fit(f.features[rest], f.units[rest], f.weights[rest], CURVE_RIDGE)
        made.append(f.features[n] @ fitted)
    enough = f.listeners >= 4
    print(f"tone: {correlation(np.array(made), f.curves)[enough].mean():.3f} mean correlation")
    made = []
    for n in range(len(f.scores)):
        rest = np.arange(len(f.scores)) != n
        fitted, _ = fit(f.room_features[rest], f.scores[rest], np.ones(rest.sum()), ROOM_RIDGE)
        made.append(f.room_features[n] @ fitted)
    said = [f"{spearman(np.array(made)[:, k], f.scores[:, k]):.3f}" for k in range(3)]
    print(f"room: rank correlation of decay, wetness, brightness {', '.join(said)}")


if __name__ == "__main__":
    main()
