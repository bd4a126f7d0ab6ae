"""Audio towers with gradients, of tiny encoders with random weights."""

import json

import numpy as np
import pytest
import torch

import lass
from lass.errors import QueryError
from lass.fx import EQ, Chain, Reverb
from lass.fx.hearing import Hearing
from lass.fx.published import search
from lass.fx.towers import open_tower

pytest.importorskip("transformers")

from lass.query.clap import ClapEncoder
from lass.query.clip import ClipEncoder
from tests.query.tiny import make_clap, make_clip

RATE = 48000


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoders")
    make_clap(folder / "clap")
    make_clap(folder / "fused", fused=True)
    make_clip(folder / "clip")
    return folder


@pytest.fixture(scope="module", params=["clap", "fused"])
def encoder(request, folders):
    return ClapEncoder(folders / request.param)


@pytest.fixture(scope="module")
def clap(folders):
    return ClapEncoder(folders / "clap")


def noise(samples, *, channels=1, seed=0):
    drawn = np.random.default_rng(seed).standard_normal((channels, samples))
    return (0.1 * drawn).astype(np.float32)


# One sample, a third of the window, all of it, and more (windows; fusion hears that otherwise).
@pytest.mark.parametrize("samples", [1, 700, 16000, 20000, 48000])
def test_the_gradient_path_hears_what_clap_hears(encoder, samples):
    audio = noise(samples)
    wanted = encoder.encode_audio(audio, sample_rate=RATE)
    tower = open_tower(encoder)
    assert tower.sample_rate == RATE
    made = tower.embed(torch.from_numpy(audio))[0].detach().numpy()
    np.testing.assert_allclose(made, wanted / np.linalg.norm(wanted), atol=2e-5)


def test_long_sounds_are_heard_in_windows(clap):
    audio = noise(2 * RATE + 500)
    made = open_tower(clap).embed(torch.from_numpy(audio))[0].numpy()
    np.testing.assert_allclose(made, clap.encode_audio(audio, sample_rate=RATE), atol=2e-5)


def test_a_batch_equals_single_sounds(encoder):
    tower = open_tower(encoder)
    sounds = torch.from_numpy(noise(9000, channels=3))
    together = tower.embed(sounds)
    for row, sound in zip(together, sounds, strict=True):
        torch.testing.assert_close(tower.embed(sound[None])[0], row, atol=1e-5, rtol=0)
    torch.testing.assert_close(together.norm(dim=-1), torch.ones(3))


@pytest.mark.parametrize("name", ["clap", "fused"])
def test_gradients_are_finite_differences(folders, name):
    """Of the sound, in a random direction, and of settings; in double precision."""
    tower = open_tower(ClapEncoder(folders / name))
    tower._network.double()
    sound = torch.from_numpy(noise(12000)).double()
    direction = torch.from_numpy(noise(12000, seed=1)).double()
    draws = torch.Generator().manual_seed(0)
    wanted = torch.randn(24, dtype=torch.float64, generator=draws)

    def similarity(audio):
        return (tower.embed(audio) @ wanted)[0]

    given = sound.clone().requires_grad_()
    similarity(given).backward()
    slope = float((given.grad * direction).sum())
    step = 1e-5
    high, low = (similarity(sound + sign * step * direction) for sign in (1, -1))
    assert slope == pytest.approx(float(high - low) / (2 * step), rel=1e-4)
    assert abs(slope) > 1e-6

    chain = Chain([EQ(), Reverb(mix=0.3)])

    def heard(gain_db, mix):
        settings = {"eq": {"high_shelf_gain_db": gain_db}, "reverb": {"mix": mix}}
        return similarity(chain.process(sound, sample_rate=RATE, settings=settings)[0])

    at = [torch.tensor([x], dtype=torch.float64, requires_grad=True) for x in (3.0, 0.3)]
    heard(*at).backward()
    for n, step in ((0, 1e-3), (1, 1e-4)):
        ends = []
        for sign in (1, -1):
            values = [x.detach().clone() for x in at]
            values[n] += sign * step
            ends.append(float(heard(*values).detach()))
        assert float(at[n].grad) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-3)


@pytest.mark.parametrize("method", ["cosine", "directional"])
def test_text2fx_repeats_in_the_space_of_clap(clap, method):
    audio = noise(12000, channels=2)
    given = {"effects": ["eq"], "method": method, "encoder": clap, "restarts": 2, "steps": 3}
    one, two = (lass.text_to_fx(audio, 44100, "warm", **given) for _ in range(2))
    assert one.chain == two.chain
    assert one.audio.shape == audio.shape
    assert np.isfinite(one.audio).all()
    assert one.certainty is None


def test_text2fx_climbs_in_the_space_of_clap(clap):
    audio = torch.from_numpy(noise(RATE)).expand(3, -1)
    given = {"chain": Chain([EQ()]), "hearing": Hearing(clap), "loss": "cosine", "seed": 0}
    early, late = (
        search(audio, "warm", steps=steps, learning_rate=0.1, **given).similarities
        for steps in (1, 20)
    )
    assert late.mean() > early.mean() + 0.01


def test_encoders_that_cannot_are_refused_in_a_sentence(folders):
    clip = ClipEncoder(folders / "clip")
    for method in ("cosine", "directional"):
        with pytest.raises(QueryError, match="does not hear") as caught:
            lass.text_to_fx(noise(4000), 16000, "warm", ["eq"], method, encoder=clip)
        assert "\n" not in str(caught.value)

    class Other:
        space = "elsewhere"

    with pytest.raises(QueryError, match="no gradients"):
        open_tower(Other())


def test_the_command_works_with_clap(folders, tmp_path, capsys, monkeypatch):
    from lass.audio import read, write
    from lass.cli.main import app
    from lass.cli.running import run

    monkeypatch.chdir(tmp_path)
    write("in.wav", noise(8000, channels=2), sample_rate=16000, subtype="PCM_16")
    asked = ["fx", "in.wav", "warm", "--method", "cosine", "--steps", "5", "--effects", "eq"]
    one = [*asked, "--encoder", str(folders / "clap"), "--json"]
    assert run(app, name="lass", arguments=one) == 0
    told = json.loads(capsys.readouterr().out)["files"][0]
    assert told["certainty"] is None
    assert -1 <= told["similarity_after"] <= 1
    assert read("in.fx.wav")[0].shape == (2, 8000)
    two = [*asked, "-o", "two.wav", "--encoder", str(folders / "clip")]
    assert run(app, name="lass", arguments=two) == 1
    said = capsys.readouterr().err
    assert "does not hear" in said
    assert "Traceback" not in said


def test_ours_hears_at_its_own_rate():
    assert Hearing().sample_rate == 16000
