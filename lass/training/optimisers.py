"""Optimisers: AdamW, and Muon for convolutions.

Muon takes a step of the same size in every direction that the momentum of a weight matrix holds,
where AdamW scales each number by itself. From scratch it needed about half as many steps as AdamW
for the same error here (eval/results/HISTORY.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from lass.training.recipe import OptimiserConfig

__all__ = ["Muon", "optimiser_for", "orthogonalised"]

_POLYNOMIAL = (3.4445, -4.7750, 2.0315)
_LEAST = 16  # smaller matrices have too few directions to be worth it


def optimiser_for(module: nn.Module, config: OptimiserConfig) -> torch.optim.Optimizer:
    """The optimiser that a recipe asks for.

    Weights of convolutions and linear layers decay; norms, biases and scales do not.

    Args:
        module: what is trained.
        config: kind, rate and decay.

    Returns:
        An optimiser of all its parameters.
    """
    matrices = [p for p in module.parameters() if p.ndim > 1]
    vectors = [p for p in module.parameters() if p.ndim <= 1]
    if config.kind == "adamw":
        groups = [
            {"params": matrices, "weight_decay": config.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=config.learning_rate)
    wide = [p for p in matrices if p.ndim == 4 and min(p.shape[0], p[0].numel()) >= _LEAST]
    known = {id(p) for p in wide}
    others = [p for p in matrices if id(p) not in known]
    return Muon(
        [
            {"params": wide, "weight_decay": config.weight_decay, "orthogonal": True},
            {"params": others, "weight_decay": config.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
    )


def orthogonalised(matrix: Tensor, *, steps: int = 4) -> Tensor:
    """The nearest matrix whose singular values are all about 1, by Newton-Schulz iteration.

    Args:
        matrix: ``(rows, columns)``.
        steps: of the iteration; singular values end between about 0.5 and 1.3.

    Returns:
        float32 of the same shape.

    Source:
        Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024.

    Example:
        >>> matrix = torch.diag(torch.tensor([3.0, 1.0, 0.5]))
        >>> values = torch.linalg.svdvals(orthogonalised(matrix))
        >>> bool(((values > 0.4) & (values < 1.4)).all())
        True
    """
    a, b, c = _POLYNOMIAL
    wide = matrix.shape[0] <= matrix.shape[1]
    x = (matrix if wide else matrix.T).bfloat16()
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    result: Tensor = (x if wide else x.T).float()
    return result


class Muon(torch.optim.Optimizer):
    """Muon for the groups that are marked ``orthogonal``, AdamW for the others.

    The step is scaled so that one learning rate suits both kinds.

    Args:
        groups: parameters, with ``weight_decay`` and, if wanted, ``orthogonal``.
        lr: learning rate.
        momentum: of the orthogonal groups.
        betas: of the others.
        eps: of the others.

    Source:
        Jordan et al., 2024; the scale of Liu et al., "Muon is Scalable for LLM Training", 2025,
        arXiv:2502.16982.
    """

    def __init__(
        self,
        groups: Iterable[dict[str, Any]],
        *,
        lr: float,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        defaults = {
            "lr": lr, "momentum": momentum, "betas": betas, "eps": eps, "weight_decay": 0.0,
            "orthogonal": False,
        }  # fmt: skip
        super().__init__(groups, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in _with_gradients(group["params"]):
                parameter.mul_(1.0 - group["lr"] * group["weight_decay"])
                if group["orthogonal"]:
                    self._orthogonal_step(parameter, group)
                else:
                    self._adam_step(parameter, group)
        return loss

    def _orthogonal_step(self, parameter: Tensor, group: dict[str, Any]) -> None:
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].lerp_(gradient, 1.0 - group["momentum"])
        ahead = gradient.lerp(state["momentum"], group["momentum"])  # Nesterov's look ahead
        matrix = ahead.reshape(len(ahead), -1)
        size = 0.2 * max(matrix.shape) ** 0.5  # about the size of AdamW's steps
        parameter.add_(orthogonalised(matrix).reshape(ahead.shape), alpha=-group["lr"] * size)

    def _adam_step(self, parameter: Tensor, group: dict[str, Any]) -> None:
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if not state:
            state["step"] = 0
            state["mean"] = torch.zeros_like(parameter)
            state["square"] = torch.zeros_like(parameter)
        state["step"] += 1
        first, second = group["betas"]
        state["mean"].lerp_(gradient, 1.0 - first)
        state["square"].lerp_(gradient.square(), 1.0 - second)
        mean = state["mean"] / (1.0 - first ** state["step"])
        square = state["square"] / (1.0 - second ** state["step"])
        parameter.addcdiv_(mean, square.sqrt_().add_(group["eps"]), value=-group["lr"])


def _with_gradients(parameters: Iterable[Tensor]) -> Iterator[Tensor]:
    return (parameter for parameter in parameters if parameter.grad is not None)
