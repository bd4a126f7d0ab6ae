"""Learn what words mean for effects: make models/fx-words from listeners' settings and the lexicon.

    python eval/fx_learn_words.py --data DATA

Only words of the split "train" are used. The choices (template, kernel, ridge) were made by leaving
out one train word at a time; --check prints that figure again.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from lass.fx.word_model import SCALES, TEMPLATE, WordModel, pull
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
    places = WordModel(words, {k: v.astype(np.float64) for k, v in tensors.items()}, encoder)

    rows, curves = read_eq(options.data)
    keep = [n for n, row in enumerate(rows) if row["split"] == "train"]
    features = np.array([[1.0, *places.ratings(rows[n]["word"])] for n in keep])
    units = curves[keep] / np.linalg.norm(curves[keep], axis=1, keepdims=True)
    listeners = np.array([int(rows[n]["listeners"]) for n in keep])
    weights = 1 / (0.3 + 2 / listeners)
    tensors["curve_weights"], tensors["curve_covariance"] = fit(
        features, units, weights, CURVE_RIDGE
    )
    left = units - features @ tensors["curve_weights"]
    tensors["curve_noise"] = np.array([np.average((left**2).mean(axis=1) * weights)])

    rooms_rows, rooms = read_reverb(options.data)
    kept = [n for n, row in enumerate(rooms_rows) if row["split"] == "train"]
    room_features = np.array([[1.0, *places.ratings(rooms_rows[n]["word"])] for n in kept])
    mean, scale = rooms[kept].mean(axis=0), rooms[kept].std(axis=0)
    scores = (rooms[kept] - mean) / scale
    ones = np.ones(len(kept))
    tensors["room_weights"], inverse = fit(room_features, scores, ones, ROOM_RIDGE)
    noise = (scores - room_features @ tensors["room_weights"]).var(axis=0)
    tensors["room_covariance"] = noise[:, None, None] * inverse
    tensors["room_mean"], tensors["room_scale"] = mean, scale

    if options.check:
        check(features, units, curves[keep], weights, listeners, room_features, scores)
    made = {
        key: np.ascontiguousarray(value if key == "vectors" else value.astype(np.float32))
        for key, value in tensors.items()
    }
    folder = resources("models", "fx-words")
    folder.mkdir(exist_ok=True)
    metadata = {"words": json.dumps(words, ensure_ascii=False), "scales": json.dumps(SCALES)}
    save_file(made, folder / "words.safetensors", metadata=metadata)
    print(f"{folder.name}: {len(words)} rated words, {len(keep)} tone, {len(kept)} room words")


def check(
    features: np.ndarray,
    units: np.ndarray,
    curves: np.ndarray,
    weights: np.ndarray,
    listeners: np.ndarray,
    room_features: np.ndarray,
    scores: np.ndarray,
) -> None:
    """Leave out one train word at a time (its rating stays)."""
    from fx_metrics import correlation, spearman

    made = []
    for n in range(len(units)):
        rest = np.arange(len(units)) != n
        fitted, _ = fit(features[rest], units[rest], weights[rest], CURVE_RIDGE)
        made.append(features[n] @ fitted)
    enough = listeners >= 4
    print(f"tone: {correlation(np.array(made), curves)[enough].mean():.3f} mean correlation")
    made = []
    for n in range(len(scores)):
        rest = np.arange(len(scores)) != n
        fitted, _ = fit(room_features[rest], scores[rest], np.ones(rest.sum()), ROOM_RIDGE)
        made.append(room_features[n] @ fitted)
    said = [f"{spearman(np.array(made)[:, k], scores[:, k]):.3f}" for k in range(3)]
    print(f"room: rank correlation of decay, wetness, brightness {', '.join(said)}")


if __name__ == "__main__":
    main()
