"""Noise-invariant training: learn from sound whose labels do not say everything that is in it.

A target recorded in the wild holds more than its label tells. A network trained on it would learn
to let that rest through. Here extra *noise heads* may take the rest: the network is asked to
explain each target by the answer to its query *plus* the answer of one noise head, whichever
assignment of heads to targets fits best. The heads are thrown away after training, so that the
answer to the query is left clean (CLIPSep-NIT: Dong et al., "CLIPSep: Learning Text-queried Sound
Separation with Noisy Unlabeled Videos", ICLR 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import torch
from torch import Tensor, nn

from lass.training.losses import error_level_db, presence_loss, presence_targets
from lass.training.tasks import SeparatorTask

__all__ = ["NoiseInvariantNetwork", "NoiseInvariantTask", "excess_share", "least_over_assignments"]


class NoiseInvariantNetwork(nn.Module):
    """Any separation network with noise heads beside it.

    A head turns the mean of an item's queries into one more query, so it works with every network
    that takes query vectors, wherever the query enters.

    Args:
        network: a separation network, called as ``network(audio, queries, sample_rate=…)``.
        query_dim: width of the query vector.
        heads: number of noise heads, at least the number of queries an item.
    """

    def __init__(self, network: nn.Module, *, query_dim: int, heads: int = 2) -> None:
        super().__init__()
        self.network = network
        self.heads = nn.ModuleList(nn.Linear(query_dim, query_dim) for _ in range(heads))

    def forward(
        self, audio: Tensor, queries: Tensor, *, sample_rate: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Separate each item by its queries and by the noise heads.

        Args:
            audio: ``(batch, samples)``.
            queries: ``(batch, queries, query_dim)``.
            sample_rate: samples per second.

        Returns:
            Estimates ``(batch, queries, samples)``, noise ``(batch, heads, samples)`` and presence
            logits of the queries.
        """
        mean = queries.mean(dim=1)
        noise = torch.stack([head(mean) for head in self.heads], dim=1)
        noise = nn.functional.normalize(noise, dim=-1)
        estimates, presence = self.network(
            audio, torch.cat([queries, noise], dim=1), sample_rate=sample_rate
        )
        count = queries.shape[1]
        return estimates[:, :count], estimates[:, count:], presence[:, :count]


@dataclass
class NoiseInvariantTask(SeparatorTask):
    """Separate by queries while noise heads take what no query explains.

    Args:
        module: a :class:`NoiseInvariantNetwork`.
        sampler: makes the mixtures.
        presence_weight: weight of the presence loss.
        absent_weight: weight of leakage for absent sounds.
        allowance: share of the mixture that the heads may take for free (the paper's γ).
        noise_weight: weight of what they take beyond it.
    """

    allowance: float = 0.25
    noise_weight: float = 1.0

    def loss(self, module: nn.Module, batch: dict[str, Any]) -> tuple[Tensor, dict[str, float]]:
        """Error level under the best assignment of heads, the heads' excess, presence."""
        mixture, targets = batch["mixture"], batch["targets"]
        estimates, noise, logits = module(
            mixture, batch["queries"], sample_rate=batch["sample_rate"]
        )
        estimates, noise = estimates.float(), noise.float()
        there = (targets.abs().amax(dim=-1) > 0).float()
        weight = there + self.absent_weight * (1.0 - there)
        alone_db = error_level_db(estimates, targets, mixture[:, None])
        # Nothing is there to be explained for an absent sound: its answer stands alone.
        helped_db = error_level_db(
            estimates[:, :, None] + noise[:, None], targets[:, :, None], mixture[:, None, None]
        )
        pairs = torch.where(there[:, :, None] > 0, helped_db, alone_db[:, :, None])
        best = least_over_assignments(pairs * weight[:, :, None])
        excess = excess_share(noise, mixture, allowance=self.allowance)
        presence = presence_loss(
            logits, presence_targets(targets, mixture, frames=logits.shape[-1])
        )
        loss = best.sum() / weight.sum() + self.noise_weight * excess
        figures = {
            "error_db": float((alone_db.detach() * there).sum() / there.sum().clamp(min=1.0)),
            "explained_db": float(best.detach().sum() / weight.sum()),
            "excess": float(excess.detach()),
            "presence": float(presence.detach()),
        }
        return loss + self.presence_weight * presence, figures


def least_over_assignments(pairs: Tensor) -> Tensor:
    """Smallest total over all ways to give each row a column of its own.

    The sum over rows of the best injective assignment, for each item: ``min over π of
    Σ_i pairs[i, π(i)]``. Written out over permutations, which is exact and differentiable, and
    fast for the handful of sources in a mixture.

    Args:
        pairs: losses ``(batch, rows, columns)`` with at least as many columns as rows.

    Returns:
        ``(batch,)``.

    Example:
        >>> least_over_assignments(torch.tensor([[[1.0, 5.0], [2.0, 9.0]]])).tolist()
        [7.0]
    """
    _, rows, columns = pairs.shape
    row = torch.arange(rows)
    totals = [
        pairs[:, row, torch.tensor(columns_of)].sum(dim=1)
        for columns_of in permutations(range(columns), rows)
    ]
    return torch.stack(totals).amin(dim=0)


def excess_share(noise: Tensor, mixture: Tensor, *, allowance: float) -> Tensor:
    """How far the noise heads take more of the mixture than they may.

    The paper limits the mean of the noise masks. Here it is the level of what they take, against
    the mixture's, in amplitude and over the batch, so that bins in which nothing sounds do not
    count: ``relu(mean over items of Σ_j rms(noise_j) / rms(mixture) - γ)``.

    Args:
        noise: ``(batch, heads, samples)``.
        mixture: ``(batch, samples)``.
        allowance: γ.

    Returns:
        A scalar.
    """
    level = (noise.square().mean(dim=-1) + 1e-12).sqrt().sum(dim=1)
    share = level / (mixture.square().mean(dim=-1) + 1e-12).sqrt()
    return torch.relu(share.mean() - allowance)
