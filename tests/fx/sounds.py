"""Signals and small helpers for the tests of lass.fx."""

import numpy as np
import torch

RATE = 44100


def noise(channels=2, samples=4000, seed=0, level=0.1):
    """White noise, float32."""
    generator = torch.Generator().manual_seed(seed)
    return level * torch.randn(channels, samples, generator=generator)


def click(samples, channels=1):
    signal = torch.zeros(channels, samples)
    signal[:, 0] = 1.0
    return signal


def decibels(made, expected):
    """Largest difference against the largest expected value, in dB."""
    made, expected = np.asarray(made), np.asarray(expected)
    assert made.shape == expected.shape
    share = np.abs(made - expected).max(initial=0.0) / max(np.abs(expected).max(initial=0.0), 1e-30)
    return 20 * np.log10(max(share, 1e-30))
