"""Ask how sure the word model is of nonsense, and of words that it cannot know.

    python eval/fx_nonsense.py --data DATA [--out eval/results/fx/fx-nonsense.json]

Nonsense is drawn letter by letter from the lexicon's own letters (each after the two before it),
and as rows of consonants. Real words are those of the lexicon, each read off its embedding as if
it were unknown; words of the test are not among them. Half of everything is for choosing
`DOUBTFUL`, the other half for the figures.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from fx_learn_words import left_out_ratings
from safetensors.numpy import load_file
from scipy.stats import spearmanr

from lass.fx.word_model import WordModel
from lass.fx.wording import DOUBTFUL
from lass.zoo import resources

COUNT = 200
GRID = (0.4, 0.5, 0.6, 0.7, 0.8)


def likely_letters(words: list[str], draw: np.random.Generator) -> list[str]:
    """Strings that look like words and are none of them."""
    follows: defaultdict[str, list[str]] = defaultdict(list)
    for word in words:
        marked = f"^^{word}$"
        for n in range(len(word) + 1):
            follows[marked[n : n + 2]].append(marked[n + 2])
    made: set[str] = set()
    while len(made) < COUNT:
        text = "^^"
        while not text.endswith("$") and len(text) < 14:
            text += str(draw.choice(follows[text[-2:]]))
        word = text[2:-1]
        if text.endswith("$") and len(word) >= 5 and word not in words:
            made.add(word)
    return [str(word) for word in draw.permutation(sorted(made))]


def consonants(draw: np.random.Generator) -> list[str]:
    """Rows of consonants."""
    letters = list("bcdfghjklmnpqrstvwxz")
    return ["".join(draw.choice(letters, draw.integers(5, 10))) for _ in range(COUNT)]


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    model, draw = WordModel.load(), np.random.default_rng(0)
    tensors = load_file(resources("models", "fx-words") / "words.safetensors")
    near = list(model.words[: len(tensors["vectors"])])
    words, read_off, ratings, how_near = left_out_ratings(options.data, near, tensors)
    doubts = np.exp(np.c_[np.ones(len(words)), how_near] @ tensors["doubt"])
    wrong = ((read_off - ratings) ** 2).mean(axis=1)
    plain = [word for word in near if word.isalpha() and word.isascii()]
    sure = {
        "real words": [
            model.meaning_of(row, doubt=d).certainty
            for row, d in zip(read_off, doubts, strict=True)
        ],
        "likely letters": [model.meaning(w).certainty for w in likely_letters(plain, draw)],
        "rows of consonants": [model.meaning(w).certainty for w in consonants(draw)],
    }
    table: dict[str, object] = {}
    for name, values in sure.items():
        each = np.array(values)[draw.permutation(len(values))]
        chosen, told = np.array_split(each, 2)
        said = ", ".join(f"{at}: {np.mean(chosen < at):.2f}" for at in GRID)
        print(f"{name:20}below, for choosing: {said}")
        table[name] = {
            "count": len(told),
            "said_to_have_no_reliable_meaning": float(np.mean(told < DOUBTFUL)),
            "certainty_percentiles_10_50_90": np.percentile(told, [10, 50, 90]).tolist(),
        }
        print(f"{name:20}below {DOUBTFUL}: {np.mean(told < DOUBTFUL):.3f} of {len(told)}; "
              f"certainty {np.percentile(told, [10, 50, 90]).round(2)}")  # fmt: skip
    # Is it right to doubt? Errors of real words said to be doubtful, and of the others.
    below = np.array(sure["real words"]) < DOUBTFUL
    table["squared_error_of_ratings"] = {
        "doubted": float(wrong[below].mean()),
        "trusted": float(wrong[~below].mean()),
        "rank_correlation_with_doubt": float(spearmanr(doubts, wrong)[0]),
    }
    print(table["squared_error_of_ratings"])
    if options.out:
        command = "python eval/fx_nonsense.py --data DATA"
        stored = {"name": "fx-nonsense", "command": command, "threshold": DOUBTFUL, "rows": table}
        options.out.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
