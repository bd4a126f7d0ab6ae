"""The files of `lass fx`: settings are found on a loud stretch and rendered as a stream."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lass.cli.inputs import Input
from lass.cli.options import OnExisting
from lass.cli.running import note, plain
from lass.errors import ConfigError, EffectError, LassError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lass.fx import Chain, Rendered, TextFx
    from lass.query import QueryEncoder

__all__ = ["Done", "Work", "outputs_for", "perform", "report_json", "report_text", "spread"]


@dataclass(frozen=True)
class Work:
    """What all files have in common; see the options of the command."""

    prompt: str | None
    effects: Sequence[str]
    amount: float
    method: Literal["default", "cosine", "directional"]
    seed: int
    steps: int
    preset: Path | None
    save_preset: Path | None
    plot: Path | None
    on_existing: OnExisting
    encoder: str | None = None
    pair: bool = False
    refine: bool = False

    @cached_property
    def listener(self) -> QueryEncoder | None:
        """The encoder that was named, opened once; None for the one that ships."""
        if self.encoder is None:
            return None
        from lass.zoo import load_encoder

        return load_encoder(self.encoder)

    def check(self) -> None:
        """Complain once about what would be wrong for every file."""
        from lass.fx import effect_class
        from lass.fx.prompts import parse_prompt

        if self.prompt is not None:
            parse_prompt(self.prompt)
            _ = self.listener  # a name of no encoder is said here, once
            try:
                for name in self.effects:
                    effect_class(name)
            except EffectError as error:
                raise ConfigError(str(error)) from error
        else:
            self.chain()

    def chain(self) -> Chain:
        """The preset, by the amount."""
        from lass.fx import Chain

        assert self.preset is not None
        return Chain.load(self.preset).scaled(self.amount)


@dataclass(frozen=True)
class Done:
    """How a file ended."""

    path: Path
    prompt: str | None = None
    rendered: Rendered | None = None
    chain: Chain | None = None
    found: TextFx[NDArray[np.float32]] | None = None
    error: str | None = None


def outputs_for(found: Sequence[Input], output: Path | None) -> list[tuple[Input, Path]]:
    """Decide what is written where.

    Args:
        found: The recordings.
        output: A file for one recording, a folder for any number, or None.

    Returns:
        Each recording with its output.

    Raises:
        ConfigError: One file was named for several recordings, or two would be the same file.

    Example:
        >>> outputs_for([Input(Path("a.wav"))], None)[0][1].name
        'a.fx.wav'
    """
    if output is not None and not output.is_dir() and output.suffix and len(found) == 1:
        return [(found[0], output)]
    if output is not None and not output.is_dir() and output.suffix and len(found) > 1:
        raise ConfigError(
            f"-o names one file, {output.name!r}, for {len(found)} recordings: give a folder"
        )
    made: dict[str, Path] = {}
    pairs = []
    for item in found:
        folder = item.path.parent if output is None else output / item.folder
        name = item.path.name if output is not None else f"{item.path.stem}.fx{item.path.suffix}"
        target = folder / name
        other = made.setdefault(os.path.realpath(target), item.path)
        if other != item.path:
            raise ConfigError(f"{item.path} and {other} would become the same file: rename one")
        pairs.append((item, target))
    # A folder that was searched may hold results of last time; they are no recordings.
    return [
        pair
        for pair in pairs
        if made.get(os.path.realpath(pair[0].path), pair[0].path) == pair[0].path
    ]


def spread(
    work: Work, prompts: Sequence[str], targets: Sequence[tuple[Input, Path]]
) -> list[tuple[Work, Path, Path]]:
    """Lay out the work: every recording for every prompt.

    Args:
        work: What all have in common.
        prompts: Several descriptions; none for the one of ``work``.
        targets: Recordings and outputs; with several prompts each gives its output a name.

    Returns:
        What to do, with the recording and the output of each.
    """
    from lass.separation import slug

    if not prompts:
        return [(work, item.path, output) for item, output in targets]
    words = [slug(prompt) for prompt in prompts]
    names = [f"{w}-{words[:n].count(w) + 1}" if w in words[:n] else w for n, w in enumerate(words)]
    return [
        (
            replace(work, prompt=prompt),
            item.path,
            output.with_name(f"{output.stem}.{name}{output.suffix}"),
        )
        for item, output in targets
        for prompt, name in zip(prompts, names, strict=True)
    ]


def perform(work: Work, path: Path, output: Path) -> Done:
    """Find the settings for a file, unless they are given, and write it.

    Args:
        work: What all files have in common.
        path: The recording.
        output: The file to write.

    Returns:
        How it ended; an error of this file is part of that.
    """
    from lass.fx import render_file

    try:
        if os.path.realpath(path) == os.path.realpath(output):
            raise ConfigError(f"{path} would be replaced by its own result: name another output")
        if output.exists() and work.on_existing == "error":
            raise ConfigError(
                f"{output} exists: name another output, or give --on-existing overwrite or skip"
            )
        found = None if work.prompt is None else _find(work, path, output)
        chain = work.chain() if found is None else found.chain
        output.parent.mkdir(parents=True, exist_ok=True)
        rendered = render_file(path, output, chain, on_existing=work.on_existing)
        if work.save_preset is not None:
            chain.save(work.save_preset)
        if work.plot is not None:
            from lass.cli.fx_plot import picture
            from lass.evaluation.files import write_text

            write_text(work.plot, picture(chain, title=work.prompt or path.name))
    except LassError as error:
        message = str(error)
        told = message if path.name in message else f"{path}: {message}"
        return Done(path, work.prompt, error=told)
    except OSError as error:
        told = f"{path} failed: {error.strerror or error}; try again"
        return Done(path, work.prompt, error=told)
    return Done(path, work.prompt, rendered, chain, found)


def _find(work: Work, path: Path, output: Path) -> TextFx[NDArray[np.float32]]:
    """Settings from the loudest stretch of a file, of which no more is held in memory.

    The stretch itself, before and after, is written where a pair to compare is wanted.
    """
    from lass.audio import info, read
    from lass.fx import text_to_fx
    from lass.fx.hearing import LISTENED_S

    told = info(path)
    start = 0
    if told.duration_s > LISTENED_S:
        start = _loudest_start(path, told.sample_rate)
    audio, rate = read(path, start=start, stop=start + round(LISTENED_S * told.sample_rate))
    assert work.prompt is not None
    found = text_to_fx(
        audio,
        rate,
        work.prompt,
        effects=work.effects,
        method=work.method,
        seed=work.seed,
        amount=work.amount,
        steps=work.steps,
        encoder=work.listener,
        refine=work.refine,
    )
    if work.pair:
        _write_pair(output, audio, found, rate, work.on_existing)
    return found


def _loudest_start(path: Path, sample_rate: int) -> int:
    """First sample of the loudest seconds, in steps of a block."""
    import numpy as np

    from lass.audio import stream
    from lass.fx.hearing import LOOK_S, loudest_block

    block = round(LOOK_S * sample_rate)
    energy = [
        float(np.square(part, dtype=np.float64).sum()) for part in stream(path, block_samples=block)
    ]
    return loudest_block(energy) * block


def _write_pair(
    output: Path,
    before: NDArray[np.float32],
    found: TextFx[NDArray[np.float32]],
    rate: int,
    on_existing: OnExisting,
) -> None:
    """Both versions of the loudest stretch as files, equally loud."""
    import numpy as np

    from lass.audio import write
    from lass.fx.hearing import matching_gain_db

    gain_db = matching_gain_db(found.audio, before, sample_rate=rate)
    after = found.audio * np.float32(10.0 ** (gain_db / 20.0))
    # A peak that kept the result from being as loud keeps the recording down instead.
    down_db = min(0.0, matching_gain_db(before, after, sample_rate=rate))
    before = before * np.float32(10.0 ** (down_db / 20.0))
    for letter, audio in (("a", before), ("b", after)):
        path = output.with_name(f"{output.stem}.{letter}.wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, audio, sample_rate=rate, subtype="FLOAT", on_existing=on_existing)


def report_text(done: Done) -> None:
    """Say on stdout what was written, with the settings in plain words."""
    if done.rendered is None or done.chain is None:
        return
    if done.rendered.skipped:
        note(f"{done.path}: skipped, {done.rendered.output} exists already")
        return
    print(plain(done.rendered.output))
    told = done.found.describe() if done.found is not None else done.chain.describe()
    for line in told.splitlines():
        print(f"  {plain(line)}")
    if done.rendered.gain_db:
        note(
            f"{done.rendered.output}: {-done.rendered.gain_db:.2f} dB quieter than the settings "
            "say, so that it does not clip"
        )


def report_json(seed: int, done: Sequence[Done]) -> str:
    """Everything as one JSON object."""
    from lass import __version__

    prompts = {one.prompt for one in done}
    table = {
        "version": __version__,
        "prompt": prompts.pop() if len(prompts) == 1 else None,
        "seed": seed,
        "files": [_entry(one) for one in done],
    }
    return json.dumps(table, indent=2, ensure_ascii=False)


def _entry(done: Done) -> dict[str, Any]:
    entry: dict[str, Any] = {"path": str(done.path), "output": None, "error": done.error}
    entry["prompt"] = done.prompt
    if done.rendered is not None and done.chain is not None:
        entry["output"] = str(done.rendered.output)
        entry["skipped"] = done.rendered.skipped
        entry["gain_db"] = round(done.rendered.gain_db, 4)
        entry["parameters"] = done.chain.parameters
    if done.found is not None:
        entry["similarity_before"] = round(done.found.similarity_before, 4)
        entry["similarity_after"] = round(done.found.similarity_after, 4)
        entry["spread"] = round(done.found.spread, 4)
        entry["reliable"] = done.found.reliable
        entry["certainty"] = done.found.certainty
        entry["unknown"] = list(done.found.unknown)
        entry["doubtful"] = list(done.found.doubtful)
    return entry
