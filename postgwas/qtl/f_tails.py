"""Upper tails of F statistics on the scale of -log10 P, which does not underflow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaln, hyp2f1

Array = NDArray[np.float64]

_LEAST = 1e-290
"""Below this the tail is computed as a logarithm."""


def f_mlog10p(share: ArrayLike, df1: ArrayLike, df2: ArrayLike) -> Array:
    """-log10 P of an F test, by the share of variance that the tested columns explain.

    Parameters
    ----------
    share : array-like
        ``df1 F / (df1 F + df2)``: partial R squared, 0 to 1. NaN gives NaN.
    df1, df2 : array-like
        Degrees of freedom of the tested columns and of the residuals.

    Returns
    -------
    ndarray
        Infinite where `share` is 1.

    References
    ----------
    Abramowitz and Stegun 1964, 26.6.2 (the tail as an incomplete beta function) and 26.5.23 (its series).

    Examples
    --------
    >>> f_mlog10p([0.0, 0.1, 0.999], 2, 200).round(4).tolist()
    [0.0, 4.5757, 300.0]
    """
    x, a, b = np.broadcast_arrays(
        1.0 - np.asarray(share, float), np.asarray(df2) / 2.0, np.asarray(df1) / 2.0
    )
    x = np.clip(x, 0.0, 1.0)
    with np.errstate(divide="ignore"):
        tail: Any = np.asarray(betainc(a, b, x), np.float64)
        result = np.asarray(np.abs(-np.log10(tail)))
        small = (tail < _LEAST) & (x > 0)
        if small.any():
            xs, as_, bs = x[small], a[small], b[small]
            log = as_ * np.log(xs) + bs * np.log1p(-xs) - np.log(as_) - betaln(as_, bs)
            log += np.log(hyp2f1(as_ + bs, 1.0, as_ + 1.0, xs))
            result[small] = -log / np.log(10.0)
    return result


def p_of_mlog10p(mlog10p: ArrayLike) -> Array:
    """P of -log10 P; 0 where it underflows.

    Examples
    --------
    >>> p_of_mlog10p([2.0]).tolist()
    [0.01]
    """
    return np.asarray(10.0 ** -np.asarray(mlog10p, np.float64))
