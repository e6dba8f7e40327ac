"""Inflation of test statistics: the median of chi-squares against that of chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

Floats = NDArray[np.float64]


def inflation(chisq: Floats, df: int = 1) -> float:
    """Lambda of genomic control: the median of `chisq` over that of a chi-square with `df`.

    Parameters
    ----------
    chisq : ndarray of float64
        NaN are left out.
    df : int
        Degrees of freedom, 1 or more.

    Returns
    -------
    float
        NaN without any value.

    References
    ----------
    Devlin and Roeder 1999, Biometrics 55:997.

    Examples
    --------
    >>> round(inflation(np.array([0.1, 0.9098728, 3.0])), 6)
    2.0
    """
    known = chisq[np.isfinite(chisq)]
    if not known.size:
        return float("nan")
    return float(np.median(known) / (2.0 * gammaincinv(df / 2.0, 0.5)))


def inflation_by_study(beta: Floats, se: Floats) -> Floats:
    """Lambda of each study, shape (K,), from effects and errors of shape (K, V)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        chisq = (beta / se) ** 2
    return np.array([inflation(one) for one in chisq])
