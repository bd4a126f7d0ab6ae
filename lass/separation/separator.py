"""The separator: say what you want to hear, and get it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from lass.audio import info, validate
from lass.audio import stream as read_blocks
from lass.errors import ModelError, QueryError
from lass.networks.registry import config_from_dict
from lass.query import Query
from lass.separation.asking import Asked, named_queries, vectors_of
from lass.separation.choosing import choosing
from lass.separation.devices import device_named
from lass.separation.engine import SeparationStream
from lass.separation.events import Search
from lass.separation.files import separate_file
from lass.separation.fixed_rate import FixedRateStream, open_stream
from lass.separation.naming import NAME_TEMPLATE, output_paths
from lass.separation.presence import PresenceScale
from lass.separation.result import FileResult, Progress, Separation

if TYPE_CHECKING:
    from lass.zoo import LoadedModel

__all__ = ["Separator"]


class Separator:
    """Separates sounds by words or examples. Make one with :meth:`load`.

    Args:
        model: a loaded model.
        device: where the network runs.

    Example:
        >>> import numpy as np
        >>> separator = Separator.load()
        >>> audio = np.zeros((2, 8000), np.float32)
        >>> result = separator.separate(audio, 16000, ["violin"])
        >>> result.parts["violin"].shape, result.scores["violin"]
        ((2, 8000), 0.0)
    """

    def __init__(self, model: LoadedModel, *, device: str = "cpu") -> None:
        self.model = model
        self.device = device
        model.to(device)

    @classmethod
    def load(
        cls,
        name_or_path: str | Path | None = None,
        device: str = "auto",
        *,
        encoder: str | Path | None = None,
    ) -> Separator:
        """Load a model.

        Args:
            name_or_path: a shipped model's name or a model folder; the default model if None.
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
            encoder: another query encoder of the model's space; the model's own if None.

        Returns:
            A separator, ready to use any number of times.

        Raises:
            ModelError: there is no such model, or its files are damaged.
            DeviceError: the device is not there.
        """
        from lass.zoo import load

        return cls(load(name_or_path or "default", encoder=encoder), device=device_named(device))

    def separate(
        self,
        audio: Any,  # noqa: ANN401 (NumPy array or torch tensor)
        sample_rate: int,
        queries: Asked,
        negatives: Asked = (),
        *,
        on_progress: Callable[[float], None] | None = None,
    ) -> Separation:
        """Separate a recording that is in memory.

        Args:
            audio: ``(channels, samples)``, a NumPy array or a torch tensor.
            sample_rate: samples per second.
            queries: what to listen for: words, such as "dog" or "the second knock"
                (:func:`lass.query.which.read_which`), or :class:`lass.Query` for examples.
            negatives: what the parts should not be.
            on_progress: called with the share that is done, 0…1.

        Returns:
            The parts, the residual, and a presence score for each query.

        Raises:
            AudioError: the array is not ``(channels, samples)`` of finite floats.
            QueryError: there is no query, or one cannot be understood.
        """
        named = named_queries(queries)
        signal = validate(_to_numpy(audio), sample_rate=sample_rate)
        stream = choosing(
            self._open(named, negatives, sample_rate, signal.shape[0]),
            named,
            lambda asked: self.find(signal, sample_rate, asked),
            sample_rate=sample_rate,
        )
        pieces = [np.zeros((len(named), signal.shape[0], 0), np.float32)]
        done = 0
        for piece in stream.run([signal]):
            pieces.append(piece.parts)
            done += piece.parts.shape[-1]
            if on_progress is not None:
                on_progress(done / signal.shape[1])
        parts = np.concatenate(pieces, axis=-1)
        residual = (signal - parts.sum(axis=0, dtype=np.float64)).astype(np.float32)

        def like_input(result: NDArray[np.float32]) -> Any:  # noqa: ANN401
            if isinstance(audio, torch.Tensor):
                return torch.from_numpy(result).to(audio.device)
            return result

        return Separation(
            {name: like_input(part) for name, part in zip(named, parts, strict=True)},
            like_input(residual),
            dict(zip(named, stream.scores(), strict=True)),
            sample_rate,
        )

    def separate_file(
        self,
        path: str | Path,
        queries: Asked,
        negatives: Asked = (),
        *,
        output_dir: str | Path | None = None,
        name: str = NAME_TEMPLATE,
        format: str | None = None,  # noqa: A002 (the field's word)
        subtype: str = "auto",
        residual: bool = True,
        on_existing: str = "error",
        on_progress: Callable[[Progress], None] | None = None,
    ) -> FileResult:
        """Separate a sound file, block by block, in constant memory.

        Args:
            path: the recording.
            queries: what to listen for.
            negatives: what the parts should not be.
            output_dir: where results go; next to the recording if None.
            name: file name without ending; ``{stem}``, ``{query}`` and ``{index}`` are filled in.
            format: ``wav``, ``flac``, ``ogg`` or ``mp3``; like the recording if None.
            subtype: bit depth by libsndfile's name, or ``auto`` to keep the recording's.
            residual: whether to write everything else, too.
            on_existing: ``error``, ``overwrite`` or ``skip``.
            on_progress: called after every block.

        Returns:
            Paths, scores and what was done to the level.

        Raises:
            AudioReadError: the recording cannot be read.
            AudioWriteError: a result cannot be written; nothing half-written is left.
            QueryError: there is no query, or one cannot be understood.
        """
        named = named_queries(queries)
        outputs = output_paths(
            Path(path),
            list(named),
            folder=None if output_dir is None else Path(output_dir),
            template=name,
            format=format,
            residual=residual,
        )
        found: list[Search] = []

        def search(asked: list[Query]) -> Search:  # once, though a file may be done twice
            if not found:
                found.append(self.find_file(path, asked, on_progress=on_progress))
            return found[0]

        return separate_file(
            Path(path),
            outputs,
            lambda rate, channels: choosing(
                self._open(named, negatives, rate, channels), named, search, sample_rate=rate
            ),
            subtype=subtype,
            on_existing=on_existing,
            on_progress=on_progress,
        )

    def find(
        self,
        audio: Any,  # noqa: ANN401 (NumPy array or torch tensor)
        sample_rate: int,
        queries: Asked,
        *,
        on_progress: Callable[[float], None] | None = None,
    ) -> Search:
        """Say when sounds are heard in a recording that is in memory.

        Args:
            audio: ``(channels, samples)``, a NumPy array or a torch tensor.
            sample_rate: samples per second.
            queries: what to listen for.
            on_progress: called with the share that is done, 0…1.

        Returns:
            A score over time for each query; :func:`lass.find_events` makes events of it.

        Raises:
            AudioError: the array is not ``(channels, samples)`` of finite floats.
            ModelError: the model gives no score over time.
            QueryError: there is no query, or one cannot be understood.

        Example:
            >>> import numpy as np
            >>> search = Separator.load().find(np.zeros((1, 8000), np.float32), 16000, "siren")
            >>> search.scores["siren"], search.tracks["siren"].scores.shape
            (0.0, (16,))
        """
        named = named_queries(queries)
        signal = validate(_to_numpy(audio), sample_rate=sample_rate)
        stream = self._open_tracking(named, sample_rate, signal.shape[0])
        done = 0
        for piece in stream.run([signal]):
            done += piece.audio.shape[1]
            if on_progress is not None:
                on_progress(done / signal.shape[1])
        return _search(stream, named)

    def find_file(
        self,
        path: str | Path,
        queries: Asked,
        *,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Search:
        """Say when sounds are heard in a sound file, block by block.

        Args:
            path: the recording.
            queries: what to listen for.
            on_progress: called after every block.

        Returns:
            A score over time for each query.

        Raises:
            AudioReadError: the recording cannot be read.
            ModelError: the model gives no score over time.
            QueryError: there is no query, or one cannot be understood.
        """
        named = named_queries(queries)
        told = info(path)
        stream = self._open_tracking(named, told.sample_rate, told.channels)
        done_s = 0.0
        for piece in stream.run(read_blocks(path, block_samples=round(5.0 * told.sample_rate))):
            done_s += piece.audio.shape[1] / told.sample_rate
            if on_progress is not None:
                on_progress(Progress(Path(path), done_s, max(done_s, told.duration_s)))
        return _search(stream, named)

    def open(
        self, queries: Asked, negatives: Asked = (), *, sample_rate: int, channels: int
    ) -> SeparationStream | FixedRateStream:
        """Open a stream: blocks of audio in, finished stretches of the parts out.

        Args:
            queries: what to listen for.
            negatives: what the parts should not be.
            sample_rate: samples per second of the blocks.
            channels: channels of the blocks.

        Returns:
            A stream that makes the parts in the order of the queries; for one recording.

        Raises:
            QueryError: there is no query, or one cannot be understood.

        Example:
            >>> import numpy as np
            >>> stream = Separator.load().open("violin", sample_rate=16000, channels=1)
            >>> [piece.parts.shape for piece in stream.run([np.zeros((1, 8000), np.float32)])]
            [(1, 1, 8000)]
        """
        named = named_queries(queries)
        for name, query in named.items():
            if query.which is not None:
                raise QueryError(
                    f"{name!r} asks for one of several times, and a stream does not know what is "
                    f"still to come: ask for {query.text!r}, or separate the whole recording"
                )
        return self._open(named, negatives, sample_rate, channels)

    def _open_tracking(
        self, named: dict[str, Query], sample_rate: int, channels: int
    ) -> SeparationStream:
        """A stream that keeps its scores over time."""
        stream = self._open(named, (), sample_rate, channels)
        if not isinstance(stream, SeparationStream):
            raise ModelError(
                f"the model {self.model.name} gives no score over time: use one of ours, such as "
                "default"
            )
        return stream.track()

    def _open(
        self, named: dict[str, Query], negatives: Asked, sample_rate: int, channels: int
    ) -> SeparationStream | FixedRateStream:
        """A stream that makes the parts in the order of their names."""
        return open_stream(
            self.model.network,
            torch.from_numpy(vectors_of(named, negatives, self.model)),
            sample_rate=sample_rate,
            channels=channels,
            device=self.device,
            presence=config_from_dict(PresenceScale, self.model.config.get("presence", {})),
            hearing=self.model.encoder if self.model.config.get("second_look") is True else None,
        )


def _search(stream: SeparationStream, named: dict[str, Query]) -> Search:
    return Search(
        dict(zip(named, stream.tracks(), strict=True)),
        dict(zip(named, stream.scores(), strict=True)),
    )


def _to_numpy(audio: Any) -> Any:  # noqa: ANN401 (whatever the caller gave)
    """A tensor's values as an array; everything else as it is."""
    if not isinstance(audio, torch.Tensor):
        return audio
    held = audio.detach().cpu()
    return (held.float() if held.dtype == torch.bfloat16 else held).numpy()
