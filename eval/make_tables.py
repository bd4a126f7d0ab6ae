"""Write the README's table and the report from the stored results, or check that they are current.

    python eval/make_tables.py                          # eval/REPORT.md
    python eval/make_tables.py --into README.md         # also the table between the two comments
    python eval/make_tables.py --into README.md --check # writes nothing; exit code 1 if out of date

The comments are <!-- results:begin --> and <!-- results:end -->. The report is the one that
`lass eval report` writes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lass.errors import DataError, LassError
from lass.evaluation import load_stored
from lass.evaluation.markdown import put_between_markers, results_table

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument("--report", type=Path, default=HERE / "REPORT.md")
    parser.add_argument("--html", type=Path, default=None, help="also write the page there")
    parser.add_argument("--into", type=Path, action="append", default=[])
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    arguments = parser.parse_args()
    try:
        stored = load_stored([arguments.results])
        if stored.errors:
            raise DataError(" ".join(stored.errors))
        wanted = {arguments.report: stored.markdown()}
        table = results_table(stored.reports)
        for path in arguments.into:
            wanted[path] = put_between_markers(path.read_text(encoding="utf-8"), table)
        if arguments.html:
            wanted[arguments.html] = stored.page()
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
