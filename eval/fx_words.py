"""Measure text_to_fx on what listeners meant: fx-eq-words and fx-reverb-words.

    python eval/fx_words.py --data DATA [--search 8] [--steps 600] [--clips 5] --out eval/results/fx

Words of the split "test" with at least four listeners. Methods that do not hear the recording are
measured once a word. Text2FX hears, and is slow: it is measured on the --search words that most
listeners rated, on --clips test clips each, and compared with ours on these words.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import soundfile
import torch
from fx_learn_words import read_eq, read_reverb
from fx_metrics import correlation, interval, octave_signs, spearman

from lass.fx import EQ, GRAPHIC_FREQUENCIES_HZ, Chain, Reverb
from lass.fx.hearing import Hearing, loudest, to_rate
from lass.fx.prompts import Prompt, Wish
from lass.fx.published import search
from lass.fx.word_model import WordModel
from lass.fx.wording import chain_for, target_for
from lass.zoo import load_encoder

HZ = np.array(GRAPHIC_FREQUENCIES_HZ, np.float64)
LEAST = 4
ROOM = ("decay", "mix", "brightness")


def test_words(rows: list[dict[str, str]]) -> list[int]:
    """Where the test words with enough listeners are, most listeners first."""
    kept = [n for n, r in enumerate(rows) if r["split"] == "test" and int(r["listeners"]) >= LEAST]
    return sorted(kept, key=lambda n: -int(rows[n]["listeners"]))


def our_chain(word: str, model: WordModel, name: str, strike: frozenset[str]) -> Chain:
    """The chain that text_to_fx sets for one word."""
    spoken = word.replace(" ", "-") if model.knows(word.replace(" ", "-")) else word
    prompt = Prompt((Wish(spoken, 1.0),))
    target = target_for(prompt, model, room_only=name == "reverb", strike=strike)
    return chain_for(target, [name])


def curve_of(chain: Chain) -> np.ndarray:
    """Tone of a chain at the centres, mean removed."""
    made = chain.response_db(HZ)
    return made - made.mean()


def room_of(chain: Chain) -> np.ndarray:
    """Decay, mix and brightness of a chain."""
    room = chain.parameters["reverb"]
    return np.array([room["decay_s"], room["mix"], room["brightness_hz"]])


def nearest(words: list[str], train: list[str], model: WordModel) -> list[int]:
    """For each word the nearest train word by text embedding."""
    known = np.stack([model.vector(word) for word in train])
    return [int(np.argmax(known @ model.vector(word))) for word in words]


def clips(data: Path, count: int, seconds: float, target_hz: int) -> list[torch.Tensor]:
    """Loud stretches of test clips of different labels, mono at the rate of the tower."""
    with (data / "manifest-sound.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["shard"].startswith("sound-test")]
    picked: dict[str, str] = {}
    for row in rows:
        if float(row["duration_s"]) >= seconds and row["dataset"] not in picked.values():
            picked[row["key"]] = row["dataset"]
    extra = [r["key"] for r in rows if r["key"] not in picked and float(r["duration_s"]) >= seconds]
    step = max(len(extra) // count, 1)
    keys = [*picked, *extra[::step]][:count]
    found = {}
    for shard in sorted(data.glob("sound-test-*.tar")):
        with tarfile.open(shard) as archive:
            for member in archive:
                key = Path(member.name).stem
                if key in keys:
                    handle = archive.extractfile(member)
                    assert handle is not None
                    audio, rate = soundfile.read(
                        io.BytesIO(handle.read()), dtype="float32", always_2d=True
                    )
                    part = audio.T[:, loudest(audio.T, sample_rate=rate, seconds=seconds)]
                    mono = torch.from_numpy(part.mean(axis=0))
                    found[key] = to_rate(mono, sample_rate=rate, target_hz=target_hz)
    assert len(found) == len(keys), "clips are missing"
    return [found[key] for key in keys]


def searched(
    words: list[str],
    sounds: list[torch.Tensor],
    effect: EQ | Reverb,
    loss: str,
    steps: int,
    hearing: Hearing,
) -> list[list[Chain]]:
    """Chains ``[word][clip]`` of Text2FX."""
    made = []
    for number, word in enumerate(words):
        start = time.time()
        found = search(
            torch.stack(sounds), word, chain=Chain([effect]), hearing=hearing, loss=loss,  # type: ignore[arg-type]
            seed=number, steps=steps,
        )  # fmt: skip
        row = list(found.chains)
        made.append(row)
        print(f"{loss} {effect.name} {word}: {time.time() - start:.0f} s", file=sys.stderr)
    return made


def eq_row(curves: np.ndarray, wanted: np.ndarray) -> dict[str, object]:
    """Figures of curves ``(words, clips, 40)``."""
    flat = curves.reshape(-1, 40)
    repeated = np.repeat(wanted, curves.shape[1], axis=0)
    shape = curves.shape[:2]
    r = correlation(flat, repeated).reshape(shape).mean(axis=1)
    s = octave_signs(flat, repeated, HZ).reshape(shape).mean(axis=1)
    return {
        "words": len(wanted),
        "clips": curves.shape[1],
        "correlation": float(r.mean()),
        "correlation_interval": interval(r, lambda x: float(x.mean())),
        "sign_agreement": float(s.mean()),
        "sign_agreement_interval": interval(s, lambda x: float(x.mean())),
        "per_word": [round(float(x), 4) for x in r],
    }


def room_row(rooms: np.ndarray, wanted: np.ndarray) -> dict[str, object]:
    """Figures of rooms ``(words, clips, 3)``: rank correlation on each clip, then the mean."""
    row: dict[str, object] = {"words": len(wanted), "clips": rooms.shape[1]}
    index = np.arange(len(wanted))
    for k, name in enumerate(ROOM):

        def ranked(kept: np.ndarray, k: int = k) -> float:
            each = [spearman(rooms[kept, c, k], wanted[kept, k]) for c in range(rooms.shape[1])]
            return float(np.mean(each))

        row[name] = ranked(index)
        row[f"{name}_interval"] = interval(index, ranked)
    return row


def measure_eq(
    options: argparse.Namespace, sounds: list[torch.Tensor], hearing: Hearing
) -> dict[str, object]:
    """All rows of fx-eq-words."""
    model = WordModel.load()
    rows, all_curves = read_eq(options.data)
    kept = test_words(rows)
    words = [rows[n]["word"] for n in kept]
    wanted = all_curves[kept]
    train = [n for n, r in enumerate(rows) if r["split"] == "train"]
    strike = frozenset(words)
    generator = np.random.default_rng(0)
    random = [
        [curve_of(Chain([EQ()]).at(generator.random(18))) for _ in range(5)] for _ in words
    ]  # fmt: skip
    near = nearest(words, [rows[n]["word"] for n in train], model)
    ours = np.stack([curve_of(our_chain(w, model, "eq", frozenset())) for w in words])[:, None]
    struck = np.stack([curve_of(our_chain(w, model, "eq", strike)) for w in words])[:, None]
    table = {
        "no change": eq_row(np.zeros((len(words), 1, 40)), wanted),
        "random settings": eq_row(np.array(random), wanted),
        "nearest train word": eq_row(all_curves[[train[n] for n in near]][:, None], wanted),
        "ours, test words not in the lexicon": eq_row(struck, wanted),
        "ours": eq_row(ours, wanted),
    }
    few = options.search
    if few:
        table[f"ours, {few} words"] = eq_row(ours[:few], wanted[:few])
        for loss in ("cosine", "directional"):
            found = searched(words[:few], sounds, EQ(), loss, options.steps, hearing)
            curves = np.array([[curve_of(chain) for chain in row] for row in found])
            table[f"Text2FX-{loss}, {few} words"] = eq_row(curves, wanted[:few])
    return {"words": words, "rows": table}


def measure_room(
    options: argparse.Namespace, sounds: list[torch.Tensor], hearing: Hearing
) -> dict[str, object]:
    """All rows of fx-reverb-words."""
    model = WordModel.load()
    rows, all_rooms = read_reverb(options.data)
    kept = test_words(rows)
    words = [rows[n]["word"] for n in kept]
    wanted = all_rooms[kept][:, :3]
    train = [n for n, r in enumerate(rows) if r["split"] == "train"]
    strike = frozenset(words)
    generator = np.random.default_rng(0)
    random = generator.random((len(words), 5, 3))
    near = nearest(words, [rows[n]["word"] for n in train], model)
    ours = np.stack([room_of(our_chain(w, model, "reverb", frozenset())) for w in words])[:, None]
    struck = np.stack([room_of(our_chain(w, model, "reverb", strike)) for w in words])[:, None]
    table = {
        "no change": room_row(np.zeros((len(words), 1, 3)), wanted),
        "random settings": room_row(random, wanted),
        "nearest train word": room_row(all_rooms[[train[n] for n in near]][:, None, :3], wanted),
        "ours, test words not in the lexicon": room_row(struck, wanted),
        "ours": room_row(ours, wanted),
    }
    few = options.search_room
    if few:
        table[f"ours, {few} words"] = room_row(ours[:few], wanted[:few])
        for loss in ("cosine", "directional"):
            found = searched(words[:few], sounds, Reverb(), loss, options.steps_room, hearing)
            rooms = np.array([[room_of(chain) for chain in row] for row in found])
            table[f"Text2FX-{loss}, {few} words"] = room_row(rooms, wanted[:few])
    return {"words": words, "rows": table}


def main() -> None:
    """Measure, print and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--search", type=int, default=8, help="tone words for Text2FX, 0: none")
    parser.add_argument("--search-room", type=int, default=8, help="room words for Text2FX")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--steps-room", type=int, default=600)
    parser.add_argument("--clips", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--encoder", default="compact", help="in whose space Text2FX searches")
    parser.add_argument("--only", choices=["eq", "reverb"])
    parser.add_argument("--out", type=Path, help="folder for the JSON files")
    options = parser.parse_args()
    hearing = Hearing(load_encoder(options.encoder))
    sounds = []
    if options.search or options.search_room:
        sounds = clips(options.data, options.clips, options.seconds, hearing.sample_rate)
    for name, measure in (("eq", measure_eq), ("reverb", measure_room)):
        if options.only not in (None, name):
            continue
        made = measure(options, sounds, hearing)
        given = {k: v for k, v in vars(options).items() if k not in ("data", "out")}
        shown = " ".join(f"--{k.replace('_', '-')} {v}" for k, v in given.items() if v is not None)
        result = {
            "name": f"fx-{name}-words",
            "command": f"python eval/fx_words.py --data DATA {shown}",
            "rate_of_search_hz": hearing.sample_rate,
            **made,
        }
        for row, figures in made["rows"].items():  # type: ignore[attr-defined]
            said = {
                k: [round(x, 3) for x in v] if isinstance(v, list) else round(v, 3)
                for k, v in figures.items()
                if k != "per_word"
            }
            print(f"{row:40}{said}")
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            path = options.out / f"fx-{name}-words.json"
            path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
