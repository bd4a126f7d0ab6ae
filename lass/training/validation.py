"""Choosing between networks: fixed mixtures of clips that training never sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from lass.data import ClipStore, MixtureConfig, MixtureSampler, QueryTable, split_validation
from lass.metrics import sdr, si_sdr

__all__ = ["validate", "validation_sampler"]


def validation_sampler(
    store: ClipStore, table: QueryTable, config: MixtureConfig, *, seed: int = 1
) -> MixtureSampler:
    """Mixtures of two validation clips at equal energy, asked for by words.

    Args:
        store: all training clips.
        table: the queries.
        config: the recipe's mixtures; weights of the data sets are kept.
        seed: which mixtures.

    Returns:
        A sampler; its batches are always the same.
    """
    fixed = replace(
        config, batch=4, queries=1, segment_s=5.0, sources=(0.0, 1.0), snr_db=0.0,
        absent=0.0, by_example=0.0, high_rate=0.0, augment=0.0, rooms=0.0, twins=0.0,
    )  # fmt: skip
    _, indices = split_validation(store.clips)
    return MixtureSampler(store, indices, table, fixed, seed=seed)


def validate(
    module: nn.Module, sampler: MixtureSampler, *, batches: int = 50, numbers: Sequence[int] = ()
) -> dict[str, float]:
    """Mean figures of a network on validation mixtures.

    Args:
        module: a separation network.
        sampler: from :func:`validation_sampler`.
        batches: how many batches of four.
        numbers: which batches, in place of the first ones.

    Returns:
        ``sdr_improvement`` and ``si_sdr`` in dB, and their half widths of a 95 % interval.
    """
    improvements, levels = [], []
    module.eval()
    with torch.inference_mode():
        for number in numbers or range(batches):
            batch = sampler.batch(number)
            estimates, _ = module(
                torch.from_numpy(batch.mixture),
                torch.from_numpy(batch.queries),
                sample_rate=batch.sample_rate,
            )
            target, estimate = batch.targets[:, 0], estimates[:, 0].numpy()
            improvements.append(sdr(target, estimate) - sdr(target, batch.mixture))
            levels.append(si_sdr(target, estimate))
    result: dict[str, float] = {}
    for name, values in (("sdr_improvement", improvements), ("si_sdr", levels)):
        every = np.concatenate(values)
        result[name] = float(every.mean())
        result[f"{name}_interval"] = float(1.96 * every.std() / np.sqrt(every.size))
    return result
