"""Summary statistics of a GWAS, simulated from the genotypes of fewer people than it is said to have.

For standardised genotypes X of n people (variants x people), R = X X'/n, and per-allele effects b of a trait
whose variance is 1,

    Z = sqrt(N) R D b + X w / sqrt(n),      w ~ N(0, Sigma), one row a person,

where D holds the standard deviations of the dosages. Z has mean sqrt(N) R D b and covariance Sigma (x) R:
what N people with that LD would give while each variant explains little, at the cost of n.

References
----------
Zhu X, Stephens M (2017), Bayesian large-scale multiple regression with summary statistics from genome-wide
association studies, Annals of Applied Statistics 11:1561-1592, equation 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class GwasStatistics:
    """What a GWAS reports; arrays of shape (n_variants, n_traits) but for `eaf`.

    Attributes
    ----------
    z : ndarray
    beta, se : ndarray
        Per copy of the counted allele, in standard deviations of the trait.
    eaf : ndarray, shape (n_variants,)
        Frequency of the counted allele.

    A variant that does not vary has NaN throughout.
    """

    z: FloatArray
    beta: FloatArray
    se: FloatArray
    eaf: FloatArray


def standardised(dosages: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rows with mean 0 and variance 1, their frequencies and standard deviations.

    Parameters
    ----------
    dosages : array-like, shape (n_variants, n_people)

    Returns
    -------
    ndarray, shape (n_variants, n_people)
        Rows that do not vary are 0.
    ndarray, shape (n_variants,)
        Frequencies.
    ndarray, shape (n_variants,)
        Standard deviations of the dosages.
    """
    x = np.asarray(dosages, dtype=np.float64)
    mean, sd = x.mean(axis=1), x.std(axis=1)
    scale = np.divide(1.0, sd, out=np.zeros_like(sd), where=sd > 0)
    return (x - mean[:, None]) * scale[:, None], mean / 2, sd


def simulate_gwas(
    dosages: ArrayLike,
    effects: ArrayLike,
    n_samples: ArrayLike,
    *,
    rng: np.random.Generator,
    sigma: ArrayLike | None = None,
) -> GwasStatistics:
    """Summary statistics of one stretch of sequence.

    Parameters
    ----------
    dosages : array-like, shape (n_variants, n_people)
        Copies of the counted allele in people whose LD the GWAS has.
    effects : array-like, shape (n_variants, n_traits)
        Per copy, in standard deviations of the trait; joint effects, so 0 but for causal variants.
    n_samples : array-like, shape (n_traits,)
        N of the GWAS.
    rng : numpy.random.Generator
    sigma : array-like, shape (n_traits, n_traits), optional
        Covariance of the errors of Z between traits: for overlapping samples the phenotypic correlation
        times n_shared / sqrt(N1 N2). Default: the identity.

    Returns
    -------
    GwasStatistics

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> people = rng.binomial(2, 0.3, (40, 500))
    >>> effects = np.zeros((40, 1))
    >>> effects[7] = 0.1
    >>> gwas = simulate_gwas(people, effects, [20_000], rng=rng)
    >>> int(np.abs(gwas.z[:, 0]).argmax()), bool(abs(gwas.beta[7, 0] - 0.1) < 4 * gwas.se[7, 0])
    (7, True)
    """
    b = np.asarray(effects, dtype=np.float64)
    n = np.asarray(n_samples, dtype=np.float64)
    x, eaf, sd = standardised(dosages)
    people = x.shape[1]
    covariance = np.eye(n.size) if sigma is None else np.asarray(sigma, dtype=np.float64)
    w = rng.standard_normal((people, n.size)) @ np.linalg.cholesky(covariance).T
    signal = x @ (x.T @ (b * sd[:, None])) / people
    z = np.sqrt(n) * signal + x @ w / np.sqrt(people)
    z[sd == 0] = np.nan
    with np.errstate(divide="ignore"):
        # Z = beta / se, and what the variant explains leaves the residual smaller.
        se = 1.0 / (sd[:, None] * np.sqrt(n + z**2))
    se[sd == 0] = np.nan
    return GwasStatistics(z, z * se, se, eaf)
