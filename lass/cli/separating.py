"""From options to results: find the files, see what would collide, do them, and tell."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lass.audio.temporary import remove_leftovers
from lass.cli.asked import gather
from lass.cli.batch import Options, Tally, report_json, report_text, tasks_of
from lass.cli.inputs import Input, collect
from lass.cli.progress import AudioBar
from lass.cli.running import Exit, note
from lass.errors import ConfigError
from lass.scale import LocalEngine, Manifest, Record, Setup, Shard, Task, plan
from lass.scale.planning import folders_of

if TYPE_CHECKING:
    from lass import Separator
    from lass.scale.ray_engine import RayEngine

__all__ = ["How", "Voice", "separate_files"]


@dataclass(frozen=True)
class How:
    """What the panel for many files says.

    Args:
        jobs: processes, or actors of Ray.
        threads: threads of each.
        shard: the part to do; everything if None.
        manifest: where records are kept, or None.
        engine: ``local`` or ``ray``.
        address: of a Ray cluster.
    """

    jobs: int | None
    threads: int | None
    shard: Shard | None
    manifest: Path | None
    engine: str
    address: str | None


@dataclass(frozen=True)
class Voice:
    """How much is said, and to whom.

    Args:
        quiet: nothing but errors.
        as_json: results as one object, for a program.
    """

    quiet: bool
    as_json: bool

    @property
    def speaks(self) -> bool:
        """Whether a person listens."""
        return not self.quiet and not self.as_json

    def note(self, text: str) -> None:
        """Say something beside the results."""
        if self.speaks:
            note(text)

    def tell(self, record: Record) -> None:
        """Say what became of a file; with ``--json``, only what failed."""
        if record.status == "failed" or self.speaks:
            report_text(record)


def separate_files(
    inputs: Sequence[str],
    options: Options,
    setup: Setup,
    *,
    output_dir: Path | None,
    how: How,
    voice: Voice,
) -> int:
    """Find the files, see what would collide, and separate the rest.

    Args:
        inputs: what was named.
        options: what to listen for.
        setup: what all files have in common.
        output_dir: where results go; next to each recording if None.
        how: jobs, shard, manifest and engine.
        voice: how much is said.

    Returns:
        The exit code.
    """
    if how.address is not None and how.engine != "ray":
        raise ConfigError("--address is where a Ray cluster is: give --engine ray, too")
    if options.common or not any(name.lower().endswith(".csv") for name in inputs):
        gather(options.wanted)  # before anything is searched
    setup.outputs(options.any_task())  # a wrong --name is said once, not for every file
    found = collect(inputs, stdin=sys.stdin, leave_out=output_dir, lists=True)
    if not _check(found, inputs, options, output_dir):
        return Exit.NOTHING
    tasks, left_out = plan(tasks_of(found, output_dir), setup)
    for path, source in left_out:
        voice.note(f"{path}: left out, it is a result of {source}")
    if how.shard is not None:
        count, tasks = len(tasks), [task for task in tasks if task.key in how.shard]
        voice.note(f"shard {how.shard}: {len(tasks)} of {count} files")
    manifest = None if how.manifest is None else Manifest(how.manifest)
    if manifest is not None:
        manifest.check()
        if manifest.torn:
            voice.note(
                f"{manifest.path}: lines that were torn and are passed over: {manifest.torn}"
            )
        tasks = manifest.prepare(tasks)
    return _work(tasks, options, setup, manifest, how, voice)


def _check(
    found: Sequence[Input], inputs: Sequence[str], options: Options, output_dir: Path | None
) -> bool:
    """Whether there is anything to do; options that do not fit lists are complained about."""
    if not options.common and not all(item.queries for item in found):
        gather(options.wanted)
    if output_dir is None and any(item.output for item in found):
        raise ConfigError("a list has a column output: say with --output-dir where that begins")
    if any(os.path.exists(item.path) and not os.path.isdir(item.path) for item in found):
        return True
    shown = ", ".join(inputs[:3]) + (", …" if len(inputs) > 3 else "")
    note(f"separate: no sound file was found for {shown}; give files, folders or globs")
    return False


def _work(
    tasks: Sequence[Task],
    options: Options,
    setup: Setup,
    manifest: Manifest | None,
    how: How,
    voice: Voice,
) -> int:
    """Separate all files and report."""
    removed = _tidy(tasks)
    if removed:
        voice.note(f"removed what a killed run left unfinished: {removed} files")
    tally, records = Tally(), []
    interrupted = False
    try:
        bar = AudioBar([task.path for task in tasks], shown=voice.speaks)
        engine = _engine(tasks, options, setup, how, bar)
        with bar, closing(engine.run(setup, tasks)) as finished:
            for record in finished:
                if manifest is not None:
                    manifest.append(record)
                tally.add(record)
                bar.finish(record.path)
                if voice.as_json:
                    records.append(record)
                with bar.aside():
                    voice.tell(record)
    except KeyboardInterrupt:
        interrupted = True
    if interrupted or how.engine == "ray":  # what was killed could not tidy up by itself
        _tidy(tasks)
    if voice.as_json:
        _print_json(records, setup)
    if interrupted:
        note(f"separate: interrupted, {tally.total} of {len(tasks)} files are finished")
        return Exit.INTERRUPTED
    if voice.speaks and (len(tasks) > 1 or manifest is not None):
        print(tally.table(), file=sys.stderr)
    return Exit.FAILED if tally.failed else Exit.GOOD


def _engine(
    tasks: Sequence[Task], options: Options, setup: Setup, how: How, bar: AudioBar
) -> LocalEngine | RayEngine:
    """The engine that was asked for; where it works in this process, with the model loaded."""
    if how.engine == "ray":
        from lass.scale.ray_engine import RayEngine

        _save_query(tasks, options, setup, None)
        return RayEngine(address=how.address, actors=how.jobs, threads=how.threads or 1)
    engine = LocalEngine(how.jobs or 1, threads=how.threads)
    if how.jobs is not None and how.jobs > engine.jobs:
        note(f"--jobs {how.jobs}: this machine has fewer cores, so {engine.jobs} are used")
    if how.threads is not None and how.threads > engine.threads:
        note(f"--threads {how.threads}: {engine.jobs} times {engine.threads} fit, so that is used")
    separator = setup.load() if engine.jobs == 1 and tasks else None
    _save_query(tasks, options, setup, separator)
    return LocalEngine(
        engine.jobs, threads=how.threads, separator=separator, on_progress=bar.update
    )


def _save_query(
    tasks: Sequence[Task], options: Options, setup: Setup, separator: Separator | None
) -> None:
    """Keep the query of ``--save-query``, which takes the model's encoder."""
    if options.wanted.save_as is not None and tasks:
        encoder = (separator or setup.load()).model.encoder
        gather(options.wanted).check(encoder, [task.path for task in tasks])


def _tidy(tasks: Sequence[Task]) -> int:
    """Remove what killed processes left in the folders of the results; returns how many."""
    return sum(len(remove_leftovers(folder)) for folder in folders_of(tasks))


def _print_json(records: Sequence[Record], setup: Setup) -> None:
    from lass import __version__
    from lass.zoo import model_folder

    print(report_json(records, model=model_folder(setup.model).name, version=__version__))
