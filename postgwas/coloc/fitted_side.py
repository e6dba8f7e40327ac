"""One trait's signals in a region: from SuSiE, or from stored log Bayes factors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.two_traits import shares
from postgwas.finemap.matrix_checks import CheckedLd
from postgwas.finemap.prior_variance import PriorMethod
from postgwas.finemap.susie_summary import susie_rss

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

LEAST_LOG_BF = 1.0
"""Log Bayes factor, over all variants, of a stored effect that counts as a signal."""


@dataclass(frozen=True, eq=False)
class Signal:
    """A credible set.

    Attributes
    ----------
    number : int
        From 1.
    members : ndarray of int64
        Its variants, by probability, as columns of :attr:`FittedSide.log_bf`.
    coverage : float
    purity_min, purity_mean : float
        Absolute correlations within the set; NaN where LD is not known.
    log_bf : float
        Of the effect.
    """

    number: int
    members: Rows
    coverage: float
    purity_min: float
    purity_mean: float
    log_bf: float


@dataclass(frozen=True, eq=False)
class FittedSide:
    """Signals of one trait.

    Attributes
    ----------
    signals : tuple of Signal
    log_bf : ndarray, shape (S, p)
        Log Bayes factors of each signal's effect.
    pip : ndarray, shape (p,)
    converged : bool
    """

    signals: tuple[Signal, ...]
    log_bf: Floats
    pip: Floats
    converged: bool

    @property
    def alpha(self) -> Floats:
        """Probability of each signal to be at each variant, shape (S, p)."""
        return shares(self.log_bf) if len(self.log_bf) else self.log_bf


@dataclass(frozen=True)
class FitOptions:
    """See :func:`postgwas.finemap.susie_rss`."""

    n_effects: int
    coverage: float
    min_abs_corr: float
    max_iter: int
    tol: float
    prior_method: PriorMethod


def fit_side(z: Floats, ld: CheckedLd, n: float, options: FitOptions) -> FittedSide:
    """SuSiE of z-scores with LD.

    Raises
    ------
    InputError, MatrixError, UsageError
        As :func:`postgwas.finemap.susie_rss`.
    """
    fit = susie_rss(
        z, ld, n, L=options.n_effects, coverage=options.coverage, min_abs_corr=options.min_abs_corr,
        tol=options.tol, max_iter=options.max_iter, estimate_prior_method=options.prior_method,
    )  # fmt: skip
    signals = tuple(
        Signal(
            number, one.variants[np.argsort(-fit.alpha[one.effect, one.variants], kind="stable")],
            one.coverage, one.purity.min, one.purity.mean, one.log_bf,
        )
        for number, one in enumerate(fit.credible_sets, start=1)
    )  # fmt: skip
    factors = fit.lbf_variable[[one.effect for one in fit.credible_sets]]
    return FittedSide(signals, factors, fit.pip, fit.converged)


def stored_side(log_bf: Floats, *, coverage: float, chosen: bool) -> FittedSide:
    """Signals of stored log Bayes factors.

    Parameters
    ----------
    log_bf : ndarray, shape (S, p)
    coverage : float
    chosen : bool
        Whether the rows are of credible sets; else those whose log Bayes factor over all variants is below
        :data:`LEAST_LOG_BF` are left out.
    """
    whole = _log_mean(log_bf)
    kept = np.arange(len(log_bf)) if chosen else np.flatnonzero(whole >= LEAST_LOG_BF)
    factors = log_bf[kept]
    alpha = shares(factors) if kept.size else factors
    signals = []
    for number, (row, at) in enumerate(zip(alpha, kept), start=1):
        order = np.argsort(-row, kind="stable")
        total = np.cumsum(row[order])
        size = min(int(np.searchsorted(total, coverage)) + 1, row.size)
        signals.append(
            Signal(number, order[:size], float(total[size - 1]), math.nan, math.nan, float(whole[at]))
        )
    pip = 1.0 - np.prod(1.0 - alpha, axis=0) if kept.size else np.zeros(log_bf.shape[1])
    return FittedSide(tuple(signals), factors, pip, True)


def _log_mean(log_bf: Floats) -> Floats:
    """Log of the mean Bayes factor of each row."""
    if not log_bf.size:
        return np.zeros(len(log_bf))
    top = log_bf.max(axis=1)
    mean: Floats = top + np.log(np.exp(log_bf - top[:, None]).mean(axis=1))
    return mean
