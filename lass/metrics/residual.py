"""What became of the rest: leakage, removal, consistency of the parts, loudness, similarity."""

from __future__ import annotations

import numpy as np

from lass.errors import AudioError
from lass.metrics._arrays import AnySignal, Signal, as_numpy, decibel, like, prepare
from lass.metrics.distortion import POWER_FLOOR

__all__ = [
    "embedding_similarity",
    "leakage",
    "loudness_change",
    "mixture_consistency",
    "preserved_fidelity",
    "target_suppression",
]

_TINY = 1e-20
"""Least mean square of a rounding error: -200 dB, well under float32's own."""


def leakage(mixture: Signal, estimate: Signal) -> Signal:
    r"""Level of an estimate against the mixture: what comes out for a query that is absent.

    .. math:: 10 \log_{10} \frac{\max(\overline{e^2}, 10^{-10})}{\max(\overline{m^2}, 10^{-10})}

    Lower is better when nothing was there to be found; 0 dB is the mixture passed through.

    Silence: both powers are floored at -100 dB of full scale; silence of both is 0 dB.

    Args:
        mixture: What the separator was given, ``(..., samples)``, full scale 1.0.
        estimate: What came out, same shape.

    Returns:
        Leakage in dB, shape ``(...)``, float64.

    Raises:
        AudioError: On wrong types, shapes or values that are not finite.

    Source:
        This project; the absent-query test of the evaluation issue.

    Example:
        >>> m = np.sin(np.arange(100.0))
        >>> round(float(leakage(m, 0.01 * m)), 2)
        -40.0
    """
    mix, est = prepare(mixture=mixture, estimate=estimate)
    result: Signal = decibel(
        (est * est).mean(-1).clip(min=POWER_FLOOR) / (mix * mix).mean(-1).clip(min=POWER_FLOOR)
    )
    return result


def target_suppression(target: Signal, rest: Signal, residual: Signal) -> Signal:
    r"""How far down the removed target is in the residual.

    With :math:`a, b` the least-squares fit :math:`y \approx a\,t + b\,n` of the residual ``y`` on
    target ``t`` and rest ``n``: :math:`-20 \log_{10} |a|`. 0 dB is no removal; fitting both keeps
    a chance likeness of target and rest out of the figure.

    Silence: capped at 100 dB, also when the residual is silent. NaN when the target is silent.

    Args:
        target: True target, ``(..., samples)``, full scale 1.0.
        rest: True rest, same shape.
        residual: What the separator left over, same shape.

    Returns:
        Suppression in dB, shape ``(...)``, float64.

    Raises:
        AudioError: On wrong types, shapes or values that are not finite.

    Source:
        After TSSR of TV-AudioRemover (target suppression), defined here by projection.

    Example:
        >>> t, n = np.array([1.0, -1.0] * 50), np.array([1.0, 1.0] * 50)
        >>> round(float(target_suppression(t, n, 0.1 * t + n)), 2)
        20.0
    """
    tar, oth, res = prepare(target=target, rest=rest, residual=residual)
    kept, _ = _fit(tar, oth, res)
    level = -decibel((kept * kept).clip(min=1e-10))
    silent = (tar * tar).mean(-1) < _TINY
    result: Signal = _nan_where(level, silent)
    return result


def preserved_fidelity(target: Signal, rest: Signal, residual: Signal) -> Signal:
    r"""How well the residual keeps the rest, what is left of the target not counted.

    With :math:`a` as in `target_suppression`:
    :math:`10 \log_{10} \lVert n \rVert^2 / \lVert y - a\,t - n \rVert^2`: level changes of the rest
    and artefacts count, leftover target does not.

    Silence: error floored at -100 dB of full scale; a silent rest is floored likewise.

    Args:
        target: True target, ``(..., samples)``, full scale 1.0.
        rest: True rest, same shape.
        residual: What the separator left over, same shape.

    Returns:
        Fidelity in dB, shape ``(...)``, float64.

    Raises:
        AudioError: On wrong types, shapes or values that are not finite.

    Source:
        After PSF of TV-AudioRemover (preserved fidelity), defined here by projection.

    Example:
        >>> t, n = np.array([1.0, -1.0] * 50), np.array([1.0, 1.0] * 50)
        >>> round(float(preserved_fidelity(t, n, 0.3 * t + 0.9 * n)), 2)
        20.0
    """
    tar, oth, res = prepare(target=target, rest=rest, residual=residual)
    kept, _ = _fit(tar, oth, res)
    error = res - kept[..., None] * tar - oth
    result: Signal = decibel(
        (oth * oth).mean(-1).clip(min=POWER_FLOOR) / (error * error).mean(-1).clip(min=POWER_FLOOR)
    )
    return result


def mixture_consistency(mixture: Signal, parts: Signal) -> Signal:
    r"""Whether the parts add up to the mixture.

    .. math:: 10 \log_{10} \frac{\lVert x \rVert^2}{\lVert x - \sum_i p_i \rVert^2}

    About 140 dB or more is float32 rounding.

    Silence: error floored at -200 dB of full scale, mixture likewise; silence of all is 0 dB.

    Args:
        mixture: ``(..., samples)``, full scale 1.0.
        parts: ``(parts, ..., samples)``: every estimate and the residual.

    Returns:
        Consistency in dB, shape ``(...)``, float64.

    Raises:
        AudioError: On wrong types, shapes or values that are not finite.

    Source:
        Wisdom et al., "Differentiable consistency constraints", ICASSP 2019, arXiv:1811.08521.

    Example:
        >>> x = np.sin(np.arange(100.0))
        >>> round(float(mixture_consistency(x, np.stack([0.6 * x, 0.3 * x]))), 2)
        20.0
    """
    mix, all_parts = prepare(same_shape=False, mixture=mixture, parts=parts)
    if tuple(all_parts.shape[1:]) != tuple(mix.shape):
        raise AudioError(
            f"The parts have shape {tuple(all_parts.shape)} for a mixture of {tuple(mix.shape)}; "
            "expected (parts, *mixture shape)."
        )
    error = mix - all_parts.sum(0)
    result: Signal = decibel(
        (mix * mix).mean(-1).clip(min=_TINY) / (error * error).mean(-1).clip(min=_TINY)
    )
    return result


def loudness_change(before: Signal, after: Signal, *, sample_rate: int) -> Signal:
    r"""Change of K-weighted loudness over the whole signal, in LU.

    Difference of the K-weighted mean squares (ITU-R BS.1770-4 weighting, no gating), so that a
    pure gain of g dB gives exactly g LU at any rate.

    Silence: both are floored at -100 dB; silence to silence is 0 LU.

    Args:
        before: ``(..., channels, samples)``, full scale 1.0; channels are summed with weight 1.
        after: Same shape.
        sample_rate: Rate in Hz.

    Returns:
        Change in LU (dB), shape ``(...)`` without channels, float64; no gradient.

    Raises:
        AudioError: On wrong types, shapes or values, or signals without a channel axis.

    Source:
        ITU-R BS.1770-4, annex 1.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((1, 8000)) * 0.1
        >>> round(float(loudness_change(x, 2 * x, sample_rate=16000)), 2)
        6.02
    """
    ready = prepare(before=before, after=after)
    if ready[0].ndim < 2:
        raise AudioError(
            f"The signals have shape {tuple(ready[0].shape)}; expected (..., channels, samples)."
        )
    powers = []
    for signal in (as_numpy(x) for x in ready):
        count = signal.shape[-1]
        bins = np.abs(np.fft.rfft(signal, axis=-1)) ** 2
        bins[..., 1 : (count + 1) // 2] *= 2.0
        weights = _k_weights(np.fft.rfftfreq(count, 1.0 / sample_rate), sample_rate)
        powers.append((bins * weights).sum(axis=-1).sum(axis=-1) / count**2)
    floor = POWER_FLOOR
    change = 10.0 * np.log10(np.maximum(powers[1], floor) / np.maximum(powers[0], floor))
    result: Signal = like(np.asarray(change), ready[0])
    return result


def embedding_similarity(first: Signal, second: Signal) -> Signal:
    r"""Cosine of two embeddings: text against audio (CLAPScore) or audio against audio.

    .. math:: \frac{\langle u, v \rangle}{\lVert u \rVert \lVert v \rVert}

    The vectors come from whichever query space is loaded; scores of different spaces do not
    compare. It measures relevance, not separation: it rewards loudness and timbre tricks.

    Silence: a zero vector is an error, as it points nowhere.

    Args:
        first: ``(..., dimensions)``, any scale.
        second: Same shape, of the same space.

    Returns:
        Similarity between -1 and 1, no unit, shape ``(...)``, float64.

    Raises:
        AudioError: On wrong types, shapes or values, or a zero vector.

    Source:
        Xiao et al., "A reference-free metric for language-queried audio source separation using
        contrastive language-audio pretraining", arXiv:2407.04936.

    Example:
        >>> float(embedding_similarity(np.array([2.0, 0.0]), np.array([3.0, 3.0]))).__round__(4)
        0.7071
    """
    one, two = prepare(first=first, second=second)
    sizes = (one * one).sum(-1) * (two * two).sum(-1)
    if not bool((sizes > 0).all()):
        raise AudioError("An embedding is a zero vector; it points nowhere and has no similarity.")
    result: Signal = (one * two).sum(-1) / sizes**0.5
    return result


def _fit(target: AnySignal, rest: AnySignal, residual: AnySignal) -> tuple[AnySignal, AnySignal]:
    """Least-squares gains of target and rest in the residual."""
    eps = 1e-30
    tt, nn, tn = (target * target).sum(-1), (rest * rest).sum(-1), (target * rest).sum(-1)
    ty, ny = (target * residual).sum(-1), (rest * residual).sum(-1)
    determinant = tt * nn - tn * tn
    # With one of the two silent the other is fitted alone.
    apart = determinant > 1e-12 * tt * nn
    safe = determinant * apart + 1.0 * ~apart
    of_target = ((ty * nn - ny * tn) / safe) * apart + (ty / (tt + eps)) * ~apart
    of_rest = ((ny * tt - ty * tn) / safe) * apart + (ny / (nn + eps)) * ~apart
    return of_target, of_rest


def _nan_where(values: AnySignal, condition: AnySignal) -> AnySignal:
    """Put NaN where a figure is not defined."""
    if isinstance(values, np.ndarray | np.floating):
        return np.where(condition, np.nan, values)
    return values.masked_fill(condition, float("nan"))


def _k_weights(frequencies: AnySignal, sample_rate: int) -> AnySignal:
    """Power response of the K-weighting at given frequencies in Hz (shelf, then high-pass)."""
    z = np.exp(-2j * np.pi * np.asarray(frequencies) / sample_rate)
    # Parameters from which the standard's 48 kHz coefficients follow (Brecht De Man, 2018).
    gain = 10 ** (3.999843853973347 / 20)
    k = np.tan(np.pi * 1681.974450955533 / sample_rate)
    q, vb = 0.7071752369554196, gain**0.4996667741545416
    shelf = (
        (gain + vb * k / q + k * k) + 2 * (k * k - gain) * z + (gain - vb * k / q + k * k) * z**2
    )
    shelf = shelf / ((1 + k / q + k * k) + 2 * (k * k - 1) * z + (1 - k / q + k * k) * z**2)
    k, q = np.tan(np.pi * 38.13547087602444 / sample_rate), 0.5003270373238773
    lower = 1 + k / q + k * k
    high = (1 - 2 * z + z**2) / (
        1 + 2 * (k * k - 1) / lower * z + (1 - k / q + k * k) / lower * z**2
    )
    return np.abs(shelf * high) ** 2
