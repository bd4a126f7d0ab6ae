"""Train the ear of text_to_fx on recordings before and after effects, and measure what it hears.

    python eval/fx_learn_ear.py --data DATA [--cache DIR] [--out eval/results/fx/fx-ear.json]

Every training clip is changed as two words of the lexicon say. The ear must tell from the two
versions of a clip which of many words was meant, and from one version alone as far as that goes.
A tenth of the words and the validation clips are kept for the figures.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from fx_metrics import interval
from safetensors.torch import save_file

from lass.data import ClipStore
from lass.fx import Chain
from lass.fx.ear import Ear, statistics
from lass.fx.hearing import TOWER_HZ, Hearing, matching_gain_db
from lass.fx.prompts import Prompt, Wish
from lass.fx.word_model import WordModel
from lass.fx.wording import chain_for, target_for
from lass.training.material import open_material
from lass.zoo import resources

EFFECTS = {"eq": ["eq"], "reverb": ["reverb"], "both": ["eq", "reverb"]}
SECONDS = 2.5


def chains(model: WordModel, words: list[str], effects: list[str]) -> list[Chain]:
    """What text_to_fx would set for each word."""
    room_only = effects == ["reverb"]
    prompts = [Prompt((Wish(word, 1.0),)) for word in words]
    return [chain_for(target_for(p, model, room_only=room_only), effects) for p in prompts]


def telling(model: WordModel) -> list[str]:
    """Words that say something: far from the mean word."""
    return [w for w in model.words if np.linalg.norm(model.ratings(w)) > 2.5 and w.isascii()]


def excerpts(store: ClipStore, kept: list[int], generator: np.random.Generator) -> list[np.ndarray]:
    """A random stretch of each clip ``(1, samples)``."""
    made = []
    for index in kept:
        audio = np.asarray(store.audio(index, sample_rate=TOWER_HZ), np.float32)
        length = round(SECONDS * TOWER_HZ)
        start = int(generator.integers(max(len(audio) - length, 0) + 1))
        made.append(audio[None, start : start + length])
    return [
        audio for audio in made if audio.shape[1] > TOWER_HZ // 2 and np.abs(audio).max() > 1e-3
    ]


def changed(audio: np.ndarray, chain: Chain) -> np.ndarray:
    """The clip through the chain, as loud as before."""
    made = chain.apply(audio, sample_rate=TOWER_HZ)
    return made * np.float32(10 ** (matching_gain_db(made, audio, sample_rate=TOWER_HZ) / 20))


def heard(audio: np.ndarray) -> torch.Tensor:
    """Statistics ``(128,)``."""
    return statistics(torch.from_numpy(audio))[0]


def versions(
    model: WordModel, words: list[str], sounds: list[np.ndarray], generator: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Statistics of sounds and of their versions, and the unit places of the words in these."""
    made = {name: chains(model, words, effects) for name, effects in EFFECTS.items()}
    before, after, places = [], [], []
    for audio in sounds:
        before.append(heard(audio))
        for each in made.values():
            n = int(generator.integers(len(words)))
            after.append(heard(changed(audio, each[n])))
            ratings = model.ratings(words[n])
            places.append(torch.from_numpy(ratings / np.linalg.norm(ratings)).float())
    shape = (len(before), len(made), -1)
    return torch.stack(before), torch.stack(after).view(shape), torch.stack(places).view(shape)


def train(
    before: torch.Tensor, after: torch.Tensor, places: torch.Tensor, generator: torch.Generator
) -> Ear:
    """An ear from statistics ``(clips, versions, 128)`` and unit places of words."""
    ear = Ear()
    whole = torch.cat([before[:, None], after], dim=1).flatten(0, 1)
    ear.mean, ear.deviation = whole.mean(dim=0), whole.std(dim=0) + 1e-3
    optimiser = torch.optim.AdamW(ear.parameters(), lr=2e-3, weight_decay=1e-2)
    versions, steps = after.shape[1], 3000
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * 0.5 * (1 + np.cos(np.pi * step / steps))
        rows = torch.randint(len(before), (128,), generator=generator)
        which = torch.randint(versions, (128,), generator=generator)
        x, y, way = before[rows], after[rows, which], places[rows, which]
        noise = 0.05 * torch.randn(x.shape, generator=generator) * ear.deviation
        there, here = ear(y + noise), ear(x + noise)
        label = torch.arange(128)
        moved = torch.nn.functional.cross_entropy(4 * (there - here) @ way.T, label)
        alone = torch.nn.functional.cross_entropy(4 * there @ way.T, label)
        more = torch.nn.functional.softplus(-4 * ((there - here) * way).sum(dim=1)).mean()
        loss = moved + 0.5 * alone + more + 0.01 * there.square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 500 == 0:
            print(f"{step}: {moved:.3f} {alone:.3f} {more:.3f}", flush=True)
    return ear.eval()


def measured(
    ear: Ear, model: WordModel, sounds: list[np.ndarray], words: list[str]
) -> dict[str, dict[str, object]]:
    """How often the changed version is nearer to its word than the recording; one word a clip."""
    hearing, table = Hearing(), {}
    for name, effects in EFFECTS.items():
        hits: dict[str, list[float]] = {"ear": [], "tower of compact": []}
        made = chains(model, words, effects)
        for n, audio in enumerate(sounds):
            word, chain = words[n % len(words)], made[n % len(words)]
            after = changed(audio, chain)
            ratings = model.ratings(word)
            one, two = (ear.similarity(x, TOWER_HZ, ratings) for x in (audio, after))
            hits["ear"].append(float(two > one))
            text = hearing.text(f"this sound is {word.replace('-', ' ')}")
            one, two = (float(hearing.sound(x, TOWER_HZ) @ text) for x in (audio, after))
            hits["tower of compact"].append(float(two > one))
        for who, each in hits.items():
            row = np.array(each)
            ends = interval(row, lambda x: float(x.mean()))
            table[f"{name}, {who}"] = {
                "share": float(row.mean()),
                "interval": ends,
                "clips": len(row),
            }
            print(f"{name:8}{who:20}{row.mean():.3f}  [{ends[0]:.2f}, {ends[1]:.2f}]", flush=True)
    return table


def main() -> None:
    """Train, measure and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--cache", type=Path, help="decoded clips, kept; a temporary folder if not given"
    )
    parser.add_argument("--clips", type=int, default=1500)
    parser.add_argument("--words", type=int, default=400)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    folder = options.cache or Path(tempfile.mkdtemp())
    material = open_material(options.data, cache=folder)
    store, known, kept = material.store, material.trained, material.kept
    model = WordModel.load()
    words = list(generator.permutation(telling(model))[: options.words])
    held_out, shown = words[: len(words) // 10], words[len(words) // 10 :]
    picked = [int(n) for n in generator.permutation(known)[: options.clips]]
    before, after, places = versions(model, shown, excerpts(store, picked, generator), generator)
    torch.manual_seed(0)
    draws = torch.Generator().manual_seed(0)
    ear = train(before, after, places, draws)
    sounds = excerpts(store, [int(n) for n in generator.permutation(kept)[:300]], generator)
    table = measured(ear, model, sounds, held_out)
    shape = {"scales": ear.place.out_features, "width": ear.hidden.out_features}
    path = resources("models", "fx-words") / "ear.safetensors"
    state = {k: v.contiguous() for k, v in ear.state_dict().items()}
    save_file(state, path, metadata={"shape": json.dumps(shape)})
    path.chmod(0o644)
    if options.out:
        stored = {
            "name": "fx-ear",
            "command": f"python eval/fx_learn_ear.py --data DATA --clips {options.clips} "
            f"--words {options.words}",
            "clips": len(before),
            "words": len(shown),
            "words_left_out": [str(word) for word in held_out],
            "share_of_changed_clips_nearer_to_their_word": table,
        }
        options.out.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
