"""Neural networks as plain modules: front end, separators, text and audio towers.

Nothing here reads or writes files; `lass.zoo` does that.
"""

from __future__ import annotations

from lass.networks.registry import build, config_to_dict

__all__ = ["build", "config_to_dict"]
