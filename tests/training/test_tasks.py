from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from lass.data import MixtureConfig
from lass.training.losses import (
    error_level_db,
    presence_targets,
    recognition_loss,
    shape_error_db,
)
from lass.training.tasks import SeparatorTask


class Fixed(torch.nn.Module):
    """Half the mixture for every query, and a logit of its own for each query and distractor."""

    def forward(self, audio, queries, *, sample_rate, others=None):
        estimates = 0.5 * audio[: len(queries), None].expand(-1, queries.shape[1], -1)
        logits = torch.full((len(queries), queries.shape[1], 4), 0.5)
        if others is None:
            return estimates, logits
        return estimates, logits, steps(others.shape[1], len(audio))


def steps(count, items):
    return torch.linspace(-2.0, 2.0, count)[None, :, None].expand(items, -1, 4)


def sampler(items=3):
    return SimpleNamespace(config=MixtureConfig(batch=items))


def batch(distractors):
    generator = torch.Generator().manual_seed(0)
    targets = torch.randn(3, 2, 400, generator=generator)
    targets[0, 1] = 0.0
    return {
        "mixture": targets.sum(dim=1),
        "targets": targets,
        "queries": torch.randn(3, 2, 8, generator=generator),
        "distractors": torch.randn(3, distractors, 8, generator=generator),
        "rests": torch.zeros(3, dtype=torch.bool),
        "sample_rate": 16000,
    }


def test_tagging_is_the_cross_entropy_over_queries_and_distractors():
    task = SeparatorTask(Fixed(), sampler(), tagging_weight=3.0, recognition_weight=0.0)
    without, _ = task.loss(task.module, batch(0))
    loss, figures = task.loss(task.module, batch(5))
    made = batch(5)
    heard = presence_targets(made["targets"], made["mixture"], frames=4)
    labels = torch.cat([heard, torch.zeros(3, 5, 4)], dim=1)
    expected = binary_cross_entropy_with_logits(steps(7, 3), labels).item()
    assert figures["tagging"] == pytest.approx(expected, abs=1e-6)
    assert loss.item() - without.item() == pytest.approx(3.0 * expected, abs=1e-5)


def test_recognition_is_the_cross_entropy_of_a_choice():
    generator = torch.Generator().manual_seed(1)
    asked = torch.randn(2, 2, 4, generator=generator)
    others = torch.randn(2, 5, 4, generator=generator)
    heard = torch.tensor([[[1.0, 1, 0, 0], [0, 0, 0, 0]], [[0, 1, 0, 0], [1, 1, 1, 1]]])
    found = recognition_loss(asked, others, heard)
    every = []
    for item, query in ((0, 0), (1, 0), (1, 1)):
        frames = heard[item, query] > 0
        right = asked[item, query, frames].mean()
        choices = torch.cat([right[None], others[item][:, frames].mean(dim=-1)])
        every.append(cross_entropy(choices[None], torch.tensor([0])))
    assert found.item() == pytest.approx(torch.stack(every).mean().item(), abs=1e-5)


def test_nothing_heard_is_nothing_to_recognise():
    assert recognition_loss(torch.ones(1, 2, 4), torch.ones(1, 3, 4), torch.zeros(1, 2, 4)) == 0.0


def test_items_beyond_the_batch_are_recognised_but_not_separated():
    made = batch(5)
    task = SeparatorTask(Fixed(), sampler(2), recognition_weight=0.0, tagging_weight=0.0)
    loss, figures = task.loss(task.module, made)
    first = {k: v[:2] if torch.is_tensor(v) else v for k, v in made.items()}
    expected, others = task.loss(task.module, first)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)
    assert figures["recognition"] != pytest.approx(others["recognition"], abs=1e-6)


def test_a_leak_counts_less_than_an_error_by_its_weight():
    made = batch(0)
    full, _ = SeparatorTask(Fixed(), sampler(), presence_weight=0.0, absent_weight=1.0).loss(
        Fixed(), made
    )
    none, _ = SeparatorTask(Fixed(), sampler(), presence_weight=0.0, absent_weight=0.0).loss(
        Fixed(), made
    )
    half, figures = SeparatorTask(Fixed(), sampler(), presence_weight=0.0, absent_weight=0.5).loss(
        Fixed(), made
    )
    assert figures["leak_db"] == pytest.approx(-6.0, abs=0.1)  # half the amplitude is left
    assert none.item() == pytest.approx(figures["error_db"], abs=1e-4)
    # Five sounds that are there and one that is not.
    leak = 6 * full.item() - 5 * none.item()
    assert half.item() == pytest.approx((5 * none.item() + 0.5 * leak) / 5.5, abs=1e-4)


def test_the_shape_of_sounds_that_are_there_may_count_too():
    made = batch(0)
    estimates = 0.5 * made["mixture"][:, None].expand(-1, 2, -1)
    plain, _ = SeparatorTask(Fixed(), sampler(), shape_weight=0.0).loss(Fixed(), made)
    loss, figures = SeparatorTask(Fixed(), sampler(), shape_weight=1.0).loss(Fixed(), made)
    shape = shape_error_db(estimates, made["targets"], made["mixture"][:, None])
    level = error_level_db(estimates, made["targets"], made["mixture"][:, None])
    there = torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 1.0]])  # the second of the first is absent
    difference = (there * (shape - level)).sum() / (there + 0.3 * (1 - there)).sum()
    assert (loss - plain).item() == pytest.approx(difference.item(), abs=1e-4)
    assert figures["shape_db"] == pytest.approx((there * shape).sum().item() / 5, abs=1e-4)
