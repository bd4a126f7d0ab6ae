"""Measure what wrong recipes would give, for the report.

    python eval/calibrate.py --data path/to/data [--model NAME] [--limit N]

Without --model the system is the oracle ratio mask of each mixture: no model is needed and anyone
gets the same numbers. Writes eval/results/calibration.json, which eval/make_tables.py prints.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from lass.errors import LassError
from lass.evaluation import ModelSeparator, calibrate


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the data pack")
    parser.add_argument("--model", help="name or folder of a model; the oracle ratio mask without")
    parser.add_argument("--limit", type=int)
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "results" / "calibration.json"
    )
    arguments = parser.parse_args()
    try:
        found = calibrate(
            ModelSeparator(arguments.model) if arguments.model else None,
            arguments.data,
            system=arguments.model or "",
            limit=arguments.limit,
            on_progress=lambda done, total: print(f"\r{done}/{total}", end="", file=sys.stderr),
        )
    except LassError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(file=sys.stderr)
    for recipe in found["recipes"]:
        print(
            f"{recipe['name']:28s} SDRi {recipe['sdr_improvement']:7.2f} "
            f"({recipe['shift']:+6.2f})  SI-SDR {recipe['si_sdr']:7.2f}"
        )
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
