"""Effects on a signal that comes in blocks: any length, flat memory, the same result.

A stream may hold samples back, but it never loses or adds any: what `push` and `finish` give
together is as long as what came in. Convolution works on partitions of a fixed size, whatever
the size of the blocks, so that cutting the input otherwise changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["BlockStream", "Cascade", "FirStream", "PointwiseStream"]

_SMALLEST_PARTITION = 1 << 12
_LARGEST_PARTITION = 1 << 16


class BlockStream(Protocol):
    """Something that takes a signal block by block."""

    def push(self, block: Tensor) -> Tensor:
        """Take a block ``(channels, samples)``, give what is ready ``(channels, any)``."""
        ...

    def finish(self) -> Tensor:
        """Give what was held back; the stream is used up."""
        ...


class PointwiseStream:
    """A stream of an effect without memory.

    Args:
        function: From a block to a block of the same shape.

    Example:
        >>> PointwiseStream(torch.neg).push(torch.ones(1, 2))
        tensor([[-1., -1.]])
    """

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self._function = function
        self._channels = 1

    def push(self, block: Tensor) -> Tensor:
        """Process a block ``(channels, samples)`` at once."""
        self._channels = block.shape[0]
        return self._function(block)

    def finish(self) -> Tensor:
        """Give nothing: no sample is held back."""
        return torch.zeros(self._channels, 0)


class FirStream:
    """Convolve with a finite response: uniformly partitioned overlap-save.

    Two transforms per partition of the signal, however long the response is (T. G. Stockham
    1966; B. D. Kulp 1988 for the partitions).

    Args:
        response: Impulse response ``(channels or 1, taps)``.

    Example:
        >>> stream = FirStream(torch.tensor([[0.0, 1.0]]))
        >>> held = stream.push(torch.tensor([[1.0, 2.0, 3.0]]))
        >>> held.shape, [round(x, 4) + 0.0 for x in stream.finish()[0].tolist()]
        (torch.Size([1, 0]), [0.0, 1.0, 2.0])
    """

    def __init__(self, response: Tensor) -> None:
        taps = max(response.shape[-1], 1)
        size = 1 << (taps - 1).bit_length()
        self._size = min(max(size, _SMALLEST_PARTITION), _LARGEST_PARTITION)
        pieces = [response[..., at : at + self._size] for at in range(0, taps, self._size)]
        self._transfer = [torch.fft.rfft(piece, 2 * self._size) for piece in pieces]
        self._spectra: deque[Tensor] = deque(maxlen=len(pieces))
        self._before: Tensor | None = None
        self._waiting: list[Tensor] = []
        self._waiting_samples = 0

    def push(self, block: Tensor) -> Tensor:
        """Take a block ``(channels, samples)``; give whole partitions when they are full."""
        self._waiting.append(block)
        self._waiting_samples += block.shape[-1]
        if self._waiting_samples < self._size:
            return block[..., :0]
        held = torch.cat(self._waiting, dim=-1)
        whole = held.shape[-1] // self._size * self._size
        # A copy, so that the memory of what is done can go.
        self._waiting = [held[..., whole:].clone()]
        self._waiting_samples = held.shape[-1] - whole
        return torch.cat([self._partition(p) for p in held[..., :whole].split(self._size, -1)], -1)

    def finish(self) -> Tensor:
        """Give the samples of the last, partly filled partition."""
        if not self._waiting:
            return torch.zeros(1, 0)
        held = torch.cat(self._waiting, dim=-1)
        short = torch.nn.functional.pad(held, (0, self._size - held.shape[-1]))
        return self._partition(short)[..., : held.shape[-1]]

    def _partition(self, new: Tensor) -> Tensor:
        before = torch.zeros_like(new) if self._before is None else self._before
        self._before = new
        self._spectra.appendleft(torch.fft.rfft(torch.cat([before, new], dim=-1)))
        total = self._spectra[0] * self._transfer[0]
        for spectrum, transfer in zip(list(self._spectra)[1:], self._transfer[1:], strict=False):
            total += spectrum * transfer
        made: Tensor = torch.fft.irfft(total, 2 * self._size)
        return made[..., self._size :]


class Cascade:
    """Streams one after another.

    Args:
        streams: In their order; none passes the signal through.

    Example:
        >>> twice = Cascade([PointwiseStream(torch.neg), PointwiseStream(torch.neg)])
        >>> twice.push(torch.ones(1, 2))
        tensor([[1., 1.]])
    """

    def __init__(self, streams: Sequence[BlockStream]) -> None:
        self._streams = list(streams)
        self._channels = 1

    def push(self, block: Tensor) -> Tensor:
        """Send a block ``(channels, samples)`` through all."""
        self._channels = block.shape[0]
        with torch.no_grad():
            for stream in self._streams:
                if block.shape[-1] == 0:
                    break
                block = stream.push(block)
        return block

    def finish(self) -> Tensor:
        """Empty the first stream into the second, and so on."""
        left = torch.zeros(self._channels, 0)
        with torch.no_grad():
            for stream in self._streams:
                made = [stream.push(left)] if left.shape[-1] else []
                ended = stream.finish()
                made += [ended] if ended.shape[-1] else []
                left = torch.cat(made, dim=-1) if made else torch.zeros(self._channels, 0)
        return left
