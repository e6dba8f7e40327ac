"""One effect in several groups: its common size and whether the groups differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, log_ndtr

from postgwas.errors import UsageError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Heterogeneity:
    """Fixed-effect summary of each row, NaN with fewer groups than it needs.

    Attributes
    ----------
    n_groups : ndarray of int64, shape (L,)
        With an effect and a standard error.
    mean, se : ndarray, shape (L,)
        Inverse-variance mean and its standard error.
    mlog10p : ndarray, shape (L,)
        Of the mean, two-sided, normal.
    q : ndarray, shape (L,)
        Cochran's Q; NaN with one group.
    pval_q : ndarray, shape (L,)
        Of Q, chi-squared with n_groups - 1 degrees of freedom.
    i2 : ndarray, shape (L,)
        Share of the spread between groups that chance does not explain, 0 to 1.
    """

    n_groups: NDArray[np.int64]
    mean: Floats
    se: Floats
    mlog10p: Floats
    q: Floats
    pval_q: Floats
    i2: Floats


def heterogeneity(effects: ArrayLike, standard_errors: ArrayLike) -> Heterogeneity:
    """Cochran's Q and I2 of each row.

    Parameters
    ----------
    effects, standard_errors : array-like, shape (L, groups)
        Per copy of the same allele, in the same unit; NaN where a group lacks it. Groups share no samples.

    Raises
    ------
    UsageError
        If shapes differ or a standard error is not positive.

    Notes
    -----
    With w = 1 / se^2 and m = sum w b / sum w: Q = sum w (b - m)^2 and I2 = max(0, (Q - df) / Q).

    References
    ----------
    Cochran (1954) Biometrics 10, 101-129; Higgins & Thompson (2002) Statistics in Medicine 21, 1539-1558.

    Examples
    --------
    >>> found = heterogeneity([[1.0, 3.0, np.nan]], [[1.0, 1.0, 1.0]])
    >>> found.mean, found.q, found.i2
    (array([2.]), array([2.]), array([0.5]))
    """
    b, se = np.asarray(effects, np.float64), np.asarray(standard_errors, np.float64)
    if b.ndim != 2 or b.shape != se.shape:
        raise UsageError(
            f"effects and standard errors have shapes {b.shape} and {se.shape}, expected (L, G) both"
        )
    there = np.isfinite(b) & np.isfinite(se)
    if (se[there] <= 0).any():
        raise UsageError("a standard error is not above 0")
    weight = np.where(there, 1.0 / np.where(there, se, 1.0) ** 2, 0.0)
    total = weight.sum(axis=1)
    n_groups = there.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, weight * np.where(there, b, 0.0), 0.0).sum(axis=1) / total
        error = 1.0 / np.sqrt(total)
        q = (weight * np.where(there, b - mean[:, None], 0.0) ** 2).sum(axis=1)
        df = n_groups - 1
        i2 = np.where(q > df, (q - df) / np.where(q > 0, q, 1.0), 0.0)
    none, one = n_groups == 0, n_groups < 2
    mean, error = np.where(none, np.nan, mean), np.where(none, np.nan, error)
    mlog10p = -(np.log(2.0) + log_ndtr(-np.abs(mean / error))) / np.log(10.0)
    pval = chdtrc(np.where(one, 1, df), q)
    gone = np.where(one, np.nan, 1.0)
    return Heterogeneity(n_groups, mean, error, mlog10p, q * gone, pval * gone, i2 * gone)
