"""From a recording, its parts and what is done to each: the edited mix, block by block.

The mix is the recording plus what the edits change: ``y = x + Σ (editedᵢ − partᵢ)``. Where nothing
is edited the differences are exactly 0, and the samples of the recording come out as they are. All
sums are in double precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lass.edit.envelopes import Weight
from lass.fx.effect import LinearEffect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.edit.parts import Shares
    from lass.edit.store import Recording
    from lass.fx import Chain

    Signal = NDArray[np.float64]

__all__ = ["MIX", "Desk", "Output", "Pointwise", "Stage", "Wet", "blocks_of"]

_BLOCK_S = 5.0

MIX = "mix"
"""Name of the output that is the whole edited recording."""


@dataclass(frozen=True)
class Pointwise:
    """A change of every sample by itself.

    Args:
        change: from a block ``(channels, samples)`` and the number of its first sample to the
            changed block; where it changes nothing, it gives the very same values.
    """

    change: Callable[[Signal, int], Signal]


@dataclass(frozen=True)
class Wet:
    """An effect, faded in where it holds.

    Args:
        chain: the effect.
        weight: where it holds; everywhere if None.
    """

    chain: Chain
    weight: Weight | None = None


Stage = Pointwise | Wet


@dataclass(frozen=True)
class Desk:
    """What is done to each part, to the rest, and to the mix of all.

    Args:
        strips: stages of each part, and of the rest as the last one.
        master: stages of the mix.
    """

    strips: tuple[tuple[Stage, ...], ...]
    master: tuple[Stage, ...] = ()

    def lead(self, *, sample_rate: int, channels: int) -> int | None:
        """How many samples before a stretch must be known to render it; None for all of them."""
        leads = [_lead(stages, sample_rate, channels) for stages in (*self.strips, self.master)]
        if None in leads:
            return None
        *strips, master = (lead or 0 for lead in leads)
        return max(strips, default=0) + master


@dataclass(frozen=True)
class Output:
    """A sum of strips, before the stages of the mix.

    Args:
        strips: which ones.
        edited: after their stages; before them otherwise.
        weight: where it is heard; everywhere if None.
    """

    strips: tuple[int, ...]
    edited: bool = True
    weight: Weight | None = None


def blocks_of(
    recording: Recording,
    shares: Shares,
    desk: Desk,
    *,
    start: int = 0,
    stop: int | None = None,
    outputs: Mapping[str, Output] | None = None,
    mix: bool = True,
    on_progress: Callable[[str, float], None] | None = None,
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Render a stretch.

    Args:
        recording: the recording.
        shares: its parts.
        desk: what is done to them.
        start: first sample.
        stop: sample to stop before; the end if None.
        outputs: what is wanted beside the mix, by name.
        mix: whether the mix is wanted.
        on_progress: called with ``"rendering"`` and the share that is done.

    Yields:
        Names and float32 blocks ``(channels, samples)``; those of one name follow each other.
    """
    rate, end = recording.sample_rate, recording.length if stop is None else stop
    lead = desk.lead(sample_rate=rate, channels=recording.channels)
    begin = 0 if lead is None else max(0, start - lead)
    job = _Job(recording, desk, dict(outputs or {}), mix, begin, begin - start)
    step = round(_BLOCK_S * rate)
    for at in range(begin, end, step):
        to = min(at + step, end)
        block = recording.samples.read(at, to).astype(np.float64)
        job.push(block, shares.read(at, to) if job.lines else None)
        yield from job.ready()
        if on_progress is not None:
            on_progress("rendering", (to - begin) / max(end - begin, 1))
    yield from job.finish()


class _Job:
    """One pass over a stretch.

    Args:
        recording: the recording.
        desk: what is done.
        wanted: outputs beside the mix.
        mix: whether the mix is wanted.
        begin: first sample that goes in.
        skip: minus the samples that are not given out.
    """

    def __init__(
        self,
        recording: Recording,
        desk: Desk,
        wanted: dict[str, Output],
        mix: bool,
        begin: int,
        skip: int,
    ) -> None:
        self._channels, self._wanted, self._mix = recording.channels, wanted, mix
        # Parts that nothing is done to and nobody asked for need not be read.
        idle = not wanted and not any(desk.strips)
        strips = () if idle else desk.strips
        self.lines = [_Line(stages, begin, recording) for stages in strips]
        self._master = _Cascade(desk.master, begin, recording)
        self._whole = _Buffer(recording.channels)
        self._at = begin
        self._places = dict.fromkeys((MIX, *wanted), skip)

    def push(self, block: Signal, shares: Signal | None) -> None:
        """Take a block of the recording and of its parts."""
        self._whole.add(block)
        if shares is not None:
            rest = block - shares.sum(axis=0)
            for line, signal in zip(self.lines, (*shares, rest), strict=True):
                line.push(signal)

    def finish(self) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Give all that was held back."""
        for line in self.lines:
            line.finish()
        yield from self.ready()
        if self._mix:
            yield from self._give(MIX, self._master.finish())

    def ready(self) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Give what every strip has finished."""
        count = min([len(self._whole), *(len(line) for line in self.lines)])
        if not count:
            return
        whole = self._whole.take(count)
        taken = [line.take(count) for line in self.lines]
        for name, output in self._wanted.items():
            total = np.zeros_like(whole)
            for number in output.strips:
                total += taken[number][1 if output.edited else 0]
            if output.weight is not None:
                total *= output.weight(self._at, self._at + count)
            yield from self._give(name, total)
        if self._mix:
            for line, (before, after) in zip(self.lines, taken, strict=True):
                if line.busy:
                    whole += after - before
            yield from self._give(MIX, self._master.push(whole))
        self._at += count

    def _give(self, name: str, block: Signal) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Hand out a block, without what comes before the stretch that is wanted."""
        place = self._places[name]
        self._places[name] = place + block.shape[1]
        wanted = block[:, max(0, -place) :]
        if wanted.shape[1]:
            yield name, wanted.astype(np.float32)


class _Buffer:
    """Samples that wait to be taken."""

    def __init__(self, channels: int) -> None:
        self._held: Signal = np.zeros((channels, 0))

    def __len__(self) -> int:
        return int(self._held.shape[1])

    def add(self, block: Signal) -> None:
        self._held = np.concatenate([self._held, block], axis=1)

    def take(self, count: int) -> Signal:
        taken = self._held[:, :count]
        self._held = self._held[:, count:].copy()
        return taken


class _Line:
    """A strip at work: what goes in waits until what is made of it is there."""

    def __init__(self, stages: Sequence[Stage], begin: int, recording: Recording) -> None:
        self.busy = bool(stages)
        self._before = _Buffer(recording.channels)
        self._after = _Buffer(recording.channels)
        self._stages = _Cascade(stages, begin, recording)

    def __len__(self) -> int:
        return len(self._after)

    def push(self, block: Signal) -> None:
        self._before.add(block)
        self._after.add(self._stages.push(block))

    def finish(self) -> None:
        self._after.add(self._stages.finish())

    def take(self, count: int) -> tuple[Signal, Signal]:
        """The strip before and after its stages."""
        return self._before.take(count), self._after.take(count)


class _Cascade:
    """Stages one after another."""

    def __init__(self, stages: Sequence[Stage], begin: int, recording: Recording) -> None:
        self._channels = recording.channels
        self._streams = [
            _PointStream(stage, begin, recording.channels)
            if isinstance(stage, Pointwise)
            else _WetStream(stage, begin, recording)
            for stage in stages
        ]

    def push(self, block: Signal) -> Signal:
        for stream in self._streams:
            block = stream.push(block)
        return block

    def finish(self) -> Signal:
        left: Signal = np.zeros((self._channels, 0))
        for stream in self._streams:
            left = np.concatenate([stream.push(left), stream.finish()], axis=1)
        return left


class _PointStream:
    def __init__(self, stage: Pointwise, begin: int, channels: int) -> None:
        self._change, self._at = stage.change, begin
        self._nothing: Signal = np.zeros((channels, 0))

    def push(self, block: Signal) -> Signal:
        made = self._change(block, self._at) if block.shape[1] else block
        self._at += block.shape[1]
        return made

    def finish(self) -> Signal:
        return self._nothing


class _WetStream:
    """The dry sound waits for the wet one, which may come later."""

    def __init__(self, stage: Wet, begin: int, recording: Recording) -> None:
        channels = recording.channels
        self._stream = stage.chain.stream(sample_rate=recording.sample_rate, channels=channels)
        self._weight, self._at = stage.weight, begin
        self._dry = _Buffer(channels)

    def push(self, block: Signal) -> Signal:
        import torch

        if not block.shape[1]:
            return block
        self._dry.add(block)
        return self._blend(self._stream.push(torch.from_numpy(block.astype(np.float32))))

    def finish(self) -> Signal:
        return self._blend(self._stream.finish())

    def _blend(self, made: Any) -> Signal:  # noqa: ANN401 (a tensor; torch is imported late)
        count = made.shape[1]
        dry = self._dry.take(count)
        wet = made.numpy().astype(np.float64) if count else dry
        if self._weight is None or not count:
            blended = wet
        else:
            blended = dry + self._weight(self._at, self._at + count) * (wet - dry)
        self._at += count
        return blended


def _lead(stages: Sequence[Stage], sample_rate: int, channels: int) -> int | None:
    """Samples that the effects among some stages remember; None if there is no limit."""
    total = 0
    for stage in stages:
        for effect in stage.chain if isinstance(stage, Wet) else ():
            if effect.pointwise:
                continue
            if not isinstance(effect, LinearEffect) or effect.recursive:
                return None
            response = effect.impulse_response(sample_rate=sample_rate, channels=channels)
            total += response.shape[-1]
    return total
