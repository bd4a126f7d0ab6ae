"""A chain over a sound file of any length: flat memory, bit depth kept, nothing half-written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from lass.audio import Writer, choose_subtype, common_gain, container_of, info, stream
from lass.audio.quantising import BITS
from lass.errors import AudioReadError, EffectError

if TYPE_CHECKING:
    import os

    from lass.audio import AudioInfo
    from lass.fx.chain import Chain, Tail

__all__ = ["Rendered", "render_file"]

_BLOCK_S = 5.0

OnExisting = Literal["error", "overwrite", "skip"]


@dataclass(frozen=True)
class Rendered:
    """What became of a file.

    Args:
        path: The recording.
        output: The file made from it.
        samples: Its length per channel; 0 if it was skipped.
        gain_db: Gain that kept an integer format from clipping; 0 if none was needed.
        skipped: True if the output existed and was kept.

    Example:
        >>> Rendered(Path("a.wav"), Path("b.wav"), 100).gain_db
        0.0
    """

    path: Path
    output: Path
    samples: int
    gain_db: float = 0.0
    skipped: bool = False


def render_file(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str],
    chain: Chain,
    *,
    tail: Tail = "cut",
    subtype: str = "auto",
    on_existing: OnExisting = "error",
    block_samples: int | None = None,
    on_progress: Callable[[float, float], None] | None = None,
) -> Rendered:
    """Apply a chain to a sound file, in memory that does not grow with its length.

    Nothing is normalised. If an integer format would clip, the whole file is made again with
    one gain, which the result tells.

    Args:
        path: The recording.
        output: The file to make; its suffix decides the format. It may be the recording
            itself with ``on_existing="overwrite"``.
        chain: The effects.
        tail: ``"cut"`` keeps the length, ``"keep"`` lets reverb and echoes die away.
        subtype: Coding by libsndfile's name, ``"auto"`` for the recording's bit depth.
        on_existing: ``"error"``, ``"overwrite"`` or ``"skip"``.
        block_samples: Samples read at a time, 5 s if None; it does not change the result.
        on_progress: Called after every block with seconds done and seconds in all.

    Returns:
        What became of the file.

    Raises:
        AudioReadError: If the recording cannot be read or holds NaN.
        AudioWriteError: If the output cannot be written; nothing half-written is left.
        EffectError: If ``tail`` or ``block_samples`` is not as described.

    Example:
        >>> import tempfile
        >>> from lass.audio import write
        >>> from lass.fx import Chain, Gain
        >>> folder = Path(tempfile.mkdtemp())
        >>> quiet = np.full((1, 100), 0.25, np.float32)
        >>> _ = write(folder / "a.wav", quiet, sample_rate=8000, subtype="PCM_16")
        >>> louder = Chain([Gain(gain_db=24.0)])
        >>> made = render_file(folder / "a.wav", folder / "b.wav", louder)
        >>> made.samples, round(made.gain_db, 1)
        (100, -12.0)
    """
    if block_samples is not None and block_samples < 1:
        raise EffectError(f"block_samples is {block_samples}, expected 1 or more")
    told = info(path)
    coding = choose_subtype(container_of(output), subtype=subtype, like=told)
    extra = chain.tail_samples(told.sample_rate, tail=tail)
    size = block_samples or max(round(_BLOCK_S * told.sample_rate), 1)
    job = _Job(told, Path(output), chain, coding, on_existing, size, extra, on_progress)
    samples, peak, skipped = job.run(1.0)
    gain = 1.0
    if samples is None:
        gain = common_gain([peak], subtype=coding)
        samples, _, skipped = job.run(gain)
    assert samples is not None
    return Rendered(
        Path(path), Path(output), samples, gain_db=20.0 * float(np.log10(gain)), skipped=skipped
    )


class _WouldClipError(Exception):
    """The output does not fit the integer format at its own level."""


@dataclass
class _Job:
    told: AudioInfo
    output: Path
    chain: Chain
    subtype: str
    on_existing: OnExisting
    block_samples: int
    extra: int
    on_progress: Callable[[float, float], None] | None

    def run(self, gain: float) -> tuple[int | None, float, bool]:
        """Write the file at this gain; once it would clip, only look for the peak.

        Returns:
            Samples written, None if it would have clipped; the peak; whether it was skipped.
        """
        peak = 0.0
        try:
            with self._writer() as writer:
                if writer.skipped:
                    return 0, 0.0, True
                for block in self._made():
                    scaled = block.numpy() * np.float32(gain)
                    peak = max(peak, float(np.abs(scaled).max(initial=0.0)))
                    if self._fits(peak):
                        writer.write(scaled)
                if not self._fits(peak):
                    raise _WouldClipError
                return writer.samples, peak, False
        except _WouldClipError:
            return None, peak, False

    def _fits(self, peak: float) -> bool:
        return self.subtype not in BITS or peak <= 1.0

    def _made(self) -> Iterator[Tensor]:
        """The processed blocks, as many samples as came in and the tail."""
        rate, channels = self.told.sample_rate, self.told.channels
        opened = self.chain.stream(sample_rate=rate, channels=channels)
        done = 0
        for block in stream(self.told.path, block_samples=self.block_samples):
            made = opened.push(torch.from_numpy(block))
            done += block.shape[1]
            if made.shape[1]:
                yield made
            self._report(done)
        if done == 0:
            raise AudioReadError(
                f"{self.told.path} holds no samples, expected a recording; get it again"
            )
        for at in range(0, self.extra, self.block_samples):
            silence = torch.zeros(channels, min(self.block_samples, self.extra - at))
            made = opened.push(silence)
            if made.shape[1]:
                yield made
        made = opened.finish()
        if made.shape[1]:
            yield made

    def _report(self, done: int) -> None:
        if self.on_progress is not None:
            done_s = done / self.told.sample_rate
            self.on_progress(done_s, max(done_s, self.told.samples / self.told.sample_rate))

    def _writer(self) -> Writer:
        return Writer(
            self.output,
            sample_rate=self.told.sample_rate,
            channels=self.told.channels,
            subtype=self.subtype,
            like=self.told,
            on_existing=self.on_existing,
            expected_samples=self.told.samples + self.extra,
        )
