"""Say the edit: instructions in plain words, operations, and a session that can undo."""

from __future__ import annotations
