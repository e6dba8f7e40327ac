"""Logarithms of the regularised incomplete beta function, where the function itself would be 0.

P-values of a correlation and of the beta approximation are both incomplete beta functions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaln

Floats = NDArray[np.float64]

#: below this the function is summed as a series, in logarithms
_SMALL = 1e-250
_TERMS = 100_000


def log_beta_tail(log_x: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Natural logarithm of I_x(a, b).

    Parameters
    ----------
    log_x : array-like
        Natural logarithm of x, at most 0; minus infinity gives minus infinity.
    a, b : array-like
        Shapes, above 0. All three are broadcast.

    Returns
    -------
    ndarray of float64

    Notes
    -----
    I_x(a, b) = x^a (1 - x)^b / (a B(a, b)) (1 + sum over k of x^k (a + b) ... (a + b + k - 1) / ((a + 1) ...
    (a + k))), whose terms are positive (Abramowitz and Stegun 26.5.4).

    Examples
    --------
    >>> bool(np.isclose(log_beta_tail(np.log(0.25), 1.0, 2.0), np.log(1 - 0.75**2), rtol=1e-14))
    True
    >>> log_beta_tail(-2000.0, 1.0, 1.0)
    array(-2000.)
    """
    log_x, a, b = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (log_x, a, b)))
    with np.errstate(divide="ignore", under="ignore"):
        direct = betainc(a, b, np.exp(log_x))
        result = np.log(direct)
    series = (direct < _SMALL) & np.isfinite(log_x)
    if series.any():
        result = np.where(series, 0.0, result)
        result[series] = _log_series(log_x[series], a[series], b[series])
    return np.asarray(result)


def _log_series(log_x: Floats, a: Floats, b: Floats) -> Floats:
    with np.errstate(under="ignore"):
        x = np.exp(log_x)
        term = np.ones_like(x)
        total = np.ones_like(x)
        for k in range(_TERMS):
            term = term * x * (a + b + k) / (a + 1 + k)
            total += term
            if (term <= 1e-17 * total).all():
                break
    value: Floats = a * log_x + b * np.log1p(-x) - np.log(a) - betaln(a, b) + np.log(total)
    return value
