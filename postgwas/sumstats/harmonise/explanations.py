"""Causes of P that do not follow from BETA and SE, tried one by one on the rows concerned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, stdtr

from postgwas.sumstats.derive import abs_z_from_mlog10p, mlog10p_from_z

FloatArray = npt.NDArray[np.float64]

_SHARE = 0.9
_FEWEST = 20


def _z_of_or_se(beta: FloatArray, se: FloatArray) -> FloatArray:
    return mlog10p_from_z(beta * np.exp(beta) / se)


def _z_of_or(beta: FloatArray, se: FloatArray) -> FloatArray:
    return mlog10p_from_z(np.log(beta) / se)


def _z_of_or_both(beta: FloatArray, se: FloatArray) -> FloatArray:
    return mlog10p_from_z(np.log(beta) * beta / se)


def _z_of_variance(beta: FloatArray, se: FloatArray) -> FloatArray:
    return mlog10p_from_z(beta / np.sqrt(se))


def _z_of_interval(beta: FloatArray, se: FloatArray) -> FloatArray:
    return mlog10p_from_z(1.959964 * beta / se)


def _one_tail(z: FloatArray) -> FloatArray:
    return np.asarray(-log_ndtr(z) / np.log(10.0))


ODDS_RATIO = "BETA is an odds ratio, not its logarithm"
BOTH_OF_ODDS_RATIO = "BETA and SE are of the odds ratio, not of its logarithm"
_CAUSES: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "BETA is a log odds ratio, but SE that of the odds ratio": _z_of_or_se,
    ODDS_RATIO: _z_of_or,
    BOTH_OF_ODDS_RATIO: _z_of_or_both,
    "SE is a variance, the square of the standard error": _z_of_variance,
    "SE is half of a 95 % confidence interval": _z_of_interval,
    "P is one-sided, half of the two-sided": lambda beta, se: _one_tail(-np.abs(beta / se)),
    "P is one-sided, for a positive effect": lambda beta, se: _one_tail(-beta / se),
    "P is one-sided, for a negative effect": lambda beta, se: _one_tail(beta / se),
}
_T_TEST = "P is of a t test: BETA/SE is t with N - 2 degrees of freedom"
_CONSTANT = "P or SE alone was corrected by a constant, as by genomic control"


@dataclass(frozen=True)
class Explained:
    """Rows that each cause explains; chromosomes add up.

    Attributes
    ----------
    counts : tuple of int
        One a cause.
    factors : tuple of float
        Least and largest factor on chi^2 of the chromosomes, for a constant correction; empty if none.
    """

    counts: tuple[int, ...] = (0,) * (len(_CAUSES) + 2)
    factors: tuple[float, ...] = ()

    def __add__(self, other: Explained) -> Explained:
        factors = (*self.factors, *other.factors)
        return Explained(
            tuple(a + b for a, b in zip(self.counts, other.counts)),
            (min(factors), max(factors)) if factors else (),
        )

    def cause(self, n_differ: int) -> str | None:
        """The cause that explains most of the rows that disagree, if it is 90 % and 20 rows of them."""
        most = max(self.counts)
        if most < max(_FEWEST, _SHARE * n_differ):
            return None
        name = (*_CAUSES, _T_TEST, _CONSTANT)[self.counts.index(most)]
        if name == _CONSTANT and self.factors:
            low, high = self.factors
            factor = f"{low:.3f}" if high - low < 0.005 else f"{low:.3f} to {high:.3f}"
            return f"{name}: chi^2 of P is {factor} times (BETA/SE)^2"
        return name


def explain(beta: FloatArray, se: FloatArray, mlog10p: FloatArray, n: FloatArray | None) -> Explained:
    """Count the rows that each cause explains.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (K,)
        Of the rows whose P disagrees; SE is positive.
    mlog10p : ndarray of float64, shape (K,)
        -log10 of the P read; infinite where P is 0.
    n : ndarray of float64, shape (K,), optional
    """
    known = np.isfinite(mlog10p)
    beta, se, seen = beta[known], se[known], mlog10p[known]
    if not seen.size:
        return Explained()
    with np.errstate(all="ignore"):
        counts = [_fitting(law(beta, se), seen) for law in _CAUSES.values()]
        t_test = 0
        if n is not None:
            df = n[known] - 2.0
            t_test = _fitting(-np.log10(2.0 * stdtr(df, -np.abs(beta / se))), seen)
        chi2 = (beta / se) ** 2
        ratios = abs_z_from_mlog10p(seen) ** 2 / chi2
        # Small Z say little about a factor, and have P printed to few digits.
        telling = ratios[np.isfinite(ratios) & (chi2 > 1.0)]
        if telling.size < _FEWEST:
            return Explained((*counts, t_test, 0))
        factor = float(np.median(telling))
        constant = _fitting(mlog10p_from_z(np.sqrt(factor * chi2)), seen)
    return Explained((*counts, t_test, constant), (factor, factor))


def _fitting(mlog10p: FloatArray, seen: FloatArray) -> int:
    return int((np.abs(mlog10p - seen) <= np.maximum(0.1, 0.05 * seen)).sum())
