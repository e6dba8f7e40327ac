"""-log10 of P-values of z-scores and chi-squared statistics, of any size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
_LN10 = np.log(10.0)
_LOG10_2 = np.log10(2.0)


def mlog10p_of_z(z: Floats) -> Floats:
    """-log10 of the two-sided P of z-scores.

    Examples
    --------
    >>> mlog10p_of_z(np.array([1.959964, 50.0, np.nan])).round(4).tolist()
    [1.301, 544.6653, nan]
    """
    found: Floats = np.maximum(-special.log_ndtr(-np.abs(z)) / _LN10 - _LOG10_2, 0.0)
    return found


def mlog10p_of_chi2(statistic: Floats, df: npt.NDArray[np.generic]) -> Floats:
    """-log10 of the upper tail of chi-squared; 0 where there are no degrees of freedom.

    Examples
    --------
    >>> mlog10p_of_chi2(np.array([5.991465, 3000.0, 1.0]), np.array([2, 2, 0])).round(4).tolist()
    [1.301, 651.4417, 0.0]
    """
    half, x = np.asarray(df, np.float64) / 2.0, np.asarray(statistic, np.float64) / 2.0
    if half.size and half.max() <= 1.0:
        # One and two degrees of freedom have tails of their own.
        one = mlog10p_of_z(np.sqrt(2.0 * np.maximum(x, 0.0)))
        few = np.where(half == 1.0, x / _LN10, one)
        return np.where(half > 0, few, np.where(np.isnan(x), np.nan, 0.0))
    with np.errstate(divide="ignore", invalid="ignore", under="ignore"):
        tail = special.gammaincc(np.where(half > 0, half, 1.0), x)
        found = -np.log10(tail)
        far = tail < 1e-290
        if far.any():
            found[far] = _far_tail(half[far], x[far])
    result: Floats = np.where(half > 0, np.maximum(found, 0.0), np.where(np.isnan(x), np.nan, 0.0))
    return result


def _far_tail(a: Floats, x: Floats) -> Floats:
    """By the continued fraction of the incomplete gamma function, which converges fast far out."""
    fraction = np.zeros_like(x)
    for k in range(60, 0, -1):
        fraction = k * (k - a) / (x + 2 * k + 1 - a - fraction)
    value: Floats = -(a * np.log(x) - x - special.gammaln(a) - np.log(x + 1 - a - fraction)) / _LN10
    return value
