"""Tiny CLAP and CLIP models with random weights, as transformers saves them."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import save_file

from tests.conftest import DIM, shake

CLAP_DIM = CLIP_DIM = DIM  # what the tiny separator is asked by
WORDS = ["the", "sound", "of", "photo", "small", "low", "resolution", "many", "dog", "violin"]


def make_words(path: Path, *, padding: int) -> None:
    """A tokenizer of whole words with letters for the rest; marks 0 begin, 2 end."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!-"
    marks = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}
    pieces = [*letters, *(f"##{c}" for c in letters), *WORDS]
    vocabulary = {**marks, **{piece: number for number, piece in enumerate(pieces, start=4)}}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.BertProcessing(("</s>", 2), ("<s>", 0))
    tokenizer.save(str(path))


def clap_config(*, fused: bool = False):
    from transformers import ClapConfig

    return ClapConfig(
        projection_dim=CLAP_DIM,
        text_config={
            "vocab_size": 120, "hidden_size": 16, "num_hidden_layers": 2,
            "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 40,
        },
        audio_config={
            "spec_size": 128, "num_mel_bins": 64, "patch_embeds_hidden_size": 8, "depths": [2, 2],
            "num_attention_heads": [2, 2], "hidden_size": 16, "window_size": 4,
            "enable_fusion": fused, "fusion_type": "aff_2d" if fused else None,
        },
    )  # fmt: skip


def make_clap(folder: Path, *, fused: bool = False, seed: int = 1) -> Path:
    """A CLAP that hears 1 s at 48 kHz."""
    from transformers import ClapFeatureExtractor, ClapModel

    folder.mkdir(parents=True)
    config = clap_config(fused=fused)
    network = shake(ClapModel(config), seed)
    config.save_pretrained(folder)
    save_file(
        {k: v.contiguous() for k, v in network.state_dict().items()}, folder / "model.safetensors"
    )
    ClapFeatureExtractor(
        feature_size=64, max_length_s=1, truncation="fusion" if fused else "rand_trunc"
    ).save_pretrained(folder)
    make_words(folder / "tokenizer.json", padding=1)
    return folder


def make_clip(folder: Path, *, seed: int = 2) -> Path:
    """A CLIP that sees 32 by 32 pixels."""
    from transformers import CLIPConfig, CLIPModel

    folder.mkdir(parents=True)
    config = CLIPConfig(
        projection_dim=CLIP_DIM,
        text_config={
            "vocab_size": 120, "hidden_size": 16, "num_hidden_layers": 2,
            "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 40,
            "eos_token_id": 2, "bos_token_id": 0, "pad_token_id": 1,
        },
        vision_config={
            "image_size": 32, "patch_size": 8, "hidden_size": 16, "num_hidden_layers": 2,
            "num_attention_heads": 2, "intermediate_size": 24,
        },
    )  # fmt: skip
    network = shake(CLIPModel(config), seed)
    config.save_pretrained(folder)
    save_file(
        {k: v.contiguous() for k, v in network.state_dict().items()}, folder / "model.safetensors"
    )
    make_words(folder / "tokenizer.json", padding=1)
    return folder


def edit(path: Path, **changes) -> None:
    """Change entries of a JSON file; None removes one."""
    table = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in table.items() if v is not None}))
