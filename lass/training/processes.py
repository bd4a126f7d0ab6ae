"""Training on several processes and machines: how they start, and how they agree.

Every process makes its own batches and all of them average their gradients (data-parallel training,
Li et al., "PyTorch Distributed", VLDB 2020), so that N processes with a batch of B take the steps
that one process would take with N times B. Batch normalisation sees a process's own batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lass.errors import ConfigError

if TYPE_CHECKING:
    from lightning.fabric import Fabric

__all__ = ["agreed", "launch"]


def launch(
    *, accelerator: str = "auto", devices: int = 1, num_nodes: int = 1, precision: str = "32-true"
) -> Fabric:
    """Start the processes of a run.

    With more than one device this starts the program again for each further one; everything
    before the call is done by all of them. On several machines the same command is given on each,
    with ``MASTER_ADDR``, ``MASTER_PORT`` and ``NODE_RANK`` set, or all is started by ``torchrun``.

    Args:
        accelerator: Fabric's name of the device kind.
        devices: processes on this machine.
        num_nodes: machines.
        precision: Fabric's name of the arithmetic.

    Returns:
        The launched Fabric.

    Raises:
        ConfigError: a number is below 1.

    Example:
        >>> launch(accelerator="cpu").world_size
        1
    """
    if devices < 1 or num_nodes < 1:
        raise ConfigError(
            f"{devices} devices on {num_nodes} machines were asked for: both must be 1 or more"
        )
    from lightning.fabric import Fabric

    together = devices * num_nodes > 1
    fabric = Fabric(
        accelerator=accelerator,
        devices=devices,
        num_nodes=num_nodes,
        strategy="ddp" if together else "auto",
        precision=precision,  # type: ignore[arg-type]
    )
    if together:
        fabric.launch()
    return fabric


def agreed(fabric: Fabric, *values: float) -> tuple[float, ...]:
    """The first process's values, for all.

    Clocks differ, and processes that disagree on the learning rate or on when to stop would hang
    or drift apart.

    Args:
        fabric: the launched Fabric.
        values: this process's values.

    Returns:
        The values of the first process.
    """
    if fabric.world_size == 1:
        return values
    told = fabric.broadcast(torch.tensor(values, dtype=torch.float64))
    return tuple(told.tolist())
