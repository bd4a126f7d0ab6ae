"""LAION's own CLAP checkpoints, as the layout of transformers, without the package laion-clap.

The two layouts hold the same numbers by other names. HTSAT keeps query, key and value in one
matrix, and the layers of the projections are numbered. Left out are the tables of the spectrogram
(computed anew), the classifier of labels, and projections that only training used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lass.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["clap_config", "clap_tensors", "read_laion"]

_LEFT_OUT = (
    "audio_branch.spectrogram_extractor.",
    "audio_branch.logmel_extractor.",
    "audio_branch.tscam_conv.",
    "audio_branch.head.",
    "text_transform.",
    "audio_transform.",
)
_DERIVED = ("position_ids", "token_type_ids", "relative_position_index", "attn_mask")
_AUDIO = (
    (".attn.proj.", ".attention.output.dense."),
    (".attn.", ".attention.self."),
    (".mlp.fc1.", ".intermediate.dense."),
    (".mlp.fc2.", ".output.dense."),
    (".norm1.", ".layernorm_before."),
    (".norm2.", ".layernorm_after."),
    ("audio_branch.bn0.", "audio_branch.batch_norm."),
    ("audio_branch.", "audio_model.audio_encoder."),
)
_PROJECTION = {"0": "linear1", "2": "linear2"}
_ROBERTA_EPS = 1e-5
_ROBERTA_HEAD = 64  # width of an attention head


def read_laion(path: Path) -> dict[str, Tensor]:
    """Weights of a LAION checkpoint by their own names.

    Args:
        path: a ``.pt`` file.

    Returns:
        Tensors by name, without the prefix ``module.``.

    Raises:
        ModelError: it is no such checkpoint, or opening it would run code.
    """
    import torch
    from numpy._core.multiarray import scalar

    from lass.zoo.checkpoints import read_tensors

    # Their optimiser's part holds NumPy numbers, which are as harmless as tensors.
    numbers = [type(np.dtype(kind)) for kind in ("f4", "f8", "i8")]
    old_name = (scalar, "numpy.core.multiarray.scalar")
    with torch.serialization.safe_globals([scalar, old_name, np.dtype, *numbers]):
        tensors = read_tensors(path)
    own = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    if "audio_projection.0.weight" not in own or "text_branch.pooler.dense.weight" not in own:
        kind = "AudioSep" if any(name.startswith("ss_model.") for name in own) else "another model"
        raise ModelError(
            f"{path} is a checkpoint of {kind}, not of LAION's CLAP: expected weights of "
            "text_branch, audio_branch and their projections"
        )
    return own


def clap_tensors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights by the names of transformers.

    Args:
        tensors: weights by LAION's names.

    Returns:
        Weights of a ``ClapModel``; tables that follow from its configuration are left out.

    Example:
        >>> import torch
        >>> sorted(clap_tensors({"audio_branch.layers.0.blocks.1.attn.qkv.bias": torch.ones(6)}))[0]
        'audio_model.audio_encoder.layers.0.blocks.1.attention.self.key.bias'
    """
    result: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name.startswith(_LEFT_OUT) or name.endswith(_DERIVED):
            continue
        if name.startswith(("text_projection.", "audio_projection.")):
            side, number, kind = name.split(".")
            name = f"{side}.{_PROJECTION.get(number, number)}.{kind}"
        elif name.startswith("audio_branch."):
            for theirs, ours in _AUDIO:
                name = name.replace(theirs, ours)
        name = name.replace("text_branch.", "text_model.", 1)
        if ".qkv." in name:
            for part, rows in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
                result[name.replace(".qkv.", f".{part}.")] = rows.clone()
        else:
            result[name] = tensor
    return result


def clap_config(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    """The configuration of transformers that weights of LAION's show by their shapes.

    Args:
        tensors: weights by LAION's names.

    Returns:
        A table for ``ClapConfig``.

    Raises:
        ModelError: a part is missing.
    """
    try:
        dim = tensors["text_projection.0.weight"].shape[0]
        return {
            "model_type": "clap",
            "projection_dim": dim,
            "projection_hidden_act": "relu",
            "text_config": {**_text_config(tensors), "projection_dim": dim},
            "audio_config": {**_audio_config(tensors), "projection_dim": dim},
        }
    except (KeyError, IndexError) as error:
        raise ModelError(
            f"this is LAION's CLAP, but not all of it: {error} is missing; the file is damaged or "
            "of another version"
        ) from error


def _text_config(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    vocabulary, width = tensors["text_branch.embeddings.word_embeddings.weight"].shape
    layer = "text_branch.encoder.layer.{}.intermediate.dense.weight"
    return {
        "vocab_size": vocabulary,
        "hidden_size": width,
        "num_hidden_layers": _count(tensors, layer),
        "num_attention_heads": max(1, width // _ROBERTA_HEAD),
        "intermediate_size": tensors[layer.format(0)].shape[0],
        "max_position_embeddings": tensors[
            "text_branch.embeddings.position_embeddings.weight"
        ].shape[0],
        "layer_norm_eps": _ROBERTA_EPS,
        "pad_token_id": 1,
    }


def _audio_config(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    patches = tensors["audio_branch.patch_embed.proj.weight"]
    block = "audio_branch.layers.{}.blocks.{}.attn.relative_position_bias_table"
    stages = _count(tensors, block.replace("blocks.{}", "blocks.0"))
    tables = [tensors[block.format(stage, 0)] for stage in range(stages)]
    fused = "audio_branch.patch_embed.mel_conv2d.weight" in tensors
    inner = tensors.get("audio_branch.patch_embed.fusion_model.local_att.0.weight")
    return {
        "num_mel_bins": tensors["audio_branch.bn0.weight"].shape[0],
        "patch_size": patches.shape[2],
        "patch_embeds_hidden_size": patches.shape[0],
        "hidden_size": tensors["audio_branch.norm.weight"].shape[0],
        "depths": [_count(tensors, block.replace("{}", str(i), 1)) for i in range(stages)],
        "num_attention_heads": [table.shape[1] for table in tables],
        # A table has (2 w - 1)² rows for windows of w by w.
        "window_size": (math.isqrt(tables[0].shape[0]) + 1) // 2,
        "enable_fusion": fused,
        "fusion_type": "aff_2d" if fused else None,
        **({} if inner is None else {"aff_block_r": patches.shape[0] // inner.shape[0]}),
    }


def _count(tensors: Mapping[str, Tensor], pattern: str) -> int:
    """How many numbers from 0 on the pattern has tensors for."""
    number = 0
    while pattern.format(number) in tensors:
        number += 1
    return number
