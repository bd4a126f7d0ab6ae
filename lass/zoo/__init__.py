"""Finding, verifying and loading models."""

from __future__ import annotations

from lass.zoo.folders import list_models, model_folder, resources
from lass.zoo.loading import LoadedModel, load, load_encoder, verify

__all__ = [
    "LoadedModel",
    "list_models",
    "load",
    "load_encoder",
    "model_folder",
    "resources",
    "verify",
]
