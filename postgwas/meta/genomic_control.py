"""Genomic control: how much larger than expected the middle test statistic is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
