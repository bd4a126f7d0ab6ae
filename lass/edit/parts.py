"""The sounds of a recording: separated once, kept on disk, and shared out without overlap.

Every sound is taken from the original recording. Two of them may hold the same thing ("dog" and
"barking"), and what is taken out twice is missing twice. So the parts take their share in turn, in
the short-time spectrum: the second gets of each frequency what the first has left of it, and
so on. Parts and rest always sum to the recording, and a part that overlaps with none before it is
what was separated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lass.edit.operations import Target
from lass.edit.store import Recording, Samples, SamplesWriter, Scratch
from lass.errors import EditError
from lass.separation import HEARD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lass.separation import Separator, Track

__all__ = ["HEARD", "Key", "Part", "Parts", "Shares", "key_of", "keys_named", "name_of"]

_BLOCK_S = 5.0
_TINY = 1e-24  # power of a bin (-240 dB) below which it holds no sound to share

Key = tuple[str, tuple[str, ...]]
"""A query and what it is not."""


def key_of(target: Target) -> Key:
    """The part that a target names, whichever time it is heard."""
    assert target.query is not None
    return (target.query, () if target.others else target.without)


def keys_named(target: Target) -> tuple[Key, ...]:
    """All parts that a target names: those it means, or with ``others`` those it does not.

    Example:
        >>> keys_named(Target("noise", ("birds",))), keys_named(Target())
        ((('noise', ('birds',)),), ())
        >>> keys_named(Target("voice", ("piano",), others=True))
        (('voice', ()), ('piano', ()))
    """
    if target.query is None:
        return ()
    more = target.without if target.others else ()
    return (key_of(target), *((query, ()) for query in more))


def name_of(key: Key) -> str:
    """A part's name for people.

    Example:
        >>> name_of(("dog", ())), name_of(("noise", ("birds", "rain")))
        ('dog', 'noise without birds, rain')
    """
    query, without = key
    return f"{query} without {', '.join(without)}" if without else query


@dataclass(frozen=True)
class Part:
    """A sound as it was separated, all of it.

    Args:
        samples: the signal, as long as the recording.
        score: how sure the model is that it occurs, 0…1.
        track: when it is heard, or None where the model cannot tell.
    """

    samples: Samples
    score: float
    track: Track | None


class Parts:
    """All sounds that were separated from one recording with one model.

    Args:
        recording: the recording.
        scratch: where they are kept.
        load: gives the separator, when it is first needed.
    """

    def __init__(
        self, recording: Recording, scratch: Scratch, load: Callable[[], Separator]
    ) -> None:
        self._recording, self._scratch, self._load = recording, scratch, load
        self._found: dict[Key, Part] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._found

    def __getitem__(self, key: Key) -> Part:
        """A part that was separated."""
        if key not in self._found:
            raise EditError(f"{name_of(key)!r} was not separated yet: call prepare() first")
        return self._found[key]

    def separate(
        self, keys: Sequence[Key], *, on_progress: Callable[[str, float], None] | None = None
    ) -> None:
        """Separate what is missing, all in one pass.

        Args:
            keys: the parts that will be needed.
            on_progress: called with ``"separating"`` and the share that is done; what it raises
                ends the work, and nothing is kept of it.

        Raises:
            QueryError: one cannot be understood by the model.
        """
        missing = [key for key in dict.fromkeys(keys) if key not in self._found]
        if not missing:
            return
        from lass.query import Query

        queries = [Query(query).minus(*without) for query, without in missing]
        own = self._recording.own
        stream: Any = self._load().open(
            queries, sample_rate=self._recording.sample_rate, channels=own.channels
        )
        tracked = hasattr(stream, "track")
        if tracked:
            stream.track()
        writers: list[SamplesWriter] = []
        done = 0
        try:
            writers.extend(self._scratch.writer(own.channels) for _ in missing)
            for piece in stream.run(self._blocks()):
                for writer, part in zip(writers, piece.parts, strict=True):
                    writer.write(part)
                done += piece.parts.shape[-1]
                if on_progress is not None:
                    on_progress("separating", done / own.length)
        except BaseException:
            for writer in writers:
                writer.discard()
            raise
        tracks = stream.tracks() if tracked else [None] * len(missing)
        for key, writer, score, track in zip(
            missing, writers, stream.scores(), tracks, strict=True
        ):
            stored = writer.finish()
            samples = Samples(stored.path, stored.stored, self._recording.channels, stored.length)
            self._found[key] = Part(samples, score, track)

    def _blocks(self) -> Iterator[NDArray[np.float32]]:
        own, step = self._recording.own, round(_BLOCK_S * self._recording.sample_rate)
        for start in range(0, own.length, step):
            yield own.read(start, min(start + step, own.length))


class Shares:
    """Parts in their order, each without what those before it have taken.

    With X the spectrum of the recording and S₁, S₂ those of the parts as they were separated,
    the shares are S₁, S₂·(1 − m₁), S₃·(1 − m₁)·(1 − m₂), … where mᵢ is the part of X that Sᵢ
    holds, from 0 to 1: Sᵢ projected on X.

    Args:
        recording: the recording.
        parts: the parts, in the order in which they take.
    """

    def __init__(self, recording: Recording, parts: Sequence[Part]) -> None:
        from lass.networks.frontend import Frontend, FrontendConfig, hop_samples

        self._recording, self._parts = recording, list(parts)
        self._frontend = Frontend(FrontendConfig())
        self._hop = hop_samples(recording.sample_rate, self._frontend.config.hop_ms)

    def __len__(self) -> int:
        return len(self._parts)

    def read(self, start: int, stop: int) -> NDArray[np.float64]:
        """Read a stretch of all shares.

        Args:
            start: first sample.
            stop: sample to stop before.

        Returns:
            ``(parts, channels, stop - start)``; what is left to the recording is the rest.
        """
        shape = (len(self._parts), self._recording.channels, stop - start)
        shares = np.zeros(shape)
        if self._parts:
            shares[0] = self._parts[0].samples.read(start, stop)
        if len(self._parts) > 1:
            self._share(shares, start, stop)
        return shares

    def _share(self, shares: NDArray[np.float64], start: int, stop: int) -> None:
        """Fill in all but the first; frames lie on a grid that does not depend on the stretch."""
        import torch

        hop = self._hop
        first, last = start // hop, -(-stop // hop)

        def spectrum(samples: Samples) -> torch.Tensor:
            held = torch.from_numpy(samples.read((first - 1) * hop, (last + 1) * hop))
            return self._frontend.transform(held.double(), hop=hop)

        with torch.inference_mode():
            whole = spectrum(self._recording.samples)
            power = whole.real.square() + whole.imag.square()
            left = torch.ones_like(power)
            taken = spectrum(self._parts[0].samples)
            for number, part in enumerate(self._parts[1:], start=1):
                along = (taken * whole.conj()).real / power.clamp(min=_TINY)
                left *= 1.0 - along.clamp(0.0, 1.0)
                taken = spectrum(part.samples)
                made = self._frontend.synthesise(taken * left, samples=(last - first) * hop)
                inside = slice(start - first * hop, stop - first * hop)
                shares[number] = made[..., inside].numpy()
