"""Text2FX as published: settings found by gradients in a joint space of words and sounds.

A. Chu, P. O'Reilly, J. Barnett, B. Pardo, "Text2FX: Harnessing CLAP embeddings for text-guided
audio effects", ICASSP 2025. Adam on logits, sigmoid, a linear spread over each range; the clip is
rolled by a random number of samples in every step. The space is that of any encoder whose audio
tower gives gradients (`lass.fx.towers`): CLAP as published, or ``compact``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

if TYPE_CHECKING:
    from lass.fx.chain import Chain
    from lass.fx.hearing import Hearing

__all__ = ["Found", "Loss", "search"]

Loss = Literal["cosine", "directional"]
Values = dict[str, dict[str, Tensor]]


@dataclass(frozen=True)
class Found:
    """What a search found.

    Args:
        chains: One for each restart.
        similarities: Their cosines with the prompt ``(restarts,)``.
        best: Which has the highest.
    """

    chains: tuple[Chain, ...]
    similarities: Tensor
    best: int


def search(
    audio: Tensor,
    phrase: str,
    *,
    chain: Chain,
    hearing: Hearing,
    loss: Loss,
    seed: int,
    restarts: int = 3,
    steps: int = 600,
    learning_rate: float = 0.01,
    on_step: Callable[[int, int], None] | None = None,
) -> Found:
    """Search settings with gradients.

    Args:
        audio: Mono clip ``(samples,)`` at the rate of ``hearing``, not silent; or several of them
            ``(clips, samples)``, one restart for each.
        phrase: The prompt as typed.
        chain: Which effects; their settings are not used.
        hearing: The joint space.
        loss: ``"cosine"``: one less the cosine of sound and prompt. ``"directional"``: one
            less the cosine of the way the sound moved and the way from "this sound is not
            ..." to "this sound is ...".
        seed: Of the starts and the rolls.
        restarts: Independent starts; for several clips their number is taken.
        steps: Gradient steps.
        learning_rate: Of Adam.
        on_step: Called after every step with the steps done and all steps.

    Returns:
        The last settings of each restart, as published (no best so far).
    """
    generator = torch.Generator().manual_seed(seed)
    clips = audio if audio.ndim == 2 else audio.expand(restarts, -1)
    restarts = len(clips)
    logits = torch.randn(restarts, len(chain.slots), generator=generator).requires_grad_()
    wanted = hearing.text(f"this sound is {phrase}")
    way = torch.nn.functional.normalize(
        wanted - hearing.text(f"this sound is not {phrase}"), dim=-1
    )
    with torch.no_grad():
        before = hearing.embed(clips)
    optimiser = torch.optim.Adam([logits], lr=learning_rate)
    for step in range(steps):
        shift = int(torch.randint(0, clips.shape[-1], (), generator=generator))
        made = _made(clips.roll(shift, -1), chain, logits, hearing.sample_rate)
        heard = hearing.embed(made)
        if loss == "cosine":
            cost = 1 - heard @ wanted
        else:
            cost = 1 - torch.nn.functional.normalize(heard - before, dim=-1) @ way
        optimiser.zero_grad()
        cost.sum().backward()
        optimiser.step()
        if on_step is not None:
            on_step(step + 1, steps)
    with torch.no_grad():
        similarities = hearing.embed(_made(clips, chain, logits, hearing.sample_rate)) @ wanted
        values = _values(chain, logits)
    chains = tuple(
        chain.replace({k: {n: float(v[row]) for n, v in s.items()} for k, s in values.items()})
        for row in range(restarts)
    )
    return Found(chains, similarities, int(similarities.argmax()))


def _made(clips: Tensor, chain: Chain, logits: Tensor, sample_rate: int) -> Tensor:
    """The processed clips ``(restarts, samples)``, scaled down where it exceeds full scale."""
    settings = _values(chain, logits)
    made = chain.process(clips[:, None], sample_rate=sample_rate, settings=settings)[:, 0]
    return made / made.detach().abs().amax(dim=-1, keepdim=True).clamp_min(1.0)


def _values(chain: Chain, logits: Tensor) -> Values:
    """Settings of logits ``(restarts, slots)``, spread linearly over the ranges."""
    places = torch.sigmoid(logits)
    values: Values = {key: {} for key in chain.keys}
    for column, (key, p) in enumerate(chain.slots):
        values[key][p.name] = p.low + (p.high - p.low) * places[:, column]
    return values
