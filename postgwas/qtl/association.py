"""Linear association from correlations of residuals: slope, standard error, t and P."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.projection import Floats
from postgwas.qtl.t_tails import p_of, t_mlog10p, t_table

PERFECT = 1e-12
"""Share of variance left below which a fit counts as perfect: P would be a matter of rounding."""
_FEW = 4096
"""Up to so many pairs P is computed exactly, beyond by a table that is right to 1e-11."""


@dataclass(frozen=True, eq=False)
class Association:
    """Tests of pairs, all arrays of one shape.

    Attributes
    ----------
    slope, slope_se : ndarray of float64
        Change of the phenotype per copy of A1, in the phenotype's unit, and its standard error.
    t : ndarray of float64
    mlog10p : ndarray of float64
        -log10 of the two-sided P; NaN where the fit is perfect.
    perfect : ndarray of bool
        The variant explains the whole phenotype: standard error and P mean nothing.
    """

    slope: Floats
    slope_se: Floats
    t: Floats
    mlog10p: Floats
    perfect: NDArray[np.bool_]

    @property
    def pval(self) -> Floats:
        """P; 0 below 1e-323, where only `mlog10p` tells."""
        return p_of(self.mlog10p)


def associate(r: Floats, x_norm: Floats, y_norm: Floats, df: float) -> Association:
    """Tests from correlations of what the covariates leave of variant and phenotype.

    Parameters
    ----------
    r : ndarray
        Correlations.
    x_norm, y_norm : ndarray
        Norms of the residuals, broadcast against `r`.
    df : float
        Degrees of freedom: samples - rank of covariates and constant - 1.

    Notes
    -----
    By the theorem of Frisch, Waugh and Lovell the slope of the residuals is the slope of the full model;
    t = r sqrt(df / (1 - r^2)).

    References
    ----------
    Shabalin 2012, Bioinformatics 28:1353 (the test from correlations).

    Examples
    --------
    >>> found = associate(np.array([0.5]), np.array([2.0]), np.array([4.0]), 98)
    >>> found.slope, found.t.round(4), found.pval
    (array([1.]), array([5.7155]), array([1.18049203e-07]))
    """
    left = (1.0 - r) * (1.0 + r)
    perfect = left <= PERFECT
    with np.errstate(divide="ignore", invalid="ignore"):
        size = y_norm / x_norm
        slope = r * size
        slope_se = size * np.sqrt(np.maximum(left, 0.0) / df)
        t = r * np.sqrt(df / np.maximum(left, 0.0))
    mlog10p = t_mlog10p(t, df) if t.size <= _FEW else t_table(df).mlog10p(t)
    mlog10p[perfect] = np.nan
    slope_se[perfect] = np.nan
    t[perfect] = np.nan
    return Association(slope, slope_se, t, mlog10p, perfect)
