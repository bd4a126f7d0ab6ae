"""Pages from stored results, with the worst rows made again if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lass.cli.running import note, plain
from lass.errors import ConfigError, DataError
from lass.evaluation import load_stored
from lass.evaluation._page import GENERATOR
from lass.evaluation.files import write_text
from lass.evaluation.markdown import MADE

if TYPE_CHECKING:
    from lass.evaluation import Example, Report, Stored

__all__ = ["Pages", "load_results", "results_and_outputs", "write_pages"]

_PAGE, _MARKDOWN = (".html", ".htm"), (".md",)
_HERE = Path("eval") / "results"


@dataclass(frozen=True)
class Pages:
    """What is to be written.

    Args:
        outputs: the files.
        title: their heading.
        worst: how many of the worst rows of each result are shown.
        sounds: whether they can be heard.
        data: folder of the data pack; needed for the worst rows.
        model: model that gave the results; needed for the worst rows.
        device: where it runs.
        quiet: nothing but errors.
    """

    outputs: Sequence[Path]
    title: str
    worst: int
    sounds: bool
    data: Path | None
    model: str
    device: str
    quiet: bool


def results_and_outputs(
    results: Sequence[Path], outputs: Sequence[Path]
) -> tuple[list[Path], list[Path]]:
    """Fill in what was not named, and complain about names before the work.

    Args:
        results: Files and folders; ``eval/results`` in the current folder if empty.
        outputs: Pages and Markdown; ``REPORT.md`` and ``report.html`` beside the first of the
            results if empty.

    Returns:
        What is read and what is written.

    Raises:
        ConfigError: There is no ``eval/results``, an ending is neither that of a page nor of
            Markdown, or a file that nobody named is somebody's own.
    """
    given = list(results) or [_HERE]
    if not results and not _HERE.is_dir():
        raise ConfigError(
            f"which results? Name files or folders: {_HERE}, which is taken otherwise, is not here"
        )
    if not outputs:
        return given, _beside(given[0])
    for path in outputs:
        if path.suffix.lower() not in _PAGE + _MARKDOWN or path.is_dir():
            raise ConfigError(f"cannot write a report as {path}: give a name with .html or .md")
    return given, list(outputs)


def _beside(first: Path) -> list[Path]:
    """Where a report goes that nobody gave a place: next to a folder, into a file's folder."""
    inside = first.is_dir() and first.name in ("", "..")
    folder = first if inside else first.parent
    outputs = []
    for name, mark in (("REPORT.md", MADE), ("report.html", GENERATOR)):
        path = folder / name
        try:
            ours = not path.exists() or mark in path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            ours = False
        if not ours:
            raise ConfigError(
                f"{path} is there and was not written by this command: name the files with -o"
            )
        outputs.append(path)
    return outputs


def load_results(given: Sequence[Path], *, quiet: bool) -> Stored:
    """Read results; what is none is left out.

    Args:
        given: Files, or folders whose JSON files count.
        quiet: Leave out silently what is JSON but no result.

    Returns:
        What was found; what could not be read has been said.
    """
    stored = load_stored(given)
    if not quiet:
        for path in stored.left_out:
            note(f"{path}: left out, it is not a result")
    for error in stored.errors:
        note(f"lass: {error}")
    return stored


def write_pages(stored: Stored, pages: Pages) -> None:
    """Write the report, in one form or several.

    Args:
        stored: The results.
        pages: What is wanted.

    Raises:
        DataError: A file cannot be written.
    """
    reports = stored.reports
    examples = _examples(reports, pages) if pages.worst else []
    for path in pages.outputs:
        if path.suffix.lower() in _MARKDOWN:
            text = stored.markdown(title=pages.title)
        else:
            text = stored.page(title=pages.title, examples=examples)
        try:
            write_text(path, text)
        except OSError as error:
            raise DataError(
                f"cannot write {path}: {error.strerror or error}; give another place with -o"
            ) from error
        if not pages.quiet:
            print(f"{plain(path)}  {len(reports)} result{'s' if len(reports) > 1 else ''}")


def _examples(reports: Sequence[Report], pages: Pages) -> list[Example]:
    """The worst rows of the results that this model gave."""
    from lass.evaluation import ModelSeparator, list_protocols, worst_examples

    assert pages.data is not None
    separate = ModelSeparator(pages.model, device=pages.device)
    name, fingerprint = separate.separator.model.name, separate.fingerprint
    published = {entry["name"]: entry["sha256"] for entry in list_protocols()}
    found: list[Example] = []
    for report in reports:
        list_name = str(report.protocol.get("name"))
        if published.get(list_name) != report.protocol.get("sha256"):
            _say(pages, f"{list_name}: no worst rows, it is not a published list")
        elif report.extra.get("fingerprint") != fingerprint:
            _say(pages, f"{list_name} of {report.system}: no worst rows, the model {name} at hand "
                 "is not the one that was measured")  # fmt: skip
        else:
            found += worst_examples(
                report, separate, pages.data, count=pages.worst, sounds=pages.sounds
            )
    return found


def _say(pages: Pages, text: str) -> None:
    if not pages.quiet:
        note(text)
