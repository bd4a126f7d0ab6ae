"""Signals and files that several tests of this folder use."""

import numpy as np
import pytest


@pytest.fixture
def noise():
    """Two channels of quiet noise, 20 000 samples, exactly representable in 16 bits."""
    rng = np.random.default_rng(0)
    return (rng.integers(-9000, 9000, (2, 20_000)) / 32768).astype(np.float32)
