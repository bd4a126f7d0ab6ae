"""Refinement by ear: it climbs, stays near the words and inside its bounds."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import lass
from lass.fx import GRAPHIC_FREQUENCIES_HZ
from lass.fx.ear import Ear
from lass.fx.hearing import TOWER_HZ
from lass.fx.prompts import Prompt, Wish
from lass.fx.refining import refine
from lass.fx.word_model import WordModel, likeness
from lass.fx.wording import DOUBTFUL, target_for

HZ = np.array(GRAPHIC_FREQUENCIES_HZ)


@pytest.fixture(scope="module")
def words():
    return WordModel.load()


@pytest.fixture(scope="module")
def ear():
    return Ear.load()


@pytest.fixture(scope="module")
def clip():
    drawn = np.random.default_rng(0).standard_normal(TOWER_HZ) * np.geomspace(1, 0.1, TOWER_HZ)
    return torch.from_numpy(0.1 * drawn).float()


def meant(words, word, *locks):
    return target_for(Prompt((Wish(word, 1.0),), frozenset(locks)), words)


def through(clip, curve_db):
    """The clip with a curve on it, in NumPy, with silence behind it."""
    padded = len(clip) + TOWER_HZ // 4
    spectrum = np.fft.rfft(clip.numpy(), n=padded)
    hz = np.fft.rfftfreq(padded, 1 / TOWER_HZ)
    gain_db = np.interp(np.log2(np.maximum(hz, 1.0)), np.log2(HZ), curve_db)
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), n=padded)[None, : len(clip)]


def test_it_hears_what_the_curve_does(words, ear, clip):
    target = meant(words, "warm")
    found = refine(target, clip, ear, room=False, restarts=1, steps=8)
    for curve_db, told in (
        (target.curve_db, found.before),
        (found.target.curve_db, found.similarities[0]),
    ):
        heard = through(clip, curve_db).astype(np.float32)
        wanted = ear.similarity(heard, TOWER_HZ, target.ratings)
        assert told == pytest.approx(wanted, abs=1e-3)


def test_it_ends_no_worse_than_it_began_and_near_the_best_there_is(words, ear, clip):
    """Against the best of many draws from where it may go."""
    target = meant(words, "tinny")
    weight = 4.0
    found = refine(target, clip, ear, room=False, weight=weight, restarts=1)

    def cost(moved, similarity):
        return 0.5 * float(np.square(moved).sum()) - weight * np.arctanh(similarity)

    reached = cost(found.moved, found.similarities[0])
    assert reached <= cost(np.zeros(4), found.before) + 1e-6
    draw = np.random.default_rng(1)
    way = (
        target.curve_deviation_db
        / np.sqrt(2)
        * np.cos(np.pi * np.outer(np.arange(1, 5), (np.arange(40) + 0.5) / 40))
    )
    drawn = []
    for _ in range(60):
        z = 0.5 * draw.standard_normal(4)
        heard = through(clip, np.clip(target.curve_db + z @ way, -15, 15)).astype(np.float32)
        drawn.append(cost(z, ear.similarity(heard, TOWER_HZ, target.ratings)))
    assert reached < min(drawn) + 0.02


def test_without_weight_nothing_moves(words, ear, clip):
    target = meant(words, "cathedral")
    found = refine(target, clip, ear, weight=0.0)
    np.testing.assert_array_equal(found.moved, 0)
    np.testing.assert_allclose(found.target.curve_db, target.curve_db)
    assert found.target.room == pytest.approx(target.room)


def test_it_stays_inside_its_bounds(words, ear, clip):
    target = replace(meant(words, "cathedral"), curve_deviation_db=30.0)
    found = refine(target, clip, ear, weight=1e4)
    assert np.abs(found.moved).max() <= 2
    assert np.abs(found.moved).max() > 0.5
    assert np.abs(found.target.curve_db).max() <= 15
    room = found.target.room
    assert 0.2 <= room["decay_s"] <= 12
    assert 0 < room["mix"] < 0.6
    assert 500 <= room["brightness_hz"] <= 18000


def test_locks_hold(words, ear, clip):
    target = meant(words, "harsh", "low", "reverb")
    found = refine(target, clip, ear, weight=50.0)
    assert (found.target.curve_db[HZ <= 250] == 0).all()
    assert not np.allclose(found.target.curve_db, target.curve_db)
    assert found.target.room == target.room


@pytest.mark.parametrize(("tone", "room", "size"), [(True, False, 4), (False, True, 3)])
def test_only_what_is_there_moves(words, ear, clip, tone, room, size):
    target = meant(words, "cathedral")
    found = refine(target, clip, ear, tone=tone, room=room, weight=20.0)
    assert found.moved.shape == (size,)
    assert np.allclose(found.target.curve_db, target.curve_db) is not tone
    assert (found.target.room == target.room) is not room


def test_text_to_fx_refines_if_asked(clip):
    audio = np.stack([clip.numpy(), clip.numpy()])
    given = {"sample_rate": TOWER_HZ, "prompt": "warm and distant"}
    plain = lass.text_to_fx(audio, **given)
    one, two = (lass.text_to_fx(audio, refine=True, **given) for _ in range(2))
    assert one.chain == two.chain != plain.chain
    assert one.audio.shape == audio.shape
    silent = lass.text_to_fx(0 * audio, refine=True, **given)
    assert np.abs(silent.audio).max() == 0


def test_likeness_in_plain_loops():
    draw = np.random.default_rng(0)
    cosines, ratings = draw.uniform(-1, 1, (3, 20)), draw.standard_normal((20, 8))
    made = likeness(cosines, ratings)
    for row, (nearest, spread) in zip(cosines, made, strict=True):
        top = sorted(range(20), key=lambda n: -row[n])[:8]
        assert nearest == max(row[top[0]], 0)
        shares = [max(row[n], 0) ** 2 + 1e-6 for n in top]
        each = []
        for k in range(8):
            mean = np.average(ratings[top, k], weights=shares)
            each.append(np.average((ratings[top, k] - mean) ** 2, weights=shares))
        assert spread == pytest.approx(np.mean(each))


def test_nonsense_is_doubted(words):
    assert words.doubt("warm") == 0
    assert words.meaning("warm").known
    draw = np.random.default_rng(0)
    letters = list("bcdfghjklmnpqrstvwxz")
    nonsense = ["".join(draw.choice(letters, 7)) for _ in range(10)]
    assert sum(words.meaning(word).certainty < DOUBTFUL for word in nonsense) >= 7
    strike = {"warm"}
    assert 0 < words.doubt("warm", strike=strike) < min(words.doubt(word) for word in nonsense)
    assert words.meaning("warm", strike=strike).certainty < words.meaning("warm").certainty


def test_doubt_is_told(clip):
    fx = lass.text_to_fx(clip.numpy()[None], TOWER_HZ, "asdfgh", effects=["eq"])
    assert fx.unknown == fx.doubtful == ("asdfgh",)
    assert "no reliable meaning: asdfgh" in fx.describe()
    assert lass.text_to_fx(clip.numpy()[None], TOWER_HZ, "warm", effects=["eq"]).doubtful == ()
