"""Plain NumPy in double precision: what a layer does, written out. Oracles of the networks."""

import numpy as np


def weights(module):
    """All tensors of a module as double arrays."""
    return {name: value.double().numpy() for name, value in module.state_dict().items()}


def centred_frames(x, n_fft, hop, mode):
    """Windowed frames ``(frames, n_fft)`` of a signal, and the window."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    padded = np.pad(x, n_fft // 2, mode=mode)
    count = 1 + len(x) // hop
    return np.stack([padded[i * hop : i * hop + n_fft] * window for i in range(count)]), window


def spectrum(x, n_fft, hop, mode):
    """Complex ``(bins, frames)``."""
    return np.fft.rfft(centred_frames(x, n_fft, hop, mode)[0]).T


def waveform(spectra, n_fft, hop, samples):
    """Overlap-add with the window, over the sum of its squares."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    frames = np.fft.irfft(spectra.T, n=n_fft)
    total = np.zeros((len(frames) - 1) * hop + n_fft)
    weight = np.zeros_like(total)
    for i, frame in enumerate(frames):
        total[i * hop : i * hop + n_fft] += frame * window
        weight[i * hop : i * hop + n_fft] += window**2
    inside = slice(n_fft // 2, n_fft // 2 + samples)
    return total[inside] / weight[inside]


def norm(x, w, name):
    """Batch normalisation with stored statistics of ``(channels, …)``."""
    mean, var, scale, bias = (
        w[f"{name}.{part}"][:, None, None]
        for part in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / np.sqrt(var + 1e-5) * scale + bias


def conv(x, kernel, bias=None, *, stride=1, pad=0):
    """Cross-correlation of ``(inputs, rows, columns)`` with ``(outputs, inputs, h, w)``."""
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    height, width = kernel.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(1, 2))
    y = np.einsum("irchw,oihw->orc", windows[:, ::stride, ::stride], kernel)
    return y if bias is None else y + bias[:, None, None]


def transposed(x, kernel):
    """Transposed convolution whose step is its size; kernel ``(inputs, outputs, h, w)``."""
    y = np.einsum("irc,iohw->orhcw", x, kernel)
    return y.reshape(y.shape[0], y.shape[1] * y.shape[2], y.shape[3] * y.shape[4])


def leaky(x, slope):
    return np.where(x > 0, x, slope * x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))
