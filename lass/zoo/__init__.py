"""Finding, verifying, loading, downloading and converting models."""

from __future__ import annotations

from lass.zoo.folders import home, list_models, list_user_models, model_folder, resources
from lass.zoo.loading import LoadedModel, load, load_encoder, verify
from lass.zoo.published import Published, find_published, list_published

__all__ = [
    "LoadedModel",
    "Published",
    "find_published",
    "home",
    "list_models",
    "list_published",
    "list_user_models",
    "load",
    "load_encoder",
    "model_folder",
    "resources",
    "verify",
]
