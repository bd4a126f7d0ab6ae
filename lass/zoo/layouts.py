"""Whose weights these are, by their names and shapes, and what the names are here.

AudioSep's names are ours but for a prefix. Inside CLIPSep's U-Net they are not: there the kind of a
layer shows in its shape, and its place in how deep its name is nested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lass.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Layout", "recognise"]

_WRAPPERS = ("module.", "_orig_mod.", "model.")
_STFT = ("base.stft.", "base.istft.")  # kernels of Fourier transforms; ours are torch's
_RESUNET30_HZ, _RESUNET30_FFT, _RESUNET30_HOP = 32000, 2048, 320

_STRANGERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("text_branch.", "audio_branch."), "a CLAP file (LAION's layout): an encoder of queries"),
    (("text_model.", "audio_model."), "a CLAP file (transformers' layout): an encoder of queries"),
    (("text_model.", "vision_model."), "a CLIP file (transformers' layout): an encoder of queries"),
    (("visual.", "transformer.resblocks."), "a CLIP file (OpenAI's layout): an encoder of queries"),
    (("embeddings.word_embeddings",), "a text encoder"),
    (("frontend.", "core."), "a separator of lass: give its folder to --model as it is"),
    (("core.",), "a separator of lass: give its folder to --model as it is"),
    (("unet.", "frame_net."), "a CLIPSep network whose query enters early or in the middle; only "
                              "late fusion is built here"),
    (("unet.",), "a U-Net without a query, such as PITSep"),
)  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """A network that was recognised, with its weights by the names used here.

    Args:
        kind: ``resunet30`` or ``clipsep``.
        name: of the published model it is most likely a version of.
        core: the network's configuration, as far as the weights show it.
        tensors: the weights.
        left_out: for each group of weights that is not needed, how many there were.
    """

    kind: str
    name: str
    core: dict[str, Any]
    tensors: dict[str, Tensor]
    left_out: dict[str, int] = field(default_factory=dict)


def recognise(tensors: Mapping[str, Tensor]) -> Layout:
    """Say whose network weights are for.

    Args:
        tensors: weights by the names in their file.

    Returns:
        What was recognised.

    Raises:
        ModelError: they are of something else, which the message names if it is known.
    """
    for marker in ("base.pre_conv.weight", "film.encoder_block1->conv_block1->beta1.weight"):
        for name in tensors:
            if name.endswith(marker):
                return _resunet30(tensors, name.removesuffix(marker))
    bare = _unwrapped(tensors)
    if {"unet", "frame_net", "synth_net"} <= {name.split(".")[0] for name in bare}:
        return _clipsep(bare)
    for starts, words in _STRANGERS:
        if all(any(name.startswith(start) for name in bare) for start in starts):
            what = ", not a separator" if "encoder" in words else ""
            how = "; to use it as an encoder, give --tokenizer, too" if "LAION" in words else ""
            raise ModelError(
                f"this is {words}{what}; expected AudioSep's or CLIPSep's separator{how}"
            )
    shown = ", ".join(repr(name[:60]) for name in list(tensors)[:3])
    raise ModelError(
        f"these weights are of no network known here (their names begin {shown}): expected "
        "AudioSep's or CLIPSep's separator"
    )


def _unwrapped(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names without what wrappers such as DataParallel put before all of them."""
    bare = dict(tensors)
    while prefix := next((w for w in _WRAPPERS if all(n.startswith(w) for n in bare)), None):
        bare = {name.removeprefix(prefix): tensor for name, tensor in bare.items()}
    return bare


def _resunet30(tensors: Mapping[str, Tensor], prefix: str) -> Layout:
    """AudioSep: ``ss_model.`` before the separator, the query encoder beside it."""
    own: dict[str, Tensor] = {}
    left_out: dict[str, int] = {}
    for name, tensor in tensors.items():
        short = name.removeprefix(prefix)
        inside = name.startswith(prefix) if prefix else short.startswith(("base.", "film."))
        group = next((start for start in _STFT if inside and short.startswith(start)), "")
        if not inside:
            group = name.split(".")[0] + "."
        if group:
            left_out[group] = left_out.get(group, 0) + 1
        else:
            own[short] = tensor
    try:
        film = own["film.encoder_block1->conv_block1->beta1.weight"]
        widths = [
            own[f"base.encoder_block{i}.conv_block1.conv2.weight"].shape[0] for i in range(1, 7)
        ]
        n_fft = 2 * (own["base.bn0.weight"].shape[0] - 1)
        query_dim = film.shape[1]
    except (KeyError, IndexError) as error:
        raise ModelError(
            f"this is AudioSep's network, but not all of it: {error} is missing; the file is "
            "damaged or of another version"
        ) from error
    core: dict[str, Any] = {"query_dim": query_dim, "channels": widths, "n_fft": n_fft}
    if n_fft == _RESUNET30_FFT:
        core |= {"sample_rate": _RESUNET30_HZ, "hop": _RESUNET30_HOP}
    return Layout("resunet30", "audiosep", core, own, left_out)


def _clipsep(tensors: Mapping[str, Tensor]) -> Layout:
    """CLIPSep: U-Net, projection of the query, weighted sum, and with NIT two noise heads."""
    own: dict[str, Tensor] = {}
    heads = sorted({name.rpartition(".")[0] for name in tensors if name.startswith("pit_nets.")})
    # The one table: whose group of names becomes which of ours. What is below `unet` follows below.
    groups = {
        "frame_net": "frame_net",
        "synth_net": "synth_net",
        **{head: f"pit_nets.{number}" for number, head in enumerate(heads)},
    }
    names: dict[str, str] = {}
    for theirs, ours in groups.items():
        found = [name for name in tensors if name.startswith(f"{theirs}.")]
        names |= {name: f"{ours}.{name.rpartition('.')[2]}" for name in found}
    unet = {name: tensor for name, tensor in tensors.items() if name.startswith("unet.")}
    try:
        places, widths = _unet_places(unet)
    except (KeyError, IndexError, ValueError) as error:
        raise ModelError(
            f"this is CLIPSep's network, but the names or shapes in its U-Net are others: {error}"
        ) from error
    names |= {name: f"{places[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}" for name in unet}
    for name, tensor in tensors.items():
        if name not in names:
            raise ModelError(f"this is CLIPSep's network with a part that is not known: {name!r}")
        own[names[name]] = tensor
    query = own.get("frame_net.weight")
    if len(own) != len(names) or query is None or query.ndim != 2:
        raise ModelError("this is CLIPSep's network, but its projection of the query is another")
    maps, query_dim = query.shape
    core = {"query_dim": query_dim, "channels": widths, "maps": maps, "noise_heads": len(heads)}
    return Layout("clipsep", "clipsep-nit" if heads else "clipsep", core, own)


def _unet_places(unet: Mapping[str, Tensor]) -> tuple[dict[str, str], list[int]]:
    """Our names of a nested U-Net's layers, and its widths.

    Each block holds the next: so the deeper a name, the coarser its level. In a block stand, in
    this order, a 4×4 convolution down and its normalisation, the next block, a 3×3 convolution up
    and its normalisation.
    """
    if "unet.down.0.weight" in unet:  # the names used here
        same = {name.rpartition(".")[0] for name in unet}
        downs = [n for n in same if n.startswith("unet.down.")]
        ordered = sorted(downs, key=lambda n: int(n.rpartition(".")[2]))
        return {n: n for n in same}, [unet[f"{n}.weight"].shape[0] for n in ordered]
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in unet))
    kinds = {layer: _kind(layer, unet) for layer in layers}
    depth = {layer: layer.count(".") for layer in layers}
    downs = sorted((n for n in layers if kinds[n] == "down"), key=lambda n: depth[n])
    ups = sorted((n for n in layers if kinds[n] == "up"), key=lambda n: -depth[n])
    levels = [depth[n] for n in downs]
    if len(set(levels)) != len(levels) or levels != [depth[n] for n in reversed(ups)]:
        raise ModelError(
            "this is CLIPSep's network, but the layers of its U-Net are not nested as described: "
            f"cannot tell which level {layers[0]!r} is of"
        )
    places = {"unet.bn0": "unet.bn0"} if "unet.bn0" in layers else {}
    places |= {name: f"unet.down.{i}" for i, name in enumerate(downs)}
    places |= {name: f"unet.up.{i}" for i, name in enumerate(ups)}
    level = {at: number for number, at in enumerate(levels)}
    for layer in layers:
        if layer in places:
            continue
        at = level.get(depth[layer])
        if at is None:
            raise ModelError(f"this is CLIPSep's network with a part that is not known: {layer!r}")
        up = ups[len(ups) - 1 - at]
        if _order(layer, layers) < _order(up, layers):
            places[layer] = f"unet.down_norm.{at - 1}"
        else:
            places[layer] = f"unet.up_norm.{len(ups) - 1 - at}"
    return places, [unet[f"{name}.weight"].shape[0] for name in downs]


def _kind(layer: str, unet: Mapping[str, Tensor]) -> str:
    """``down``, ``up`` or ``norm``, by the shape of its weight."""
    weight = unet.get(f"{layer}.weight")
    shape = () if weight is None else tuple(weight.shape)
    if len(shape) == 4 and shape[2:] in ((4, 4), (3, 3)):
        return "down" if shape[2] == 4 else "up"
    if len(shape) == 1 and f"{layer}.running_mean" in unet:
        return "norm"
    raise ModelError(f"this is CLIPSep's network with a part that is not known: {layer!r}")


def _order(layer: str, layers: list[str]) -> int:
    """Place in the block: the number at the end of the name, or the place in the file."""
    last = layer.rpartition(".")[2]
    return int(last) if last.isdigit() else layers.index(layer)
