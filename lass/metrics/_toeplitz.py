"""Correlations up to a few hundred lags, and least-squares filters through a Cholesky factor.

The normal equations of BSS-eval are symmetric, positive definite and block-Toeplitz: a matrix of
``channels x channels`` blocks that depend only on the difference of two lags. A dense Cholesky
costs ``n^3 / 3``; the Schur algorithm reaches the same factor in order ``n^2``, which for four
stereo sources (n = 4096) is the difference between 0.7 s and 0.1 s. LU and batched
``torch.linalg.solve`` are avoided on purpose: the latter is wrong on CPU for such sizes after a
thread count above 1 has been set (pytorch #142815).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

__all__ = ["correlations", "solve_block_toeplitz"]

_BLOCK = 8192
"""FFT size of the correlations: large against 512 lags, small enough to stay in cache."""

_GROUP = 4
"""Blocks transformed at a time; few, as fresh memory costs more than the arithmetic."""

_DENSE = 1024
"""Up to this size LAPACK on the dense matrix is quicker than 512 steps of Python."""

_LOADINGS = (0.0, 1e-14, 1e-12, 1e-10, 1e-8)
"""Relative diagonal loadings tried in turn; the first is enough unless channels are equal."""


def correlations(first: Array, *others: Array, lags: int) -> Array:
    """Cross-correlations at a few lags, without a transform of the whole signal.

    ``r[i, j, lags - 1 + l] = sum_n first[i, n] * second[j, n + l]`` for ``|l| < lags``, where
    ``second`` is all of ``others`` under each other (never copied: fresh memory is dear).

    Args:
        first: ``(channels_1, samples)``.
        others: ``(channels, samples)`` each; ``channels_2`` in all.
        lags: Number of lags from zero on, each way.

    Returns:
        ``(channels_1, channels_2, 2 * lags - 1)``.

    Example:
        >>> x = np.array([[1.0, 2.0]])
        >>> correlations(x, x, lags=2)[0, 0].round(6).tolist()
        [2.0, 5.0, 2.0]
    """
    size = max(_BLOCK, 1 << (4 * lags).bit_length())
    margin = lags - 1
    step = size - 2 * margin
    samples, span = first.shape[-1], _GROUP * step
    width = sum(len(x) for x in others)
    bins = size // 2 + 1
    total = np.zeros((bins, len(first), width), dtype=np.complex128)
    part = np.empty_like(total)
    head = np.zeros((len(first), span))
    wide = np.zeros((width, span + 2 * margin))
    heads = head.reshape(len(first), _GROUP, step)
    windows = np.lib.stride_tricks.sliding_window_view(wide, size, axis=-1)[:, ::step]
    # Every buffer is made once: on a first call fresh pages cost as much as the transforms.
    left, right = (np.empty((n, _GROUP, bins), np.complex128) for n in (len(first), width))
    left_turned = np.empty((bins, len(first), _GROUP), np.complex128)
    right_turned = np.empty((bins, _GROUP, width), np.complex128)
    for at in range(0, samples, span):
        _fill(head, first, at)
        row = 0
        for other in others:
            _fill(wide[row : row + len(other)], other, at - margin)
            row += len(other)
        np.fft.rfft(heads, n=size, out=left)
        np.fft.rfft(windows, n=size, out=right)
        # Contiguous operands, or the batched product falls back to a slow loop.
        np.conjugate(left.transpose(2, 0, 1), out=left_turned)
        np.copyto(right_turned, right.transpose(2, 1, 0))
        total += np.matmul(left_turned, right_turned, out=part)
    summed = np.fft.irfft(total, n=size, axis=0)[: 2 * margin + 1]
    return np.ascontiguousarray(summed.transpose(1, 2, 0))


def _fill(buffer: Array, signal: Array, start: int) -> None:
    """Copy the part of a signal that begins at ``start`` into a buffer, zeros outside it."""
    begin = max(start, 0)
    stop = min(start + buffer.shape[-1], signal.shape[-1])
    buffer[:, : begin - start] = 0.0
    buffer[:, begin - start : stop - start] = signal[:, begin:stop]
    buffer[:, stop - start :] = 0.0


def solve_block_toeplitz(blocks: Array, right: Array) -> Array:
    """Solve ``T x = right`` for a symmetric positive definite block-Toeplitz ``T``.

    Args:
        blocks: ``(lags, channels, channels)``; ``T[a, b] = blocks[a - b]`` for ``a >= b`` and its
            transpose mirrored above the diagonal, blocks ordered lag by lag.
        right: ``(lags * channels, columns)``.

    Returns:
        ``(lags * channels, columns)``. A singular ``T`` (two equal channels) is loaded on its
        diagonal by the least of 1e-14 ... 1e-8 of its mean that makes it definite.

    Raises:
        numpy.linalg.LinAlgError: When even the largest loading does not help.

    Source:
        Kailath & Sayed, "Displacement structure", SIAM Review 1995 (mixed, stable form).

    Example:
        >>> blocks = np.array([[[2.0]], [[1.0]]])
        >>> solve_block_toeplitz(blocks, np.array([[3.0], [3.0]])).round(6).tolist()
        [[1.0], [1.0]]
    """
    mean = float(np.trace(blocks[0])) / blocks.shape[1]
    for loading in _LOADINGS:
        loaded = blocks.copy()
        loaded[0] += loading * mean * np.eye(blocks.shape[1])
        try:
            factor = _dense(loaded) if len(right) <= _DENSE else _schur(loaded)
        except np.linalg.LinAlgError:
            continue
        solution = _substitute(factor, right)
        if np.isfinite(solution).all():
            return solution
    raise np.linalg.LinAlgError("the reference correlations are not positive definite")


def _substitute(factor: Array, right: Array) -> Array:
    """Solve ``R' R x = right``, forward and back, in blocks so that BLAS does the work.

    Only NumPy is needed: LU of an upper triangular block is the block itself, and a lower one is
    turned upside down first.
    """
    size, step = len(factor), 128
    x = right.copy()
    for at in range(0, size, step):
        here = slice(at, min(at + step, size))
        x[here] -= factor[:at, here].T @ x[:at]
        x[here] = np.linalg.solve(factor[here, here].T[::-1, ::-1], x[here][::-1])[::-1]
    for at in reversed(range(0, size, step)):
        here = slice(at, min(at + step, size))
        x[here] -= factor[here, here.stop :] @ x[here.stop :]
        x[here] = np.linalg.solve(factor[here, here], x[here])
    return x


def _dense(blocks: Array) -> Array:
    """Upper Cholesky factor by LAPACK."""
    lags, width, _ = blocks.shape
    matrix = np.empty((lags, width, lags, width))
    for at in range(lags):
        # Only the lower triangle is read.
        matrix[at:, :, at] = blocks[: lags - at]
    return np.asarray(np.linalg.cholesky(matrix.reshape(lags * width, lags * width)).T, np.float64)


def _schur(blocks: Array) -> Array:
    """Upper Cholesky factor ``R`` of the block-Toeplitz matrix, ``R' R = T``.

    Two generators, ``T - shift(T) = U'U - V'V``: each step hands a block row of ``R`` over, shifts
    ``U`` by a block and rotates hyperbolically until ``V`` begins one block later.
    """
    lags, width, _ = blocks.shape
    size = lags * width
    # First block row of T: T[0, b] = T[b, 0]'.
    row = np.ascontiguousarray(blocks.transpose(2, 0, 1).reshape(width, size))
    root = np.linalg.cholesky(blocks[0])
    upper = np.linalg.solve(root, row)
    lower = upper.copy()
    factor = np.zeros((size, size))
    factor[:width] = upper
    eye = np.eye(width)
    for at in range(width, size, width):
        # After the shift, column block k of U sits above column block k of V.
        upper = upper[:, :-width]
        lower = lower[:, width:]
        turn = np.linalg.solve(upper[:, :width].T, lower[:, :width].T).T
        inner = np.linalg.cholesky(eye - turn.T @ turn)
        outer = np.linalg.cholesky(eye - turn @ turn.T)
        mixed = np.linalg.solve(outer, turn @ inner)
        upper = np.linalg.solve(inner, eye) @ (upper - turn.T @ lower)
        lower = outer.T @ lower - mixed @ upper
        factor[at : at + width, at:] = upper
    return factor
