"""Stored results and the texts made from them: the one place that decides what a report says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lass.errors import LassError
from lass.evaluation.examples import Example
from lass.evaluation.files import read_json
from lass.evaluation.markdown import markdown_report
from lass.evaluation.protocol import list_protocols
from lass.evaluation.report import html_report
from lass.evaluation.results import Report, is_report

__all__ = ["TITLE", "Stored", "load_stored"]

TITLE = "Evaluation of lass"


@dataclass
class Stored:
    """What was found among files.

    Attributes:
        reports: The results.
        calibration: What `lass.evaluation.calibrate` gave, if it was among them.
        left_out: JSON files that are something else.
        errors: A sentence for each file that could not be read.
    """

    reports: list[Report] = field(default_factory=list)
    calibration: dict[str, Any] | None = None
    left_out: list[Path] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def markdown(self, *, title: str = TITLE) -> str:
        """The report as Markdown.

        Args:
            title: Its heading.

        Returns:
            The text of ``REPORT.md``.

        Raises:
            DataError: When there are no results.
        """
        return markdown_report(self.reports, title=title, calibration=self.calibration)

    def page(self, *, title: str = TITLE, examples: Sequence[Example] = ()) -> str:
        """The report as one HTML page.

        Args:
            title: Its heading.
            examples: Rows to be shown under the list they belong to.

        Returns:
            A self-contained document.

        Raises:
            DataError: When there are no results.
        """
        return html_report(
            self.reports, title=title, examples=examples, calibration=self.calibration
        )


def load_stored(given: Sequence[str | Path]) -> Stored:
    """Read results; one bad file does not keep the others from being read.

    Args:
        given: Files, or folders whose JSON files count.

    Returns:
        The results: those of a folder in the order of the published lists, files in the order
        given.

    Example:
        >>> load_stored(["/nowhere.json"]).errors
        ['Cannot read /nowhere.json: No such file or directory.']
    """
    found = Stored()
    for path in map(Path, given):
        several = path.is_dir()
        reports = list(_reports(sorted(path.glob("*.json")) if several else [path], found))
        if several:
            reports.sort(key=_place)
        found.reports += reports
    return found


def _reports(paths: Sequence[Path], found: Stored) -> Iterator[Report]:
    """The results among files; everything else goes where it belongs."""
    for path in paths:
        try:
            if is_report(path):
                yield Report.load(path)
            elif _is_calibration(content := read_json(path)):
                found.calibration = content
            else:
                found.left_out.append(path)
        except LassError as error:
            found.errors.append(str(error))


def _is_calibration(content: Any) -> bool:  # noqa: ANN401 (JSON is anything)
    """Whether JSON is what `lass.evaluation.calibrate` gave."""
    recipes = content.get("recipes") if isinstance(content, dict) else None
    needed = {"name", "meaning", "sdr_improvement", "si_sdr", "shift"}
    return (
        isinstance(recipes, list)
        and bool(recipes)
        and all(isinstance(recipe, dict) and needed <= set(recipe) for recipe in recipes)
        and {"lead", "note"} <= set(content)
    )


def _place(report: Report) -> tuple[int, str]:
    """Where a result stands: as in the index of the lists, systems by name."""
    order = [str(entry["name"]) for entry in list_protocols()]
    name = str(report.protocol.get("name"))
    return (order.index(name) if name in order else len(order), report.system)
