"""Chains: batches, settings, positions, curve, amounts, descriptions, errors."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lass.errors import AudioError, EffectError
from lass.fx import (
    EQ,
    Chain,
    Compressor,
    Delay,
    Gain,
    GraphicEQ,
    HighCut,
    LowCut,
    Reverb,
    Saturation,
    StereoWidth,
    effect_class,
    effect_names,
    graphic_eq_for,
    parametric_eq_for,
)
from lass.fx import GRAPHIC_FREQUENCIES_HZ as CENTRES
from tests.fx.sounds import decibels, noise

EVERYTHING = Chain([effect_class(name)() for name in effect_names()])


def test_effects_act_in_order():
    audio = noise(level=0.5)
    a = Chain([Gain(gain_db=12), Saturation()]).process(audio, sample_rate=8000)
    b = Saturation().process(Gain(gain_db=12).process(audio, sample_rate=8000), sample_rate=8000)
    torch.testing.assert_close(a, b)


def test_neighbouring_convolutions_are_those_one_by_one():
    audio = noise(2, 5000)
    effects = [EQ(peak_1_gain_db=9), Reverb(decay_s=0.5), LowCut(), Delay(time_ms=30)]
    made = Chain(effects).process(audio, sample_rate=8000)
    for effect in effects:
        audio = effect.process(audio, sample_rate=8000)
    assert decibels(made, audio) < -100


def test_a_batch_is_its_members():
    batch = torch.stack([noise(seed=1), noise(seed=2)])
    places = torch.rand(2, len(EVERYTHING.slots), generator=torch.Generator().manual_seed(0))
    made = EVERYTHING.process(batch, sample_rate=8000, settings=EVERYTHING.settings_at(places))
    for n in range(2):
        single = EVERYTHING.process(
            batch[n], sample_rate=8000, settings=EVERYTHING.settings_at(places[n])
        )
        assert decibels(made[n], single) < -80
    shared = EVERYTHING.process(batch[0], sample_rate=8000, settings=EVERYTHING.settings_at(places))
    assert shared.shape == batch.shape


def test_batches_that_disagree_are_refused():
    for effect in (Gain(), Reverb()):
        name = effect.parameters[0].name
        with pytest.raises(EffectError, match="disagree on the batch"):
            Chain([effect]).process(
                torch.zeros(2, 1, 9),
                sample_rate=8000,
                settings={effect.name: {name: torch.ones(3)}},
            )


def test_stereo_of_equal_channels_is_mono():
    mono = noise(1)
    chain = Chain([EQ(peak_1_gain_db=6), Compressor(), Saturation(), Delay(), Reverb(width=0.0)])
    twice = chain.process(mono.expand(2, -1), sample_rate=8000)
    torch.testing.assert_close(twice[0], twice[1])


def test_positions_and_back():
    chain = Chain([EQ(peak_1_gain_db=5), Reverb(decay_s=2.2, seed=4), Gain(), Gain(gain_db=3)])
    assert chain.keys == ("eq", "reverb", "gain", "gain_2")
    again = chain.at(chain.positions)
    assert again[1].options == {"seed": 4}
    for key, values in chain.parameters.items():
        for name, value in values.items():
            assert again.parameters[key][name] == pytest.approx(value, rel=1e-9, abs=1e-9)
    settings_ = chain.settings_at(torch.tensor(chain.positions))
    assert settings_["reverb"]["decay_s"].item() == pytest.approx(2.2)


def test_every_parameter_is_sound():
    for key, p in EVERYTHING.slots:
        assert p.low <= p.default <= p.high, (key, p.name)
        assert p.low > 0 or p.scale == "linear"
        assert p.neutral is None or p.low <= p.neutral <= p.high
        assert p.position(p.low) == 0
        assert p.position(p.high) == pytest.approx(1)
        assert p.value(0.0) == p.low
        assert p.value(1.0) == pytest.approx(p.high)
        assert p.name.endswith({"dB": "_db", "Hz": "_hz", "s": "_s", "ms": "_ms", "": ""}[p.unit])
    # The field's 18 settings.
    assert len(EQ.parameters) == 18
    assert len(GraphicEQ.parameters) == 40


def test_amount_0_is_no_effect_and_1_the_whole():
    loud = noise(2, 3000)
    rng = np.random.default_rng(0)
    chain = EVERYTHING.at(rng.random(len(EVERYTHING.slots)))
    nothing = chain.scaled(0.0).process(loud, sample_rate=48000)
    assert decibels(nothing, loud) < -90
    assert chain.scaled(1.0) == chain
    half = Chain([EQ(peak_1_gain_db=8), Reverb(mix=0.4, decay_s=3)]).scaled(0.5).parameters
    assert half["eq"]["peak_1_gain_db"] == 4
    assert half["eq"]["peak_1_frequency_hz"] == 400
    assert half["reverb"]["mix"] == pytest.approx(0.2)
    assert half["reverb"]["decay_s"] == 3
    assert Chain([Gain(gain_db=20)]).scaled(2.0).parameters["gain"]["gain_db"] == 24
    for amount in (-0.1, float("nan"), float("inf"), "half"):
        with pytest.raises(EffectError, match="amount is"):
            chain.scaled(amount)


def test_curve_is_the_sum_of_the_filters():
    chain = Chain([EQ(peak_2_gain_db=6), Reverb(), GraphicEQ(gain_208hz_db=-3), Gain(gain_db=9)])
    grid = np.array([[100.0, 208.0], [3500.0, 9000.0]])
    made = chain.response_db(grid)
    assert made.shape == (2, 2)
    np.testing.assert_allclose(
        made, Chain([chain[0]]).response_db(grid) + Chain([chain[2]]).response_db(grid)
    )
    assert made[1, 0] == pytest.approx(6, abs=0.1)
    with pytest.raises(EffectError, match="half the sample rate"):
        chain.response_db([5000.0], sample_rate=8000)


def test_descriptions_are_plain():
    chain = Chain([
        EQ(low_shelf_gain_db=3), Reverb(decay_s=2, mix=0.3), Compressor(), LowCut(), HighCut(),
        Delay(), Saturation(), StereoWidth(width=1.5), GraphicEQ(),
    ])  # fmt: skip
    text = chain.describe()
    assert "+3 dB below 120 Hz" in text
    assert "2 s decay, 30 % of the sound" in text
    assert "graphic eq: flat" in text
    assert len(text.splitlines()) == 9
    assert Chain([]).describe() == "no effects"
    assert repr(Chain([Gain(gain_db=3)])) == "Chain([Gain(gain_db=3)])"


def test_curves_can_be_matched():
    smooth = 6 * np.sin(np.linspace(0, 5, 40))
    graphic = Chain([graphic_eq_for(smooth)]).response_db(CENTRES)
    np.testing.assert_allclose(graphic, smooth, atol=0.3)
    parametric = Chain([parametric_eq_for(smooth)]).response_db(CENTRES)
    assert np.sqrt(np.mean((parametric - smooth) ** 2)) < 1.5
    assert np.corrcoef(parametric, smooth)[0, 1] > 0.95
    flat = parametric_eq_for(np.zeros(40))
    np.testing.assert_allclose(Chain([flat]).response_db(CENTRES), 0, atol=0.01)
    with pytest.raises(EffectError, match="shape"):
        graphic_eq_for(np.zeros(39))
    with pytest.raises(EffectError, match="not finite"):
        parametric_eq_for(np.full(40, np.nan))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EQ(peak_1_gain=3), "did you mean 'peak_1_gain_db'"),
        (lambda: Gain(gain_db=30), "gain_db is 30, expected a number from -24 to 24 dB"),
        (lambda: Gain(gain_db=float("nan")), "gain_db is nan"),
        (lambda: Gain(gain_db=True), "gain_db is True"),
        (lambda: Gain(gain_db="3"), "gain_db is '3'"),
        (lambda: effect_class("revreb"), "did you mean 'reverb'"),
        (lambda: effect_class("zzz"), "there are eq, graphic_eq"),
        (lambda: Chain(["eq"]), "a chain was given 'eq'"),
        (lambda: Chain([Gain()]).replace({"eq": {}}), "the chain has no effect 'eq'"),
        (lambda: Chain([Gain()]).at([0.1, 0.2]), "expected \\(1,\\)"),
        (lambda: Chain([Gain()]).settings_at(torch.zeros(2)), "positions have shape"),
        (lambda: Gain().process(torch.zeros(1, 1), sample_rate=1, settings={"g": 1.0}),
         "no setting 'g'"),
        (lambda: Chain([]).apply(np.zeros((1, 1)), sample_rate=8000, tail="long"), "tail is"),
    ],
)  # fmt: skip
def test_mistakes_are_named(make, message):
    with pytest.raises(EffectError, match=message):
        make()


@pytest.mark.parametrize(
    "audio",
    [torch.zeros(5), torch.zeros(0, 5), torch.zeros(1, 5, dtype=torch.int16), np.zeros((1, 5))],
)
def test_bad_audio_is_refused(audio):
    with pytest.raises(AudioError):
        Chain([Gain()]).process(audio, sample_rate=8000)


def test_nan_is_refused_by_apply():
    for audio in (np.full((1, 5), np.nan, np.float32), torch.full((1, 5), torch.inf)):
        with pytest.raises(AudioError, match="NaN or infinite"):
            Chain([Gain()]).apply(audio, sample_rate=8000)


@given(
    st.lists(st.sampled_from(effect_names()), max_size=4),
    st.integers(0, 2**31),
    st.sampled_from([1, 2, 6]),
    st.sampled_from([0, 1, 2, 777]),
    st.sampled_from([8000, 44100]),
)
@settings(max_examples=25, deadline=None)
def test_any_chain_keeps_length_silence_and_finiteness(names, seed, channels, samples, rate):
    rng = np.random.default_rng(seed)
    chain = Chain([effect_class(name)() for name in names])
    chain = chain.at(rng.random(len(chain.slots)))
    audio = noise(channels, samples, seed=seed)
    made = chain.process(audio, sample_rate=rate)
    assert made.shape == audio.shape
    assert made.isfinite().all()
    silent = chain.process(torch.zeros(channels, samples), sample_rate=rate)
    assert not silent.any()
    torch.testing.assert_close(made, chain.process(audio, sample_rate=rate), rtol=0, atol=0)
