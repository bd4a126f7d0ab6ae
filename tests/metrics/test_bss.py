"""BSS-eval against museval, mir_eval and torchmetrics; the structured Cholesky against LAPACK."""

import math
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import mir_eval
import numpy as np
import pytest
import torch
from scipy.signal import butter, sosfilt
from torchmetrics.functional.audio import (
    scale_invariant_signal_distortion_ratio,
    signal_distortion_ratio,
    signal_noise_ratio,
)

from lass.errors import AudioError
from lass.metrics import bss_eval, filtered_sdr, median_over_frames, sdr, si_sdr
from lass.metrics._toeplitz import _dense, _schur, correlations, solve_block_toeplitz

FIGURES = ("sdr", "isr", "sir", "sar")


def _sources(sources, channels, samples, *, seed=0, kind="noise"):
    """References and estimates: white, or coloured and gated as real recordings are."""
    rng = np.random.default_rng(seed)
    true = 0.1 * rng.standard_normal((sources, channels, samples))
    if kind == "coloured":
        for i in range(sources):
            low = butter(2, 0.05 + 0.1 * i, output="sos")
            gate = 0.02 + (np.sin(np.arange(samples) / (900 + 400 * i)) > 0)
            true[i] = sosfilt(low, true[i]) * gate
    bleed = 0.2 * np.roll(true, 1, axis=0)
    late = 0.3 * np.roll(true, 5, axis=-1)
    return true, 0.8 * true + late + bleed + 0.003 * rng.standard_normal(true.shape)


@pytest.fixture(scope="module")
def museval():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import museval
        except Exception as error:  # it raises RuntimeError, not ImportError, without ffmpeg
            pytest.skip(f"museval cannot be imported: {error}")
    return museval


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["noise", "coloured"])
@pytest.mark.parametrize(("sources", "channels"), [(2, 1), (2, 2), (3, 2)])
def test_against_museval(museval, kind, sources, channels):
    rate = 8000
    true, made = _sources(sources, channels, int(3.4 * rate), kind=kind)
    ours = bss_eval(true, made, sample_rate=rate)
    theirs = museval.metrics.bss_eval(
        true.transpose(0, 2, 1), made.transpose(0, 2, 1), window=rate, hop=rate
    )
    for name, mine, yours in zip(FIGURES, ours, theirs[:4], strict=True):
        np.testing.assert_allclose(mine, yours, atol=1e-3, err_msg=name)
    assert ours.sdr.shape == (sources, 3)


@pytest.mark.slow
def test_against_museval_overlap_silent_frame_and_whole_signal(museval):
    rate = 4000
    true, made = _sources(2, 2, 4 * rate, kind="coloured", seed=3)
    true[0, :, rate : 2 * rate] = 0
    flip = (true.transpose(0, 2, 1), made.transpose(0, 2, 1))
    for window, hop in ((1.0, 0.5), (1.0, 1.0), (math.inf, math.inf)):
        ours = bss_eval(true, made, sample_rate=rate, window_s=window, hop_s=hop)
        theirs = museval.metrics.bss_eval(*flip, window=window * rate, hop=hop * rate)
        for mine, yours in zip(ours, theirs[:4], strict=True):
            np.testing.assert_allclose(mine, yours, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["esc50-fold5", "instruments10", "speech-in-sound"])
def test_on_real_recordings(museval, name):
    """Target and rest of a real mixture against a ratio mask's estimates of both."""
    if "LASS_DATA" not in os.environ:
        pytest.skip("needs the data pack: set LASS_DATA to its folder")
    data = Path(os.environ["LASS_DATA"])
    from lass.evaluation import ClipStore, iter_mixtures, load_protocol
    from lass.evaluation.bounds import oracle_estimates

    made = list(iter_mixtures(load_protocol(name), ClipStore(data), limit=6))
    for mixture in [m for m in made if m.mixture.shape[-1] >= 2 * m.sample_rate][:2]:
        rate, heard = mixture.sample_rate, np.float64(mixture.mixture)
        mask = oracle_estimates(heard, mixture.target, sample_rate=rate)["ratio_mask"]
        true = np.stack([mixture.target, mixture.rest]).astype(np.float64)
        estimate = np.stack([mask, heard - mask])
        with np.errstate(all="ignore"):
            theirs = museval.metrics.bss_eval(
                true.transpose(0, 2, 1), estimate.transpose(0, 2, 1), window=rate, hop=rate
            )
        for mine, yours in zip(bss_eval(true, estimate, sample_rate=rate), theirs[:4], strict=True):
            np.testing.assert_allclose(mine, yours, atol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            oracle = mir_eval.separation.bss_eval_sources(
                true[:, 0], estimate[:, 0], compute_permutation=False
            )[0]
        np.testing.assert_allclose(filtered_sdr(true, estimate)[:, 0], oracle, atol=1e-3)


@pytest.mark.slow
def test_twenty_times_faster_than_museval(museval):
    rate = 44100
    true, made = _sources(4, 2, 30 * rate)
    bss_eval(true[..., :rate], made[..., :rate], sample_rate=rate)
    ours_s = []
    for _ in range(3):
        start = time.perf_counter()
        ours = bss_eval(true, made, sample_rate=rate)
        ours_s.append(time.perf_counter() - start)
    start = time.perf_counter()
    theirs = museval.metrics.bss_eval(
        true.transpose(0, 2, 1), made.transpose(0, 2, 1), window=rate, hop=rate
    )
    theirs_s = time.perf_counter() - start
    for mine, yours in zip(ours, theirs[:4], strict=True):
        np.testing.assert_allclose(mine, yours, atol=0.01)
    assert theirs_s / min(ours_s) > 20, f"{theirs_s:.1f} s against {ours_s} s"


@pytest.mark.parametrize("kind", ["noise", "coloured"])
def test_filtered_sdr_against_mir_eval_and_torchmetrics(kind):
    true, made = _sources(2, 1, 8000, kind=kind, seed=5)
    true, made = true[:, 0], made[:, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = mir_eval.separation.bss_eval_sources(true, made, compute_permutation=False)[0]
    np.testing.assert_allclose(filtered_sdr(true, made), oracle, atol=1e-3)
    metric = signal_distortion_ratio(torch.from_numpy(made), torch.from_numpy(true))
    np.testing.assert_allclose(filtered_sdr(true, made), metric.numpy(), atol=1e-3)


@pytest.fixture(scope="module")
def real():
    """Sound as it is recorded: two places of the example as sources, and bad estimates of them.

    Returns references and estimates ``(sources, channels, samples)``, and the rate in Hz.
    """
    import soundfile
    import soxr

    path = Path(__file__).parents[2] / "examples" / "duet.wav"
    sound, rate = soundfile.read(path, dtype="float64", always_2d=True)
    low = soxr.resample(sound, rate, 16000).T
    span = 3 * 16000
    true = np.stack([low[:, :span], 0.7 * low[:, -span:]])
    room = 0.8 * true + 0.3 * np.roll(true, 2, axis=-1)
    noise = 1e-3 * np.random.default_rng(2).standard_normal(true.shape)
    return true, room + 0.25 * true[::-1] ** 2 + 0.1 * true[::-1] + noise, 16000


def test_real_sound_over_the_whole_signal_against_mir_eval(real):
    """On one frame BSS-eval v4 is v3's image measure, of which mir_eval has its own code."""
    true, made, rate = real
    ours = bss_eval(true, made, sample_rate=rate, window_s=math.inf, hop_s=math.inf)
    flip = (true.transpose(0, 2, 1), made.transpose(0, 2, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = mir_eval.separation.bss_eval_images(*flip, compute_permutation=False)
    for name, mine, yours in zip(FIGURES, ours, theirs[:4], strict=True):
        np.testing.assert_allclose(mine[:, 0], yours, atol=1e-3, err_msg=name)
    assert 5 < ours.sir.min() < ours.sir.max() < 40  # far from both ends, so it says something


def test_real_sound_against_mir_eval_and_torchmetrics(real):
    true, made = (x.mean(axis=1) for x in real[:2])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = mir_eval.separation.bss_eval_sources(true, made, compute_permutation=False)[0]
    np.testing.assert_allclose(filtered_sdr(true, made), oracle, atol=1e-3)
    r, e = torch.from_numpy(true), torch.from_numpy(made)
    np.testing.assert_allclose(sdr(true, made), signal_noise_ratio(e, r).numpy(), atol=1e-3)
    scale_free = scale_invariant_signal_distortion_ratio(e, r).numpy()
    np.testing.assert_allclose(si_sdr(true, made), scale_free, atol=1e-3)


def test_real_sound_in_frames_against_museval(museval, real):
    true, made, rate = real
    ours = bss_eval(true[:, :1], made[:, :1], sample_rate=rate)
    theirs = museval.metrics.bss_eval(
        true[:, :1].transpose(0, 2, 1), made[:, :1].transpose(0, 2, 1), window=rate, hop=rate
    )
    assert ours.sdr.shape == (2, 3)
    for name, mine, yours in zip(FIGURES, ours, theirs[:4], strict=True):
        np.testing.assert_allclose(mine, yours, atol=1e-3, err_msg=name)


def test_framewise_sdr_is_plain_and_sir_is_what_was_mixed():
    rate = 2000
    true, _ = _sources(2, 1, 4 * rate)
    scores = bss_eval(true, true + 0.1 * true[::-1], sample_rate=rate, filter_length=16)
    np.testing.assert_allclose(scores.sdr.mean(), 20.0, atol=0.5)
    np.testing.assert_allclose(scores.sir.mean(), 20.0, atol=0.5)
    assert (scores.sar > 100).all()


def test_silence_policy_of_frames():
    rate = 2000
    true, made = _sources(2, 2, 4 * rate)
    made[1, :, rate : 2 * rate] = 0
    scores = bss_eval(true, made, sample_rate=rate, filter_length=16)
    for figure in scores:
        assert np.isnan(figure[:, 1]).all()
        assert np.isfinite(figure[:, [0, 2, 3]]).all()
    assert np.isfinite(median_over_frames(scores.sdr)).all()
    assert np.isnan(median_over_frames(np.full((2, 3), np.nan))).all()
    with pytest.raises(AudioError, match="estimate of source 0 is silent throughout"):
        bss_eval(true, np.zeros_like(true), sample_rate=rate)
    with pytest.raises(AudioError, match=r"expected \(sources, channels, samples\)"):
        bss_eval(true[0, 0], made[0, 0], sample_rate=rate)


def test_equal_channels_of_band_limited_sources_score_as_one_channel():
    rate = 4000
    true, made = _sources(2, 1, 3 * rate, kind="coloured")
    steep = butter(8, 0.2, output="sos")
    true, made = sosfilt(steep, true), sosfilt(steep, made)
    # Recordings have a noise floor; without one SIR and SAR are rounding noise (see the docstring).
    true += 1e-5 * np.random.default_rng(1).standard_normal(true.shape)
    single = bss_eval(true, made, sample_rate=rate, filter_length=128)
    double = bss_eval(
        np.repeat(true, 2, axis=1), np.repeat(made, 2, axis=1), sample_rate=rate, filter_length=128
    )
    for mono, stereo in zip(single, double, strict=True):
        np.testing.assert_allclose(stereo, mono, atol=0.1)


def test_filtered_sdr_policy_and_batches():
    true, made = _sources(3, 2, 3000)
    whole = filtered_sdr(true, made, filter_length=64)
    assert whole.shape == (3, 2)
    assert whole[1, 1] == filtered_sdr(true[1, 1], made[1, 1], filter_length=64)
    assert (whole >= si_sdr(true, made) - 0.01).all()
    assert np.isnan(filtered_sdr(np.zeros(100), true[0, 0, :100], filter_length=8))
    assert np.isnan(filtered_sdr(true[0, 0, :100], np.zeros(100), filter_length=8))
    assert filtered_sdr(true[0, 0], true[0, 0], filter_length=8) > 100


def test_torch_gives_torch():
    true, made = (torch.from_numpy(x) for x in _sources(2, 1, 4000))
    scores = bss_eval(true, made, sample_rate=2000, filter_length=16)
    assert isinstance(scores.sdr, torch.Tensor)
    assert isinstance(filtered_sdr(true, made, filter_length=16), torch.Tensor)


@pytest.mark.parametrize(("channels", "lags"), [(1, 7), (2, 40), (4, 33)])
def test_schur_equals_dense_cholesky_and_solves(channels, lags):
    rng = np.random.default_rng(channels)
    x = np.cumsum(rng.standard_normal((channels, 4000)), axis=-1)
    x -= x.mean(axis=-1, keepdims=True)
    found = correlations(x, x, lags=lags)
    direct = sum(np.outer(x[:, n], x[:, n + 3]) for n in range(4000 - 3))
    np.testing.assert_allclose(found[..., lags - 1 + 3], direct, rtol=1e-9)
    blocks = np.ascontiguousarray(found[..., lags - 1 :].transpose(2, 0, 1))
    blocks[0] += 1e-3 * np.trace(blocks[0]) * np.eye(channels)
    np.testing.assert_allclose(_schur(blocks), _dense(blocks), atol=1e-7 * abs(blocks).max() ** 0.5)
    wanted = rng.standard_normal((lags * channels, 3))
    factor = _dense(blocks)
    right = factor.T @ (factor @ wanted)
    np.testing.assert_allclose(solve_block_toeplitz(blocks, right), wanted, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_same_numbers_with_one_and_two_threads(threads):
    """Guards against pytorch #142815: batched results must not depend on the thread count."""
    code = (
        "import numpy as np, torch; torch.set_num_threads(%d)\n"
        "from lass.metrics import filtered_sdr\n"
        "x = torch.from_numpy(np.random.default_rng(0).standard_normal((4, 6000)))\n"
        "y = x + 0.1 * torch.roll(x, 1, 0)\n"
        "b = filtered_sdr(x, y); s = torch.stack([filtered_sdr(p, q) for p, q in zip(x, y)])\n"
        "assert torch.equal(b, s) and (abs(b - 20.5) < 1).all(), (b, s)\n"
    ).replace("%d", str(threads))
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
