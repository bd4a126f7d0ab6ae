"""Validation mixtures of several kinds, each in the shape of the test lists that it stands for.

Choices are made on them, never on the test lists: their clips are kept out of training, and the
rates, the number of sounds and their levels are those of the lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from lass.data import MixtureConfig, MixtureSampler, QueryTable
from lass.metrics import sdr, si_sdr
from lass.networks.registry import config_from_dict
from lass.separation.fixed_rate import open_stream
from lass.separation.presence import PresenceScale
from lass.training.material import Material
from lass.training.validation import validation_sampler
from lass.zoo import LoadedModel

Array = NDArray[np.float32]

COLUMNS = ("sdr_improvement_db", "si_sdr_db", "absent_db")


@dataclass(frozen=True)
class Kind:
    """What is mixed.

    Args:
        datasets: data set → weight, as in a recipe.
        sources: sounds in a mixture.
        high_rate: at 32 kHz in place of 16 kHz.
    """

    datasets: tuple[tuple[str, float], ...]
    sources: int = 2
    high_rate: bool = False


class Mixture(NamedTuple):
    """One mixture and what is asked of it.

    Args:
        audio: ``(samples,)``.
        target: the sound that is there ``(samples,)``.
        queries: for it and for a sound that is not there ``(2, dim)``.
        sample_rate: samples per second.
    """

    audio: Array
    target: Array
    queries: Array
    sample_rate: int


KINDS = {
    "esc50": Kind((("esc50", 1.0),)),
    "kitchen20": Kind((("kitchen20", 1.0),), high_rate=True),
    "berklee": Kind((("berklee", 1.0),), high_rate=True),
    "music": Kind((("other", 1.0),), high_rate=True),
    "speech": Kind((("speech_commands", 0.5), ("picovoice", 0.1), ("esc50", 0.4))),
    "three": Kind((("esc50", 1.0),), sources=3),
    "single": Kind((("esc50", 0.5), ("other", 0.5)), sources=1),
}


def mixtures(
    material: Material, table: QueryTable, kind: Kind, *, batches: int, seed: int
) -> Iterator[Mixture]:
    """Four mixtures a batch, of equal energy, five seconds long; the same for the same seed."""
    weighed = MixtureConfig(datasets=kind.datasets)
    config = validation_sampler(material.store, table, weighed).config
    sources = tuple(float(count == kind.sources) for count in range(1, kind.sources + 1))
    config = replace(
        config, queries=2, absent=1.0, sources=sources, high_rate=float(kind.high_rate)
    )
    sampler = MixtureSampler(material.store, material.kept, table, config, seed=seed)
    for number in range(batches):
        batch = sampler.batch(number)
        for audio, targets, queries in zip(
            batch.mixture, batch.targets, batch.queries, strict=True
        ):
            yield Mixture(audio, targets[0], queries, batch.sample_rate)


def separate(loaded: LoadedModel, mixture: Mixture, *, twice: bool = True) -> Array:
    """Parts ``(queries, samples)`` of a mixture, as the command line makes them."""
    stream = open_stream(
        loaded.network,
        torch.from_numpy(mixture.queries),
        sample_rate=mixture.sample_rate,
        channels=1,
        presence=config_from_dict(PresenceScale, loaded.config.get("presence", {})),
        hearing=loaded.encoder if twice else None,
    )
    pieces = stream.run([mixture.audio[None]])
    return np.concatenate([piece.parts[:, 0] for piece in pieces], axis=1)


def figures(mixture: Mixture, parts: Array) -> list[float]:
    """What :data:`COLUMNS` name, of one mixture."""
    audio, target = mixture.audio, mixture.target
    there, absent = parts
    # A single sound has nothing to gain: its SDR stands for itself.
    alone = np.allclose(target, audio, atol=1e-6)
    before_db = 0.0 if alone else float(sdr(target, audio))
    leaked_db = 10 * np.log10(np.sum(absent**2) / np.sum(audio**2) + 1e-9)
    return [float(sdr(target, there)) - before_db, float(si_sdr(target, there)), float(leaked_db)]
