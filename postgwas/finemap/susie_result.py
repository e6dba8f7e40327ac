"""What a fit of SuSiE gives: posteriors of effects, PIPs and credible sets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

PRIOR_TOLERANCE = 1e-9
"""Effects of a smaller prior variance count neither in PIPs nor as credible sets."""


@dataclass(frozen=True)
class Purity:
    """Absolute correlations between all pairs of a set's variants; 1 where there is one variant."""

    min: float
    mean: float
    median: float


@dataclass(frozen=True, eq=False)
class CredibleSet:
    """The fewest variants that hold one effect with the probability asked for.

    Attributes
    ----------
    variants : ndarray of int64, shape (k,)
        Indices of variants, ascending.
    coverage : float
        Probability that the effect sits at one of them.
    purity : Purity
    lead : int
        The variant of the largest probability.
    effect : int
        Row of the fit's `alpha`.
    log_bf : float
        Log Bayes factor of the effect.
    """

    variants: Rows
    coverage: float
    purity: Purity
    lead: int
    effect: int
    log_bf: float

    def __len__(self) -> int:
        return int(self.variants.size)


@dataclass(frozen=True, eq=False)
class SusieFit:
    """A sum of L single effects, fitted.

    Effects `mu` are on the scale that was fitted: per standard deviation of each variant with
    ``standardize``; `coefficients` are per unit of X (per allele), where X or beta/se were given,
    and per standard deviation where z-scores were. Both are in units of y (standard deviations
    where z-scores and n were given).

    Attributes
    ----------
    pip : ndarray, shape (p,)
        Posterior inclusion probability of each variant.
    alpha : ndarray, shape (L, p)
        Probability that effect l sits at variant j.
    mu, mu2 : ndarray, shape (L, p)
        Posterior mean of effect l and of its square, if it sits at variant j.
    alpha_null : ndarray, shape (L,)
        Probability that effect l is none; 0 without a null weight.
    lbf_variable : ndarray, shape (L, p)
        Log Bayes factor of variant j for effect l, given the other effects.
    lbf, divergence : ndarray, shape (L,)
        Log Bayes factor of effect l, and the divergence of its posterior from its prior.
    V : ndarray, shape (L,)
        Prior variances; 0 for effects that are not there.
    sigma2 : float
        Residual variance.
    elbo : ndarray, shape (n_iter,)
        Evidence lower bound after each iteration.
    converged : bool
    n_iter : int
    intercept : float
        NaN where it cannot be known (summary statistics without means).
    fitted : ndarray, shape (n,) or (p,)
        Fitted values of y; from summary statistics, X'X times the coefficients, as fitted.
    coefficients : ndarray, shape (p,)
        Posterior mean of the joint effects.
    credible_sets : tuple of CredibleSet
        By purity, the purest first.
    coverage, min_abs_corr : float
        What was asked of the sets.
    """

    pip: Floats
    alpha: Floats
    mu: Floats
    mu2: Floats
    alpha_null: Floats
    lbf_variable: Floats
    lbf: Floats
    divergence: Floats
    V: Floats
    sigma2: float
    elbo: Floats
    converged: bool
    n_iter: int
    intercept: float
    fitted: Floats
    coefficients: Floats
    credible_sets: tuple[CredibleSet, ...]
    coverage: float
    min_abs_corr: float

    @property
    def n_effects(self) -> int:
        """L."""
        return int(self.alpha.shape[0])

    @property
    def n_variants(self) -> int:
        """p."""
        return int(self.alpha.shape[1])

    @cached_property
    def in_set(self) -> NDArray[np.int64]:
        """Number of the (first) credible set that holds each variant, from 1; 0 for none; shape (p,)."""
        held = np.zeros(self.n_variants, np.int64)
        for number in range(len(self.credible_sets), 0, -1):
            held[self.credible_sets[number - 1].variants] = number
        return held


def inclusion_probabilities(alpha: Floats, variance: Floats) -> Floats:
    """PIPs of effects, shape (p,): 1 - prod over l of (1 - alpha), of effects that are there.

    Parameters
    ----------
    alpha : ndarray, shape (L, p)
    variance : ndarray, shape (L,)
        Prior variances.

    Examples
    --------
    >>> import numpy as np
    >>> inclusion_probabilities(np.array([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]]), np.array([1, 1, 0]))
    array([0.75, 0.75])
    """
    there = alpha[variance > PRIOR_TOLERANCE]
    result: Floats = 1.0 - np.prod(1.0 - there, axis=0)
    return result
