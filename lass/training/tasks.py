"""What is trained: a separator, or the joint text-audio space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import IterableDataset

from lass.data import MixtureSampler
from lass.training.losses import (
    error_level_db,
    presence_loss,
    presence_targets,
    recognition_loss,
    shape_error_db,
)

__all__ = ["JointTask", "SeparatorTask", "Task", "TrainingStream"]


class Task(Protocol):
    """One kind of training."""

    module: nn.Module

    def batch(self, number: int) -> dict[str, Any]:
        """Make batch ``number`` (in a worker process)."""
        ...

    def loss(self, module: nn.Module, batch: dict[str, Any]) -> tuple[Tensor, dict[str, float]]:
        """Loss of a batch, and figures for the log."""
        ...


class TrainingStream(IterableDataset[dict[str, Any]]):
    """Endless batches from a given number on, split over workers; exact to resume.

    Args:
        task: makes batches by number.
        first: number of the first batch of all processes together.
        rank: index of this process.
        world: number of processes; they take batches in turn, so that none is made twice.
    """

    def __init__(self, task: Task, *, first: int, rank: int = 0, world: int = 1) -> None:
        self.task, self.first, self.rank, self.world = task, first, rank, world

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield this worker's share of the batches, in order."""
        info = torch.utils.data.get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        step = worker
        while True:
            yield self.task.batch(self.first + step * self.world + self.rank)
            step += workers


@dataclass
class SeparatorTask:
    """Separate each query's sound from a mixture, and say when it is heard.

    Args:
        module: a :class:`lass.networks.separator.SeparationNetwork`.
        sampler: makes the mixtures.
        presence_weight: weight of the presence loss.
        absent_weight: weight of leakage for absent sounds.
        recognition_weight: weight of telling the queries from the mixture's distractors. Many
            labels are asked about every mixture, which teaches what sounds are at hardly any cost.
        tagging_weight: weight of saying of each of them, frame by frame, whether it is heard.
        shape_weight: share of the error that is judged whatever the level (SI-SDR), 0…1.
    """

    module: nn.Module
    sampler: MixtureSampler
    presence_weight: float = 2.0
    absent_weight: float = 0.3
    recognition_weight: float = 2.0
    tagging_weight: float = 4.0
    shape_weight: float = 0.0

    def batch(self, number: int) -> dict[str, Any]:
        """Mixture, targets and queries as tensors."""
        batch = self.sampler.batch(number)
        return {
            "mixture": torch.from_numpy(batch.mixture),
            "targets": torch.from_numpy(batch.targets),
            "queries": torch.from_numpy(batch.queries),
            "distractors": torch.from_numpy(batch.distractors),
            "rests": torch.from_numpy(batch.rests),
            "sample_rate": batch.sample_rate,
        }

    def loss(self, module: nn.Module, batch: dict[str, Any]) -> tuple[Tensor, dict[str, float]]:
        """Error level of sounds that are there, leakage of those that are not, presence."""
        mixture, targets = batch["mixture"], batch["targets"]
        queries, distractors = batch["queries"], batch["distractors"]
        count = self.sampler.config.batch  # the mixtures after these are only recognised
        more = {"others": torch.cat([queries, distractors], 1)} if distractors.shape[1] else {}
        rests = batch["rests"][:count]
        if rests.any():
            more["rests"] = rests
        estimates, logits, *recognised = module(
            mixture, queries[:count], sample_rate=batch["sample_rate"], **more
        )
        all_heard = presence_targets(targets, mixture, frames=logits.shape[-1])
        mixture, targets, heard = mixture[:count], targets[:count], all_heard[:count]
        level_db = error_level_db(estimates.float(), targets, mixture[:, None])
        there = (targets.abs().amax(dim=-1) > 0).float()
        presence = presence_loss(logits, heard)
        weight = there + self.absent_weight * (1.0 - there)
        told: dict[str, float] = {}
        judged = level_db
        if self.shape_weight:
            shape = shape_error_db(estimates.float(), targets, mixture[:, None])
            judged = level_db + self.shape_weight * there * (shape - level_db)
            told["shape_db"] = float((shape * there).sum().detach() / there.sum().clamp(min=1.0))
        loss = (weight * judged).sum() / weight.sum() + self.presence_weight * presence
        if recognised:
            asked, others = recognised[0].split([queries.shape[1], distractors.shape[1]], dim=1)
            recognition = recognition_loss(asked, others, all_heard)
            labels = torch.cat([all_heard, torch.zeros_like(others)], dim=1)
            tagging = presence_loss(recognised[0], labels)
            loss = loss + self.recognition_weight * recognition + self.tagging_weight * tagging
            told["recognition"] = float(recognition.detach())
            told["tagging"] = float(tagging.detach())
        level_db = level_db.detach()
        figures = {
            "error_db": float((level_db * there).sum() / there.sum().clamp(min=1.0)),
            "leak_db": float((level_db * (1 - there)).sum() / (1 - there).sum().clamp(min=1.0)),
            "presence": float(presence.detach()),
            **told,
        }
        return loss, figures


class JointNetwork(nn.Module):
    """Audio tower and text projection, trained together.

    Args:
        audio: the audio tower.
        text_dim: width of the text encoder's vectors.
        dim: width of the joint space.
    """

    def __init__(self, audio: nn.Module, *, text_dim: int, dim: int) -> None:
        super().__init__()
        self.audio = audio
        self.projection = nn.Linear(text_dim, dim, bias=False)
        nn.init.orthogonal_(self.projection.weight)
        self.log_scale = nn.Parameter(torch.tensor(2.5))

    def forward(self, audio: Tensor, texts: Tensor, *, sample_rate: int) -> tuple[Tensor, Tensor]:
        """Unit vectors of audio ``(batch, dim)`` and of texts ``(texts, dim)``."""
        with torch.no_grad():
            frontend: Any = self.audio.frontend
            spectrum = frontend.analyse(audio, sample_rate=sample_rate)
            features = frontend.features(spectrum, sample_rate=sample_rate)[:, 0]
        projected = self.projection(texts).float()
        return self.audio(features), nn.functional.normalize(projected, dim=-1)


@dataclass
class JointTask:
    """Bring recordings and words for them together.

    Cross-entropy over all labels with soft targets (labels that mean nearly the same are not
    pushed apart) and over the batch's own wordings; the projection keeps the teacher's geometry.

    Args:
        module: a :class:`JointNetwork`.
        sampler: makes the sounds.
        labels: label vectors of the text encoder ``(labels, text_dim)``.
        names: the labels, in the same order.
        wordings: label → vectors of its wordings.
        keep_weight: weight of keeping the geometry.
    """

    module: nn.Module
    sampler: MixtureSampler
    labels: Tensor
    names: list[str]
    wordings: dict[str, np.ndarray[Any, np.dtype[np.float32]]]
    keep_weight: float = 5.0

    def __post_init__(self) -> None:
        """Prepare soft targets between labels."""
        self._row = {name: row for row, name in enumerate(self.names)}
        self._soft = torch.softmax(self.labels @ self.labels.T / 0.04, dim=-1)

    def batch(self, number: int) -> dict[str, Any]:
        """Sounds, a wording for each, and the rows of their labels."""
        audio, labels, generator = self.sampler.single_sounds(number)
        texts = [
            vectors[generator.integers(len(vectors))]
            for vectors in (self.wordings[label] for label in labels)
        ]
        return {
            "audio": torch.from_numpy(audio),
            "texts": torch.from_numpy(np.stack(texts)),
            "rows": torch.tensor([self._row[label] for label in labels]),
            "sample_rate": self.sampler.store.low_hz,
        }

    def loss(self, module: nn.Module, batch: dict[str, Any]) -> tuple[Tensor, dict[str, float]]:
        """Contrastive losses both ways plus the geometry term."""
        rows, count = batch["rows"], batch["texts"].shape[0]
        soft, labels = self._soft.to(rows.device), self.labels.to(rows.device)
        audio, texts = module(
            batch["audio"],
            torch.cat([batch["texts"], labels]),
            sample_rate=batch["sample_rate"],
        )
        scale = module.log_scale.exp().clamp(max=50.0)  # type: ignore[operator]
        to_labels = scale * audio @ texts[count:].T
        within = scale * audio @ texts[:count].T
        pairs = soft[rows][:, rows]
        loss = _cross_entropy(to_labels, soft[rows])
        loss = loss + 0.5 * _cross_entropy(within, pairs) + 0.5 * _cross_entropy(within.T, pairs.T)
        everything = torch.cat([batch["texts"], labels])
        keep = (texts @ texts.T - everything @ everything.T).square().mean()
        figures = {
            "top1": float((to_labels.argmax(dim=-1) == rows).float().mean()),
            "keep": float(keep.detach()),
        }
        return loss + self.keep_weight * keep, figures


def _cross_entropy(logits: Tensor, weights: Tensor) -> Tensor:
    targets = weights / weights.sum(dim=-1, keepdim=True).clamp(min=1e-9)
    return -(targets * torch.log_softmax(logits.float(), dim=-1)).sum(dim=-1).mean()
