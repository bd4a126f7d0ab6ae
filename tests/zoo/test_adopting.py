"""Foreign encoders become model folders; LAION's checkpoints by another way of writing them."""

import json
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from lass.errors import ChecksumError, ModelError
from lass.zoo import load_encoder, verify

transformers = pytest.importorskip("transformers")

from lass.zoo.adopting import adopt  # noqa: E402
from lass.zoo.laion import clap_config, clap_tensors, read_laion  # noqa: E402
from tests.conftest import shake  # noqa: E402
from tests.query.tiny import make_words  # noqa: E402


def small_clap(*, fused=False):
    """A CLAP whose attention heads are 64 wide, as RoBERTa's are."""
    config = transformers.ClapConfig(
        projection_dim=16,
        text_config={
            "vocab_size": 120, "hidden_size": 128, "num_hidden_layers": 2, "layer_norm_eps": 1e-5,
            "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 40,
        },
        audio_config={
            "patch_embeds_hidden_size": 8, "depths": [1, 2], "num_attention_heads": [2, 4],
            "hidden_size": 16, "window_size": 8, "enable_fusion": fused,
            "fusion_type": "aff_2d" if fused else None,
        },
    )  # fmt: skip
    return shake(transformers.ClapModel(config), 5)


def as_laion_writes(network):
    """The authors' own names, written out from the other side."""
    theirs = {}
    for name, tensor in network.state_dict().items():
        if name.endswith("attention.self.query.weight") or name.endswith("self.query.bias"):
            if name.startswith("audio_model"):
                others = [name.replace("query", part) for part in ("query", "key", "value")]
                tensor = torch.cat([network.state_dict()[other] for other in others])
                name = name.replace("attention.self.query", "attn.qkv")
        elif name.startswith("audio_model") and ("self.key" in name or "self.value" in name):
            continue
        if name.startswith("audio_model.audio_encoder."):
            name = name.replace("audio_model.audio_encoder.", "audio_branch.")
            name = name.replace("attention.output.dense", "attn.proj")
            name = name.replace("attention.self", "attn").replace("batch_norm", "bn0")
            name = name.replace("intermediate.dense", "mlp.fc1").replace("output.dense", "mlp.fc2")
            name = name.replace("layernorm_before", "norm1").replace("layernorm_after", "norm2")
        name = name.replace("text_model.", "text_branch.")
        name = name.replace("_projection.linear1", "_projection.0")
        name = name.replace("_projection.linear2", "_projection.2")
        theirs[f"module.{name}"] = tensor
    extra = {
        "text_transform.sequential.0.weight": (16, 16),
        "audio_transform.sequential.3.bias": (16,),
        "audio_branch.tscam_conv.weight": (527, 16, 2, 3),
        "audio_branch.head.weight": (527, 527),
        "audio_branch.spectrogram_extractor.stft.conv_real.weight": (513, 1, 1024),
        "audio_branch.logmel_extractor.melW": (513, 64),
        "audio_branch.layers.0.blocks.1.attn_mask": (4, 64, 64),
    }
    return theirs | {f"module.{name}": torch.zeros(shape) for name, shape in extra.items()}


def store(path, tensors):
    """A checkpoint with the epoch and the optimiser's NumPy numbers beside the weights."""
    optimiser = {"param_groups": [{"lr": np.float64(1e-4), "step": np.int64(7)}]}
    torch.save({"epoch": 15, "name": "run", "state_dict": tensors, "optimizer": optimiser}, path)
    return path


@pytest.mark.parametrize("fused", [False, True])
def test_laions_names_become_those_of_transformers(tmp_path, fused):
    network = small_clap(fused=fused)
    own = read_laion(store(tmp_path / "clap.pt", as_laion_writes(network)))
    again = transformers.ClapModel(transformers.ClapConfig.from_dict(clap_config(own)))
    result = again.load_state_dict(clap_tensors(own), strict=False)
    assert not result.unexpected_keys
    derived = ("position_ids", "token_type_ids", "relative_position_index")
    assert all(name.endswith(derived) for name in result.missing_keys)
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], tensor, rtol=0, atol=0)


def test_a_checkpoint_becomes_a_model_folder(tmp_path):
    network = small_clap()
    make_words(tmp_path / "tokenizer.json", padding=1)
    name = "music_speech_audioset_epoch_15_esc_89.98.pt"
    source = store(tmp_path / name, as_laion_writes(network))
    folder = adopt(source, tmp_path / "out" / "clap", tokenizer=tmp_path)
    verify(folder)
    encoder = load_encoder(folder)
    assert (encoder.space, encoder.dim, encoder.licence) == ("clap-larger-general", 16, "CC0-1.0")
    rows = encoder._tokens(["a dog barking"])
    with torch.inference_mode():
        told = network.get_text_features(input_ids=torch.tensor(rows)).pooler_output
    np.testing.assert_allclose(encoder.encode_text(["a dog barking"]), told.numpy(), atol=1e-6)
    audio = np.random.default_rng(0).standard_normal((1, 48000)).astype(np.float32) / 9
    assert encoder.encode_audio(audio, sample_rate=48000).shape == (16,)


@pytest.mark.parametrize("name", ["clap", "clip"])
def test_a_folder_of_transformers_becomes_a_model_folder(request, tmp_path, name):
    source, theirs = request.getfixturevalue(f"{name}_folder"), request.getfixturevalue(name)
    folder = adopt(source, tmp_path / "mine")
    encoder = load_encoder(folder)
    for same in ("space", "dim", "normalised", "licence", "templates"):
        assert getattr(encoder, same) == getattr(theirs, same)
    np.testing.assert_allclose(
        encoder.encode_text(["dog", "rain"]), theirs.encode_text(["dog", "rain"]), atol=1e-6
    )
    assert json.loads((folder / "config.json").read_text())["task"] == "query"
    with (folder / "tokenizer.json").open("a") as file:
        file.write(" ")
    with pytest.raises(ChecksumError):
        load_encoder(folder)


def test_what_is_there_is_kept(tmp_path, clap_folder):
    folder = adopt(clap_folder, tmp_path / "mine", space="clap-mine", licence="CC0-1.0")
    with pytest.raises(ModelError, match="exists"):
        adopt(clap_folder, folder)
    adopt(clap_folder, folder, overwrite=True)
    assert load_encoder(folder).space == "clap-larger-general"
    with pytest.raises(ModelError, match=r"comes without tokenizer\.json"):
        adopt(store(tmp_path / "x.pt", as_laion_writes(small_clap())), tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "x.pt"]


def test_files_of_another_kind(tmp_path, clap_folder):
    make_words(tmp_path / "tokenizer.json", padding=1)

    def refused(path, words):
        with pytest.raises(ModelError, match=words) as told:
            adopt(path, tmp_path / "out", tokenizer=tmp_path)
        assert "\n" not in str(told.value)
        assert not (tmp_path / "out").exists()

    audiosep = {"ss_model.base.bn0.weight": torch.ones(3)}
    refused(store(tmp_path / "a.pt", audiosep), "a checkpoint of AudioSep, not of LAION's CLAP")
    refused(store(tmp_path / "b.pt", {"x": torch.ones(3)}), "another model, not of LAION's CLAP")
    part = as_laion_writes(small_clap())
    del part["module.text_branch.embeddings.word_embeddings.weight"]
    refused(store(tmp_path / "c.pt", part), "but not all of it")
    (tmp_path / "d.pt").write_bytes(pickle.dumps({"state_dict": print}))
    refused(tmp_path / "d.pt", "was not opened")
    (tmp_path / "e.pt").write_text("<!doctype html><title>Sign in</title>")
    refused(tmp_path / "e.pt", "is a web page")
    refused(tmp_path / "gone.pt", "there is no file")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "cannot read")


def test_weights_stay_as_they_are(tmp_path, clap_folder):
    folder = adopt(clap_folder, tmp_path / "mine")
    ours, theirs = (load_file(each / "model.safetensors") for each in (folder, clap_folder))
    assert all(torch.equal(ours[name], tensor) for name, tensor in theirs.items())
