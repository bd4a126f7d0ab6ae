"""A complete pair of tiny models with random weights, and sounds, for all tests.

The models have the structure of those that ship and none of their quality: nothing here may
depend on what a separator hears.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

DIM = 24
TEXT_TOWER = {"vocabulary": 64, "width": 32, "layers": 1, "heads": 2, "hidden": 32}
AUDIO_TOWER = {"dim": DIM, "channels": [4, 4, 4]}
CORE = {"query_dim": DIM, "channels": [4, 8, 8], "bands": 160, "context": 16}


def make_tokenizer(path: Path) -> None:
    """A word-piece tokenizer that knows single letters."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    letters = "abcdefghijklmnopqrstuvwxyz"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *letters, *(f"##{c}" for c in letters)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(path))


def shake(network, seed: int):
    """Replace all weights by drawn ones that are large enough to matter."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in network.parameters():
            fan = tensor[0].numel() if tensor.ndim > 1 else 1
            noise = torch.randn(tensor.shape, generator=generator)
            if tensor.ndim > 1:
                tensor.copy_(noise * 1.5 * fan**-0.5)
            else:
                tensor.add_(0.1 * noise)
    return network.eval()


def make_encoder(folder: Path, *, space: str = "compact-v1") -> Path:
    import torch
    from safetensors.torch import save_file

    from lass.networks import build
    from lass.zoo.loading import save_model

    folder.mkdir()
    make_tokenizer(folder / "tokenizer.json")
    text = shake(build({"kind": "text-tower", "tower": TEXT_TOWER}), 1)
    save_file(text.state_dict(), folder / "text.safetensors")
    audio = shake(build({"kind": "audio-tower", "tower": AUDIO_TOWER}), 2)
    projection = torch.randn(DIM, 32, generator=torch.Generator().manual_seed(3))
    tensors = {f"audio.{name}": value for name, value in audio.state_dict().items()}
    save_model(
        folder,
        {"projection.weight": projection, **tensors},
        {
            "task": "query",
            "space": space,
            "dim": DIM,
            "text": TEXT_TOWER,
            "audio": {"kind": "audio-tower", "tower": AUDIO_TOWER},
            "licence": "Apache-2.0",
        },
        files=("text.safetensors", "tokenizer.json"),
    )
    return folder


def make_separator(folder: Path, *, encoder: str = "encoder", space: str = "compact-v1") -> Path:
    from lass.networks import build
    from lass.zoo.loading import save_model

    description = {"kind": "band-unet", "core": CORE}
    network = shake(build(description), 4)
    save_model(
        folder,
        network.state_dict(),
        {
            "task": "separation",
            "network": description,
            "encoder": encoder,
            "space": space,
            "licence": "Apache-2.0",
        },
    )
    return folder


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> Path:
    """Folder with the models ``encoder`` and ``separator``."""
    folder = tmp_path_factory.mktemp("models")
    make_encoder(folder / "encoder")
    make_separator(folder / "separator")
    return folder


@pytest.fixture(scope="session")
def separator(models):
    """A tiny separator, loaded once."""
    from lass import Separator

    return Separator.load(models / "separator", device="cpu")


@pytest.fixture(scope="session")
def encoder(models):
    """A tiny query encoder, loaded once."""
    from lass.zoo import load_encoder

    return load_encoder(models / "encoder")


@pytest.fixture(scope="session")
def sound():
    """Make a sound: tones that come and go, with noise."""

    def make(sample_rate=16000, *, channels=2, seconds=1.0, samples=None, seed=0):
        count = round(seconds * sample_rate) if samples is None else samples
        rng = np.random.default_rng(seed)
        time = np.arange(count) / sample_rate
        tone = np.sin(2 * np.pi * 440 * time) * (0.5 + 0.5 * np.sin(2 * np.pi * 1.3 * time))
        noise = rng.standard_normal((channels, count))
        return (0.2 * tone + 0.05 * noise).astype(np.float32)

    return make
