"""CLAP and CLIP through transformers, tiny and with random weights."""

import json
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from lass.errors import ConfigError, ModelError, QueryError
from lass.query import Query, QueryEncoder
from lass.query.backends import backend_of, open_backend
from lass.query.cache import TextCache
from lass.query.prompts import CLIPSEP_TEMPLATES, check_templates

transformers = pytest.importorskip("transformers")

from lass.query.clap import ClapEncoder  # noqa: E402
from lass.query.clip import ClipEncoder  # noqa: E402
from tests.query.tiny import CLAP_DIM, CLIP_DIM, edit, make_clap  # noqa: E402

PHRASES = ["dog", "violin", "a dog barking far away in the rain", "808 bass drum!", "Флейта"]


@pytest.fixture
def copied(clap_folder, tmp_path):
    """A copy of the CLAP that a test may break."""
    return shutil.copytree(clap_folder, tmp_path / "copy")


def test_they_are_encoders(clap, clip):
    for encoder in (clap, clip):
        assert isinstance(encoder, QueryEncoder)
    assert (clap.space, clap.dim, clap.normalised) == ("clap-larger-general", CLAP_DIM, True)
    assert (clip.space, clip.dim, clip.normalised) == ("clip-vit-b32", CLIP_DIM, False)
    assert (clap.licence, clip.licence) == ("Apache-2.0", "MIT")


@pytest.mark.parametrize("name", ["clap", "clip"])
def test_a_batch_equals_single_texts(request, name):
    encoder = request.getfixturevalue(name)
    together = encoder.encode_text(PHRASES)
    assert together.shape == (len(PHRASES), encoder.dim)
    assert together.dtype == np.float32
    for phrase, vector in zip(PHRASES, together, strict=True):
        np.testing.assert_allclose(encoder.encode_text([phrase])[0], vector, rtol=0, atol=1e-5)
    assert np.abs(together[0] - together[1]).max() > 1e-2
    assert encoder.encode_text([]).shape == (0, encoder.dim)


def test_texts_are_those_of_transformers(clap, clap_folder):
    import torch
    from tokenizers import Tokenizer

    model = transformers.ClapModel.from_pretrained(clap_folder, local_files_only=True).eval()
    ids = Tokenizer.from_file(str(clap_folder / "tokenizer.json")).encode("a dog barking").ids
    with torch.inference_mode():
        told = model.get_text_features(input_ids=torch.tensor([ids])).pooler_output
    np.testing.assert_allclose(clap.encode_text(["a dog barking"]), told.numpy(), atol=1e-6)


def test_recordings_are_those_of_transformers(clap, clap_folder, sound):
    import torch

    model = transformers.ClapModel.from_pretrained(clap_folder, local_files_only=True).eval()
    features = transformers.ClapFeatureExtractor.from_pretrained(clap_folder)
    for seconds in (0.3, 1.0):
        audio = sound(48000, channels=1, seconds=seconds)
        given = features(audio[0], sampling_rate=48000, return_tensors="pt")
        with torch.inference_mode():
            told = model.get_audio_features(**given).pooler_output[0]
        heard = clap.encode_audio(audio, sample_rate=48000)
        np.testing.assert_allclose(heard, told.numpy(), atol=1e-5)


def test_long_recordings_are_heard_evenly(clap, sound):
    audio = sound(48000, channels=1, seconds=2.5)
    windows = [audio[:, start : start + 48000] for start in (0, 36000, 72000)]
    mean = np.mean([clap.encode_audio(window, sample_rate=48000) for window in windows], axis=0)
    heard = clap.encode_audio(audio, sample_rate=48000)
    np.testing.assert_allclose(heard, mean / np.linalg.norm(mean), atol=1e-5)


@pytest.mark.parametrize("samples", [1, 500, 48000, 48001, 300_000])
@pytest.mark.parametrize("fused", [False, True])
def test_recordings_give_the_same_vector_every_time(clap, fused_clap, sound, fused, samples):
    encoder = fused_clap if fused else clap
    audio = sound(48000, samples=samples)
    before = np.random.get_state()[1].copy()
    one, other = (encoder.encode_audio(audio, sample_rate=48000) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    assert abs(float(np.linalg.norm(one)) - 1.0) < 1e-5


@pytest.fixture(scope="session")
def fused_clap(tmp_path_factory):
    return ClapEncoder(make_clap(tmp_path_factory.mktemp("fused") / "clap", fused=True))


def test_rate_and_channels_hardly_matter(clap):
    time_s = np.arange(48000) / 48000
    tone = (0.2 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)[None]
    one = clap.encode_audio(tone, sample_rate=48000)
    stereo = clap.encode_audio(np.repeat(tone, 2, axis=0), sample_rate=48000)
    slower = clap.encode_audio(np.ascontiguousarray(tone[:, ::3]), sample_rate=16000)
    np.testing.assert_allclose(one, stereo, atol=1e-5)
    assert float(one @ slower) > 0.95


def test_images(clip):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (3, 40, 70, 3), dtype=np.uint8)
    vectors = [clip.encode_image(frame) for frame in frames]
    assert vectors[0].shape == (CLIP_DIM,)
    np.testing.assert_allclose(clip.encode_image(frames), np.mean(vectors, axis=0), atol=1e-5)


def test_clip_is_not_scaled_unless_asked(clip, clip_folder):
    unit = ClipEncoder(clip_folder, normalised=True)
    assert unit.space == "clip-vit-b32-unit"
    image = np.full((32, 32, 3), 90, np.uint8)
    for vectors in (unit.encode_text(PHRASES), unit.encode_image(image)):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1.0, atol=1e-5)
    assert np.abs(np.linalg.norm(clip.encode_text(PHRASES), axis=-1) - 1.0).min() > 0.1


def test_clipseps_ensemble_is_the_mean_of_free_vectors(clip, clip_folder):
    assert clip.templates == CLIPSEP_TEMPLATES
    plain = ClipEncoder(clip_folder, templates=["{}"])
    sentences = [
        "a photo of dog.", "a photo of the small dog.", "a photo of the small dog.",
        "a low resolution photo of a dog.", "a photo of many dog.",
    ]  # fmt: skip
    mean = plain.encode_text(sentences).mean(axis=0)
    np.testing.assert_allclose(clip.encode_text(["dog"])[0], mean, atol=1e-5)


def test_an_ensemble_of_unit_vectors_is_a_unit_vector(clap, clap_folder):
    both = ClapEncoder(clap_folder, templates=["{}", "the sound of {}"])
    mean = clap.encode_text(["dog", "the sound of dog"]).mean(axis=0)
    expected = mean / np.linalg.norm(mean)
    np.testing.assert_allclose(both.encode_text(["dog"])[0], expected, atol=1e-5)


@pytest.mark.parametrize("templates", [[], ["no place"], ["{} and {}"], [5]])
def test_templates_that_cannot_be_filled_in(templates):
    with pytest.raises(ConfigError, match="prompt template"):
        check_templates(templates)


def test_each_says_what_it_does_not_understand(clap, clip, sound):
    with pytest.raises(QueryError, match="does not understand recordings"):
        clip.encode(Query(example=sound(), example_rate=16000))
    with pytest.raises(QueryError, match="does not understand images"):
        clap.encode(Query(image=np.zeros((8, 8, 3), np.uint8)))


def test_queries_of_two_spaces_never_mix(clap, clip, tmp_path):
    path = Query("dog").save(tmp_path / "dog.lassquery", clip)
    with pytest.raises(QueryError, match=r"'clip-vit-b32', the model understands 'clap-larger"):
        clap.encode(Query.load(path))
    np.testing.assert_array_equal(
        clip.encode(Query.load(path)).vector, clip.encode(Query("dog")).vector
    )


def test_what_the_cache_knows_needs_no_network(clap_folder, tmp_path, monkeypatch):
    cache = TextCache(tmp_path)
    first = ClapEncoder(clap_folder, cache=cache).encode_text(PHRASES)
    for name in [name for name in sys.modules if name.startswith("transformers.models.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "transformers", None)
    again = ClapEncoder(clap_folder, cache=cache)
    np.testing.assert_array_equal(again.encode_text(PHRASES), first)
    with pytest.raises(ModelError, match=r'not installed: pip install "lass\[clap\]"'):
        again.encode_text(["something new"])


# Folders


def test_which_backend_a_folder_needs(clap_folder, clip_folder):
    for folder, kind in ((clap_folder, ClapEncoder), (clip_folder, ClipEncoder)):
        encoder = open_backend(folder, json.loads((folder / "config.json").read_text()))
        assert type(encoder) is kind
        assert encoder.cache is not None
    assert backend_of({}) == "compact"
    with pytest.raises(ModelError, match="no query encoder of the kind 'bert'"):
        backend_of({"model_type": "bert"})


def test_weights_that_are_known_to_be_broken_are_refused(clap_folder, copied):
    broken = shutil.copytree(clap_folder, copied.parent / "larger_clap_music")
    with pytest.raises(ModelError, match=r"larger_clap_music is refused: its text tower is broken"):
        ClapEncoder(broken)
    edit(copied / "config.json", _name_or_path="laion/larger_clap_music")
    with pytest.raises(ModelError, match="is refused"):
        ClapEncoder(copied)


def test_unknown_weights_get_a_space_of_their_own(clap_folder, copied):
    one = ClapEncoder(copied)
    assert one.space.startswith("clap-")
    assert one.licence == "not stated"
    other = make_clap(copied.parent / "other", seed=9)
    assert ClapEncoder(other).space != one.space
    assert ClapEncoder(copied, space="mine").space == "mine"


def test_a_model_of_another_kind(clip_folder):
    with pytest.raises(ModelError, match="of the kind 'clip', expected 'clap'"):
        ClapEncoder(clip_folder)


def no_weights(folder):
    (folder / "model.safetensors").unlink()


def half_the_weights(folder):
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])


def other_weights(folder):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    del tensors["text_projection.linear2.bias"]
    save_file(tensors, folder / "model.safetensors")


def code(folder):
    import pickle

    no_weights(folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"a": print}))


def another_shape(folder):
    table = json.loads((folder / "config.json").read_text())
    edit(folder / "config.json", text_config={**table["text_config"], "vocab_size": 99})


BAD = [
    (no_weights, "neither model.safetensors nor"),
    (half_the_weights, "cannot be read"),
    (other_weights, "they lack text_projection.linear2.bias"),
    (code, "hold more than numbers"),
    (another_shape, "do not fit its config.json"),
    (lambda folder: (folder / "tokenizer.json").unlink(), "has no tokenizer.json"),
    (lambda folder: (folder / "tokenizer.json").write_text("{}"), "cannot be read"),
    (lambda folder: (folder / "config.json").write_text("{"), "cannot read"),
]


@pytest.mark.parametrize(("damage", "words"), BAD)
def test_damaged_folders(copied, damage, words):
    damage(copied)
    with pytest.raises(ModelError, match=words) as told:
        ClapEncoder(copied).encode_text(["dog"])
    assert "\n" not in str(told.value)


def test_older_files_of_torch(clap, copied):
    """With a table that newer versions compute, and in 16 bits."""
    import torch
    from safetensors.torch import load_file

    tensors = load_file(copied / "model.safetensors")
    tensors["text_model.embeddings.position_ids"] = torch.arange(40)[None]
    tensors.pop("text_model.embeddings.token_type_ids")
    no_weights(copied)
    torch.save(tensors, copied / "pytorch_model.bin")
    vectors = ClapEncoder(copied).encode_text(PHRASES)
    np.testing.assert_allclose(vectors, clap.encode_text(PHRASES), atol=1e-6)


def test_nothing_is_asked_of_the_network(clap_folder):
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise SystemExit('went online')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse\n"
        "from pathlib import Path; import numpy as np; from lass.query.clap import ClapEncoder\n"
        "encoder = ClapEncoder(Path(sys.argv[1]))\n"
        "encoder.encode_text(['dog'])\n"
        "encoder.encode_audio(np.ones((1, 9000), np.float32), sample_rate=48000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(clap_folder)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["clap", "clip"])
def test_a_thousand_phrases_together_are_five_times_quicker(request, name):
    encoder = request.getfixturevalue(name)
    kinds = ("dog", "cat", "wet", "low")
    phrases = [f"a {kind} sound number {number}" for number in range(250) for kind in kinds]
    encoder.encode_text(["warm up"])
    started = time.thread_time()
    encoder.encode_text(phrases)
    together = time.thread_time() - started
    started = time.thread_time()
    for phrase in phrases:
        encoder.encode_text([phrase])
    assert time.thread_time() - started >= 5.0 * together
