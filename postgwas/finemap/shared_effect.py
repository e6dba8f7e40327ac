"""One effect that sits at the same variant in K populations, with effects that covary."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEPS = 100


@dataclass(frozen=True, eq=False)
class SharedEvidence:
    """What K populations say of one effect at each of p variants.

    Attributes
    ----------
    score : ndarray, shape (p, K)
        X'r / residual variance, by population.
    information : ndarray, shape (1, K) or (p, K)
        Diagonal of X'X / residual variance; one row where it is the same for all variants. 0 where a
        population says nothing.
    log_weights : float or ndarray, shape (p,)
        Logarithms of prior weights, which sum to 1.
    """

    score: Floats
    information: Floats
    log_weights: float | Floats


@dataclass(frozen=True, eq=False)
class SharedEffect:
    """Posterior of the effect.

    Attributes
    ----------
    alpha : ndarray, shape (p,)
        Probability that it sits at each variant.
    mean : ndarray, shape (p, K)
        Posterior mean of the effects in the populations, if it sits there.
    square : ndarray, shape (p, K)
        Posterior mean of their squares.
    lbf_variable : ndarray, shape (p,)
    lbf : float
    covariance : ndarray, shape (K, K)
        Prior covariance of the effects, after it was estimated.
    """

    alpha: Floats
    mean: Floats
    square: Floats
    lbf_variable: Floats
    lbf: float
    covariance: Floats


def posterior(evidence: SharedEvidence, covariance: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    r"""Alpha (p,), means (p, K), covariances (1 or p, K, K) and log Bayes factors (p,) for a prior.

    With A_j the diagonal matrix of the information and h_j the score, the posterior covariance is
    :math:`V_j = (I + C A_j)^{-1} C`, the mean :math:`V_j h_j`, and the log Bayes factor
    :math:`-\frac12\log|I + C A_j| + \frac12 h_j' V_j h_j`; C may be singular.
    """
    populations = covariance.shape[0]
    inner = np.eye(populations) + covariance * evidence.information[:, None, :]
    spread: Floats = np.linalg.solve(inner, np.broadcast_to(covariance, inner.shape)).astype(np.float64)
    if len(spread) == 1:
        mean = evidence.score @ spread[0].T
    else:
        mean = np.einsum("pij,pj->pi", spread, evidence.score)
    _, log_det = np.linalg.slogdet(inner)
    factors: Floats = 0.5 * (np.einsum("pk,pk->p", evidence.score, mean) - log_det)
    weighted = factors + evidence.log_weights
    alpha: Floats = np.exp(weighted - weighted.max())
    alpha /= alpha.sum()
    return alpha, mean, spread, factors


def log_evidence(factors: Floats, log_weights: float | Floats) -> float:
    """The log Bayes factor of the effect, of those of the variants."""
    weighted = factors + log_weights
    top = float(weighted.max())
    return top + math.log(float(np.exp(weighted - top).sum()))


def next_covariance(alpha: Floats, mean: Floats, spread: Floats) -> Floats:
    """The posterior mean of the effects' products: a step of expectation maximisation."""
    within = spread[0] if len(spread) == 1 else np.einsum("p,pij->ij", alpha, spread)
    crossed = within + (alpha[:, None] * mean).T @ mean
    symmetric: Floats = 0.5 * (crossed + crossed.T)
    return symmetric


def best_covariance(evidence: SharedEvidence, before: Floats, *, threshold: float) -> Floats:
    """The prior covariance of the largest evidence; 0 where no effect is as likely.

    Sought from the covariance before or from what the strongest variant suggests, the better of the two.

    Parameters
    ----------
    evidence : SharedEvidence
    before : ndarray, shape (K, K)
    threshold : float
        What log likelihood an effect must gain over none.
    """
    start = _suggested(evidence)
    if np.trace(before) > 0 and _value(evidence, before) > _value(evidence, start):
        start = before
    best, value = _climb(evidence, start)
    return best if value > threshold else np.zeros_like(before)


def chance_gain(n_populations: int) -> float:
    """What the largest evidence gains over none by chance, for each number more than one that is fitted.

    A covariance of K populations has K(K+1)/2 numbers, and fitting one gains half a unit of log likelihood on
    average where there is nothing (Wilks 1938). One population has none more than one: 0, as in SuSiE.

    Examples
    --------
    >>> [chance_gain(k) for k in (1, 2, 3, 4)]
    [0.0, 1.0, 2.5, 4.5]
    """
    return 0.5 * (n_populations * (n_populations + 1) / 2 - 1)


def _value(evidence: SharedEvidence, covariance: Floats) -> float:
    return log_evidence(posterior(evidence, covariance)[3], evidence.log_weights)


def shared_effect(
    evidence: SharedEvidence, covariance: Floats, *, method: str | None, threshold: float
) -> SharedEffect:
    """The posterior, with the prior covariance estimated ("optim" before it, "EM" after it) or as given.

    The threshold is for "optim": a step of EM does not say what the covariance comes to.
    """
    if method == "optim":
        covariance = best_covariance(evidence, covariance, threshold=threshold)
    alpha, mean, spread, factors = posterior(evidence, covariance)
    square = mean**2 + np.diagonal(spread, axis1=1, axis2=2)
    lbf = log_evidence(factors, evidence.log_weights)
    if method == "EM":
        covariance = next_covariance(alpha, mean, spread)
    return SharedEffect(alpha, mean, square, factors, lbf, covariance)


def _suggested(evidence: SharedEvidence) -> Floats:
    """Products of the effects estimated at the strongest variant, beside some of their own variance."""
    information = np.broadcast_to(evidence.information, evidence.score.shape)
    chi2 = np.where(information > 0, evidence.score**2 / np.where(information > 0, information, 1.0), 0.0)
    row = int(np.argmax(chi2.sum(axis=1)))
    known = information[row] > 0
    effect = np.where(known, evidence.score[row] / np.where(known, information[row], 1.0), 0.0)
    suggested: Floats = 0.8 * np.outer(effect, effect) + np.diag(0.2 * effect**2 + 1e-12)
    return suggested


def _climb(evidence: SharedEvidence, start: Floats) -> tuple[Floats, float]:
    """The top of the hill that a covariance lies on, and the evidence there.

    Quasi-Newton steps on a triangular root of the covariance, in units of each population's error.
    """
    from scipy.optimize import minimize

    k = start.shape[0]
    scale = 1.0 / np.sqrt(np.maximum(evidence.information.mean(axis=0), 1e-300))
    lower = np.tril_indices(k)
    within = start / np.outer(scale, scale)
    within[np.diag_indices(k)] *= 1.0 + 1e-9
    values, vectors = np.linalg.eigh(within)
    half: Floats = (vectors * np.sqrt(np.maximum(values, 0.0))).T
    root = np.transpose(np.asarray(np.linalg.qr(half, mode="r")))

    def unlikely(parameters: Floats) -> tuple[float, Floats]:
        factor = np.zeros((k, k))
        factor[lower] = parameters
        value, slope = evidence_slope(evidence, np.outer(scale, scale) * (factor @ factor.T))
        slope = slope * np.outer(scale, scale)
        return -value, -2.0 * (slope @ factor)[lower]

    found = minimize(
        unlikely,
        root[lower],
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _STEPS, "ftol": 1e-10, "gtol": 1e-6},
    )
    factor = np.zeros((k, k))
    factor[lower] = found.x
    reached: Floats = np.outer(scale, scale) * (factor @ factor.T)
    return reached, -float(found.fun)


def evidence_slope(evidence: SharedEvidence, covariance: Floats) -> tuple[float, Floats]:
    r"""The log evidence, and its derivative by the covariance, (K, K).

    :math:`\frac12 \sum_j \alpha_j (u_j u_j' - A_j (I + C A_j)^{-1})`, with :math:`u_j = h_j - A_j m_j` and
    m_j the posterior mean.
    """
    alpha, mean, spread, factors = posterior(evidence, covariance)
    left = evidence.score - evidence.information * mean
    crossed = (alpha[:, None] * left).T @ left
    # A (I + C A)^-1 = A - A V A, with V the posterior covariance.
    weights = np.ones(1) if len(spread) == 1 else alpha
    taken = np.einsum("pi,pij,pj->pij", evidence.information, spread, evidence.information)
    own = np.diag(weights @ evidence.information) - np.einsum("p,pij->ij", weights, taken)
    slope: Floats = 0.5 * (crossed - own)
    return log_evidence(factors, evidence.log_weights), slope
