"""What makes steps into sound: the recording, its parts and its effects, without any history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lass.edit.chains import Chains
from lass.edit.checking import check_fits
from lass.edit.desk import When, desk_of, keys_of
from lass.edit.envelopes import seconds_of
from lass.edit.history import Step
from lass.edit.operations import Effect, Extract, Span, Target
from lass.edit.parts import Key, Parts, Shares, keys_named, name_of
from lass.edit.rendering import MIX, Desk, Output, blocks_of
from lass.edit.store import Recording, Scratch, take
from lass.errors import EditError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.separation import Separator

__all__ = ["REST", "OnProgress", "Studio"]

OnProgress = Callable[[str, float], None]
"""Called with what is being done and the share that is done, 0…1."""

REST = "rest"
"""Name of the output that is everything in no part."""


class Studio:
    """Renders steps; see :class:`lass.EditSession`.

    Args:
        source: a path, or an array ``(channels, samples)``.
        sample_rate: samples per second of an array.
        separator: a separator; the model is loaded when first needed if None.
        model: name or folder of the model; the default one, or the separator's, if None.
        encoder: name or folder of a query encoder; the model's own if None.
        device: where the model runs.
        to_stereo: whether one channel becomes two.
        on_progress: called while the recording is read.
    """

    def __init__(
        self,
        source: object,
        sample_rate: int | None,
        *,
        separator: Separator | None,
        model: str | Path | None,
        encoder: str | Path | None,
        device: str,
        to_stereo: bool,
        on_progress: OnProgress | None,
    ) -> None:
        self._separator, self._model, self._device = separator, model, device
        self.encoder = encoder
        self.scratch = Scratch()
        try:
            self.recording: Recording = take(
                source, sample_rate, self.scratch, to_stereo=to_stereo, on_progress=on_progress
            )
        except BaseException:
            self.scratch.close()
            raise
        self.parts = Parts(self.recording, self.scratch, self.separator)
        self.chains = Chains(self.recording, self.parts)
        self.when = When(self.recording, self.parts)

    def separator(self) -> Separator:
        """The separator, loaded when first asked for."""
        if self._separator is None:
            from lass.separation import Separator

            self._separator = Separator.load(self._model, device=self._device, encoder=self.encoder)
        return self._separator

    @property
    def model(self) -> str | Path:
        """The model as it was asked for, or what a separator that was given is called."""
        if self._model is not None:
            return self._model
        return "default" if self._separator is None else self._separator.model.name

    @property
    def model_sha256(self) -> str | None:
        """Hash of the model's weights, or None if it is not loaded."""
        if self._separator is None:
            return None
        config: Mapping[str, Mapping[str, str]] = self._separator.model.config
        return config.get("sha256", {}).get("model.safetensors")

    def check(self, steps: Sequence[Step]) -> None:
        """Refuse what does not fit the recording, before any work.

        Raises:
            EditError: a time is beyond the recording, or mono shall be panned.
        """
        self._check_open()
        for step in steps:
            check_fits(
                step.operation,
                duration_s=self.recording.duration_s,
                channels=self.recording.channels,
                recorded=self.recording.own.channels,
            )

    def prepare(self, steps: Sequence[Step], on_progress: OnProgress | None = None) -> None:
        """Do all work that needs a model: separate, and find effect settings.

        Raises:
            EditError: a sound is not heard as often as an operation says.
            QueryError: a sound or an effect cannot be understood.
        """
        self._check_open()
        self.parts.separate(keys_of(steps), on_progress=on_progress)
        effects = [s for s in steps if s.enabled and isinstance(s.operation, Effect)]
        for number, step in enumerate(effects):
            self.chains.of(step)
            if on_progress is not None:
                on_progress("finding effects", (number + 1) / len(effects))
        self.desk(steps, keys_of(steps))

    def desk(self, steps: Sequence[Step], keys: Sequence[Key]) -> Desk:
        """What is done to each strip."""
        return desk_of(steps, keys, self.when, self.chains.of)

    def stretch(self, span: Span | None) -> tuple[int, int]:
        """First sample of a span and the one after its last."""
        if span is None:
            return 0, self.recording.length
        if span.outside:
            raise EditError("one stretch of time is needed here: give it without 'outside'")
        rate = self.recording.sample_rate
        start_s, end_s = seconds_of(span, self.recording.duration_s)
        return round(start_s * rate), min(round(end_s * rate), self.recording.length)

    def blocks(
        self,
        steps: Sequence[Step],
        *,
        span: Span | None = None,
        outputs: Mapping[str, Output] | None = None,
        mix: bool = True,
        on_progress: OnProgress | None = None,
    ) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Render, block by block; see :func:`lass.edit.rendering.blocks_of`.

        What needs a model is done before the first block.
        """
        self._check_open()
        start, stop = self.stretch(span)
        self.prepare(steps, on_progress)
        keys = keys_of(steps)
        return blocks_of(
            self.recording,
            Shares(self.recording, [self.parts[key] for key in keys]),
            self.desk(steps, keys),
            start=start,
            stop=stop,
            outputs=outputs,
            mix=mix,
            on_progress=on_progress,
        )

    def whole(
        self,
        steps: Sequence[Step],
        name: str = MIX,
        *,
        span: Span | None = None,
        output: Output | None = None,
        on_progress: OnProgress | None = None,
    ) -> NDArray[np.float32]:
        """Render one output into memory, float32 ``(channels, samples)``."""
        start, stop = self.stretch(span)
        made = np.empty((self.recording.channels, stop - start), np.float32)
        at = 0
        outputs = {} if output is None else {name: output}
        for _, block in self.blocks(
            steps, span=span, outputs=outputs, mix=output is None, on_progress=on_progress
        ):
            made[:, at : at + block.shape[1]] = block
            at += block.shape[1]
        return made

    def original(self, span: Span | None) -> NDArray[np.float32]:
        """The recording as it was."""
        self._check_open()
        return self.recording.samples.read(*self.stretch(span))

    def outputs(self, steps: Sequence[Step], *, edited: bool = True) -> dict[str, Output]:
        """All parts in force and the rest, by name."""
        keys = keys_of(steps)
        named = {name_of(key): Output((number,), edited) for number, key in enumerate(keys)}
        # A part that is called like the rest keeps its name; the rest is always the last.
        return {**named, REST: Output((len(keys),), edited)}

    def extracts(self, steps: Sequence[Step]) -> dict[str, Output]:
        """What operations ask for as files of their own, by name."""
        keys = keys_of(steps)
        every = range(len(keys) + 1)
        found: dict[str, Output] = {}
        for step in steps:
            if not step.enabled or not isinstance(step.operation, Extract):
                continue
            target, span = step.operation.target, step.operation.span
            name, strips = "all", tuple(every)
            if target == Target(others=True):
                name, strips = REST, (len(keys),)
            elif target.query is not None:
                strips = tuple(keys.index(key) for key in keys_named(target))
                name = ", ".join(name_of(keys[own]) for own in strips)
                if target.others:
                    name = f"without {name}"
                    strips = tuple(number for number in every if number not in strips)
            if target.occurrence is not None:
                name = f"{name} {target.occurrence}"
            base, number = name, 2
            while name in found:
                name, number = f"{base} {number}", number + 1
            found[name] = Output(strips, weight=self.when.region(target, span))
        return found

    def close(self) -> None:
        """Remove everything from disk."""
        self.scratch.close()

    def _check_open(self) -> None:
        if self.scratch.closed:
            raise EditError("the session is closed: open it again")
