"""From a checkpoint of others to a model folder: complete or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lass.errors import ConfigError, ModelError
from lass.query.stems import STEMS_ENCODER, stem_names
from lass.zoo.asteroid import asteroid_layout
from lass.zoo.cards import card
from lass.zoo.checkpoints import read_checkpoint, tensors_in
from lass.zoo.folders import destination
from lass.zoo.layouts import Layout, recognise
from lass.zoo.loading import save_model
from lass.zoo.published import (
    NOT_STATED,
    UNKNOWN,
    Published,
    agrees,
    find_published,
    list_published,
)

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Converted", "appearing", "check_free", "convert", "hash_file"]

_SPACES = {"resunet30": "clap-larger-general", "clipsep": "clip-vit-b32"}
_TOLD = ("train_mode", "fusion", "binary_mask", "n_mix", "layers", "channels")


@dataclass(frozen=True)
class Converted:
    """What came of a conversion.

    Args:
        folder: the model folder.
        config: its ``config.json``.
        title: what was recognised, in words.
        recognised: whether the file's SHA-256 is one that is known.
    """

    folder: Path
    config: dict[str, Any]
    title: str
    recognised: bool


def convert(
    file: str | Path,
    to: str | Path | None = None,
    *,
    source: str | Published | None = None,
    overwrite: bool = False,
    half: bool = False,
    sample_rate: int | None = None,
    hop: int | None = None,
    stems: Sequence[str] = (),
) -> Converted:
    """Make a model folder of a checkpoint that others published.

    Weights stay as they are (32 bits), so what they compute is what their authors measured.

    Args:
        file: an AudioSep or CLIPSep checkpoint, or one of asteroid; its name does not matter.
        to: name of the new model or a folder; the published name if None.
        source: whose weights they are, for the licences, if the file's SHA-256 is not known.
        overwrite: replace a model that is there.
        half: store matrices in 16 bits: half the size, and not quite the same results.
        sample_rate: rate in Hz, where the published one does not hold.
        hop: step in samples, where the published one does not hold.
        stems: what the outputs of an asteroid model are, in their order; it does not say so.

    Returns:
        The new model.

    Raises:
        ModelNotFoundError: there is no such file, or no such source.
        ModelError: the file is something else, damaged, or the model exists.
        ConfigError: the name is none, or the weights do not show their sample rate.
    """
    path = Path(file)
    layout = _recognise(path)
    layout = _with_rate(layout, sample_rate=sample_rate, hop=hop)
    if stems and layout.kind != "asteroid-stems":
        raise ConfigError(f"{path} is asked by words: names of stems are for asteroid's models")
    told = _training_arguments(path, layout)
    found = hash_file(path)
    registry = [*list_published(), *([source] if isinstance(source, Published) else [])]
    known = next((p for p in registry if agrees(p.sha256, found)), None)
    entry = known or (find_published(source) if isinstance(source, str) else source)
    if entry is not None and entry.network != layout.kind:
        raise ModelError(
            f"{path} holds the network {layout.kind}, but {entry.name} has {entry.network}: it is "
            "a file of something else"
        )
    folder = destination(to if to is not None else entry.name if entry else layout.name)
    check_free(folder, overwrite=overwrite)
    tensors, network = _strictly(layout, path)
    config = {
        "task": "separation",
        **_asked(layout, entry, found, stems),
        "network": network,
        "licence": entry.weight_licence if entry else NOT_STATED,
        "licences": entry.licences
        if entry
        else dict.fromkeys(("code", "weights", "data"), NOT_STATED),
        "precision": 16 if half else 32,
        "source": {
            "title": entry.title if entry else UNKNOWN,
            "page": entry.page if entry else UNKNOWN,
            "file": path.name,
            "sha256": found,
            "known": known is not None,
            **({"arguments": told} if told else {}),
        },
    }
    with appearing(folder, overwrite=overwrite) as made:
        save_model(made, _packed(tensors, half=half), config)
        stored = json.loads((made / "config.json").read_text(encoding="utf-8"))
        text = card(folder.name, stored, left_out=layout.left_out)
        (made / "README.md").write_text(text, encoding="utf-8")
    return Converted(folder, stored, entry.title if entry else layout.name, known is not None)


def hash_file(path: Path) -> str:
    """SHA-256 of a file, 64 digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_free(folder: Path, *, overwrite: bool) -> None:
    """Refuse to take a place that is taken.

    Raises:
        ModelError: something is there; only a model folder may be overwritten.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} exists and is no model folder: choose another with --to")
    if not overwrite:
        raise ModelError(
            f"the model {folder} exists: choose another name with --to, or give --overwrite"
        )


def _recognise(path: Path) -> Layout:
    try:
        held = read_checkpoint(path)
        return asteroid_layout(held) or recognise(tensors_in(path, held))
    except ModelError as error:
        text = str(error)
        raise error if str(path) in text else type(error)(f"{path}: {text}") from error


def _asked(
    layout: Layout, entry: Published | None, found: str, stems: Sequence[str]
) -> dict[str, Any]:
    """What a model is asked by: a space and its encoder, or the names of its stems."""
    if layout.kind == "asteroid-stems":
        names = stem_names(stems, count=int(layout.core["query_dim"]))
        return {"space": f"stems-{found[:12]}", "encoder": STEMS_ENCODER, "stems": names}
    return {
        "space": entry.space if entry else _SPACES[layout.kind],
        "encoder": entry.encoder if entry else _SPACES[layout.kind],
    }


def _with_rate(layout: Layout, *, sample_rate: int | None, hop: int | None) -> Layout:
    """The layout with a sample rate that is known or was told."""
    given = {"sample_rate": sample_rate, "hop": hop}
    core = {**layout.core, **{key: value for key, value in given.items() if value is not None}}
    if layout.kind == "resunet30" and not {"sample_rate", "hop"} <= core.keys():
        raise ConfigError(
            f"this AudioSep network has windows of {core['n_fft']} samples, not the published "
            "2048, so its sample rate is not known: give --rate HZ and --hop SAMPLES"
        )
    return replace(layout, core=core)


def _training_arguments(path: Path, layout: Layout) -> dict[str, Any]:
    """What ``train-args.json`` beside a CLIPSep checkpoint says, as far as it is of use."""
    beside = path.with_name("train-args.json")
    if layout.kind != "clipsep" or not beside.is_file():
        return {}
    try:
        held = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"cannot read {beside} beside the checkpoint: {error}") from error
    if not isinstance(held, dict):
        raise ModelError(f"{beside} beside the checkpoint holds no table")
    told = {key: held[key] for key in _TOLD if isinstance(held.get(key), (str, int, float, bool))}
    for key, value in (("layers", len(layout.core["channels"])), ("channels", layout.core["maps"])):
        if told.get(key, value) != value:
            raise ModelError(
                f"{beside} says {key} = {told[key]}, the weights beside it have {value}: the two "
                "are not of one training"
            )
    return told


def _strictly(layout: Layout, path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The weights, each in its place, and the network's description.

    Raises:
        ModelError: a weight is missing, left over, of another shape, or not finite.
    """
    import torch

    from lass.networks.registry import build, config_to_dict

    try:
        with torch.device("meta"):
            network: Any = build({"kind": layout.kind, "core": layout.core})
    except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"{path} has weights of which no network can be built ({error}): the file is damaged"
        ) from error
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    for name, shape in wanted.items():
        held = layout.tensors.get(name)
        if held is None:
            raise ModelError(f"{path} is not complete: the weight {name!r} is missing")
        if tuple(held.shape) != shape:
            raise ModelError(
                f"{path} has a weight {name!r} of shape {tuple(held.shape)}, expected {shape}: it "
                "is of another version of this network"
            )
        if held.is_floating_point() and not bool(held.isfinite().all()):
            raise ModelError(
                f"{path} is damaged: the weight {name!r} holds values that are no numbers"
            )
    for name in layout.tensors:
        if name not in wanted:
            raise ModelError(
                f"{path} has a weight {name!r} for which this network has no place: it is of "
                "another version"
            )
    tensors = {name: layout.tensors[name] for name in wanted}
    return tensors, {"kind": layout.kind, "core": config_to_dict(network.config)}


def _packed(tensors: Mapping[str, Tensor], *, half: bool) -> dict[str, Tensor]:
    """Tensors of their own memory, matrices in 16 bits if that was asked for."""
    from lass.packing import pack

    own = {n: (t.float() if t.is_floating_point() else t).clone() for n, t in tensors.items()}
    if not half:
        return own
    large = [name for name, t in own.items() if t.ndim > 1 and float(t.abs().max()) > 65504.0]
    return pack(own, bits=lambda name, t: 16 if t.ndim > 1 and name not in large else 32)


@contextlib.contextmanager
def appearing(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """A hidden folder that takes its real name at the clean end of the block."""
    made = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    old = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.old")
    try:
        made.mkdir(parents=True)
        yield made
        check_free(folder, overwrite=overwrite)
        if folder.exists():
            os.replace(folder, old)
        os.replace(made, folder)
    except OSError as error:
        if old.exists() and not folder.exists():
            os.replace(old, folder)
        raise ModelError(f"cannot write the model {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
