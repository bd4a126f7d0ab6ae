"""Pages from stored results, with the worst rows made again if wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lass.cli.running import note, plain
from lass.errors import ConfigError, DataError, LassError

if TYPE_CHECKING:
    from lass.evaluation import Example, Report

__all__ = ["Loaded", "Pages", "check_outputs", "load_results", "write_pages"]

_PAGE, _MARKDOWN = (".html", ".htm"), (".md",)


@dataclass
class Loaded:
    """Results that were read, and whether one could not be."""

    reports: list[Report] = field(default_factory=list)
    failed: bool = False


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


def check_outputs(outputs: Sequence[Path]) -> None:
    """Complain about names before the work.

    Raises:
        ConfigError: an ending is neither that of a page nor of Markdown.
    """
    for path in outputs:
        if path.suffix.lower() not in _PAGE + _MARKDOWN or path.is_dir():
            raise ConfigError(f"cannot write a report as {path}: give a name with .html or .md")


def load_results(given: Sequence[Path], *, quiet: bool) -> Loaded:
    """Read results; what is none is left out.

    Args:
        given: Files, or folders whose JSON files count.
        quiet: Leave out silently what is JSON but no result.

    Returns:
        The results in the order given, and whether a file could not be read.
    """
    from lass.evaluation import Report
    from lass.evaluation.results import is_report

    loaded = Loaded()
    for path in _files(given):
        try:
            if is_report(path):
                loaded.reports.append(Report.load(path))
            elif not quiet:
                note(f"{path}: left out, it is not a result")
        except LassError as error:
            loaded.failed = True
            note(f"lass: {error}")
    return loaded


def _files(given: Sequence[Path]) -> Iterator[Path]:
    for path in given:
        if path.is_dir():
            yield from sorted(path.glob("*.json"))
        else:
            yield path


def write_pages(reports: Sequence[Report], pages: Pages) -> None:
    """Write the report, in one form or several.

    Args:
        reports: The results.
        pages: What is wanted.

    Raises:
        DataError: A file cannot be written.
    """
    from lass.evaluation import html_report
    from lass.evaluation.markdown import markdown_report
    from lass.evaluation.report import write_text

    examples = _examples(reports, pages) if pages.worst else []
    for path in pages.outputs:
        if path.suffix.lower() in _MARKDOWN:
            text = markdown_report(reports, title=pages.title)
        else:
            text = html_report(reports, title=pages.title, examples=examples)
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
