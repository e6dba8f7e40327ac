"""Tails of chi-square statistics on the scale of -log10 P, which does not underflow."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincc, gammaln

from postgwas.sumstats.derive import mlog10p_from_z

Floats = NDArray[np.float64]

_LN10 = math.log(10.0)
_LEAST = 1e-280
"""Tails below this are computed as logarithms."""


def chi2_mlog10p(statistic: ArrayLike, df: ArrayLike) -> Floats:
    """-log10 of the upper tail of a chi-square.

    Parameters
    ----------
    statistic : array-like
        Negative values count as 0 (rounding of a sum of squares). NaN gives NaN.
    df : array-like
        Degrees of freedom, broadcast against `statistic`. Where 0, or NaN, the result is NaN.

    Returns
    -------
    ndarray of float64
        Relative error about 1e-13, however small P is.

    References
    ----------
    Abramowitz and Stegun 1964, 26.4.19 (an incomplete gamma function) and 6.5.31 (its continued fraction).

    Examples
    --------
    >>> chi2_mlog10p([3.841458820694124, 5000.0], 1).round(3).tolist()
    [1.301, 1087.684]
    """
    x, nu = np.broadcast_arrays(np.asarray(statistic, np.float64), np.asarray(df, np.float64))
    x = np.maximum(x, 0.0)  # keeps NaN
    if nu.size and nu.strides == (0,) * nu.ndim and nu.flat[0] == 1.0:
        return mlog10p_from_z(np.sqrt(x))
    # Each value by its own df, so that its bits do not depend on the others beside it.
    one, two, more = (
        rows & ~np.isnan(x) for rows in (nu == 1.0, nu == 2.0, (nu > 0) & (nu != 1) & (nu != 2))
    )
    found = np.full(x.shape, np.nan)
    found[one] = mlog10p_from_z(np.sqrt(x[one]))
    found[two] = x[two] / (2.0 * _LN10)
    found[more] = _by_gamma(nu[more] / 2.0, x[more] / 2.0)
    return found


def _by_gamma(a: Floats, x: Floats) -> Floats:
    with np.errstate(divide="ignore", under="ignore"):
        tail = gammaincc(a, x)
        found = 0.0 - np.log10(tail)
    far = tail < _LEAST
    if far.any():
        found[far] = -_log_tail(a[far], x[far]) / _LN10
    return np.asarray(found)


def _log_tail(a: Floats, x: Floats) -> Floats:
    """Logarithm of the upper regularised incomplete gamma function for x far above a, by Lentz's method."""
    with np.errstate(invalid="ignore", divide="ignore"):
        b = x + 1.0 - a
        c = np.full_like(x, 1e300)
        d = 1.0 / b
        value = d.copy()
        for i in range(1, 500):
            step = -i * (i - a)
            b = b + 2.0
            d = 1.0 / (step * d + b)
            c = b + step / c
            change = c * d
            value = value * change
            if np.all(~(np.abs(change - 1.0) > 1e-15)):
                break
        found = a * np.log(x) - x - gammaln(a) + np.log(value)
    return np.where(np.isposinf(x), -np.inf, found)
