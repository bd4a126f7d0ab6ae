"""`lass find`: when a sound is heard."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lass.cli.options import Device, Encoder, Model, Quiet
from lass.cli.running import Exit, note, plain

if TYPE_CHECKING:
    from lass import Separator
    from lass.query import Query
    from lass.separation import Event, Search, Track

__all__ = ["HELP", "find"]

Format = Literal["table", "json", "csv", "audacity"]

HELP = """Say when a sound is heard in a recording.

[b]Examples[/b]

\b
lass find siren in.wav                      a table of start, end and score
lass find "dog barking" nights/ --json      a folder, for a program
lass find wren dawn.flac --plot dawn.svg    a picture: score over time
lass find cough a.wav --format audacity     a label track for Audacity
lass find "the loudest bang" a.wav          one time out of several

A score, 0 to 1, tells how sure the model is that the sound is heard at that
moment; frames are 32 ms apart. An event begins where the score reaches the
threshold. Lower it to find more, raise it to be surer.

Exit codes: 0 something was found, 1 some file failed, 2 usage, 3 nothing was
found, 130 interrupted.
"""


@dataclass(frozen=True)
class _Found:
    """What was found in a file, or why it could not be searched."""

    path: Path
    events: Sequence[Event] = ()
    presence: float = 0.0
    error: str | None = None


def find(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="The sound in words.", show_default=False)
    ],
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="Recordings, folders, globs or lists (.txt, .csv).",
                       show_default=False),
    ],
    threshold: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Score at which an event begins.")
    ] = 0.5,
    shortest_s: Annotated[
        float, typer.Option("--shortest", metavar="S", min=0.0, help="Drop shorter events.")
    ] = 0.1,
    gap_s: Annotated[
        float, typer.Option("--gap", metavar="S", min=0.0, help="Join events closer than this.")
    ] = 0.3,
    format: Annotated[  # noqa: A002 (the name of the option)
        Format, typer.Option("--format", "-f", help="How the events are printed.")
    ] = "table",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE.svg", help="Draw the recording, the score and the events."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the picture if it exists.")
    ] = False,
    model: Model = "default",
    encoder: Encoder = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> int:  # fmt: skip
    """Search recordings for a sound: check what can be checked, then start the work."""
    from lass.cli.inputs import collect, only_paths
    from lass.query.which import read_query
    from lass.separation.choosing import chosen_events, with_others

    wanted = read_query(query)
    named = {wanted.name: wanted}
    sought = with_others(named)
    named_files = only_paths(collect(inputs, stdin=sys.stdin, lists=True))
    files = [item.path for item in named_files]
    if not any(path.exists() and not path.is_dir() for path in files):
        note(f"find: no sound file was found for {', '.join(inputs[:3])}; give files or folders")
        return Exit.NOTHING
    _check_plot(plot, files, overwrite=overwrite)

    from lass import Separator
    from lass.cli.progress import AudioBar

    separator = Separator.load(model, device=device, encoder=encoder)
    separator.model.encoder.encode_text(wanted.wordings)
    results: list[_Found] = []
    shown = not quiet and format == "table" and not as_json
    interrupted = unwritten = False
    try:
        with AudioBar(files, shown=shown) as bar:
            for path in files:
                found, search = _search(separator, path, sought, bar)
                if search is not None:
                    events = chosen_events(
                        named, search, threshold=threshold, shortest_s=shortest_s, gap_s=gap_s
                    )[wanted.name]
                    found = _Found(path, events, search.scores[wanted.name])
                    if plot is not None:
                        track = search.tracks[wanted.name]
                        unwritten = not _draw(plot, path, query, track, events, threshold)
                results.append(found)
                bar.finish(path)
    except KeyboardInterrupt:
        interrupted = True
    _print(results, query, "json" if as_json else format)
    for found in results:
        if found.error is not None:
            note(f"find: {found.error}")
    if interrupted:
        note(f"find: interrupted, {len(results)} of {len(files)} files are searched")
        return Exit.INTERRUPTED
    if unwritten or any(found.error is not None for found in results):
        return Exit.FAILED
    return Exit.GOOD if any(found.events for found in results) else Exit.NOTHING


def _search(
    separator: Separator,
    path: Path,
    queries: Sequence[Query],
    bar: Any,  # noqa: ANN401 (the progress bar)
) -> tuple[_Found, Search | None]:
    """What was found in one file, or what was wrong with the file."""
    from lass.errors import LassError

    try:
        return _Found(path), separator.find_file(path, queries, on_progress=bar.update)
    except LassError as error:
        return _Found(path, error=str(error)), None


def _check_plot(plot: Path | None, files: Sequence[Path], *, overwrite: bool) -> None:
    """Complain about the picture before the work starts."""
    from lass.errors import ConfigError

    if plot is None:
        return
    if len(files) > 1:
        raise ConfigError(f"--plot draws one recording, not {len(files)}: give one file")
    if plot.suffix.lower() != ".svg":
        raise ConfigError(f"--plot writes SVG, not {plot.name!r}: name the picture FILE.svg")
    if plot.exists() and not overwrite:
        raise ConfigError(f"{plot} exists: choose another name or give --overwrite")


def _draw(
    plot: Path, path: Path, query: str, track: Track, events: Sequence[Event], threshold: float
) -> bool:
    """Write the picture; whether that went well. The events are worth having without it."""
    from lass.cli.find_plot import timeline
    from lass.evaluation.files import write_text

    try:
        write_text(plot, timeline(path, query, track, events, threshold=threshold))
    except OSError as error:
        note(f"find: cannot write {plot}: {error.strerror or error}; choose another place")
        return False
    note(f"{plot}  the picture")
    return True


def _print(results: Sequence[_Found], query: str, kind: Format) -> None:
    """Events on standard output."""
    {"table": _table, "json": _json, "csv": _csv, "audacity": _audacity}[kind](results, query)


def _table(results: Sequence[_Found], query: str) -> None:
    for found in results:
        if found.error is not None:
            continue
        if len(results) > 1:
            print(plain(found.path))
        if not found.events:
            print(f'no "{plain(query)}" found; presence {found.presence:.2f}')
            continue
        print(f"{'start':>10} {'end':>10} {'length':>8} {'score':>6} {'level':>8}")
        for event in found.events:
            print(
                f"{_clock(event.start_s):>10} {_clock(event.end_s):>10} "
                f"{event.duration_s:>6.2f} s {event.score:>6.2f} {event.level_db:>5.0f} dB"
            )


def _json(results: Sequence[_Found], query: str) -> None:
    files = [
        {
            "file": str(found.path),
            "presence": round(found.presence, 4),
            "events": [_entry(event) for event in found.events],
            **({"error": found.error} if found.error else {}),
        }
        for found in results
    ]
    print(json.dumps({"query": query, "files": files}, indent=2, ensure_ascii=False))


def _csv(results: Sequence[_Found], query: str) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["file", "query", "start_s", "end_s", "score", "level_db"])
    for found in results:
        for event in found.events:
            writer.writerow([found.path, query, *_entry(event).values()])


def _audacity(results: Sequence[_Found], query: str) -> None:
    for found in results:
        for event in found.events:
            print(f"{event.start_s:.6f}\t{event.end_s:.6f}\t{plain(query)} {event.score:.2f}")


def _entry(event: Event) -> dict[str, float]:
    return {
        "start_s": round(event.start_s, 3),
        "end_s": round(event.end_s, 3),
        "score": round(event.score, 4),
        "level_db": round(event.level_db, 1),
    }


def _clock(seconds: float) -> str:
    """A time as minutes and seconds, with hours if there are any."""
    minutes, rest = divmod(round(seconds, 2), 60.0)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:05.2f}" if hours else f"{minutes}:{rest:05.2f}"
