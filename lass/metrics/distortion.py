"""SDR and SI-SDR of whole signals, and how much a separator improved them.

"SDR" is the plain one of AudioSep: an energy ratio of the reference to the error, nothing fitted.
For the 512-tap SDR of mir_eval see `lass.metrics.filtered_sdr`; for museval's framewise median
`lass.metrics.bss_eval`. The three differ by several dB on the same audio: always say which.
"""

from __future__ import annotations

import numpy as np

from lass.metrics._arrays import AnySignal, Signal, decibel, prepare

__all__ = ["POWER_FLOOR", "sdr", "sdr_improvement", "si_sdr", "si_sdr_improvement"]

POWER_FLOOR = 1e-10
"""Least mean square (full scale 1.0) that plain SDR tells from silence: -100 dB."""

_EPS = float(np.finfo(np.float64).eps)


def _sdr(reference: AnySignal, estimate: AnySignal) -> AnySignal:
    """Plain SDR of checked signals."""
    error = estimate - reference
    signal_power = (reference * reference).mean(-1).clip(min=POWER_FLOOR)
    error_power = (error * error).mean(-1).clip(min=POWER_FLOOR)
    return decibel(signal_power / error_power)


def _si_sdr(reference: AnySignal, estimate: AnySignal) -> AnySignal:
    """SI-SDR of checked signals."""
    energy = (reference * reference).sum(-1)
    scale = ((reference * estimate).sum(-1) + _EPS) / (energy + _EPS)
    target = scale[..., None] * reference
    error = estimate - target
    return decibel(((target * target).sum(-1) + _EPS) / ((error * error).sum(-1) + _EPS))


def sdr(reference: Signal, estimate: Signal) -> Signal:
    r"""Signal-to-distortion ratio as AudioSep defines it: an SNR, nothing fitted.

    .. math:: 10 \log_{10} \frac{\max(\overline{r^2}, 10^{-10})}
                                {\max(\overline{(e - r)^2}, 10^{-10})}

    Scale matters: half the reference scores 6.02 dB. No channel or time alignment.

    Silence: nothing is NaN or infinite. A silent estimate scores 0 dB. A silent reference scores
    0 dB when the estimate is silent too, else minus the estimate's level over -100 dB. A perfect
    estimate scores the reference's own level over -100 dB (about 80 dB for speech).

    Args:
        reference: True signal, ``(..., samples)``, full scale 1.0.
        estimate: Signal to judge, same shape.

    Returns:
        SDR in dB, shape ``(...)``, float64; torch in, torch out (differentiable).

    Raises:
        AudioError: On wrong types, shapes or values that are not finite.

    Source:
        Liu et al., "Separate Anything You Describe", arXiv:2308.05037 and its ``utils.py``.

    Example:
        >>> import numpy as np
        >>> tone = np.sin(np.arange(1000) / 10)
        >>> round(float(sdr(tone, 0.5 * tone)), 2)
        6.02
    """
    ref, est = prepare(reference=reference, estimate=estimate)
    result: Signal = _sdr(ref, est)
    return result


def sdr_improvement(reference: Signal, estimate: Signal, mixture: Signal) -> Signal:
    r"""SDRi: how much closer to the reference the estimate is than the mixture was.

    .. math:: \mathrm{SDR}(r, e) - \mathrm{SDR}(r, m)

    Half of a 0 dB mixture already gains 3.01 dB, which is why SI-SDR always stands beside it.

    Silence: as `sdr`. When estimate and mixture are equal the result is exactly 0 dB.

    Args:
        reference: True signal, ``(..., samples)``, full scale 1.0.
        estimate: Signal to judge, same shape.
        mixture: What the separator was given, same shape.

    Returns:
        Improvement in dB, shape ``(...)``, float64.

    Raises:
        AudioError: On wrong types, shapes or values that are not finite.

    Source:
        Liu et al., "Separate Anything You Describe", arXiv:2308.05037.

    Example:
        >>> import numpy as np
        >>> r, n = np.array([1.0, -1.0] * 50), np.array([1.0, 1.0] * 50)
        >>> round(float(sdr_improvement(r, (r + n) / 2, r + n)), 2)
        3.01
    """
    ref, est, mix = prepare(reference=reference, estimate=estimate, mixture=mixture)
    result: Signal = _sdr(ref, est) - _sdr(ref, mix)
    return result


def si_sdr(reference: Signal, estimate: Signal) -> Signal:
    r"""Scale-invariant SDR (absolute, as AudioSep reports it), without removal of the mean.

    .. math:: a = \frac{\langle r, e\rangle + \epsilon}{\lVert r\rVert^2 + \epsilon}, \qquad
              10 \log_{10} \frac{\lVert a r\rVert^2 + \epsilon}{\lVert e - a r\rVert^2 + \epsilon}

    with the machine epsilon of float64, so that level hardly matters down to -100 dB.

    Silence: nothing is NaN or infinite. A silent estimate scores 0 dB (as in AudioSep and
    torchmetrics). A silent reference scores 0 dB when the estimate is silent too, else about
    -150 dB. A perfect estimate scores about 150 dB or more.

    Args:
        reference: True signal, ``(..., samples)``, full scale 1.0.
        estimate: Signal to judge, same shape.

    Returns:
        SI-SDR in dB, shape ``(...)``, float64; torch in, torch out (differentiable).

    Raises:
        AudioError: On wrong types, shapes or values that are not finite.

    Source:
        Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019, arXiv:1811.02508.

    Example:
        >>> import numpy as np
        >>> r, n = np.array([1.0, -1.0] * 50), np.array([1.0, 1.0] * 50)
        >>> round(float(si_sdr(r, 7 * (r + 0.1 * n))), 2)
        20.0
    """
    ref, est = prepare(reference=reference, estimate=estimate)
    result: Signal = _si_sdr(ref, est)
    return result


def si_sdr_improvement(reference: Signal, estimate: Signal, mixture: Signal) -> Signal:
    r"""SI-SDRi: SI-SDR of the estimate less SI-SDR of the mixture.

    .. math:: \mathrm{SI\text{-}SDR}(r, e) - \mathrm{SI\text{-}SDR}(r, m)

    Silence: as `si_sdr`. When estimate and mixture are equal the result is exactly 0 dB.

    Args:
        reference: True signal, ``(..., samples)``, full scale 1.0.
        estimate: Signal to judge, same shape.
        mixture: What the separator was given, same shape.

    Returns:
        Improvement in dB, shape ``(...)``, float64.

    Raises:
        AudioError: On wrong types, shapes or values that are not finite.

    Source:
        Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019, arXiv:1811.02508.

    Example:
        >>> import numpy as np
        >>> r, n = np.array([1.0, -1.0] * 50), np.array([1.0, 1.0] * 50)
        >>> round(float(si_sdr_improvement(r, r + 0.1 * n, r + n)), 2)
        20.0
    """
    ref, est, mix = prepare(reference=reference, estimate=estimate, mixture=mixture)
    result: Signal = _si_sdr(ref, est) - _si_sdr(ref, mix)
    return result
