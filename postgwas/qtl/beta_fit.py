"""The beta approximation of permutation P-values: a smooth null of the best P-value of a window.

The best of a window's P-values, over permutations, is nearly beta distributed: B(1, m) for m independent
tests. Degrees of freedom, then both shapes are fitted to the null maxima, and the observed best P-value is
looked up in that curve, so that it may be smaller than one over the number of permutations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import polygamma, psi

from postgwas.qtl.log_beta_tail import log_beta_tail

Floats = NDArray[np.float64]

#: nodes of the interpolation of log P between the smallest and the largest null maximum
_NODES = 16
_DF_LIMITS = (0.05, 20.0)
_MOST_STEPS = 100


@dataclass(frozen=True)
class BetaFit:
    """A fitted null of the best P-value of one window.

    Attributes
    ----------
    shape1, shape2 : float
        Shapes of the beta distribution; NaN where the null maxima allow no fit.
    df : float
        Degrees of freedom for which the first shape would be 1 by moments.
    """

    shape1: float
    shape2: float
    df: float

    @property
    def fitted(self) -> bool:
        """Whether there is a curve."""
        return bool(np.isfinite(self.shape1))

    def log_p_true_df(self, r2: float) -> float:
        """Natural logarithm of the P-value of a squared correlation at the fitted degrees of freedom."""
        with np.errstate(divide="ignore"):
            return float(log_beta_tail(np.log1p(-min(r2, 1.0)), self.df / 2, 0.5))

    def log_p_beta(self, r2: float) -> float:
        """Natural logarithm of the P-value of the window whose best squared correlation is ``r2``."""
        return float(log_beta_tail(self.log_p_true_df(r2), self.shape1, self.shape2))


#: of a window whose null maxima do not vary, or whose degrees of freedom are not found
NO_FIT = BetaFit(np.nan, np.nan, np.nan)


def fit_beta(r2: Floats, *, df: float) -> BetaFit:
    """Fit degrees of freedom and beta shapes to null maxima.

    Parameters
    ----------
    r2 : (k,) float64
        Largest squared correlation of the window in each permutation, in [0, 1).
    df : float
        Degrees of freedom of one test: samples less 2 less covariates.

    Returns
    -------
    BetaFit
        ``NO_FIT`` with fewer than 3 maxima, or maxima that do not vary or leave 0 to 1.

    Notes
    -----
    The true degrees of freedom d solve shape1(d) = 1, where shape1 is the estimate by moments from the
    P-values of the maxima at d; the shapes are then the maximum of the likelihood at d, found by Newton's
    method on its two sufficient statistics, mean log p and mean log (1 - p), so that each step costs nothing.
    log p is interpolated between 17 Chebyshev nodes in sqrt(-log(1 - r2)), with an error below 1e-8.

    References
    ----------
    Ongen et al. (2016), Bioinformatics 32, 1479 (FastQTL), 2.2. Ongen's program and tensorQTL find the
    degrees of freedom in the same way.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> best = rng.beta(0.5, 50, (1000, 20)).max(axis=1)      # 20 independent tests, 100 degrees of freedom
    >>> fit = fit_beta(best, df=100.0)
    >>> 0.9 < fit.shape1 < 1.1, 15 < fit.shape2 < 25
    (True, True)
    """
    values = np.asarray(r2, dtype=np.float64)
    if len(values) < 3 or not ((values > 0) & (values < 1)).all() or np.ptp(values) == 0:
        return NO_FIT
    curve = _LogP(values)
    true_df = _solve_df(curve, df)
    if not np.isfinite(true_df):
        return NO_FIT
    log_p = curve.at(true_df)
    log_rest = np.log(-np.expm1(np.minimum(log_p, -1e-300)))
    start = _moments(np.exp(log_p))
    shapes = _most_likely(float(log_p.mean()), float(log_rest.mean()), *start)
    return NO_FIT if shapes is None else BetaFit(*shapes, true_df)


class _LogP:
    """log P of many squared correlations, for any degrees of freedom, from values at a few nodes."""

    def __init__(self, r2: Floats) -> None:
        z = np.sqrt(-np.log1p(-r2))
        low, high = float(z.min()), float(z.max())
        angles = np.pi * (np.arange(_NODES + 1) + 0.5) / (_NODES + 1)
        self._log_x = -(((low + high) / 2 + (high - low) / 2 * np.cos(angles)) ** 2)
        degrees = np.arange(_NODES + 1)
        self._transform = np.cos(np.outer(degrees, angles)) * (2 / (_NODES + 1))
        self._transform[0] /= 2
        scaled = (2 * z - low - high) / (high - low)
        self._basis = np.empty((_NODES + 1, len(z)))
        self._basis[0], self._basis[1] = 1.0, scaled
        for k in range(2, _NODES + 1):
            self._basis[k] = 2 * scaled * self._basis[k - 1] - self._basis[k - 2]

    def at(self, df: float) -> Floats:
        values: Floats = (self._transform @ log_beta_tail(self._log_x, df / 2, 0.5)) @ self._basis
        return np.minimum(values, 0.0)


def _moments(p: Floats) -> tuple[float, float]:
    """Shapes of the beta distribution that has the mean and the variance of p."""
    mean = float(p.sum()) / len(p)
    variance = float(p @ p) / len(p) - mean**2
    if variance <= 0:
        return np.nan, np.nan
    total = mean * (1 - mean) / variance - 1
    return mean * total, (1 - mean) * total


def _solve_df(curve: _LogP, start: float) -> float:
    """The degrees of freedom at which the first shape is 1: Brent's method on a bracket.

    The P-values sink as the degrees of freedom grow, and so does the first shape.
    """

    def excess(log_df: float) -> float:
        shape = _moments(np.exp(curve.at(float(np.exp(log_df)))))[0]
        return float(np.log(shape)) if shape > 0 else np.nan

    low = high = float(np.log(start))
    f_low = f_high = excess(low)
    limits = np.log(start) + np.log(_DF_LIMITS)
    step = 0.05
    while f_low < 0 and low > limits[0]:
        high, f_high = low, f_low
        low -= step
        f_low = excess(low)
        step *= 2
    while f_high > 0 and high < limits[1]:
        low, f_low = high, f_high
        high += step
        f_high = excess(high)
        step *= 2
    if not (f_low >= 0 >= f_high):
        return np.nan
    return float(np.exp(brentq(excess, low, high, xtol=1e-9, rtol=1e-12)))


def _most_likely(mean_log_p: float, mean_log_rest: float, a: float, b: float) -> tuple[float, float] | None:
    """Newton's method on the log likelihood of a beta distribution, which is concave in its shapes."""
    if not (a > 0 and b > 0):
        return None
    for _ in range(_MOST_STEPS):
        slope = psi(a + b) - psi(np.array([a, b])) + np.array([mean_log_p, mean_log_rest])
        bend = polygamma(1, a + b) - np.diag(polygamma(1, np.array([a, b])))
        step = np.linalg.solve(bend, slope)
        share = 1.0
        while a - share * step[0] <= a / 10 or b - share * step[1] <= b / 10:
            share /= 2
        a, b = float(a - share * step[0]), float(b - share * step[1])
        if abs(step[0]) <= 1e-10 * a and abs(step[1]) <= 1e-10 * b:
            return a, b
    return None
