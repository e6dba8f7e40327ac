"""What is significant: q-values over phenotypes, and the nominal P-value that is significant in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from postgwas.qtl.log_beta_tail import log_beta_tail
from postgwas.qtl.projection import Floats


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Thresholds of phenotypes at a false discovery rate.

    Attributes
    ----------
    pval_beta : float
        Between the largest significant P-value of a window and the smallest that is not; NaN if none is
        significant.
    nominal : (G,) float64
        Its quantile in each phenotype's beta distribution: the threshold that FastQTL and tensorQTL give. It
        is on the scale of the fitted degrees of freedom.
    exact : (G,) float64
        The nominal P-value, at the degrees of freedom of the test, of the correlation at that quantile.
    """

    pval_beta: float
    nominal: Floats
    exact: Floats


def thresholds(pval_beta: Floats, q: Floats, fits: Floats, *, df: float, fdr: float) -> Thresholds:
    """Find each phenotype's threshold.

    Parameters
    ----------
    pval_beta, q : (G,) float64
        P-values of windows and their q-values; NaN where there is none.
    fits : (G, 3) float64
        beta_shape1, beta_shape2, true_df.
    df : float
        Degrees of freedom of a nominal test.
    fdr : float
        Phenotypes with a q-value up to this are significant.

    Notes
    -----
    A nominal P-value is that of r^2 with df, I_{1 - r^2}(df / 2, 1 / 2); the beta distribution is of the same
    with true_df. Peers compare the former with a threshold for the latter; where true_df is less than df, as
    it mostly is, this takes in variants whose window would not be significant if they were its best.

    Examples
    --------
    >>> found = thresholds(np.array([1e-5, 0.5]), np.array([2e-5, 0.5]), np.array([[1.0, 100.0, 250.0]] * 2),
    ...                    df=280, fdr=0.05)
    >>> found.pval_beta, found.nominal.round(6), found.exact.round(6)
    (0.250005, array([0.002873, 0.002873]), array([0.001604, 0.001604]))
    """
    significant = q <= fdr
    if not significant.any():
        nothing = np.full(len(q), np.nan)
        return Thresholds(np.nan, nothing, nothing.copy())
    above = pval_beta[q > fdr]
    largest = float(pval_beta[significant].max())
    between = (largest + float(above.min())) / 2 if len(above) else largest
    a, b, true_df = fits.T
    nominal = betaincinv(a, b, between)
    tail = betaincinv(true_df / 2, 0.5, nominal)  # 1 - r^2
    with np.errstate(divide="ignore"):
        exact = np.exp(log_beta_tail(np.log(tail), df / 2, 0.5))
    return Thresholds(between, nominal, np.where(np.isnan(nominal), np.nan, exact))
