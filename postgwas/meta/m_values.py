"""m-values: the posterior probability that each study has an effect (Han and Eskin's model)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, log_expit, logsumexp, roots_jacobi

from postgwas.meta.weighted_mean import Effects

Floats = NDArray[np.float64]

MOST_ENUMERATED = 10
"""Studies up to which all sets of studies are gone through; beyond, the same sum is an integral."""
_CELLS = 4_000_000


def m_values(
    beta: Floats, se: Floats, *, sigma: float = 0.2, prior: tuple[float, float] = (1.0, 1.0)
) -> Floats:
    """Posterior probabilities of an effect, study by study.

    Studies have the same effect mu ~ N(0, sigma^2) or none; the share of studies with it is Beta(prior).

    Parameters
    ----------
    beta, se : ndarray of float64, shape (K, V)
        NaN where a study lacks the variant.
    sigma : float
        Prior standard deviation of the effect, in the studies' units (METASOFT's default 0.2).
    prior : pair of float
        Of the Beta distribution (METASOFT's default 1, 1).

    Returns
    -------
    ndarray of float64, shape (K, V)
        NaN where a study lacks the variant. Exact up to 10 studies (all sets of studies); beyond, the sum
        over sets is written as an integral over mu and the share and computed to about 1e-8.

    References
    ----------
    Han and Eskin 2012, PLoS Genet 8:e1002555, equations 5 to 8.

    Examples
    --------
    >>> m_values(np.array([[0.2], [0.2], [0.0]]), np.full((3, 1), 0.03)).round(3).ravel().tolist()
    [1.0, 1.0, 0.0]
    """
    effects = Effects.of(beta, se)
    k, v = effects.beta.shape
    found = np.full((k, v), np.nan)
    few = k <= MOST_ENUMERATED
    cells = 2**k if few else 400_000
    step = max(_CELLS // cells, 1)
    for start in range(0, v, step):
        rows = np.arange(start, min(start + step, v))
        block = effects.at(rows)
        value = _enumerated(block, sigma, prior) if few else _integrated(block, sigma, prior)
        found[:, rows] = np.where(block.present, value, np.nan)
    return found


def _enumerated(effects: Effects, sigma: float, prior: tuple[float, float]) -> Floats:
    k = effects.beta.shape[0]
    sets = ((np.arange(2**k)[:, None] >> np.arange(k)) & 1).astype(np.float64)
    weight = effects.weights()
    total = sets @ weight
    moment = sets @ (weight * effects.beta)
    # Absent studies are in half of all sets, with nothing to say: both halves weigh the same.
    size = sets @ effects.present.astype(np.float64)
    spread = 1.0 + sigma**2 * total
    log_evidence = 0.5 * (sigma * moment) ** 2 / spread - 0.5 * np.log(spread)
    log_evidence += betaln(size + prior[0], effects.k - size + prior[1])
    probability = np.exp(log_evidence - logsumexp(log_evidence, axis=0))
    return np.asarray(sets.T @ probability)


def _integrated(effects: Effects, sigma: float, prior: tuple[float, float]) -> Floats:
    k, v = effects.beta.shape
    # Of degree K in the share: Gauss's rule with this many nodes is exact.
    nodes, node_weights = roots_jacobi(k // 2 + 1, prior[1] - 1.0, prior[0] - 1.0)
    share = 0.5 * (nodes + 1.0)
    log_odds = np.log(share) - np.log1p(-share)
    found = np.empty((k, v))
    for j in range(v):
        there = effects.present[:, j]
        x, w = effects.beta[there, j], 1.0 / effects.variance[there, j]
        # The trapezoidal rule of a smooth function with steps well below its narrowest width.
        step = 0.4 / np.sqrt(w.sum() + 1.0 / sigma**2)
        mu = np.arange(-8.0 * sigma, 8.0 * sigma + step, step)
        log_ratio = w[:, None] * (x[:, None] * mu - 0.5 * mu**2)  # (k, mu)
        log_prior = -0.5 * (mu / sigma) ** 2
        # log((1 - p) + p L) = log(1 - p) + log(1 + odds L)
        terms = log_ratio[:, :, None] + log_odds  # (k, mu, share)
        log_in = log_expit(terms)
        whole = (terms - log_in).sum(axis=0) + x.size * np.log1p(-share)
        whole += np.log(node_weights) + log_prior[:, None]
        posterior = np.exp(whole - logsumexp(whole))
        value = np.zeros(k)
        value[there] = np.einsum("kms,ms->k", np.exp(log_in), posterior)
        found[:, j] = value
    return found
