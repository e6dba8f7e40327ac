"""What Han and Eskin's statistic is by chance with a finite number of studies: computed, not looked up.

With equal standard errors (and one correlation rho between studies) the two parts of the statistic are
independent: the fixed part is chi-square with 1 degree of freedom, and the added part a function of Q of
Cochran, chi-square with n - 1. The tail of their sum is then one integral over a smooth function.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicHermiteSpline, CubicSpline
from scipy.special import chdtr, log_ndtr, logsumexp

from postgwas.meta.chi2_tails import chi2_mlog10p
from postgwas.sumstats.derive import abs_z_from_mlog10p

Floats = NDArray[np.float64]

_LN10 = math.log(10.0)
_LARGEST = 3000.0
"""Largest statistic of the tables (P about 1e-650); beyond, the tail falls as exp(-S / 2)."""
_STEP = 0.04
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)
_HALF_LOG_2_OVER_PI = 0.5 * math.log(2.0 / math.pi)


class Re2Null:
    """Null distribution of RE2 and of RE2C for n studies of equal standard errors.

    Parameters
    ----------
    n_studies : int
        2 or more; with 1 both are the chi-square of the one study.
    correlation : float
        Between studies' estimates, 0 to below 1.

    Attributes
    ----------
    zero_probability : float
        P(tau2 = 0), the weight of the chi-square with 1 degree of freedom in the corrected mixture.

    References
    ----------
    Han and Eskin 2011, AJHG 88:586 (whose tables were simulated); Lee, Eskin and Han 2017, Bioinformatics
    33:i379, equations 9 to 12, for the conditional test.
    """

    def __init__(self, n_studies: int, correlation: float = 0.0) -> None:
        if not (0.0 <= correlation < 1.0) or n_studies < 1:
            raise ValueError(
                f"{n_studies} studies with correlation {correlation}: expected 1 or more, and 0 to 1"
            )
        self.n_studies = n_studies
        self.correlation = correlation
        self.zero_probability = 1.0
        if n_studies > 1:
            self._fill()

    def mlog10p(self, statistic: ArrayLike) -> Floats:
        """-log10 P of the whole statistic."""
        s = np.asarray(statistic, np.float64)
        if self.n_studies == 1:
            return chi2_mlog10p(s, 1)
        root = np.sqrt(np.clip(s, 0.0, _LARGEST))
        return np.asarray(self._whole(root) + np.maximum(s - _LARGEST, 0.0) / (2.0 * _LN10))

    def threshold(self, fixed: ArrayLike) -> Floats:
        """Added part from which on RE2's P is below that of the fixed effect."""
        z = np.sqrt(np.asarray(fixed, np.float64))
        if self.n_studies == 1:
            return np.full(z.shape, np.inf)
        inside = np.minimum(z, self._last_z)
        return np.asarray(np.maximum(self._root_at(inside) ** 2 - inside**2, 0.0))

    def conditional_mlog10p(self, fixed: ArrayLike, added: ArrayLike) -> Floats:
        """-log10 P of RE2C: 0 where the fixed effect alone does better.

        The chance that the statistic is as large and RE2's P below the fixed effect's.
        """
        s1, s2 = np.broadcast_arrays(np.asarray(fixed, np.float64), np.asarray(added, np.float64))
        with np.errstate(invalid="ignore"):
            beyond = s2 > self.threshold(s1)
        found = np.where(np.isnan(s1 + s2), np.nan, 0.0)
        if beyond.any():
            total = (s1 + s2)[beyond]
            root = np.sqrt(np.minimum(total, _LARGEST))
            found[beyond] = self._conditional(root) + np.maximum(total - _LARGEST, 0.0) / (2.0 * _LN10)
        return found

    def _fill(self) -> None:
        n, rho = self.n_studies, self.correlation
        inner, outer = 1.0 - rho, 1.0 + (n - 1) * rho
        # tau2 as the parameter: Q whose likelihood is highest there, and the statistic that it adds.
        top = math.sqrt(1.3 * _LARGEST / n) + 10.0
        steps = np.linspace(0.0, top, 6000)
        tau2 = inner * steps * (1.0 + steps)
        one, two = inner + tau2, outer + tau2
        q = ((n - 1) * one + one**2 / two) / inner
        added = q - (n - 1) * np.log(one / inner) - np.log(two / outer) - q * inner / one
        root = np.sqrt(np.maximum(added, 0.0))
        first = ((n - 1) + (2.0 * inner * outer - inner**2) / outer**2) / inner
        slope = np.empty_like(root)
        slope[0] = math.sqrt(2.0 * inner * first)
        slope[1:] = 2.0 * root[1:] * one[1:] / tau2[1:]
        self._q_of = CubicHermiteSpline(root, q, slope)
        self._highest_root = float(root[-1])
        self.zero_probability = float(chdtr(n - 1, q[0]))

        roots = np.arange(0.0, math.sqrt(_LARGEST) + 2 * _STEP, _STEP)
        self._whole = CubicSpline(roots, self._whole_at(roots))
        z = abs_z_from_mlog10p(np.maximum(self._whole(roots), 0.0))
        z[0] = 0.0
        self._z_at = CubicSpline(roots, z)
        self._root_at = CubicSpline(z, roots)
        self._last_z = float(z[-1])
        self._conditional = CubicSpline(roots, self._conditional_at(roots))

    def _log_added_tail(self, added: Floats) -> Floats:
        """log P(added part >= this), for values above 0."""
        root = np.minimum(np.sqrt(added), self._highest_root)
        return -_LN10 * chi2_mlog10p(self._q_of(root), self.n_studies - 1)

    def _whole_at(self, roots: Floats) -> Floats:
        sure = math.log(2.0) + log_ndtr(-roots)
        return np.asarray(
            -np.logaddexp(sure, self._log_below(roots, np.full(roots.size, math.pi / 2))) / _LN10
        )

    def _log_below(self, roots: Floats, angles: Floats) -> Floats:
        """log of the integral over fixed parts below (root sin(angle))^2 where the sum reaches root^2."""
        theta = 0.5 * angles[:, None] * (_NODES + 1.0)
        z = roots[:, None] * np.sin(theta)
        rest = np.maximum(roots[:, None] * np.cos(theta), 1e-12)
        log_density = _HALF_LOG_2_OVER_PI - 0.5 * z * z + np.log(rest)
        value = logsumexp(log_density + self._log_added_tail(rest**2), b=_WEIGHTS, axis=1)
        with np.errstate(divide="ignore"):
            return np.asarray(np.where(roots > 0, value + np.log(0.5 * angles), -np.inf))

    def _conditional_at(self, roots: Floats) -> Floats:
        turn = self._z_at(roots)
        sine = np.divide(turn, roots, out=np.zeros_like(roots), where=roots > 0)
        below = self._log_below(roots, np.arcsin(np.clip(sine, 0.0, 1.0)))
        # Above the turning point the threshold is what the added part has to reach.
        width = np.sqrt(turn * turn + 90.0) - turn
        z = turn[:, None] + 0.5 * width[:, None] * (_NODES + 1.0)
        tail = self._log_added_tail(np.maximum(self.threshold(z * z), 1e-24))
        log_density = _HALF_LOG_2_OVER_PI - 0.5 * z * z
        above = logsumexp(log_density + tail, b=_WEIGHTS, axis=1) + np.log(0.5 * width)
        return np.asarray(-np.logaddexp(below, above) / _LN10)


@lru_cache(maxsize=256)
def re2_null(n_studies: int, correlation: float = 0.0) -> Re2Null:
    """The distribution for this number of studies, made once.

    Examples
    --------
    >>> null = re2_null(5)
    >>> round(null.zero_probability, 4), null.mlog10p([0.0, 20.0]).round(3).tolist()
    (0.7127, [0.0, 4.923])
    """
    return Re2Null(n_studies, correlation)
