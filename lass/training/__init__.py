"""Training: losses, tasks, the loop on Lightning Fabric, and recipes in TOML."""

from __future__ import annotations

from lass.training.loop import fit
from lass.training.recipe import Recipe, load_recipe

__all__ = ["Recipe", "fit", "load_recipe"]
