"""Make a model folder of an encoder that others published: complete or not at all."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lass.errors import ModelError
from lass.query.backends import backend_of, open_backend
from lass.query.pretrained import Pretrained, refuse_broken
from lass.zoo.loading import save_model

__all__ = ["adopt"]

_LAION_LICENCE = "CC0-1.0"
# Said to be the same weights as laion/larger_clap_general, which AudioSep was trained with.
_LAION_SPACES = {"music_speech_audioset_epoch_15_esc_89.98": "clap-larger-general"}
_COPIED = ("tokenizer.json", "preprocessor_config.json")


def adopt(
    source: str | Path,
    folder: str | Path,
    *,
    tokenizer: str | Path | None = None,
    space: str | None = None,
    licence: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Make a model folder with hashes, ready for ``--encoder`` or a separator's configuration.

    Args:
        source: a folder as transformers saves CLAP or CLIP, or a ``.pt`` file of LAION's CLAP.
        folder: the new model folder.
        tokenizer: a ``tokenizer.json`` or the folder with it, where the source has none; LAION's
            checkpoints need that of ``roberta-base``.
        space: name of the space; by the published name of the weights if None.
        licence: of the weights; by the published name if None.
        overwrite: replace a folder that is there.

    Returns:
        The new folder.

    Raises:
        ModelError: the source is something else, broken, or has no tokenizer; the folder exists.

    Example:
        >>> adopt("larger_clap_general", "models/clap-larger-general")  # doctest: +SKIP
        PosixPath('models/clap-larger-general')
    """
    given, target = Path(source), Path(folder)
    if target.exists() and not overwrite:
        raise ModelError(f"{target} exists: choose another place, or allow it to be overwritten")
    encoder = _from_folder(given) if given.is_dir() else _from_laion(given)
    tokens = _tokenizer(given, tokenizer)
    aside = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    try:
        aside.mkdir(parents=True)
        shutil.copyfile(tokens, aside / "tokenizer.json")
        prepared = given / "preprocessor_config.json"
        if given.is_dir() and prepared.is_file():
            shutil.copyfile(prepared, aside / prepared.name)
        own = {
            "task": "query",
            **encoder.own,
            **({"space": space} if space else {}),
            **({"licence": licence} if licence else {}),
        }
        tensors = {name: tensor.contiguous() for name, tensor in encoder.tensors.items()}
        files = tuple(name for name in _COPIED if (aside / name).is_file())
        save_model(aside, tensors, {**own, "transformers": encoder.config}, files=files)
        _try(aside)
        if target.exists():
            shutil.rmtree(target)
        os.replace(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target


@dataclass(frozen=True)
class _Found:
    """What was found in the source: our entries, the configuration, and the weights."""

    own: Mapping[str, Any]
    config: Mapping[str, Any]
    tensors: Mapping[str, Any]


def _from_folder(folder: Path) -> _Found:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {folder / 'config.json'}: {error}") from error
    if not isinstance(config, dict) or "model_type" not in config:
        raise ModelError(f"{folder} holds no CLAP or CLIP as transformers saves them")
    encoder = open_backend(folder, config)
    stored = Pretrained.read(folder, kind=backend_of(config))
    own = {
        "backend": backend_of(config),
        "source": stored.published_name,
        "space": encoder.space,
        "dim": encoder.dim,
        "normalised": encoder.normalised,
        "templates": list(encoder.templates),
        "licence": encoder.licence,
    }
    return _Found(own, config, stored.weights())


def _from_laion(path: Path) -> _Found:
    from lass.zoo.laion import clap_config, clap_tensors, read_laion

    refuse_broken(path, path.stem)
    tensors = read_laion(path)
    config = clap_config(tensors)
    slug = re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")
    own = {
        "backend": "clap",
        "source": f"lukewys/laion_clap {path.name}",
        "space": _LAION_SPACES.get(path.stem, f"clap-{slug}"),
        "dim": config["projection_dim"],
        "normalised": True,
        "templates": ["{}"],
        "licence": _LAION_LICENCE,
    }
    return _Found(own, config, {n: t.float() for n, t in clap_tensors(tensors).items()})


def _tokenizer(source: Path, given: str | Path | None) -> Path:
    """The tokenizer's file."""
    place = Path(given) if given is not None else source
    path = place / "tokenizer.json" if place.is_dir() else place
    if path.name == source.name or not path.is_file():
        raise ModelError(
            f"{source.name} comes without tokenizer.json: give the one of its text encoder, "
            "roberta-base for LAION's CLAP"
        )
    return path


def _try(folder: Path) -> None:
    """Load all weights and encode a word."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    encoder = open_backend(folder, config)
    encoder.cache = None
    encoder.encode_text(["sound"])
