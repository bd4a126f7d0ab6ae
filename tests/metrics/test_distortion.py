"""Plain SDR and SI-SDR: closed forms, AudioSep's own arithmetic, torchmetrics, properties."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.audio import (
    scale_invariant_signal_distortion_ratio,
    signal_noise_ratio,
)

from lass.errors import AudioError
from lass.metrics import sdr, sdr_improvement, si_sdr, si_sdr_improvement


def _pair(seed: int, shape=(8000,), noise=0.3):
    rng = np.random.default_rng(seed)
    ref = 0.1 * rng.standard_normal(shape)
    return ref, ref + noise * 0.1 * rng.standard_normal(shape)


def _audiosep_sdr(ref, est, eps=1e-10):
    """AudioSep utils.calculate_sdr, written out as an independent oracle."""
    num = np.clip(np.mean(ref**2), eps, None)
    den = np.clip(np.mean((est - ref) ** 2), eps, None)
    return 10 * np.log10(num / den)


@pytest.mark.parametrize("seed", range(5))
def test_against_audiosep_and_torchmetrics(seed):
    ref, est = _pair(seed)
    assert float(sdr(ref, est)) == pytest.approx(_audiosep_sdr(ref, est), abs=1e-9)
    r, e = torch.from_numpy(ref), torch.from_numpy(est)
    assert float(sdr(ref, est)) == pytest.approx(float(signal_noise_ratio(e, r)), abs=1e-3)
    oracle = float(scale_invariant_signal_distortion_ratio(e, r))
    assert float(si_sdr(ref, est)) == pytest.approx(oracle, abs=1e-3)


def test_closed_forms():
    ref = np.array([1.0, -1.0] * 500)
    noise = np.array([1.0, 1.0] * 500)
    assert float(sdr(ref, ref + 0.1 * noise)) == pytest.approx(20.0)
    assert float(sdr(ref, 0.5 * ref)) == pytest.approx(20 * np.log10(2))
    assert float(si_sdr(ref, 0.5 * ref)) > 100
    assert float(sdr_improvement(ref, (ref + noise) / 2, ref + noise)) == pytest.approx(
        10 * np.log10(2)
    )
    assert float(si_sdr(ref, (ref + noise) / 2)) == pytest.approx(0.0, abs=1e-9)
    assert float(si_sdr_improvement(ref, ref + 0.1 * noise, ref + noise)) == pytest.approx(20.0)


@given(seed=st.integers(0, 2**16), gain_db=st.floats(-60, 60), sign=st.sampled_from([-1, 1]))
@settings(max_examples=30, deadline=None)
def test_si_sdr_ignores_level(seed, gain_db, sign):
    ref, est = _pair(seed, (2000,))
    scaled = sign * 10 ** (gain_db / 20) * est
    assert float(si_sdr(ref, scaled)) == pytest.approx(float(si_sdr(ref, est)), abs=1e-6)
    assert float(si_sdr(3.0 * ref, est)) == pytest.approx(float(si_sdr(ref, est)), abs=1e-6)


@given(seed=st.integers(0, 2**16), snr_db=st.floats(-40, 40))
@settings(max_examples=30, deadline=None)
def test_sdr_is_the_snr_that_was_set(seed, snr_db):
    rng = np.random.default_rng(seed)
    ref, noise = rng.standard_normal((2, 500))
    noise *= np.sqrt((ref @ ref) / (noise @ noise)) * 10 ** (-snr_db / 20)
    assert float(sdr(ref, ref + noise)) == pytest.approx(snr_db, abs=1e-9)


@pytest.mark.parametrize("shape", [(300,), (2, 300), (3, 2, 300)])
@pytest.mark.parametrize("metric", [sdr, si_sdr])
def test_torch_equals_numpy_and_batched_equals_single(metric, shape):
    ref, est = _pair(1, shape)
    whole = metric(ref, est)
    assert whole.shape == shape[:-1]
    tensor = metric(torch.from_numpy(ref), torch.from_numpy(est))
    assert isinstance(tensor, torch.Tensor)
    assert tensor.dtype == torch.float64
    np.testing.assert_allclose(tensor.numpy(), whole, atol=1e-9)
    for index in np.ndindex(shape[:-1]):
        assert float(metric(ref[index], est[index])) == pytest.approx(float(whole[index]))


def test_torch_gradient_flows():
    ref, est = (torch.from_numpy(x) for x in _pair(2))
    est.requires_grad_(True)
    (sdr(ref, est) + si_sdr(ref, est)).backward()
    assert torch.isfinite(est.grad).all()
    assert float(est.grad.abs().sum()) > 0


def test_silence_policy():
    tone, zero = 0.1 * np.sin(np.arange(1000) / 7), np.zeros(1000)
    for metric in (sdr, si_sdr):
        assert float(metric(tone, zero)) == pytest.approx(0.0, abs=1e-9)
        assert float(metric(zero, zero)) == 0.0
        assert float(metric(zero, tone)) < -70
        assert 70 < float(metric(tone, tone)) < 200
        for improvement in (sdr_improvement, si_sdr_improvement):
            assert float(improvement(zero, tone, tone)) == 0.0


@pytest.mark.parametrize(
    ("reference", "estimate", "words"),
    [
        (np.zeros(3), np.zeros(4), "one shape.*reference \\(3,\\).*estimate \\(4,\\)"),
        (np.zeros((1, 4)), np.zeros((2, 4)), "one shape"),
        (np.zeros(0), np.zeros(0), "at least one sample"),
        (np.ones(()), np.ones(()), "at least one sample"),
        (np.zeros(3, np.int16), np.zeros(3), "dtype int16.*floating"),
        ([0.0, 1.0], np.zeros(2), "is a list"),
        (np.array([1.0, np.nan]), np.zeros(2), "reference has samples that are not finite"),
        (np.zeros(2), np.array([1.0, np.inf]), "estimate has samples that are not finite"),
        (np.zeros(2), np.array([np.inf, -np.inf]), "estimate has samples that are not finite"),
        (torch.zeros(2), np.zeros(2), "mix NumPy and torch"),
    ],
)
def test_bad_input_is_one_clear_sentence(reference, estimate, words):
    with pytest.raises(AudioError, match=words):
        sdr(reference, estimate)


def test_import_needs_no_torch():
    import subprocess
    import sys

    code = "import sys, lass.metrics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
