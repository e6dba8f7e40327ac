"""Share of causal SNPs of each trait, by maximum likelihood under a spike and slab.

Standardised effects are normal with variance tau^2 with probability pi and 0
otherwise; the estimate adds an error of variance 1 / N. In Z scores:

    Z ~ pi Normal(0, c + N tau^2) + (1 - pi) Normal(0, c),    c = 1.

SNPs are taken as independent and each at its own N. This is the likelihood that
mtag.py maximises for --fit_ss; LD makes it an approximation, so read pi as a share
of SNPs that tag an effect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit

from postgwas.errors import UsageError

Floats = NDArray[np.float64]

_STARTS = (0.01, 0.1, 0.4, 0.8)
_THINNED = 50_000
_LOGIT_LIMIT = 16.0


@dataclass(frozen=True)
class SpikeSlab:
    """Fitted spike and slab of each trait.

    Attributes
    ----------
    causal : ndarray, shape (T,)
        Probability pi that a SNP is causal.
    variance : ndarray, shape (T,)
        Variance tau^2 of the standardised effects of causal SNPs.
    log_likelihood : ndarray, shape (T,)
        Log likelihood of the Z scores at the maximum.
    converged : ndarray of bool, shape (T,)
        False where the optimiser gave up or pi ran to 0 or 1.
    """

    causal: Floats
    variance: Floats
    log_likelihood: Floats
    converged: NDArray[np.bool_]


def fit_spike_slab(z: ArrayLike, n: ArrayLike, *, noise: ArrayLike = 1.0) -> SpikeSlab:
    """Fit every trait on its own.

    Parameters
    ----------
    z, n : array-like, shape (M, T)
        Z scores and sample sizes.
    noise : float or array-like, shape (T,)
        Variance of Z at a null SNP. mtag.py takes 1; an LD score regression
        intercept also allows for confounding.

    Raises
    ------
    UsageError
        Shapes differ, or a value is not finite or not positive where it must be.

    References
    ----------
    Turley P. et al. (2018) Nature Genetics 50, 229-237; Supplementary Note, maxFDR.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> causal = rng.random(50_000) < 0.2
    >>> z = rng.normal(size=50_000) * np.sqrt(1 + 9 * causal)
    >>> fit = fit_spike_slab(z[:, None], np.full((50_000, 1), 9e4))
    >>> fit.causal.round(1).tolist(), (fit.variance * 1e4).round(1).tolist()
    ([0.2], [1.0])
    """
    scores, sizes = np.asarray(z, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if scores.ndim != 2 or scores.shape != sizes.shape or not len(scores):
        raise UsageError(
            f"Z scores have shape {scores.shape} and N {sizes.shape}; expected SNPs x traits for both"
        )
    if not (np.isfinite(scores).all() and np.isfinite(sizes).all() and (sizes > 0).all()):
        raise UsageError("the spike-slab fit needs a finite Z and a positive N at every SNP")
    null = np.broadcast_to(np.asarray(noise, dtype=np.float64), scores.shape[1:])
    fits = [_fit(scores[:, t] ** 2 / null[t], sizes[:, t] / null[t]) for t in range(scores.shape[1])]
    causal, variance, value, converged = (np.array(column) for column in zip(*fits))
    value -= 0.5 * len(scores) * np.log(2 * np.pi * null)
    return SpikeSlab(causal=causal, variance=variance, log_likelihood=value, converged=converged)


def _fit(chi2: Floats, n: Floats) -> tuple[float, float, float, bool]:
    """Best of several starts on a thinned set, then all SNPs from there."""
    step = -(-len(chi2) // _THINNED)
    excess = max(float(np.mean(chi2)) - 1, 1e-3) / float(np.mean(n))
    low, high = np.log(excess) - 12, np.log(excess) + 12
    bounds = [(-_LOGIT_LIMIT, _LOGIT_LIMIT), (low, high)]

    def maximise(start: Floats, every: int) -> tuple[float, Floats, bool]:
        u, m = chi2[::every], n[::every]
        found = minimize(
            lambda x: negative_log_likelihood(x, u, m),
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500},
        )
        return float(found.fun), np.asarray(found.x), bool(found.success)

    starts = [np.array([np.log(p / (1 - p)), np.clip(np.log(excess / p), low, high)]) for p in _STARTS]
    _, best, _ = min((maximise(start, step) for start in starts), key=lambda found: found[0])
    value, best, success = maximise(best, 1)
    inside = abs(best[0]) < _LOGIT_LIMIT and low < best[1] < high
    return float(expit(best[0])), float(np.exp(best[1])), -value * len(chi2), bool(success and inside)


def negative_log_likelihood(x: Floats, chi2: Floats, n: Floats) -> tuple[float, Floats]:
    """Mean over SNPs of minus the log likelihood of Z, less log(2 pi) / 2, and its gradient.

    Parameters
    ----------
    x : ndarray, shape (2,)
        Logit of pi, log of tau^2.
    chi2, n : ndarray, shape (M,)
        Squared Z scores and sample sizes, both over the null variance.
    """
    slab = n * np.exp(x[1])
    total = 1.0 + slab
    # log odds of slab against spike, without exp() of anything large
    odds = x[0] - 0.5 * np.log(total) + 0.5 * chi2 * slab / total
    share = expit(odds)
    value = np.logaddexp(0.0, odds) - np.logaddexp(0.0, x[0]) - 0.5 * chi2
    slope = share * slab * 0.5 * (chi2 / total - 1.0) / total
    gradient = np.array([np.mean(share) - expit(x[0]), np.mean(slope)])
    return -float(np.mean(value)), -gradient
