"""From operations to what is done to each strip of a desk: the parts, the rest, and the mix.

Operations on a sound act on its strip, in their order, those on the rest on the last one. Those on
everything but a sound act on all other strips and the rest. Those on everything act on the mix of
all strips, as a master does on a desk, however early they were said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lass.edit.envelopes import Fading, Weight, region_of, seconds_of
from lass.edit.history import Step
from lass.edit.operations import (
    Effect,
    Extract,
    Fade,
    Gain,
    Keep,
    Operation,
    Pan,
    Remove,
    Span,
    Target,
)
from lass.edit.parts import Key, Parts, key_of, keys_named, name_of
from lass.edit.rendering import Desk, Pointwise, Stage, Wet
from lass.errors import EditError
from lass.query.which import Which
from lass.separation.choosing import choose, counted
from lass.separation.events import Event, find_events
from lass.separation.regions import Region, region_around

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.edit.store import Recording
    from lass.fx import Chain

    Signal = NDArray[np.float64]

__all__ = ["When", "desk_of", "keys_of", "panned"]

_FADE_S = 3.0


def keys_of(steps: Sequence[Step]) -> list[Key]:
    """Parts that some steps need, in the order in which they take their share.

    That is the order of first use; parts that only bypassed steps use come last, so that they take
    nothing from the others.

    Args:
        steps: the steps in force.

    Returns:
        The keys, each once.

    Example:
        >>> keys_of([Step(Remove(Target("dog"))), Step(Gain(Target("rain"), gain_db=3.0))])
        [('dog', ()), ('rain', ())]
    """
    keys: dict[Key, None] = {}
    for step in sorted(steps, key=lambda step: not step.enabled):
        for target in _targets(step.operation):
            keys.update(dict.fromkeys(keys_named(target)))
    return list(keys)


class When:
    """Finds out when an operation holds.

    Args:
        recording: the recording.
        parts: its parts.
    """

    def __init__(self, recording: Recording, parts: Parts) -> None:
        self._recording, self._parts = recording, parts

    def events(self, key: Key) -> list[Event]:
        """The times at which a part is heard.

        Raises:
            EditError: the model cannot tell.
        """
        track = self._parts[key].track
        if track is None:
            raise EditError(
                "this model cannot tell when a sound is heard: give a time, or use one of our "
                "models, such as default"
            )
        return counted(find_events(track))

    def event(self, target: Target) -> Event:
        """The one time that is meant.

        Raises:
            EditError: it is not heard that often.
        """
        assert target.occurrence is not None
        key = key_of(target)
        found = self.events(key)
        chosen = choose(found, Which(target.occurrence))
        if not chosen:
            times = ", ".join(f"{event.start_s:.1f} to {event.end_s:.1f} s" for event in found[:10])
            heard = f"is heard {len(found)} times: {times}" if found else "is not heard at all"
            raise EditError(
                f"{name_of(key)!r} {heard}; time number {target.occurrence} was asked for: "
                "choose another, or give a time"
            )
        return chosen[0]

    def region(self, target: Target, span: Span | None) -> Region | None:
        """Where an operation holds; None for everywhere.

        Raises:
            EditError: the time is not in the recording, or the sound is not heard that often.
        """
        rate, length = self._recording.sample_rate, self._recording.length
        region = None
        if span is not None:
            region = region_of(span, sample_rate=rate, length=length)
        if target.occurrence is not None:
            around = region_around([self.event(target)], sample_rate=rate, length=length)
            region = around.within(region)
        return region

    def fading(self, fade: Fade) -> Fading:
        """The curve of a fade."""
        rate, length = self._recording.sample_rate, self._recording.length
        start, stop = 0, length
        duration_s = fade.duration_s
        if fade.target.occurrence is not None:
            event = self.event(fade.target)
            start, stop = round(event.start_s * rate), round(event.end_s * rate)
        elif fade.span is not None:
            start_s, end_s = seconds_of(fade.span, length / rate)
            start, stop = round(start_s * rate), round(end_s * rate)
        elif duration_s is None:
            duration_s = _FADE_S
        if duration_s is not None:
            long = min(round(duration_s * rate), stop - start)
            start, stop = (stop - long, stop) if fade.direction == "out" else (start, start + long)
        return Fading(start, stop, out=fade.direction == "out")


def desk_of(
    steps: Sequence[Step],
    keys: Sequence[Key],
    when: When,
    chain_of: Callable[[Step], Chain],
) -> Desk:
    """Put the operations in force on a desk.

    Args:
        steps: what is in force.
        keys: the parts, in order.
        when: finds out when an operation holds.
        chain_of: gives the settings of an effect.

    Returns:
        What is done to each part, the rest, and the mix.

    Raises:
        EditError: an operation does not fit the recording.
    """
    places = {key: number for number, key in enumerate(keys)}
    strips: list[list[Stage]] = [[] for _ in range(len(keys) + 1)]
    master: list[Stage] = []
    for step in steps:
        operation = step.operation
        if not step.enabled or isinstance(operation, Extract):
            continue
        if isinstance(operation, Keep):
            _keep(operation, places, strips, master, when)
            continue
        stages = _stages(step, when, chain_of)
        target = operation.target
        if target.query is None:
            (strips[-1] if target.others else master).extend(stages)
            continue
        own = {places[key] for key in keys_named(target)}
        for number, strip in enumerate(strips):
            if (number in own) != target.others:
                strip.extend(stages)
    return Desk(tuple(tuple(strip) for strip in strips), tuple(master))


def panned(signal: Signal, position: float) -> Signal:
    """Move a stereo signal; nothing of it is lost at either end.

    The side it leaves is turned over to the other with constant power, as the equal-power
    panner of the Web Audio API does with stereo (W3C, Web Audio API 1.0, "StereoPannerNode").

    Args:
        signal: ``(2, samples)``.
        position: -1 left … 0 as it is … 1 right.

    Returns:
        ``(2, samples)``.

    Example:
        >>> panned(np.array([[1.0], [0.5]]), 1.0).round(3).tolist()
        [[0.0], [1.5]]
    """
    if position == 0.0:
        return signal
    left, right = signal
    share = position if position > 0.0 else 1.0 + position
    cosine, sine = np.cos(share * np.pi / 2), np.sin(share * np.pi / 2)
    if position > 0.0:
        return np.stack([left * cosine, right + left * sine])
    return np.stack([left + right * cosine, right * sine])


def _targets(operation: Operation) -> list[Target]:
    others = operation.also if isinstance(operation, Keep) else ()
    return [operation.target, *others]


def _keep(
    keep: Keep,
    places: dict[Key, int],
    strips: list[list[Stage]],
    master: list[Stage],
    when: When,
) -> None:
    """Remove everything that is not kept."""
    region = None if keep.span is None else when.region(Target(), keep.span)
    if keep.target.query is None:
        if keep.target.others:  # "keep only the rest"
            for strip in strips[:-1]:
                strip.append(Pointwise(_scaled(region)))
        elif region is not None:  # "keep only the first 5 s"
            master.append(Pointwise(_scaled(_opposite(None, region))))
        return
    _keep_parts(keep, places, strips, when, region)


def _keep_parts(
    keep: Keep,
    places: dict[Key, int],
    strips: list[list[Stage]],
    when: When,
    region: Region | None,
) -> None:
    """Remove the strips of all other sounds."""
    # What is kept of each strip: all of it, or one of the times it is heard.
    kept: dict[int, list[Region | None]] = {}
    for target in _targets(keep):
        one = when.region(target, None) if target.occurrence is not None else None
        for key in keys_named(target):
            kept.setdefault(places[key], []).append(one)
    for number, strip in enumerate(strips):
        stays = number in kept
        if keep.target.others:  # to keep everything but a sound is to remove it
            stays = not stays
            if stays:
                continue
            strip.append(Pointwise(_scaled(when.region(keep.target, keep.span))))
            continue
        times = kept.get(number, [])
        if None in times:
            continue
        heard = [region for region in times if region is not None]
        strip.append(Pointwise(_scaled(_opposite(region, *heard))))


def _opposite(region: Region | None, *kept: Region) -> Weight | None:
    """Weight of a region without some others."""
    if not kept:
        return region

    def weight(start: int, stop: int) -> Signal:
        left = np.ones(stop - start) if region is None else region(start, stop)
        for other in kept:
            left = left * (1.0 - other(start, stop))
        return left

    return weight


def _stages(step: Step, when: When, chain_of: Callable[[Step], Chain]) -> list[Stage]:
    """What an operation does to a strip that it is meant for."""
    operation = step.operation
    region = None
    if not isinstance(operation, Fade) or operation.target.occurrence is not None:
        region = when.region(operation.target, operation.span)
    if isinstance(operation, Remove):
        return [Pointwise(_scaled(region))]
    if isinstance(operation, Gain):
        factor = 10.0 ** (operation.gain_db / 20.0)
        return [] if factor == 1.0 else [Pointwise(_scaled(region, factor))]
    if isinstance(operation, Fade):
        fading = when.fading(operation)
        return [Pointwise(_faded(fading, region))]
    if isinstance(operation, Pan):
        return [] if operation.position == 0.0 else [Pointwise(_moved(region, operation.position))]
    assert isinstance(operation, Effect)
    chain = chain_of(step)
    return [Wet(chain, region)] if operation.amount > 0.0 and len(chain) else []


def _scaled(weight: Weight | None, factor: float = 0.0) -> Callable[[Signal, int], Signal]:
    def change(block: Signal, at: int) -> Signal:
        if weight is None:
            return block * factor
        return np.asarray(block * (1.0 + weight(at, at + block.shape[1]) * (factor - 1.0)))

    return change


def _faded(fading: Fading, weight: Weight | None) -> Callable[[Signal, int], Signal]:
    def change(block: Signal, at: int) -> Signal:
        gain = fading(at, at + block.shape[1])
        if weight is not None:
            gain = 1.0 + weight(at, at + block.shape[1]) * (gain - 1.0)
        return np.asarray(block * gain)

    return change


def _moved(weight: Weight | None, position: float) -> Callable[[Signal, int], Signal]:
    def change(block: Signal, at: int) -> Signal:
        moved = panned(block, position)
        if weight is None:
            return moved
        return np.asarray(block + weight(at, at + block.shape[1]) * (moved - block))

    return change
