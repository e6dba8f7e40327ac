"""Weights of a mixture whose components are known, by maximum likelihood."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def mixture_weights(likelihood: Floats, *, tol: float = 1e-9, max_iter: int = 200) -> Floats:
    r"""Weights w that maximise :math:`\sum_j \log \sum_k L_{jk} w_k`, :math:`w \ge 0`, :math:`\sum w = 1`.

    Sequential quadratic programming: with :math:`B = L / (L w)`, the likelihood's quadratic model
    is largest where :math:`\lVert B u - 2\rVert^2` is least over :math:`u \ge 0, \sum u = 1`, and a
    step goes there.

    Parameters
    ----------
    likelihood : ndarray, shape (n, K)
        Densities of n observations under K components; each row may be scaled.
    tol : float
        Largest violation of the conditions for an optimum.
    max_iter : int

    Returns
    -------
    ndarray, shape (K,)

    References
    ----------
    Kim, Carbonetto, Stephens, Anitescu 2020, J. Comput. Graph. Stat. 29:261-273, section 3.

    Examples
    --------
    >>> mixture_weights(np.array([[1.0, 0.1], [1.0, 0.1], [0.1, 1.0]])).round(3)
    array([0.704, 0.296])
    """
    n, k = likelihood.shape
    weights = np.full(k, 1.0 / k)
    for _ in range(max_iter):
        relative = likelihood / (likelihood @ weights)[:, None]
        slope = relative.sum(axis=0) / n
        # At an optimum no component would gain from more weight.
        if slope.max() < 1.0 + tol:
            break
        step = _best_of_model(relative) - weights
        rise = float(slope @ step)
        size = 1.0
        while size > 1e-6:
            gain = float(np.log(np.maximum(1.0 + size * (relative @ step), 1e-300)).sum()) / n
            if gain >= 0.01 * size * rise:
                break
            size *= 0.5
        weights = np.maximum(weights + size * step, 0.0)
        weights /= weights.sum()
    return weights


def _best_of_model(relative: Floats) -> Floats:
    """Where the quadratic model is best, by non-negative least squares."""
    from scipy.optimize import nnls

    n, k = relative.shape
    heavy = 1e4 * np.sqrt(n)  # one more row, which holds the sum to 1
    rows = np.vstack([relative, np.full((1, k), heavy)])
    found: Floats = nnls(rows, np.append(np.full(n, 2.0), heavy), maxiter=30 * k)[0]
    return found / found.sum()
