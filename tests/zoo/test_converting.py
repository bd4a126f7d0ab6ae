"""Others' checkpoints become model folders: in their authors' layout, strictly, whole or not."""

import hashlib
import json
import os
import pickle
import zipfile

import pytest
import torch
from safetensors.torch import load_file, save_file

import lass.zoo
from lass import Separator
from lass.errors import ConfigError, ModelError, ModelNotFoundError
from lass.networks import build
from lass.zoo import converting, published
from lass.zoo.checkpoints import read_checkpoint
from lass.zoo.converting import convert
from tests.conftest import DIM, make_encoder, make_separator
from tests.zoo import authors


@pytest.fixture(autouse=True)
def mine(tmp_path, monkeypatch):
    """A home of the test's own."""
    monkeypatch.setenv("LASS_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"


@pytest.fixture(scope="module")
def network():
    return authors.resunet()


@pytest.fixture
def file(network, tmp_path):
    path = tmp_path / "downloaded.bin"  # the name says nothing
    torch.save(authors.audiosep(network), path)
    return path


def answers(network, seed=1):
    generator = torch.Generator().manual_seed(seed)
    audio = 0.1 * torch.randn(1, 12000, generator=generator)
    queries = torch.randn(1, 2, DIM, generator=generator)
    with torch.inference_mode():
        return network(audio, queries, sample_rate=network.sample_rate)[0]


def test_audiosep_as_lightning_stores_it(file, network, mine, tmp_path):
    made = convert(file)
    assert made.folder == mine / "audiosep"
    assert not made.recognised
    assert sorted(p.name for p in made.folder.iterdir()) == [
        "README.md", "config.json", "model.safetensors",
    ]  # fmt: skip
    assert [p.name for p in mine.iterdir()] == ["audiosep"]
    make_encoder(mine / "clap-larger-general", space="clap-larger-general")
    loaded = lass.zoo.load("audiosep")
    assert torch.equal(answers(loaded.network), answers(network))
    stored = load_file(made.folder / "model.safetensors")
    assert stored.keys() == network.state_dict().keys()
    assert {t.dtype for t in stored.values()} == {torch.float32, torch.int64}
    assert made.config["source"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    card = (made.folder / "README.md").read_text()
    for words in (
        "licence of the weights | not stated", made.config["source"]["sha256"],
        made.config["sha256"]["model.safetensors"], "taken on trust", "3 of `query_encoder.*`",
        "2 of `base.stft.*`", "32 bits",
    ):  # fmt: skip
        assert words in card


@pytest.mark.parametrize("prefix", ["", "module.", "module.ss_model.", "model.ss_model."])
def test_other_prefixes(network, tmp_path, prefix):
    torch.save(authors.audiosep(network, prefix)["state_dict"], tmp_path / "x.pt")
    assert convert(tmp_path / "x.pt", "x").config["network"]["kind"] == "resunet30"


def test_safetensors_and_the_old_torch_format(network, tmp_path):
    state = authors.audiosep(network)["state_dict"]
    save_file({k: v.contiguous() for k, v in state.items()}, tmp_path / "a.ckpt")
    torch.save(state, tmp_path / "b.ckpt", _use_new_zipfile_serialization=False)
    first, second = convert(tmp_path / "a.ckpt", "a"), convert(tmp_path / "b.ckpt", "b")
    assert first.config["sha256"] == second.config["sha256"]


def test_whose_it_is_can_be_said(file):
    made = convert(file, source="audiosep-hive")
    assert made.folder.name == "audiosep-hive"
    assert made.config["licences"]["weights"] == made.config["licence"] == "Apache-2.0"
    assert "licence of the weights | Apache-2.0" in (made.folder / "README.md").read_text()
    with pytest.raises(ModelError, match="clipsep-nit has clipsep"):
        convert(file, source="clipsep-nit")
    with pytest.raises(ModelNotFoundError, match="no published model 'nobody'"):
        convert(file, source="nobody")


def test_a_known_hash_is_recognised(file, monkeypatch):
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    entry = published.Published(
        "famous", "Famous", "resunet30", "s", "e", "https://example.org",
        sha256=f"{digest[:8]}…{digest[-7:]}", weight_licence="CC0",
    )  # fmt: skip
    monkeypatch.setattr(converting, "list_published", lambda: [entry])
    made = convert(file)
    assert (made.folder.name, made.recognised) == ("famous", True)
    assert made.config["licence"] == "CC0"
    assert "the SHA-256 is the published one" in (made.folder / "README.md").read_text()


@pytest.mark.parametrize(("heads", "name"), [(2, "clipsep-nit"), (0, "clipsep")])
def test_clipsep_with_its_wrapper(heads, name, mine, tmp_path):
    """The nested U-Net of the description and ours give the same maps."""
    unet, state = authors.clipsep(heads=heads)
    torch.save(state, tmp_path / "best.pt")
    made = convert(tmp_path / "best.pt")
    assert made.folder.name == name
    assert "not tried on the released" in (made.folder / "README.md").read_text()
    make_encoder(mine / "clip-vit-b32", space="clip-vit-b32")
    network = lass.zoo.load(name).network
    x = torch.randn(2, 1, 256, 128, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(network.unet(x), unet(x), atol=1e-4, rtol=1e-4)
    weights = network.state_dict()
    for part in ("frame_net.weight", "frame_net.bias", "synth_net.scale", "synth_net.bias"):
        assert torch.equal(weights[part], state[f"module.{part}"])
    for head in range(heads):
        assert torch.equal(
            weights[f"pit_nets.{head}.weight"], state[f"module.pit_nets.{head}.weight"]
        )


def test_clipsep_from_safetensors_whose_names_are_sorted(tmp_path):
    """Without the order of the file, the place in a block shows in the number of its name."""
    _, state = authors.clipsep()
    torch.save(state, tmp_path / "a.pt")
    save_file({k: v.clone() for k, v in sorted(state.items(), reverse=True)}, tmp_path / "b.st")
    first, second = convert(tmp_path / "a.pt", "a"), convert(tmp_path / "b.st", "b")
    assert first.config["sha256"] == second.config["sha256"]


def test_the_arguments_beside_clipsep(tmp_path):
    _, state = authors.clipsep()
    torch.save(state, tmp_path / "best.pt")
    beside = tmp_path / "train-args.json"
    beside.write_text(json.dumps({"layers": 7, "channels": 4, "n_mix": 2, "out_dir": "/home/x"}))
    arguments = convert(tmp_path / "best.pt").config["source"]["arguments"]
    assert arguments == {"layers": 7, "channels": 4, "n_mix": 2}
    beside.write_text('{"layers": 5}')
    with pytest.raises(ModelError, match="layers = 5, the weights beside it have 7"):
        convert(tmp_path / "best.pt", "other")
    beside.write_text("[]")
    with pytest.raises(ModelError, match="holds no table"):
        convert(tmp_path / "best.pt", "other")


def test_a_u_net_that_is_not_nested(tmp_path):
    _, state = authors.clipsep()
    bent = {}
    for name, tensor in state.items():
        path, _, last = name.rpartition(".")
        nested = path.startswith("module.unet.unet_block")
        bent[f"module.unet.{path[12:].replace('.', '_')}.{last}" if nested else name] = tensor
    torch.save(bent, tmp_path / "x.pt")
    with pytest.raises(ModelError, match="not nested as described"):
        convert(tmp_path / "x.pt")


def test_half(file, network, mine):
    made = convert(file, half=True)
    make_encoder(mine / "clap-larger-general", space="clap-larger-general")
    stored = load_file(made.folder / "model.safetensors")
    assert {t.dtype for t in stored.values() if t.ndim > 1} == {torch.float16}
    assert {t.dtype for t in stored.values() if t.ndim == 1} == {torch.float32}
    difference = answers(lass.zoo.load("audiosep").network) - answers(network)
    assert 0 < difference.norm() < 0.02 * answers(network).norm()
    assert "rounded to 16 bits" in (made.folder / "README.md").read_text()


def test_weights_too_large_for_16_bits_keep_32(network, mine, tmp_path):
    state = {k: v.clone() for k, v in authors.audiosep(network)["state_dict"].items()}
    state["ss_model.base.pre_conv.weight"] *= 1e9
    torch.save(state, tmp_path / "x.pt")
    stored = load_file(convert(tmp_path / "x.pt", half=True).folder / "model.safetensors")
    assert stored["base.pre_conv.weight"].dtype == torch.float32


def test_another_window_needs_a_rate(tmp_path):
    network = authors.resunet({**authors.SMALL_RESUNET, "n_fft": 1024, "hop": 160})
    torch.save(authors.audiosep(network), tmp_path / "x.ckpt")
    with pytest.raises(ConfigError, match="--rate HZ and --hop SAMPLES"):
        convert(tmp_path / "x.ckpt")
    core = convert(tmp_path / "x.ckpt", sample_rate=16000, hop=160).config["network"]["core"]
    assert (core["n_fft"], core["sample_rate"], core["hop"]) == (1024, 16000, 160)


def test_nothing_is_overwritten_unasked(file, network, mine, tmp_path):
    folder = convert(file).folder
    before = (folder / "config.json").read_text()
    with pytest.raises(ModelError, match="exists: choose another name"):
        convert(file)
    assert (folder / "config.json").read_text() == before
    convert(file, overwrite=True, half=True)
    assert (folder / "config.json").read_text() != before
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").touch()
    for overwrite in (False, True):
        with pytest.raises(ModelError, match="is no model folder"):
            convert(file, tmp_path / "photos", overwrite=overwrite)
    assert os.listdir(tmp_path / "photos") == ["a.jpg"]


def test_nothing_half_written_stays(file, mine, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(converting, "card", fail)
    with pytest.raises(ModelError, match="No space left"):
        convert(file)
    assert list(mine.iterdir()) == []


@pytest.mark.parametrize("name", ["", "a b", "-x", "x" * 65, "a\nb", "ä", "con:x"])
def test_names_that_are_none(file, name):
    with pytest.raises(ConfigError, match="is no name for a model"):
        convert(file, name)


def test_names_of_models_that_ship_are_taken(file):
    with pytest.raises(ConfigError, match="ships with lass"):
        convert(file, "default")


def test_a_folder_anywhere(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert convert(file, "./here").folder.resolve() == tmp_path / "here"
    assert convert(file, tmp_path / "there").folder == tmp_path / "there"


def test_a_converted_model_separates(file, mine, sound):
    convert(file)
    make_encoder(mine / "my-clap", space="clap-larger-general")  # found by its space
    separator = Separator.load("audiosep", device="cpu")
    audio = sound(44100, seconds=0.5)
    result = separator.separate(audio, 44100, ["violin"])
    total = result.parts["violin"] + result.residual
    assert total.shape == audio.shape
    assert abs(total - audio).max() < 1e-6


def test_without_its_encoder_one_sentence_says_so(file):
    convert(file)
    with pytest.raises(ModelNotFoundError) as caught:
        lass.zoo.load("audiosep")
    assert str(caught.value).startswith(
        "the model 'audiosep' needs a query encoder for the space 'clap-larger-general'"
    )
    assert "docs/models.md" in str(caught.value)


# strictness


def changed(network, **changes):
    """A checkpoint with entries replaced, or dropped where the value is None."""
    state = {**authors.audiosep(network)["state_dict"]}
    for name, value in changes.items():
        if value is None:
            del state[name]
        else:
            state[name] = value
    return state


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ss_model.base.after_conv.bias", None, "'base.after_conv.bias' is missing"),
        ("ss_model.base.encoder_block3.conv_block1.conv2.weight", None, "is missing"),
        ("ss_model.base.after_conv.bias", torch.zeros(4), r"shape \(4,\), expected \(3,\)"),
        ("ss_model.base.after_conv.bias", torch.full((3,), torch.nan), "no numbers"),
        ("ss_model.base.extra.weight", torch.zeros(4), "no place"),
        ("ss_model.other", torch.zeros(4), "no place"),
    ],
)
def test_weights_that_are_not_all_in_place(network, tmp_path, name, value, words):
    torch.save(changed(network, **{name: value}), tmp_path / "x.ckpt")
    with pytest.raises(ModelError, match=words):
        convert(tmp_path / "x.ckpt")


# files that are something else


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/lass-was-here",)


def page(path):
    path.write_text("\n<!DOCTYPE html><html><head><title>Google Drive - Quota\nexceeded</title>")


def pointer(path):
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 1\n")


def clap_of_laion(path):
    state = {"text_branch.embeddings.weight": 1, "audio_branch.norm.weight": 1, "logit_scale_a": 1}
    torch.save(
        {"epoch": 1, "state_dict": {f"module.{k}": torch.ones(v) for k, v in state.items()}}, path
    )


def saved(*names):
    return lambda path: torch.save({name: torch.ones(1) for name in names}, path)


def zipped(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("clipsep_nit/best.pt", b"x")


def gzipped(path):
    path.write_bytes(b"\x1f\x8b\x08\x00" + bytes(30))


KINDS = [
    (lambda p: None, ModelNotFoundError, "there is no file"),
    (lambda p: p.mkdir(), ModelError, "is a folder"),
    (lambda p: p.touch(), ModelError, "is empty"),
    (page, ModelError, "web page titled 'Google Drive - Quota exceeded'"),
    (lambda p: p.write_text('{"error": "Entry not found"}'), ModelError, "Entry not found"),
    (pointer, ModelError, "Git LFS pointer"),
    (lambda p: p.write_bytes(bytes(range(255, 200, -1))), ModelError, "the bytes ff fe"),
    (zipped, ModelError, "zip archive: unpack it .* perhaps 'clipsep_nit/best.pt'"),
    (gzipped, ModelError, "gzip archive"),
    (clap_of_laion, ModelError, "CLAP file .LAION's layout.: an encoder of queries, not a sep"),
    (saved("text_model.x", "audio_model.x"), ModelError, "CLAP file .transformers"),
    (saved("text_model.x", "vision_model.x"), ModelError, "CLIP file .transformers"),
    (saved("visual.x", "transformer.resblocks.0.x"), ModelError, "CLIP file .OpenAI"),
    (saved("unet.x", "frame_net.weight"), ModelError, "only late fusion"),
    (saved("unet.x"), ModelError, "PITSep"),
    (saved("something.else"), ModelError, "no network known here .*'something.else'"),
    (lambda p: torch.save([torch.ones(1)], p), ModelError, "holds list and no weights"),
    (lambda p: torch.save({"a": 1}, p), ModelError, "no weights by name .it has 'a'."),
    (lambda p: torch.save({"a": Evil()}, p), ModelError, r"Python code .*\(posix.system\)"),
    (lambda p: p.write_bytes(pickle.dumps(Evil())), ModelError, "not opened"),
    (lambda p: p.write_bytes(pickle.dumps(Evil(), protocol=2)), ModelError, "posix.system"),
    (lambda p: p.write_bytes(b"\x80\x02garbage"), ModelError, "not opened"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "kind", "words"), KINDS)
def test_a_file_that_is_something_else(make, kind, words, tmp_path, mine):
    make(tmp_path / "given.ckpt")
    with pytest.raises(kind, match=words) as caught:
        convert(tmp_path / "given.ckpt")
    assert "given.ckpt" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not mine.exists()
    assert not os.path.exists("/tmp/lass-was-here")


def test_an_old_file_that_ends_anywhere(tmp_path):
    """Wherever the pickle inside is cut, the reason is told; inside of a name it is not known."""
    path = tmp_path / "x.ckpt"
    layers = {f"base.layer{number}.weight": torch.zeros(3, 3) for number in range(12)}
    torch.save({"state_dict": layers}, path, _use_new_zipfile_serialization=False)
    data = path.read_bytes()
    told = []
    for end in range(400, len(data) - 1, 7):
        path.write_bytes(data[:end])
        with pytest.raises(ModelError) as caught:
            read_checkpoint(path)
        told.append("ends too early" in str(caught.value))
    assert len(told) > 200
    assert sum(told) > 0.95 * len(told)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("share", [0.001, 0.3, 0.999])
def test_a_truncated_download(network, tmp_path, old, share):
    path = tmp_path / "x.ckpt"
    torch.save(authors.audiosep(network), path, _use_new_zipfile_serialization=not old)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ModelError, match="ends too early" if share > 0.01 or not old else "x.ckpt"):
        convert(path)


def test_a_truncated_safetensors(tmp_path):
    path = tmp_path / "x.safetensors"
    save_file({"a": torch.ones(100)}, path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelError, match="safetensors file that ends too early"):
        convert(path)


def test_a_flipped_bit_in_a_download(file, network):
    data = bytearray(file.read_bytes())
    data[data.index(network.base.after_conv.weight.detach().numpy().tobytes())] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(ModelError, match="wrong check sum"):
        convert(file)


def test_a_model_of_our_own_is_said_to_be_one(tmp_path):
    path = make_separator(tmp_path / "own") / "model.safetensors"
    with pytest.raises(ModelError, match="a separator of lass"):
        convert(path)


# full size


@pytest.mark.slow
def test_audiosep_at_full_size(mine, tmp_path):
    network = authors.resunet({})
    torch.save(authors.audiosep(network), tmp_path / "x.ckpt")
    made = convert(tmp_path / "x.ckpt")
    stored = load_file(made.folder / "model.safetensors")
    own = network.state_dict()
    assert len(own) == 327
    assert all(torch.equal(stored[name], own[name]) for name in own)
    build(made.config["network"]).load_state_dict(stored, strict=True)


@pytest.mark.slow
def test_clipsep_at_full_size(tmp_path):
    core = {"channels": [64, 128, 256, 512, 512, 512, 512], "maps": 32, "query_dim": 512}
    unet, state = authors.clipsep(core)
    torch.save({"model": state}, tmp_path / "x.pt")
    made = convert(tmp_path / "x.pt")
    network = build(made.config["network"]).eval()
    network.load_state_dict(load_file(made.folder / "model.safetensors"), strict=True)
    assert made.config["network"]["core"]["noise_heads"] == 2
    x = torch.randn(1, 1, 256, 256, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = unet(x)
        assert (network.unet(x) - expected).norm() < 1e-4 * expected.norm()
