"""Configurations of query encoders: ours, and CLAP and CLIP as transformers saves them.

The first byte says which file the rest is: ``o`` our ``config.json``, ``a`` CLAP's, ``i`` CLIP's,
``p`` CLAP's ``preprocessor_config.json``. The weights and the tokenizer beside it are right ones.
"""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np

from tests.fuzz.targets import tokens

NEEDS = ("transformers",)
MODULES = (
    "lass.bounds", "lass.query.backends", "lass.query.pretrained", "lass.query.clap",
    "lass.query.clip", "lass.query.compact", "lass.zoo.fitting",
)  # fmt: skip
TOKENS = (
    *tokens(
        "task query space dim text audio kind tower sha256 backend transformers model_type clap "
        "clip text_config audio_config vision_config projection_dim hidden_size "
        "num_hidden_layers num_attention_heads vocab_size max_position_embeddings pad_token_id "
        "eos_token_id depths window_size spec_size patch_size image_size hidden_act "
        "enable_fusion templates sampling_rate hop_length fft_window_size nb_max_samples "
        "truncation padding feature_size attn_implementation torch_dtype float16",
        marks='"',
    ),
    b"null", b"true", b"-1", b"0", b"1e999", b"NaN", b"999999", b"[]", b"{}", b"1.5",
)  # fmt: skip
LONGEST = 6_000
_FILES = {b"o": "ours", b"a": "clap", b"i": "clip", b"p": "clap"}


@functools.cache
def _models() -> Path:
    """One right encoder of each kind, for as long as the process lives."""
    from tests.conftest import make_encoder
    from tests.query.tiny import make_clap, make_clip

    folder = Path(tempfile.mkdtemp(prefix="lass-fuzz-encoder-"))
    make_encoder(folder / "ours")
    make_clap(folder / "clap")
    make_clip(folder / "clip")
    return folder


def seeds() -> dict[str, bytes]:
    """Right ones, and numbers that are none."""
    folder = _models()
    read = {mark: (folder / name / "config.json").read_bytes() for mark, name in _FILES.items()}
    ours, clap, clip = (json.loads(read[mark]) for mark in (b"o", b"a", b"i"))
    short = {"feature_size": 64, "sampling_rate": 48000, "hop_length": 480, "max_length_s": 1,
             "fft_window_size": 1024, "nb_max_samples": 48000, "truncation": "rand_trunc",
             "padding": "repeatpad"}  # fmt: skip
    deep = {**clap, "audio_config": {**clap["audio_config"], "depths": [999_999, 999_999]}}
    changed = {
        "ours": (b"o", ours), "clap": (b"a", clap), "clip": (b"i", clip), "sound": (b"p", short),
        "wide": (b"a", {**clap, "projection_dim": 10**12}),
        "flat": (b"i", {**clip, "text_config": "none"}),
        "deep": (b"a", deep),
        "fetched": (b"a", {**clap, "attn_implementation": "someone/else"}),
        "half": (b"i", {**clip, "text_config": {**clip["text_config"], "hidden_size": 16.5}}),
        "slow": (b"p", {**short, "hop_length": 0}),
        "long": (b"p", {**short, "nb_max_samples": 10**12}),
        "inside": (b"o", {"task": "query", "backend": "clap", "space": "s", "dim": 24, "sha256": 7,
                          "transformers": clap}),
    }  # fmt: skip
    made = {name: mark + json.dumps(table).encode() for name, (mark, table) in changed.items()}
    return {**made, "nested": b"a" + b"[" * 5999}


def run(data: bytes, folder: Path) -> None:
    """Open the encoder, and encode what it understands."""
    from lass.zoo import load_encoder
    from lass.zoo.fitting import encoder_config

    mark = data[:1] if data[:1] in _FILES else b"a"
    place = folder / "encoder"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(_models() / _FILES[mark], place)
    name = "preprocessor_config.json" if mark == b"p" else "config.json"
    (place / name).write_bytes(data[1:])
    encoder_config(place)
    encoder = load_encoder(place)
    encoder.cache = None
    vectors = encoder.encode_text(["dog", "a violin far away"])
    assert vectors.shape == (2, encoder.dim)
    if hasattr(encoder, "encode_image"):
        encoder.encode_image(np.zeros((9, 8, 3), np.uint8))
    elif mark in (b"p", b"o"):
        encoder.encode_audio(np.full((1, 4800), 0.1, np.float32), sample_rate=16000)
