"""The script that Streamlit runs: `lass app`, or `streamlit run editor.py`."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = str(Path(__file__).resolve().parent)
if _HERE not in sys.path:
    sys.path.insert(0, _HERE)

from lass_editor.page import main  # noqa: E402 (its folder must be known first)

main()
