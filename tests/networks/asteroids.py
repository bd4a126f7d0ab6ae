"""Small models of asteroid, and the reason why their tests are skipped."""

import warnings

import pytest

SMALL = {
    "ConvTasNet": {"n_filters": 16, "bn_chan": 8, "hid_chan": 8, "skip_chan": 8, "n_blocks": 2,
                   "n_repeats": 1, "kernel_size": 16, "stride": 8},
    "DPRNNTasNet": {"n_filters": 16, "bn_chan": 8, "hid_size": 8, "chunk_size": 20, "n_repeats": 1},
    "DPTNet": {"n_filters": 16, "n_heads": 2, "ff_hid": 8, "chunk_size": 20, "n_repeats": 1},
    "LSTMTasNet": {"n_filters": 16, "hid_size": 8, "n_layers": 2},
    "SuDORMRFNet": {"bn_chan": 8, "num_blocks": 1, "upsampling_depth": 2, "n_filters": 16},
    "SuDORMRFImprovedNet": {"bn_chan": 8, "num_blocks": 1, "upsampling_depth": 2, "n_filters": 16},
}  # fmt: skip


def _missing():
    """Why asteroid cannot be used; empty where it can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import asteroid.models  # noqa: F401
    except Exception as error:  # torchaudio's wheel fails in ways of its own
        return f"asteroid cannot be loaded: {error}"
    return ""


needs_asteroid = pytest.mark.skipif(bool(_missing()), reason=_missing())
