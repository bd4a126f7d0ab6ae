"""Weights of others: `lass.zoo.checkpoints`, `recognise`, and a folder's ``config.json``.

The first byte says what the rest is: ``c`` a model's configuration, else a checkpoint.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import warnings
from pathlib import Path

MODULES = (
    "lass.zoo.checkpoints", "lass.zoo.layouts", "lass.zoo.asteroid", "lass.zoo.converting",
    "lass.zoo.loading",
)  # fmt: skip
TOKENS = (
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"data.pkl", b"archive/", b"\x80\x02", b"\x1f\x8b",
    b"ustar", b"<html", b'{"a":', b'"dtype":"F32"', b'"shape":[', b'"data_offsets":[0,4]',
    b"__metadata__", b"state_dict", b"model_name", b"model_args", b"base.pre_conv.weight",
    b"film.encoder_block1->conv_block1->beta1.weight", b"unet.", b"frame_net.", b"synth_net.",
    b"sha256", b"model.safetensors", b"task", b"separation", b"network", b"encoder", b"space",
)  # fmt: skip
LONGEST = 8_000


def _safetensors(table: dict[str, object], data: bytes = b"") -> bytes:
    text = json.dumps(table).encode()
    return b"k" + struct.pack("<Q", len(text)) + text + data


def _torch(held: object, *, old: bool = False) -> bytes:
    import torch

    file = io.BytesIO()
    torch.save(held, file, _use_new_zipfile_serialization=not old)
    return b"k" + file.getvalue()


def _entry(shape: list[int], begin: int) -> tuple[dict[str, object], int]:
    size = 4
    for length in shape:
        size *= length
    return {"dtype": "F32", "shape": shape, "data_offsets": [begin, begin + size]}, begin + size


def _named(shapes: dict[str, list[int]]) -> bytes:
    """Zeros with these names and shapes."""
    table, at = {}, 0
    for name, shape in shapes.items():
        table[name], at = _entry(shape, at)
    return _safetensors(table, bytes(at))


def _small() -> bytes:
    """The smallest CLIPSep network: a checkpoint that is taken."""
    from safetensors.torch import save

    from lass.networks import build

    core = {"query_dim": 1, "channels": [1, 1], "maps": 1}
    return b"k" + save(build({"kind": "clipsep", "core": core}).state_dict())


def seeds() -> dict[str, bytes]:
    """Both formats of torch, safetensors, wrong shapes under known names, configurations."""
    import torch

    weight = torch.zeros(2, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that nothing is checked, which is the point
        sparse = torch.sparse_coo_tensor(size=(10**6, 10**6))
    config = {
        "task": "separation", "space": "s", "encoder": "e", "network": {"kind": "band-unet"},
        "sha256": {"model.safetensors": hashlib.sha256(b"").hexdigest()},
    }  # fmt: skip
    film = "film.encoder_block1->conv_block1->beta1.weight"
    blocks = {f"base.encoder_block{i}.conv_block1.conv2.weight": [1] for i in range(1, 7)}
    asteroid = {"model_name": "ConvTasNet", "model_args": {}, "state_dict": {}}
    return {
        "tensors": _safetensors({"a.weight": _entry([1], 0)[0]}, bytes(4)),
        "audiosep": _named({film: [1], **blocks, "base.bn0.weight": [3]}),
        "clipsep": _named({"unet.x.weight": [1], "frame_net.bias": [1], "synth_net.bias": [1]}),
        "downs": _named({"unet.down.0.weight": [1], "frame_net.weight": [1, 1], "synth_net.a": [1],
                         "unet.down.x.weight": [1]}),
        "small": _small(),
        "zip": _torch({"state_dict": {"a": weight}}),
        "old": _torch({"a": weight}, old=True),
        "expanded": _torch({"a.weight": torch.zeros(1).expand(10**6, 10**6)}),
        "sparse": _torch({"a.weight": sparse}),
        "meta": _torch({"a.weight": torch.zeros(2, device="meta")}),
        "asteroid": _torch({**asteroid, "model_args": {"sample_rate": float("inf")}}),
        "named": _torch({**asteroid, "model_name": ["a"], "model_args": {"sample_rate": 8000}}),
        "config": b"c" + json.dumps(config).encode(),
        "hashes": b"c" + json.dumps({**config, "sha256": ["model.safetensors"]}).encode(),
        "hash": b"c" + json.dumps({**config, "sha256": {"model.safetensors": 7}}).encode(),
        "deep": b"c" + b"[" * 100_000,
    }  # fmt: skip


def run(data: bytes, folder: Path) -> None:
    """Recognise a checkpoint, or load a folder with a configuration."""
    from lass.zoo import load
    from lass.zoo.checkpoints import read_tensors
    from lass.zoo.converting import convert

    if data[:1] == b"c":
        model = folder / "model"
        model.mkdir(exist_ok=True)
        (model / "config.json").write_bytes(data[1:])
        (model / "model.safetensors").write_bytes(b"")
        load(model)
        return
    path = folder / "input.bin"
    path.write_bytes(data[1:])
    for tensor in read_tensors(path).values():
        assert tensor.nbytes <= 4 * len(data)
    convert(path, folder / "converted", overwrite=True)
