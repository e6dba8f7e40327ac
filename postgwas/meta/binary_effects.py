"""Han and Eskin's binary-effects test: studies count by their m-values; P by importance sampling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from postgwas.errors import UsageError
from postgwas.meta.m_values import MOST_ENUMERATED, m_values

Floats = NDArray[np.float64]

DRAWS = 20_000


def binary_effects_statistic(beta: Floats, se: Floats, m: Floats) -> Floats:
    """Weighted z-score in which each study also counts by its m-value, shape (V,).

    References
    ----------
    Han and Eskin 2012, PLoS Genet 8:e1002555, equation 9.

    Examples
    --------
    >>> one = np.ones((2, 1))
    >>> binary_effects_statistic(one * 0.2, one * 0.1, one).round(4).tolist()
    [2.8284]
    """
    weight = np.where(np.isfinite(m), m / se, 0.0)
    z = np.where(np.isfinite(m), beta / se, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((weight * z).sum(axis=0) / np.sqrt((weight * weight).sum(axis=0)))


def binary_effects_mlog10p(
    beta: Floats,
    se: Floats,
    *,
    keys: NDArray[np.int64],
    sigma: float = 0.2,
    prior: tuple[float, float] = (1.0, 1.0),
    seed: int = 1,
    draws: int = DRAWS,
) -> Floats:
    """-log10 P of the binary-effects test.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (K, V)
        NaN where a study lacks the variant. At most 10 studies.
    keys : ndarray of int64, shape (V,)
        A number of each variant (its position): its random numbers depend on this and `seed` alone.
    sigma, prior
        As of :func:`~postgwas.meta.m_values.m_values`.
    seed, draws : int

    Returns
    -------
    ndarray of float64, shape (V,)
        With a relative error of P of some per cent.

    Raises
    ------
    UsageError
        Of more than 10 studies.

    Notes
    -----
    Under the null z-scores are standard normal. They are drawn from a mixture, over all sets of studies, of
    normals shifted towards the observed statistic, and weighted back.
    """
    k = beta.shape[0]
    if k > MOST_ENUMERATED:
        raise UsageError(
            f"{k} studies: the binary-effects test is made for at most {MOST_ENUMERATED}",
            hint="--m_values alone",
        )
    observed = np.abs(binary_effects_statistic(beta, se, m_values(beta, se, sigma=sigma, prior=prior)))
    found = np.full(beta.shape[1], np.nan)
    for j in np.flatnonzero(np.isfinite(observed)):
        there = np.isfinite(beta[:, j]) & np.isfinite(se[:, j])
        rng = np.random.default_rng([seed, int(keys[j])])
        found[j] = _sampled(float(observed[j]), se[there, j], sigma, prior, rng, draws)
    return found


def _sampled(
    observed: float,
    se: Floats,
    sigma: float,
    prior: tuple[float, float],
    rng: np.random.Generator,
    draws: int,
) -> float:
    k = se.size
    sets = ((np.arange(1, 2**k)[:, None] >> np.arange(k)) & 1).astype(np.float64)
    size = sets.sum(axis=1)
    # Each size as likely as any other, and each set among those of its size.
    chance = 1.0 / (k * np.array([(size == s).sum() for s in size]))
    direction = sets / se
    direction /= np.sqrt((direction**2).sum(axis=1, keepdims=True))
    which = rng.choice(len(sets), size=draws, p=chance / chance.sum())
    sign = rng.choice([-1.0, 1.0], size=draws)
    z = rng.standard_normal((draws, k)) + observed * sign[:, None] * direction[which]
    along = observed * (z @ direction.T)
    log_density = np.logaddexp(along, -along) - np.log(2.0) - 0.5 * observed**2
    log_weight = -logsumexp(log_density + np.log(chance / chance.sum()), axis=1)
    errors = np.broadcast_to(se[:, None], (k, draws))
    effects = z.T * errors
    statistic = np.abs(
        binary_effects_statistic(effects, errors, m_values(effects, errors, sigma=sigma, prior=prior))
    )
    beyond = statistic >= observed
    if not beyond.any():
        return float(np.log10(draws))
    return float(max(-(logsumexp(log_weight[beyond]) - np.log(draws)) / np.log(10.0), 0.0))
