"""Build the mixture lists in eval/protocols/ from the test clips of the data pack.

    python eval/build_protocols.py --data /path/to/data [--out eval/protocols]

Seeded: the same data pack gives the same files, byte for byte. Each list's recipe in words, size,
rate, SDR definition and SHA-256 go into index.json. Nothing here ever touches a train shard.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from lass.errors import DataError
from lass.evaluation.clips import Clip, ClipStore
from lass.evaluation.mixtures import build_mixture, resample
from lass.evaluation.protocol import Protocol, Row, dump_rows

# Everyday sounds that are a human voice: never set against speech, where "speech" would mean both.
VOICES = {"laughing", "crying baby"}
SOURCES = Path(__file__).parent / "sources"
AUDIOSEP_LIST = SOURCES / "audiosep_esc50_fold5.csv"
UNSEEN_PHRASES = SOURCES / "unseen_phrases.csv"


def one_row(number: int, target: Clip, others: Iterable[Clip], **changes: object) -> Row:
    """A row that asks for the target by its label."""
    others = tuple(others)
    row = Row(
        id=number,
        targets=(target.key,),
        target_offsets=(0,),
        interferers=tuple(c.key for c in others),
        interferer_offsets=(0,) * len(others),
        snr_db=(0.0,) * len(others),
        asked="target",
        query=target.label,
        query_clip="",
        label=target.label,
    )
    return replace(row, **changes)  # type: ignore[arg-type]


class Deck:
    """Deals clips so that each is used about equally often."""

    def __init__(self, clips: list[Clip], rng: np.random.Generator) -> None:
        self.clips, self.rng, self.hand = clips, rng, list[Clip]()

    def deal(self, fits: Callable[[Clip], bool]) -> Clip:
        for _ in range(2):
            for i, clip in enumerate(self.hand):
                if fits(clip):
                    return self.hand.pop(i)
            self.hand += [self.clips[i] for i in self.rng.permutation(len(self.clips))]
        raise DataError("no clip fits")


def stranger(*known: Clip) -> Callable[[Clip], bool]:
    """Fits a clip of another class and another recording than all of ``known``."""
    return lambda c: all(c.label != k.label and c.source != k.source for k in known)


class Builder:
    """The recipes, over one data pack."""

    def __init__(self, data: Path) -> None:
        self.store = ClipStore(data)
        with (data / "phrases.csv").open(newline="", encoding="utf-8") as file:
            self.phrases: dict[str, list[str]] = {}
            for record in csv.DictReader(file):
                self.phrases.setdefault(record["label"], []).append(record["phrase"])
        self.load_at = cache(self._load_at)

    def _load_at(self, key: str, rate: int) -> np.ndarray:
        samples, own = self.store.read(key)
        return resample(samples, rate=own, new_rate=rate)

    def sounding(self, row: Row, rate: int) -> bool:
        """Whether no source is silent, or nearly so against its own peak, over the span."""
        try:
            build_mixture(row, lambda k: self.load_at(k, rate), sample_rate=rate)
        except DataError:
            return False
        return True

    def pairs(self, targets: list[Clip], pool: list[Clip], seed: int, rate: int) -> list[Row]:
        """Each target once, with one stranger from the pool that sounds somewhere in the span."""
        rng = np.random.default_rng(seed)
        deck, rows = Deck(pool, rng), []
        for number, target in enumerate(targets):
            rejected: set[str] = set()
            for _ in range(50):
                other = deck.deal(lambda c: stranger(target)(c) and c.key not in rejected)  # noqa: B023
                spare = len(self.load_at(target.key, rate)) - len(self.load_at(other.key, rate))
                at = int(rng.integers(0, spare + 1)) if spare > 0 else 0
                row = one_row(number, target, [other], interferer_offsets=(at,))
                if self.sounding(row, rate):
                    rows.append(row)
                    break
                rejected.add(other.key)
        assert len(rows) == len(targets)
        return rows

    # --- the recipes -----------------------------------------------------------------------------

    def esc50_fold5(self) -> list[Row]:
        clips = self.store.test_clips("esc50")
        return self.pairs(clips, clips, 5, 16000)

    def instruments10(self) -> list[Row]:
        clips = self.store.test_clips("instruments10")
        return self.pairs(clips, clips, 10, 32000)

    def kitchen20(self) -> list[Row]:
        clips = self.store.test_clips("kitchen20")
        return self.pairs(clips, clips, 20, 32000)

    def paraphrase(self) -> list[Row]:
        rng = np.random.default_rng(8)
        rows = []
        for row in self.esc50_fold5():
            choices = [p for p in self.phrases[row.label] if p.lower() != row.label]
            rows.append(replace(row, query=choices[int(rng.integers(len(choices)))]))
        return rows

    def paraphrase_unseen(self) -> list[Row]:
        with UNSEEN_PHRASES.open(newline="", encoding="utf-8") as file:
            unseen = {r["label"]: r["phrase"] for r in csv.DictReader(file)}
        known = {p.lower() for phrases in self.phrases.values() for p in phrases}
        if known & {p.lower() for p in unseen.values()}:
            raise DataError(f"{UNSEEN_PHRASES} repeats a phrase that training may use")
        return [replace(row, query=unseen[row.label]) for row in self.esc50_fold5()]

    def speech_in_sound(self) -> list[Row]:
        speech = [c for d in ("picovoice", "speech_commands") for c in self.store.test_clips(d)]
        sounds = [c for c in self.store.test_clips("esc50") if c.label not in VOICES]
        rows = self.pairs(speech, sounds, 7, 16000)
        return [replace(r, snr_db=((-5.0, 0.0, 5.0)[r.id % 3],)) for r in rows]

    def three_sources(self) -> list[Row]:
        rng = np.random.default_rng(3)
        sounds = [c for c in self.store.test_clips("esc50") if c.label not in VOICES]
        music = self.store.test_clips("instruments10")
        speech = [c for d in ("picovoice", "speech_commands") for c in self.store.test_clips(d)]
        # The target decides the length, so a target of a second or more is asked for.
        long = [[c for c in g if c.duration_s >= 1.0] for g in (sounds, music, speech)]
        decks = [Deck(g, rng) for g in (sounds, music, speech)]
        targets = [Deck(g, rng) for g in long]
        rows: list[Row] = []
        while len(rows) < 300:
            which = len(rows) % 3
            target = targets[which].deal(lambda _: True)
            others = [decks[i].deal(lambda _: True) for i in range(3) if i != which]
            row = one_row(len(rows), target, others)
            if self.sounding(row, 16000):
                rows.append(row)
        return rows

    def wrong_query(self) -> list[Row]:
        label = {c.key: c.label for c in self.store.test_clips("esc50")}
        return [
            replace(
                r, asked="interferer", query=label[r.interferers[0]], label=label[r.interferers[0]]
            )
            for r in self.esc50_fold5()
        ]

    def absent_query(self) -> list[Row]:
        rng = np.random.default_rng(9)
        label = {c.key: c.label for c in self.store.test_clips("esc50")}
        labels = sorted(set(label.values()))
        rows = []
        for r in self.esc50_fold5():
            absent = [x for x in labels if x not in (r.label, label[r.interferers[0]])]
            word = absent[int(rng.integers(len(absent)))]
            rows.append(replace(r, asked="nothing", query=word, label=word))
        return rows

    def example_query(self) -> list[Row]:
        rng = np.random.default_rng(11)
        clips = self.store.test_clips("esc50")
        by_key = {c.key: c for c in clips}
        rows = []
        for r in self.esc50_fold5():
            sources = {by_key[r.targets[0]].source, by_key[r.interferers[0]].source}
            same = [c for c in clips if c.label == r.label and c.source not in sources]
            if not same:  # fold 5 has one recording only of some classes (fireworks)
                continue
            rows.append(replace(r, query="", query_clip=same[int(rng.integers(len(same)))].key))
        return rows

    def long_form(self) -> list[Row]:
        """Four scenes of 300 s, each asked twice; 60 events of 12 classes, 5 of each."""
        rng = np.random.default_rng(300)
        clips = self.store.test_clips("esc50")
        labels = sorted({c.label for c in clips})
        rows = []
        for _ in range(4):
            chosen = [labels[i] for i in rng.permutation(len(labels))[:12]]
            events: list[tuple[str, str, int]] = []
            for label in chosen:
                of_label = [c for c in clips if c.label == label]
                for i in rng.permutation(len(of_label))[:5]:
                    events.append((label, of_label[i].key, int(rng.integers(0, 295 * 16000))))
            for asked in chosen[:2]:
                mine = sorted((e for e in events if e[0] == asked), key=lambda e: e[2])
                rest = sorted((e for e in events if e[0] != asked), key=lambda e: e[2])
                rows.append(
                    Row(
                        len(rows),
                        tuple(e[1] for e in mine),
                        tuple(e[2] for e in mine),
                        tuple(e[1] for e in rest),
                        tuple(e[2] for e in rest),
                        (),
                        "target",
                        asked,
                        "",
                        asked,
                    )
                )
        return rows

    def esc50_audiosep(self) -> list[Row]:
        clips = {c.key: c for c in self.store.test_clips("esc50")}
        rows = []
        with AUDIOSEP_LIST.open(newline="", encoding="utf-8") as file:
            for record in csv.DictReader(file):
                pair = [
                    clips[f"esc50__{record[c].removesuffix('.wav').lower()}"]
                    for c in ("src_wav", "noise_wav")
                ]
                rows.append(one_row(int(record["idx"]), pair[0], pair[1:]))
        return rows


ENERGY = (
    "energy ratio over the mixture's whole span (padding with digital silence counts); "
    "if the peak exceeds 1, target and mixture times 0.9/peak"
)
AUDIOSEP = (
    "The rows of AudioSep's evaluation/metadata/esc50_eval.csv (Audio-AGI/AudioSep, commit "
    "ad11924, MIT) whose target and interferer are both in ESC-50 fold 5: 83 of 2000. At 16 kHz, "
    "the rate of the clips here, where AudioSep evaluates at 32 kHz; "
)


def recipes() -> dict[str, tuple[str, dict[str, object]]]:
    """Name of each protocol: its recipe in words, and its settings."""
    fold5 = "The mixtures of esc50-fold5, "
    return {
        "esc50-fold5": (
            "Each of the 400 clips of ESC-50 fold 5 as target once, with one fold-5 clip of "
            f"another class and another Freesound source; 0 dB {ENERGY}. Query: the class name.",
            {},
        ),
        "instruments10": (
            "Each of 300 clips (10 instruments, FSDKaggle2018) as target once, with one clip of "
            "another instrument and source. The target's length decides; a shorter interferer "
            "starts anywhere it fits, a longer one at 0 and is cut; 0 dB " + ENERGY + ".",
            {"sample_rate": 32000},
        ),
        "paraphrase": (
            fold5 + "asked with one of the phrases of phrases.csv in place of the class name. "
            "Those phrases are open for training: this measures known wordings.",
            {},
        ),
        "paraphrase-unseen": (
            fold5 + "asked with a phrase written for this list (eval/sources/unseen_phrases.csv, "
            "one per class), none of which is in phrases.csv.",
            {},
        ),
        "kitchen20": (
            "Each of the 192 Kitchen20 test clips as target once, with one of another class and "
            "source; lengths as in instruments10; 0 dB " + ENERGY + ".",
            {"sample_rate": 32000},
        ),
        "speech-in-sound": (
            "Each of 217 test utterances (Picovoice, Speech Commands) as target once, query "
            "'speech', against a fold-5 clip without voices (no laughing, no crying baby) at -5, "
            "0, 5 dB in turn: " + ENERGY + ".",
            {},
        ),
        "three-sources": (
            "300 mixtures of one everyday sound, one instrument and one voice; each is the target "
            "in turn, each interferer at 0 dB against it (mixture SDR about -3 dB); "
            + ENERGY
            + ".",
            {},
        ),
        "wrong-query": (
            fold5
            + "asked for the interferer: the reference is the interferer, and the swap margin "
            "says how much nearer to it the estimate is than to the other sound.",
            {},
        ),
        "absent-query": (
            fold5 + "asked for a class that is in neither clip: silence is right, leakage is what "
            "counts.",
            {},
        ),
        "example-query": (
            fold5 + "asked by a recording: another fold-5 clip of the class, from another "
            "source; without the rows of classes that have no other source (fireworks).",
            {},
        ),
        "long-form": (
            "Four scenes of 300 s with 60 events of 12 classes (5 each, at random places, "
            "overlapping), each event's sounding part at -26 dB RMS; two classes asked per scene.",
            {"level": "rms", "duration_s": 300.0},
        ),
        "esc50-audiosep": (AUDIOSEP + "0 dB " + ENERGY + ".", {}),
        "esc50-audiosep-peak": (
            AUDIOSEP + "target and interferer each to peak 1, their sum to peak 1.",
            {"level": "peak"},
        ),
    }


def main() -> None:
    """Write the lists and their index."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data pack")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "protocols")
    arguments = parser.parse_args()
    builder = Builder(arguments.data)
    arguments.out.mkdir(parents=True, exist_ok=True)
    entries = []
    for name, (words, settings) in recipes().items():
        method = name.removesuffix("-peak").replace("-", "_")
        rows = tuple(getattr(builder, method)())
        protocol = replace(Protocol(name, rows, 16000, recipe=words), **settings)  # type: ignore[arg-type]
        content = dump_rows(rows).encode()
        (arguments.out / f"{name}.csv").write_bytes(content)
        entry = {k: v for k, v in vars(protocol).items() if k != "rows"}
        entry |= {"rows": len(rows), "sha256": hashlib.sha256(content).hexdigest()}
        entries.append(entry)
        print(f"{name}: {len(rows)} rows, {entry['sha256'][:12]}")
    text = json.dumps({"protocols": entries}, indent=1, ensure_ascii=False)
    (arguments.out / "index.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
