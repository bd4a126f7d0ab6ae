"""Separation of an endless stream in constant memory.

Masks are computed on long pieces of the spectrum with context on both sides, and each frame's
mask is used once: the spectra of neighbouring pieces join in one overlap-add, so that there is
no seam to hide. Pieces start on the network's coarsest grid, so a piece sees what the whole
would see.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lass.errors import AudioError
from lass.networks.frontend import hop_samples
from lass.separation.events import Track
from lass.separation.presence import BestSecond, PresenceScale, mean_power
from lass.separation.second_look import Asked
from lass.separation.settling import settle

if TYPE_CHECKING:
    from lass.networks.protocols import AnyRateNetwork
    from lass.separation.second_look import SecondLook

__all__ = ["Piece", "SeparationStream", "Stream", "View", "check_level"]

_LOUDEST = 1e12  # above it, powers of spectra leave the range of float32
_MOST_VALUES = 2**26  # samples of windowed frames at a time: 256 MiB
_FEWEST_FRAMES = 64


@dataclass(frozen=True)
class Piece:
    """A finished stretch of audio.

    Args:
        audio: the input ``(channels, samples)``.
        parts: estimates ``(queries, channels, samples)``.
    """

    audio: NDArray[np.float32]
    parts: NDArray[np.float32]


class View(NamedTuple):
    """What was seen of one channel.

    Args:
        spectrum: complex ``(bins, frames)``.
        state: the network's own.
    """

    spectrum: Tensor
    state: Any


class Stream(Protocol):
    """What makes parts from blocks, whatever the network."""

    def run(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[Piece]:
        """Separate a whole row of blocks."""
        ...

    def scores(self) -> list[float]:
        """Presence of each query so far, 0…1."""
        ...


def check_level(block: NDArray[np.float32]) -> None:
    """Refuse a block that no network can calculate with.

    Raises:
        AudioError: a sample is so large that the file cannot be sound.
    """
    peak = float(np.abs(block).max(initial=0.0))
    if peak > _LOUDEST:
        raise AudioError(
            f"a sample is {peak:.1e} times full scale: expected about 1; the recording is "
            "damaged or was read with a wrong format"
        )


class SeparationStream:
    """Push blocks of audio, get finished stretches of parts.

    Args:
        network: a separation network for any sample rate, in evaluation mode.
        queries: unit vectors ``(queries, dim)``.
        sample_rate: samples per second.
        channels: number of channels; each is separated by its own masks.
        piece_frames: frames a piece, rounded up to the network's grid; fewer are taken where many
            channels and queries would fill the memory.
        context_frames: frames looked at on either side, rounded up likewise.
        device: where the network runs.
        presence: how presence is scored; the network's own certainty if None.
        again: makes the queries of a second look; the first look is the only one if None.
    """

    def __init__(
        self,
        network: AnyRateNetwork,
        queries: Tensor,
        *,
        sample_rate: int,
        channels: int,
        piece_frames: int = 1280,
        context_frames: int = 192,
        device: torch.device | str = "cpu",
        presence: PresenceScale | None = None,
        again: SecondLook | None = None,
    ) -> None:
        self._network = network
        self._again = again
        self._presence = presence or PresenceScale()
        self._queries = queries.to(device)
        self._rate = sample_rate
        self._device = torch.device(device)
        self._hop = hop_samples(sample_rate, network.frontend.config.hop_ms)
        grid = network.core.frame_multiple
        most = _MOST_VALUES // (max(1, len(queries)) * channels * 2 * self._hop)
        self._piece = -(-min(piece_frames, max(most, _FEWEST_FRAMES)) // grid) * grid
        self._context = -(-context_frames // grid) * grid
        # The buffer starts one hop before frame 0's second half: the silence before the file.
        self._buffer = np.zeros((channels, self._hop), np.float32)
        self._buffer_frame = 0  # frame whose first half starts the buffer
        self._next_frame = 0  # first frame that has no mask yet
        self._tail = torch.zeros(len(queries), channels, self._hop)
        self._fading = torch.zeros(len(queries), channels, 0, 2 * self._hop)
        self._samples = 0
        self._best = BestSecond(len(queries), frames=round(sample_rate / (self._hop * grid)))
        # Scores and powers of the parts in each pair of frames (2, queries, pairs), if wanted.
        self._step = 2 if grid % 2 == 0 else 1
        self._tracked: list[NDArray[np.float32]] | None = None

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
        self._samples += block.shape[1]
        self._buffer = np.concatenate([self._buffer, block], axis=1)
        while self._frames_held() >= self._next_frame + self._piece + self._context:
            yield self._separate(self._next_frame + self._piece)

    def finish(self) -> Iterator[Piece]:
        """Yield the rest; nothing can be pushed after it."""
        if self._samples == 0:
            return
        frames = -(-self._samples // self._hop) + 1
        whole = -(-frames // self._network.core.frame_multiple)
        end = whole * self._network.core.frame_multiple
        missing = (end - self._buffer_frame + 1) * self._hop - self._buffer.shape[1]
        self._buffer = np.pad(self._buffer, ((0, 0), (0, max(0, missing))))
        while self._next_frame < frames:
            stop = min(self._next_frame + self._piece, end)
            yield self._separate(stop, last=end)

    def scores(self) -> list[float]:
        """Presence of each query so far, 0…1: the mean of its most certain second."""
        return self._best.scores()

    def track(self) -> Self:
        """Keep the scores over time from now on, 8 bytes a query and 32 ms."""
        self._tracked = []
        return self

    def tracks(self) -> list[Track]:
        """Score over time of each query so far, for a stream that was told to keep it."""
        assert self._tracked is not None, "call track() before the first block"
        empty = np.zeros((2, len(self._queries), 0), np.float32)
        scores, power = np.concatenate([empty, *self._tracked], axis=2)
        level_db = 10.0 * np.log10(np.maximum(power, 1e-12))
        hop_s = self._hop / self._rate
        frame_s, first_s = self._step * hop_s, (self._step - 1) * hop_s / 2
        duration_s = self._samples / self._rate
        inside = max(0, math.ceil((duration_s - first_s) / frame_s))
        return [
            Track(score[:inside], level[:inside], frame_s, first_s, duration_s)
            for score, level in zip(scores, level_db, strict=True)
        ]

    def _frames_held(self) -> int:
        """Frames that can be computed in full from the buffer."""
        return self._buffer_frame + self._buffer.shape[1] // self._hop - 1

    @torch.inference_mode()
    def _separate(self, stop: int, *, last: int | None = None) -> Piece:
        """Mask frames from the next one up to ``stop`` and hand out what they complete."""
        start = self._next_frame
        left = max(0, start - self._context)
        right = stop + self._context if last is None else min(stop + self._context, last)
        inside = slice(start - left, stop - left)
        first = (left - self._buffer_frame) * self._hop
        held = self._buffer[:, first : first + (right - left + 1) * self._hop]
        # Where the next piece may be asked otherwise, this one goes on a little, to fade over.
        beyond = min(self._network.core.frame_multiple, right - stop) if self._again else 0
        wanted = stop - start + beyond
        frames = torch.empty(len(self._queries), len(held), wanted, 2 * self._hop)
        asked, together = [Asked(query) for query in self._queries], None
        if self._again is not None:
            # All channels are asked the same, so that no stereo image moves.
            mixed = held.mean(axis=0)
            together = self._look(mixed)
            samples = self._samples - start * self._hop
            asked = self._again(self._queries, mixed, together, inside, samples=samples)
        odds, tracked = [], []
        for index, channel in enumerate(held):
            view = together if together and len(held) == 1 else self._look(channel)
            frames[:, index], odd, track = self._ask(view, inside, asked, beyond=beyond)
            odds.append(odd)
            tracked.append(track)
        if self._tracked is not None:
            self._tracked.append(torch.stack(tracked).amax(dim=0).numpy())
        self._best.add(torch.stack(odds).amax(dim=0).numpy())
        piece = Piece(self._input(start, stop), self._join(self._faded(frames, beyond), start))
        self._next_frame = stop
        keep = max(0, stop - self._context)
        self._buffer = self._buffer[:, (keep - self._buffer_frame) * self._hop :]
        self._buffer_frame = keep
        return piece

    def _look(self, channel: NDArray[np.float32]) -> View:
        """Look at one channel ``((frames + 1) * hop,)``, whatever will be asked about it."""
        audio = torch.from_numpy(np.ascontiguousarray(channel)).to(self._device)
        spectrum = self._network.frontend.transform(audio, hop=self._hop)
        return View(spectrum, self._network.look(spectrum[None], sample_rate=self._rate))

    def _faded(self, frames: Tensor, beyond: int) -> Tensor:
        """A piece's frames, coming in over the end of the piece before; its own end is kept."""
        coming = min(frames.shape[2], self._fading.shape[2])
        if coming:
            ramp = ((torch.arange(coming) + 1.0) / (coming + 1.0))[:, None]
            frames[:, :, :coming] *= ramp
            frames[:, :, :coming] += (1.0 - ramp) * self._fading[:, :, :coming]
        inside = frames.shape[2] - beyond
        self._fading = frames[:, :, inside:].clone()
        return frames[:, :, :inside]

    def _ask(
        self, view: View, inside: slice, asked: Sequence[Asked], *, beyond: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Ask every query about one channel.

        Channels are taken one by one, so that what the network holds does not grow with them.

        Args:
            view: the channel, with its context.
            inside: the frames that are wanted, counted from the first.
            asked: the queries, and those for the rest.
            beyond: frames after them whose waveform is wanted, too.

        Returns:
            Windowed frames ``(queries, wanted + beyond, 2 hop)``, presence ``(queries, coarse
            frames)``, and scores and powers in pairs of frames ``(2, queries, wanted / 2)``, empty
            if not wanted.
        """
        spectrum, state = view
        grid = self._network.core.frame_multiple
        coarse = slice(inside.start // grid, inside.stop // grid)
        pairs = slice(inside.start // self._step, inside.stop // self._step)
        wanted = slice(inside.start, inside.stop + beyond)
        whole = self._power(spectrum[:, inside])
        frames, odds = [], []
        tracked = torch.zeros(2, len(self._queries), 0 if self._tracked is None else len(whole))
        for number, (query, rest, rest_counts) in enumerate(asked):
            masks, logits = self._mask(view, query)
            evidence = self._presence.evidence(logits, self._match(state, query))
            masked = spectrum[:, wanted] * masks[:, wanted]
            part = self._power(masked[:, : inside.stop - inside.start])
            if rest is not None:
                settled = settle(
                    masks,
                    self._mask(view, rest)[0],
                    spectrum,
                    rest_counts=rest_counts,
                    sample_rate=self._rate,
                    hop=self._hop,
                )
                masked = (spectrum * settled)[:, wanted]
            frames.append(self._network.frontend.inverse(masked).cpu())
            odd = self._presence.of_powers(
                evidence[coarse], self._coarse(part), self._coarse(whole)
            )
            odds.append(odd.cpu())
            if self._tracked is not None:
                finer = torch.nn.functional.interpolate(
                    evidence[None, None], scale_factor=grid // self._step, mode="linear"
                )
                odd = self._presence.of_powers(finer[0, 0, pairs], part, whole)
                tracked[0, number], tracked[1, number] = odd.cpu(), part.cpu()
        return torch.stack(frames), torch.stack(odds), tracked

    def _mask(self, view: View, query: Tensor) -> tuple[Tensor, Tensor]:
        """Mask ``(bins, frames)`` and presence logits of one query."""
        masks, logits = self._network.mask(
            view.state, query[None], frames=view.spectrum.shape[-1], sample_rate=self._rate
        )
        return masks[0], logits[0]

    def _match(self, state: Any, query: Tensor) -> Tensor | None:  # noqa: ANN401 (its own state)
        """How well a query matches each coarse frame ``(frames,)``, if that counts."""
        if self._presence.match == 0.0:
            return None
        matches: Tensor = self._network.core.recognise(state, query[None, None])  # type: ignore[attr-defined]
        return matches[0, 0].float()

    def _power(self, spectrum: Tensor) -> Tensor:
        """Mean power of the signal in each pair of frames."""
        return mean_power(spectrum, hop=self._hop, frames=self._step)

    def _coarse(self, power: Tensor) -> Tensor:
        """From pairs of frames to coarse frames."""
        return power.reshape(-1, self._network.core.frame_multiple // self._step).mean(dim=1)

    def _join(self, frames: Tensor, start: int) -> NDArray[np.float32]:
        """Overlap-add ``(queries, channels, frames, 2 hop)``, carrying on from the piece before."""
        seconds = torch.cat([self._tail[:, :, None], frames[:, :, :-1, self._hop :]], dim=2)
        joined = (frames[..., : self._hop] + seconds).flatten(2)
        self._tail = frames[:, :, -1, self._hop :].clone()
        if start == 0:  # the half frame before the file
            joined = joined[..., self._hop :]
        emitted = max(0, start - 1) * self._hop
        return np.ascontiguousarray(joined[..., : self._samples - emitted].numpy())

    def _input(self, start: int, stop: int) -> NDArray[np.float32]:
        """The input samples that belong to frames ``start`` to ``stop``."""
        first = max(1, start) - self._buffer_frame
        last = stop - self._buffer_frame
        audio = self._buffer[:, first * self._hop : last * self._hop]
        return audio[:, : self._samples - max(0, start - 1) * self._hop].copy()
