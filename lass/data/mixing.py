"""Mixtures made on the fly: sources, levels, crops and queries drawn from one generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lass.data.again import FirstLook
from lass.data.augment import equalise, fit_length, place_in_room, speed
from lass.data.queries import QueryTable
from lass.data.store import ClipStore
from lass.errors import DataError
from lass.query.algebra import push_away
from lass.query.types import NEGATIVE_WEIGHT

__all__ = ["Batch", "MixtureConfig", "MixtureSampler"]

Array = NDArray[np.float32]


@dataclass(frozen=True)
class MixtureConfig:
    """How mixtures are made.

    Args:
        batch: mixtures in a batch.
        queries: queries a mixture.
        segment_s: length in seconds.
        sources: share of mixtures with 1, 2, 3 … sources.
        snr_db: largest level difference between the first and any other source.
        absent: share of mixtures in which the last query asks for a sound that is not there.
        recognised: further mixtures in a batch whose sounds are to be recognised, not separated.
        distractors: queries a mixture for sounds that are not there, only to be recognised as such.
        against: share of queries that are pushed away from another sound of the mixture, as
            ``--without`` does.
        again: share of queries that are asked as in a second look (:mod:`lass.query.again`).
        rest: share of mixtures whose last query asks for all that the first one leaves.
        by_example: share of queries that blend in a recording.
        high_rate: share of batches made at the higher rate, from clips recorded at it.
        augment: share of sources that are re-coloured or played faster or slower.
        fastest: largest change of speed, as a factor either way.
        rooms: share of sources that ring in a random room.
        twins: share of sources made of two recordings of the same label at once.
        contaminated: share of sources that carry a second sound which no query names.
        contamination_db: least and largest level of the named sound above the other.
        confusable: labels with a cosine above this are never mixed.
        datasets: data set (or ``other``) → weight.
    """

    batch: int = 8
    queries: int = 2
    segment_s: float = 3.0
    sources: tuple[float, ...] = (0.02, 0.73, 0.2, 0.05)
    snr_db: float = 8.0
    absent: float = 0.15
    recognised: int = 0
    distractors: int = 0
    against: float = 0.0
    again: float = 0.0
    rest: float = 0.0
    by_example: float = 0.25
    high_rate: float = 0.3
    augment: float = 0.4
    fastest: float = 1.1
    rooms: float = 0.0
    twins: float = 0.0
    contaminated: float = 0.0
    contamination_db: tuple[float, float] = (0.0, 15.0)
    confusable: float = 0.75
    datasets: tuple[tuple[str, float], ...] = (
        ("esc50", 0.36),
        ("kitchen20", 0.14),
        ("berklee", 0.12),
        ("picovoice", 0.06),
        ("speech_commands", 0.06),
        ("other", 0.26),
    )


@dataclass(frozen=True)
class Batch:
    """One training step's data.

    Args:
        mixture: ``(items, samples)``; the first ``batch`` of them are to be separated.
        targets: ``(items, queries, samples)``; zeros where the sound is absent.
        queries: unit vectors ``(items, queries, dim)``.
        sample_rate: samples per second.
        distractors: unit vectors ``(items, distractors, dim)`` of sounds that are not there.
        rests: items ``(items,)`` whose last query asks for all that the first one leaves.
    """

    mixture: Array
    targets: Array
    queries: Array
    sample_rate: int
    distractors: Array
    rests: NDArray[np.bool_]


class MixtureSampler:
    """Draws batches; the same number always gives the same batch.

    Args:
        store: the decoded clips.
        indices: which of them may be used.
        table: the queries.
        config: how mixtures are made.
        seed: base of all randomness.
    """

    def __init__(
        self,
        store: ClipStore,
        indices: Sequence[int],
        table: QueryTable,
        config: MixtureConfig,
        *,
        seed: int,
    ) -> None:
        self.store, self.table, self.config, self.seed = store, table, config, seed
        self._by_rate = {
            rate: self._group([i for i in indices if store.has_rate(i, rate)])
            for rate in (store.low_hz, store.high_hz)
        }
        if not self._by_rate[store.low_hz]:
            raise DataError("no clips to mix: the list of clips is empty")

    def batch(self, number: int) -> Batch:
        """Batch ``number`` of the endless row of batches."""
        generator = np.random.default_rng([self.seed, number])
        high = generator.random() < self.config.high_rate and bool(
            self._by_rate[self.store.high_hz]
        )
        rate = self.store.high_hz if high else self.store.low_hz
        items = [
            self._mixture(rate, generator)
            for _ in range(self.config.batch + self.config.recognised)
        ]
        mixtures, targets, queries, others, rests = (
            np.stack(part) for part in zip(*items, strict=True)
        )
        return Batch(mixtures, targets, queries, rate, others, rests.astype(bool))

    def single_sounds(self, number: int) -> tuple[Array, list[str], np.random.Generator]:
        """Single sounds in place of mixtures: audio ``(batch, samples)``, labels, generator."""
        generator = np.random.default_rng([self.seed, number])
        chosen = [self._draw_clip(self.store.low_hz, generator) for _ in range(self.config.batch)]
        audio = np.stack([self._source(i, self.store.low_hz, generator) for i in chosen])
        return audio, [self.store.clips[i].label for i in chosen], generator

    def _group(self, indices: Sequence[int]) -> dict[str, dict[str, list[int]]]:
        """Clips by weight group and label."""
        named = {name for name, _ in self.config.datasets}
        groups: dict[str, dict[str, list[int]]] = {}
        for index in indices:
            clip = self.store.clips[index]
            name = clip.dataset if clip.dataset in named else "other"
            groups.setdefault(name, {}).setdefault(clip.label, []).append(index)
        return groups

    def _draw_clip(self, rate: int, generator: np.random.Generator) -> int:
        groups = self._by_rate[rate]
        weights = np.array([w if n in groups else 0.0 for n, w in self.config.datasets])
        name = self.config.datasets[generator.choice(len(weights), p=weights / weights.sum())][0]
        labels = groups[name]
        sizes = np.sqrt([len(clips) for clips in labels.values()])
        clips = list(labels.values())[generator.choice(len(sizes), p=sizes / sizes.sum())]
        return int(clips[generator.integers(len(clips))])

    def _fits(self, index: int, others: Sequence[int]) -> bool:
        clip = self.store.clips[index]
        for other in (self.store.clips[o] for o in others):
            if clip.source == other.source:
                return False
            if self.table.similar(clip.label, other.label) > self.config.confusable:
                return False
        return True

    def _draw_fitting(
        self, rate: int, others: Sequence[int], generator: np.random.Generator
    ) -> int:
        for _ in range(50):
            index = self._draw_clip(rate, generator)
            if self._fits(index, others):
                return index
        raise DataError("no clip with another label and source was found in 50 draws")

    def _mixture(self, rate: int, generator: np.random.Generator) -> tuple[Array, ...]:
        config = self.config
        count = 1 + int(generator.choice(len(config.sources), p=config.sources))
        chosen: list[int] = []
        for _ in range(count):
            chosen.append(self._draw_fitting(rate, chosen, generator))
        sources = np.stack([self._sound(index, rate, generator) for index in chosen])
        if config.contaminated > 0.0:
            sources = self._contaminate(sources, chosen, rate, generator)
        mixture = sources.sum(axis=0)
        level = 0.1 / max(_rms(mixture), 1e-6)
        sources, mixture = sources * np.float32(level), mixture * np.float32(level)

        order = generator.permutation(count)
        rest = config.rest > 0.0 and config.queries > 1 and generator.random() < config.rest
        targets: list[Array] = []
        queries: list[Array] = []
        looks: list[FirstLook] = []
        doubtful = 0 if rest else config.queries - 1  # may ask for a sound that is not there
        for slot in range(config.queries - int(rest)):
            if slot >= count or (slot == doubtful and generator.random() < config.absent):
                asked, target = list[int](), np.zeros_like(mixture)
                query = self._query(self._draw_fitting(rate, chosen, generator), generator)
            else:
                asked, target = [chosen[order[slot]]], sources[order[slot]]
                query = self._query(asked[0], generator)
            look = FirstLook(self.table, asked, chosen)
            against = asked and config.against > 0.0 and count > 1
            if against and generator.random() < config.against:
                other = self._query(chosen[order[(slot + 1) % count]], generator)
                query = push_away(query, [other], NEGATIVE_WEIGHT)
            elif config.again > 0.0 and generator.random() < config.again:
                query = look.ask_again(query, generator)
            targets.append(target)
            queries.append(query)
            looks.append(look)
        if rest:
            targets.append(mixture - targets[0])
            queries.append(looks[0].ask_for_rest(queries[0], generator))
        others = [
            self._query(self._draw_fitting(rate, chosen, generator), generator)
            for _ in range(config.distractors)
        ]
        distractors = np.stack(others) if others else np.zeros((0, queries[0].size), np.float32)
        return mixture, np.stack(targets), np.stack(queries), distractors, np.asarray(rest)

    def _contaminate(
        self, sources: Array, chosen: list[int], rate: int, generator: np.random.Generator
    ) -> Array:
        """Hide a second sound in some sources, as recordings from the wild do.

        ``chosen`` grows by the hidden sounds, so that no query asks for one of them.
        """
        result = sources.copy()
        for row in range(len(sources)):
            if generator.random() >= self.config.contaminated:
                continue
            hidden = self._draw_fitting(rate, chosen, generator)
            chosen.append(hidden)
            other = self._source(hidden, rate, generator)
            level_db = generator.uniform(*self.config.contamination_db)
            ratio = _rms(sources[row]) / max(_rms(other), 1e-5) * 10.0 ** (-level_db / 20.0)
            result[row] += np.float32(ratio) * other
        return result

    def _query(self, index: int, generator: np.random.Generator) -> Array:
        """Ask for a clip's label, sometimes with another clip of that label as an example."""
        clip = self.store.clips[index]
        example: int | None = None
        if generator.random() < self.config.by_example:
            example = self._sibling(index, self.store.low_hz, generator)
        return self.table.blend(clip.label, example, generator)

    def _sibling(self, index: int, rate: int, generator: np.random.Generator) -> int:
        """Another clip of the same label, of another recording if there is one."""
        clip = self.store.clips[index]
        name = clip.dataset if clip.dataset in dict(self.config.datasets) else "other"
        same = self._by_rate[rate][name][clip.label]
        others = [i for i in same if self.store.clips[i].source != clip.source]
        return int(generator.choice(others or same))

    def _sound(self, index: int, rate: int, generator: np.random.Generator) -> Array:
        """What a label sounds like: one recording, at times two of them at once."""
        source = self._source(index, rate, generator)
        if self.config.twins > 0.0 and generator.random() < self.config.twins:
            twin = self._source(self._sibling(index, rate, generator), rate, generator)
            together = source + twin
            source = together * np.float32(_rms(source) / max(_rms(together), 1e-5))
        return source

    def _source(self, index: int, rate: int, generator: np.random.Generator) -> Array:
        """An active part of a clip, re-coloured at times, at a random level."""
        config = self.config
        samples = round(config.segment_s * rate)
        length = self.store.length(index, sample_rate=rate)
        best, loudest = np.zeros(0, np.float32), -1.0
        for _ in range(3):
            start = int(generator.integers(0, max(1, length - samples + 1)))
            part = self.store.audio(index, sample_rate=rate, start=start, stop=start + samples)
            energy = float(np.sum(part.astype(np.float64) ** 2))
            # The first crop that is not much quieter than its rivals is kept: variety matters
            # as much as loudness.
            if energy > 4.0 * max(loudest, 0.0) or loudest < 0.0:
                best, loudest = part, energy
        if generator.random() < config.augment:
            reach = np.log(config.fastest)
            best = speed(best, factor=float(np.exp(generator.uniform(-reach, reach))))
        best = fit_length(best, samples=samples, generator=generator)
        if generator.random() < config.augment:
            best = equalise(best, sample_rate=rate, generator=generator)
        if config.rooms > 0.0 and generator.random() < config.rooms:
            best = place_in_room(best, sample_rate=rate, generator=generator)
        rms = _rms(best)
        gain_db = generator.uniform(-config.snr_db, config.snr_db) / 2.0
        sign = 1.0 if generator.random() < 0.5 else -1.0
        return best * np.float32(sign * 10.0 ** (gain_db / 20.0) / max(rms, 1e-5))


def _rms(audio: Array) -> float:
    return float(np.sqrt(np.mean(audio.astype(np.float64) ** 2)))
