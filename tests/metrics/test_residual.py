"""Leakage, removal, consistency, loudness and similarity: closed forms and edges."""

import numpy as np
import pytest
import torch

from lass.errors import AudioError
from lass.metrics import (
    embedding_similarity,
    leakage,
    loudness_change,
    mixture_consistency,
    preserved_fidelity,
    target_suppression,
)

RNG = np.random.default_rng(4)
T, N = 0.1 * RNG.standard_normal((2, 2, 4000))


def test_leakage():
    assert float(leakage(T[0], 0.1 * T[0])) == pytest.approx(-20)
    assert float(leakage(T[0], 0 * T[0])) == pytest.approx(-80, abs=1)
    assert float(leakage(0 * T[0], 0 * T[0])) == 0


@pytest.mark.parametrize("gain", [1.0, 0.3, 0.01])
def test_suppression_and_fidelity_look_at_different_things(gain):
    residual = gain * T + N
    np.testing.assert_allclose(target_suppression(T, N, residual), -20 * np.log10(gain), atol=1e-6)
    assert (preserved_fidelity(T, N, residual) > 70).all()
    quiet = gain * T + 0.9 * N
    np.testing.assert_allclose(target_suppression(T, N, quiet), -20 * np.log10(gain), atol=1e-6)
    np.testing.assert_allclose(preserved_fidelity(T, N, quiet), 20, atol=1e-6)


def test_suppression_edges():
    assert float(target_suppression(T[0], N[0], 0 * T[0])) == pytest.approx(100)
    assert np.isnan(target_suppression(0 * T[0], N[0], N[0]))
    assert float(target_suppression(T[0], 0 * T[0], 0.1 * T[0])) == pytest.approx(20)
    tensors = [torch.from_numpy(x) for x in (T, N, 0.1 * T + N)]
    for metric in (target_suppression, preserved_fidelity):
        np.testing.assert_allclose(
            metric(*tensors).numpy(), metric(*(x.numpy() for x in tensors)), atol=1e-9
        )


def test_consistency():
    parts = np.stack([T, N]).astype(np.float32)
    assert (mixture_consistency((T + N).astype(np.float32), parts) > 130).all()
    assert (mixture_consistency(T + N, np.stack([T, N])) > 150).all()
    with pytest.raises(AudioError, match=r"expected \(parts"):
        mixture_consistency(T, N)


@pytest.mark.parametrize("rate", [16000, 32000, 48000])
def test_loudness(rate):
    assert float(loudness_change(T, 0.5 * T, sample_rate=rate)) == pytest.approx(-6.0206, abs=1e-4)
    assert float(loudness_change(0 * T, 0 * T, sample_rate=rate)) == 0
    n = np.arange(rate)
    # BS.1770: a 997 Hz sine at 0 dB FS reads -3.01 LKFS, so its weighting plus -0.691 is 0 dB.
    mid, low = (np.sin(2 * np.pi * f * n / rate)[None] for f in (997, 20))
    assert float(loudness_change(mid, low, sample_rate=rate)) < -10
    with pytest.raises(AudioError, match="channels"):
        loudness_change(T[0], T[0], sample_rate=rate)


def test_k_weighting_is_the_standards():
    from lass.metrics.residual import _k_weights

    weight_db = 10 * np.log10(_k_weights(np.array([997.0]), 48000))
    np.testing.assert_allclose(weight_db, 0.691, atol=0.01)


def test_similarity():
    a = RNG.standard_normal((3, 8))
    np.testing.assert_allclose(embedding_similarity(a, 5 * a), 1)
    np.testing.assert_allclose(embedding_similarity(a, -a), -1)
    with pytest.raises(AudioError, match="zero vector"):
        embedding_similarity(a, 0 * a)
