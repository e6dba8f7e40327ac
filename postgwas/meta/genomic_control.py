"""Genomic control: how much larger than expected the middle test statistic is.

Two programs, two medians of an even number, and two of chi-squared: each stays as its program prints it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv

CHI2_MEDIAN = 0.4549364
"""Median of chi-squared on one degree of freedom, with METAL's digits."""


def lambda_gc(chi2: npt.NDArray[np.float64]) -> float:
    """Median of test statistics over that of chi-squared on one degree of freedom.

    Parameters
    ----------
    chi2 : ndarray of float64, shape (M,)
        Squared z-scores; of an even number the upper of the two in the middle counts, as in METAL.

    Returns
    -------
    float
        NaN of nothing.

    References
    ----------
    Devlin and Roeder (1999), Biometrics 55:997.

    Examples
    --------
    >>> round(lambda_gc(np.array([0.1, 0.5, 9.0])), 4)
    1.0991
    """
    if not chi2.size:
        return float("nan")
    middle = chi2.size // 2
    return float(np.partition(chi2, middle)[middle] / CHI2_MEDIAN)


def inflation(chisq: npt.NDArray[np.float64], df: int = 1) -> float:
    """Lambda as MR-MEGA has it: the usual median over that of chi-squared on `df`, with all its digits.

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
    Devlin and Roeder (1999), Biometrics 55:997.

    Examples
    --------
    >>> round(inflation(np.array([0.1, 0.9098728, 3.0])), 6)
    2.0
    """
    known = chisq[np.isfinite(chisq)]
    if not known.size:
        return float("nan")
    return float(np.median(known) / (2.0 * gammaincinv(df / 2.0, 0.5)))
