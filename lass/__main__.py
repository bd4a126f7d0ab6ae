"""``python -m lass`` is ``lass``."""

from __future__ import annotations

from lass.cli.main import main

if __name__ == "__main__":
    main()
