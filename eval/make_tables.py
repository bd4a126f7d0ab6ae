"""Write the tables and the reports from the stored results, or check that they are up to date.

    python eval/make_tables.py                          # eval/REPORT.md and eval/report.html
    python eval/make_tables.py --into README.md         # also the table between the two comments
    python eval/make_tables.py --into README.md --check # writes nothing; exit code 1 if out of date

The comments are <!-- results:begin --> and <!-- results:end -->. Results are eval/results/*.json in
the order of the index of protocols; calibration.json there is printed as a section of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from lass.errors import LassError
from lass.evaluation import Report, html_report, list_protocols
from lass.evaluation.markdown import markdown_report, put_between_markers, results_table

HERE = Path(__file__).parent


def load(folder: Path) -> tuple[list[Report], dict | None]:
    """The results in the order of the protocols, and the calibration if there is one."""
    paths = sorted(folder.glob("*.json"))
    special = folder / "calibration.json"
    order = [entry["name"] for entry in list_protocols()]
    reports = [Report.load(path) for path in paths if path != special]

    def place(report: Report) -> tuple[int, str]:
        name = report.protocol.get("name")
        return (order.index(name) if name in order else len(order), report.system)

    calibration = json.loads(special.read_text(encoding="utf-8")) if special.is_file() else None
    return sorted(reports, key=place), calibration


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument("--report", type=Path, default=HERE / "REPORT.md")
    parser.add_argument("--html", type=Path, default=None, help="also write the page there")
    parser.add_argument("--into", type=Path, action="append", default=[])
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    arguments = parser.parse_args()
    try:
        reports, calibration = load(arguments.results)
        wanted = {arguments.report: markdown_report(reports, calibration=calibration)}
        table = results_table(reports)
        for path in arguments.into:
            wanted[path] = put_between_markers(path.read_text(encoding="utf-8"), table)
        if arguments.html:
            wanted[arguments.html] = html_report(reports, calibration=calibration)
    except (LassError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    old = {path: path.read_text(encoding="utf-8") if path.is_file() else "" for path in wanted}
    stale = [path for path, text in wanted.items() if old[path] != text]
    if not arguments.check:
        for path in stale:
            path.write_text(wanted[path], encoding="utf-8")
    for path in stale:
        print(f"{path} {'is out of date' if arguments.check else 'written'}", file=sys.stderr)
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
