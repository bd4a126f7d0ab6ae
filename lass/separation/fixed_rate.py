"""Streams for networks that were made for one sample rate, in constant memory.

The recording is resampled to the network's rate, separated channel by channel in pieces with
context on both sides, and the parts are resampled back. Sound above half the network's rate is in
no part, so it stays in the residual, which is made at the recording's own rate. Pieces overlap for
a moment and pass into each other there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lass.audio import Resampler
from lass.errors import ModelError
from lass.networks.fixed_rate import coarse_power
from lass.networks.protocols import FixedRateNetwork
from lass.networks.unet import BandUNet
from lass.separation.engine import Piece, SeparationStream, check_level
from lass.separation.presence import BestSecond, PresenceScale
from lass.separation.second_look import SecondLook

if TYPE_CHECKING:
    from lass.networks.protocols import Network
    from lass.query.types import QueryEncoder

__all__ = ["FixedRateStream", "open_stream"]

_FADE_S = 0.2  # how long a piece takes to pass into the next


def open_stream(
    network: Network,
    queries: Tensor,
    *,
    sample_rate: int,
    channels: int,
    device: torch.device | str = "cpu",
    presence: PresenceScale | None = None,
    hearing: QueryEncoder | None = None,
) -> SeparationStream | FixedRateStream:
    """The stream that fits a network.

    Args:
        network: a separation network in evaluation mode.
        queries: ``(queries, dim)``.
        sample_rate: samples per second of the recording.
        channels: number of channels; each is separated for itself.
        device: where the network runs.
        presence: how presence is scored; the network's own certainty if None.
        hearing: what hears the first look of a network that was trained to look twice.

    Returns:
        A stream that makes the parts in the order of the queries.

    Raises:
        ModelError: the network cannot look twice.
    """
    options = _Options(sample_rate=sample_rate, channels=channels, device=device, presence=presence)
    if isinstance(network, FixedRateNetwork):
        return FixedRateStream(network, queries, **options)
    again: SecondLook | None = None
    if hearing is not None:
        if not isinstance(network.core, BandUNet):
            raise ModelError(
                "the model's config.json asks for a second look, which needs a network of the kind "
                'band-unet: take the entry "second_look" out'
            )
        again = SecondLook(network, hearing, sample_rate=sample_rate, presence=presence)
    return SeparationStream(network, queries, **options, again=again)


class _Options(TypedDict):
    """What both streams are told."""

    sample_rate: int
    channels: int
    device: torch.device | str
    presence: PresenceScale | None


class FixedRateStream:
    """Push blocks of audio at any rate, get finished stretches of parts.

    Args:
        network: a separation network for one rate, in evaluation mode.
        queries: ``(queries, dim)``.
        sample_rate: samples per second of the blocks.
        channels: number of channels.
        device: where the network runs.
        presence: how presence is scored; the network's own logits if None.
    """

    def __init__(
        self,
        network: FixedRateNetwork,
        queries: Tensor,
        *,
        sample_rate: int,
        channels: int,
        device: torch.device | str = "cpu",
        presence: PresenceScale | None = None,
    ) -> None:
        self._network = network
        self._presence = presence or PresenceScale()
        self._queries = queries.to(device)
        self._device = torch.device(device)
        own, count = network.sample_rate, len(queries)
        self._down = Resampler(channels=channels, from_hz=sample_rate, to_hz=own)
        self._up = Resampler(channels=count * channels, from_hz=own, to_hz=sample_rate)

        grid, hop = network.frame_multiple, network.hop
        self._step = grid * hop
        core = (network.look_frames - 2 * network.context_frames) // grid
        self._core = core * self._step
        self._context = network.context_frames * hop
        # A centred transform of this many samples has look_frames frames.
        self._look = (network.look_frames - 1) * hop
        fade = min(self._context // 4, round(_FADE_S * own))
        self._fade = np.linspace(0.0, 1.0, fade, endpoint=False, dtype=np.float32)

        self._waiting = np.zeros((channels, 0), np.float32)  # input whose parts are not out yet
        # From here on at the network's rate. `_begin` is the place of the buffer's first sample.
        self._buffer = np.zeros((channels, 0), np.float32)
        self._begin = 0
        self._next = 0  # first sample that is not separated yet
        self._tail = np.zeros((count, channels, len(self._fade)), np.float32)
        self._best = BestSecond(count, frames=round(own / self._step))

    def run(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[Piece]:
        """Separate a whole row of blocks."""
        for block in blocks:
            yield from self.push(block)
        yield from self.finish()

    def push(self, block: NDArray[np.float32]) -> Iterator[Piece]:
        """Add a block ``(channels, samples)``; yields what is finished by it.

        Raises:
            AudioError: a sample is so large that the file cannot be sound.
        """
        check_level(block)
        self._waiting = np.concatenate([self._waiting, block], axis=1)
        self._hold(self._down.push(block))
        # Something must lie beyond a look, or it is the last one and reaches to the end.
        while self._end() > self._left() + self._look:
            yield from self._give(self._up.push(self._separate(self._next + self._core)))

    def finish(self) -> Iterator[Piece]:
        """Yield the rest; nothing can be pushed after it."""
        self._hold(self._down.finish())
        while self._next < self._end():
            last = self._end() <= self._left() + self._look
            stop = self._end() if last else self._next + self._core
            yield from self._give(self._up.push(self._separate(stop)))
        yield from self._give(self._up.finish())

    def scores(self) -> list[float]:
        """Presence of each query so far, 0…1: the mean of its most certain second."""
        return self._best.scores()

    def _hold(self, audio: NDArray[np.float32]) -> None:
        self._buffer = np.concatenate([self._buffer, audio], axis=1)

    def _end(self) -> int:
        """Place behind the last sample that is held."""
        return self._begin + self._buffer.shape[1]

    def _left(self) -> int:
        """Where the next look begins."""
        return max(0, self._next - self._context)

    @torch.inference_mode()
    def _separate(self, stop: int) -> NDArray[np.float32]:
        """Parts ``(queries · channels, samples)`` from the next sample up to ``stop``."""
        start, left = self._next, self._left()
        inside = slice(start - left, stop - left)
        seen = self._buffer[:, left - self._begin : left - self._begin + self._look]
        looks, odds = [], []
        for channel in seen:  # one by one, so that what the network holds does not grow with them
            look, odd = self._ask(channel, inside)
            looks.append(look)
            odds.append(odd)
        self._best.add(np.stack(odds).max(axis=0))
        parts = np.stack(looks, axis=1)
        piece = self._join(parts[..., inside], start)
        self._tail = parts[..., inside.stop : inside.stop + len(self._fade)]
        self._next = stop
        keep = self._left()
        self._buffer = self._buffer[:, keep - self._begin :]
        self._begin = keep
        return piece.reshape(-1, piece.shape[-1])

    def _ask(
        self, channel: NDArray[np.float32], inside: slice
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Ask every query about one channel.

        Returns:
            Estimates ``(queries, samples)`` of the whole look, and presence
            ``(queries, coarse frames)`` inside.
        """
        audio = torch.from_numpy(np.ascontiguousarray(channel)).to(self._device)
        estimates, logits = self._network(
            audio[None], self._queries[None], sample_rate=self._network.sample_rate
        )
        power = coarse_power(audio[inside], self._step)
        taken = coarse_power(estimates[0, :, inside], self._step)
        first = inside.start // self._step
        logits = logits[0, :, first : first + power.shape[-1]]
        odds = self._presence.of_powers(self._presence.evidence(logits), taken, power)
        return estimates[0].cpu().numpy(), odds.cpu().numpy()

    def _join(self, parts: NDArray[np.float32], start: int) -> NDArray[np.float32]:
        """Let the piece before pass into this one."""
        joined = parts.copy()
        if start > 0:
            fade = self._fade
            joined[..., : len(fade)] *= fade
            joined[..., : len(fade)] += self._tail * (1.0 - fade)
        return joined

    def _give(self, parts: NDArray[np.float32]) -> Iterator[Piece]:
        """Hand out parts at the recording's rate with the input that they belong to."""
        count = min(parts.shape[1], self._waiting.shape[1])  # resampled there and back: rounded up
        if count == 0:
            return
        shape = (len(self._queries), len(self._waiting), count)
        yield Piece(self._waiting[:, :count].copy(), parts[:, :count].reshape(shape).copy())
        self._waiting = self._waiting[:, count:]
