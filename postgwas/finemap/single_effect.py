"""Single-effect regression: the posterior of one effect that sits at one of p variants."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.finemap.prior_variance import EffectLikelihood, PriorMethod, best_variance, null_or

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PriorRule:
    """How the prior variance of an effect is found.

    Attributes
    ----------
    method : {"optim", "EM", "simple"} or None
        None: it stays as it is. "simple": as it is or 0.
    threshold : float
        The log likelihood that an effect must gain over none, not to be set to 0.
    """

    method: PriorMethod | None
    threshold: float


@dataclass(frozen=True, eq=False)
class SingleEffect:
    """Posterior of one effect.

    Attributes
    ----------
    alpha : ndarray, shape (p,)
        Probability that the effect sits at each variant.
    mu, mu2 : ndarray, shape (p,)
        Posterior mean of the effect and of its square, if it sits there.
    lbf_variable : ndarray, shape (p,)
        Log Bayes factor of each variant.
    lbf : float
        Log Bayes factor of the effect.
    variance : float
        Prior variance, after it was estimated.
    alpha_null : float
        Probability that there is no effect (null weight); 0 without such a weight.
    """

    alpha: Floats
    mu: Floats
    mu2: Floats
    lbf_variable: Floats
    lbf: float
    variance: float
    alpha_null: float


def single_effect(
    residual: Floats,
    diagonal: float | Floats,
    sigma2: float,
    variance: float,
    *,
    rule: PriorRule,
    log_weights: float | Floats,
    log_null: float = -math.inf,
) -> SingleEffect:
    r"""Bayesian regression on one variant, unknown which.

    Parameters
    ----------
    residual : ndarray, shape (p,)
        X'r.
    diagonal : float or ndarray, shape (p,)
        Diagonal d of X'X; 0 for a variant that does not vary, which then has no evidence.
    sigma2 : float
        Residual variance.
    variance : float
        Prior variance of the effect to begin with.
    rule : PriorRule
    log_weights : float or ndarray, shape (p,)
        Logarithms of prior weights, which with the null's sum to 1.
    log_null : float
        Logarithm of the prior weight of no effect.

    Returns
    -------
    SingleEffect

    Notes
    -----
    Posterior variance :math:`s_j^2 = 1 / (1/V + d_j/\sigma^2)`, mean :math:`s_j^2 r_j/\sigma^2`,
    :math:`\alpha_j \propto w_j BF_j`.

    References
    ----------
    Wang et al. 2020, J. R. Stat. Soc. B 82:1273-1300, section 2 and appendix A.

    Examples
    --------
    >>> import numpy as np
    >>> rule = PriorRule("optim", 0.0)
    >>> one = single_effect(np.array([60.0, 5.0]), 100.0, 1.0, 0.2, rule=rule, log_weights=np.log(0.5))
    >>> one.alpha.round(6), round(one.variance, 4), one.mu.round(3)
    (array([1., 0.]), 0.35, array([0.583, 0.049]))
    """
    precision = diagonal / sigma2
    if isinstance(diagonal, np.ndarray):
        varies = diagonal > 0
        chi2 = np.where(varies, residual**2 / np.where(varies, diagonal * sigma2, 1.0), 0.0)
    else:
        chi2 = residual**2 / (diagonal * sigma2)
    likelihood = EffectLikelihood(chi2, precision, log_weights, log_null)
    if rule.method == "optim":
        variance = best_variance(likelihood, before=variance, threshold=rule.threshold)
    elif rule.method == "simple":
        variance = null_or(likelihood, variance, threshold=rule.threshold)
    factors = likelihood.log_factors(variance)
    weighted = factors + log_weights
    top = max(float(weighted.max()), log_null)
    alpha = np.exp(weighted - top)
    null = math.exp(log_null - top)
    total = float(alpha.sum()) + null
    alpha /= total
    spread = variance / (variance * precision + 1.0)
    mu = spread * residual / sigma2
    mu2 = spread + mu * mu
    if rule.method == "EM":
        found = float(alpha @ mu2) + null / total * variance  # no effect tells nothing of its variance
        variance = null_or(likelihood, found, threshold=rule.threshold)
    return SingleEffect(alpha, mu, mu2, factors, top + math.log(total), variance, null / total)
