import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from lass.training.losses import presence_targets
from lass.training.tasks import SeparatorTask


class Fixed(torch.nn.Module):
    """Half the mixture for every query, and a logit of its own for each query and distractor."""

    def forward(self, audio, queries, *, sample_rate, others=None):
        estimates = 0.5 * audio[:, None].expand(-1, queries.shape[1], -1)
        logits = torch.full((len(audio), queries.shape[1], 4), 0.5)
        if others is None:
            return estimates, logits
        tags = torch.linspace(-2.0, 2.0, others.shape[1])[None, :, None].expand(len(audio), -1, 4)
        return estimates, torch.cat([logits, tags], dim=1)


def batch(distractors):
    generator = torch.Generator().manual_seed(0)
    targets = torch.randn(3, 2, 400, generator=generator)
    targets[0, 1] = 0.0
    return {
        "mixture": targets.sum(dim=1),
        "targets": targets,
        "queries": torch.randn(3, 2, 8, generator=generator),
        "distractors": torch.randn(3, distractors, 8, generator=generator),
        "sample_rate": 16000,
    }


def test_tagging_is_the_cross_entropy_over_queries_and_distractors():
    task = SeparatorTask(Fixed(), None, tagging_weight=3.0)
    without, _ = task.loss(task.module, batch(0))
    loss, figures = task.loss(task.module, batch(5))
    made = batch(5)
    heard = presence_targets(made["targets"], made["mixture"], frames=4)
    labels = torch.cat([heard, torch.zeros(3, 5, 4)], dim=1)
    logits = torch.linspace(-2.0, 2.0, 7)[None, :, None].expand(3, -1, 4)
    expected = binary_cross_entropy_with_logits(logits, labels).item()
    assert figures["tagging"] == pytest.approx(expected, abs=1e-6)
    assert loss.item() - without.item() == pytest.approx(3.0 * expected, abs=1e-5)


def test_a_leak_counts_less_than_an_error_by_its_weight():
    made = batch(0)
    full, _ = SeparatorTask(Fixed(), None, presence_weight=0.0, absent_weight=1.0).loss(
        Fixed(), made
    )
    none, _ = SeparatorTask(Fixed(), None, presence_weight=0.0, absent_weight=0.0).loss(
        Fixed(), made
    )
    half, figures = SeparatorTask(Fixed(), None, presence_weight=0.0, absent_weight=0.5).loss(
        Fixed(), made
    )
    assert figures["leak_db"] == pytest.approx(-6.0, abs=0.1)  # half the amplitude is left
    assert none.item() == pytest.approx(figures["error_db"], abs=1e-4)
    # Five sounds that are there and one that is not.
    leak = 6 * full.item() - 5 * none.item()
    assert half.item() == pytest.approx((5 * none.item() + 0.5 * leak) / 5.5, abs=1e-4)
