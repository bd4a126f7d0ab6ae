"""What the separation engine needs from a network, whoever designed it.

There are two kinds. Ours takes any sample rate and is asked frame by frame of its own front end.
The networks of others were made for one rate and bring a front end of their own; they are asked
with stretches of waveform at that rate.
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, runtime_checkable

from torch import Tensor

from lass.networks.frontend import Frontend

__all__ = ["AnyRateNetwork", "FixedRateNetwork", "HasGrid", "Network"]


class HasGrid(Protocol):
    """A mask network that works on a grid of frames."""

    @property
    def frame_multiple(self) -> int:
        """Frames of one step of the coarsest level; pieces start on multiples of it."""
        ...


class AnyRateNetwork(Protocol):
    """Masks on the frames of a front end whose settings are milliseconds and Hertz."""

    @property
    def frontend(self) -> Frontend:
        """Waveform to spectrum and back."""
        ...

    @property
    def core(self) -> HasGrid:
        """The mask network."""
        ...

    def look(self, spectrum: Tensor, *, sample_rate: int) -> Any:  # noqa: ANN401 (own state)
        """Everything that does not depend on the query."""
        ...

    def mask(
        self,
        state: Any,  # noqa: ANN401 (from look)
        query: Tensor,
        *,
        frames: int,
        sample_rate: int,
    ) -> tuple[Tensor, Tensor]:
        """Complex masks ``(batch, bins, frames)`` and presence logits for one query an item."""
        ...


@runtime_checkable
class FixedRateNetwork(Protocol):
    """Waveforms and queries in, waveforms and presence out, best at one sample rate."""

    @property
    def sample_rate(self) -> int:
        """Rate in Hz that the network was made for."""
        ...

    @property
    def hop(self) -> int:
        """Step between frames in samples."""
        ...

    @property
    def frame_multiple(self) -> int:
        """Frames of one presence logit; pieces start on multiples of it."""
        ...

    @property
    def look_frames(self) -> int:
        """Frames that the network looks at in one go: a piece with its context."""
        ...

    @property
    def context_frames(self) -> int:
        """Frames on either side of a piece that only serve as context."""
        ...

    def __call__(
        self, audio: Tensor, queries: Tensor, *, sample_rate: int
    ) -> tuple[Tensor, Tensor]:
        """Estimates ``(batch, queries, samples)`` and logits ``(batch, queries, frames)``."""
        ...


Network: TypeAlias = AnyRateNetwork | FixedRateNetwork
