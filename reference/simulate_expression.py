"""Read counts of genes with known eQTLs, hidden factors and library sizes.

The log rate of gene g in person i is

    base_g + log mean over i's two haplotypes of 2^(a_g x haplotype's allele) + loadings_g . factors_i + noise

which is the model of allelic fold change (each haplotype makes 2^a as much with the allele as without);
counts are Poisson around rate times library size, hence overdispersed over people, as real ones are.

References
----------
Mohammadi P et al. (2017), Quantifying the regulatory effect size of cis-acting genetic variation using
allelic fold change, Genome Research 27:1872-1884, equation 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ExpressionDesign:
    """How genes vary beside their eQTLs.

    Attributes
    ----------
    n_factors : int
        Hidden factors.
    factor_sd : float
        Standard deviation of a gene's loading on each, on the natural log scale.
    noise_sd : float
        Of a gene's own variation between people, on the natural log scale.
    base_mean, base_sd : float
        Of the log rate over genes.
    depth_sd : float
        Of the log library size over people.
    """

    n_factors: int = 3
    factor_sd: float = 0.2
    noise_sd: float = 0.35
    base_mean: float = 5.0
    base_sd: float = 1.2
    depth_sd: float = 0.3


@dataclass(frozen=True)
class SimulatedCounts:
    """Counts and the factors behind them.

    Attributes
    ----------
    counts : ndarray of int64, shape (n_genes, n_people)
    factors : ndarray, shape (n_factors, n_people)
    """

    counts: NDArray[np.int64]
    factors: FloatArray


def allelic_rate(haplotypes: NDArray[np.int8], log2_fold: float) -> FloatArray:
    """log of the mean of 2^(a x allele) over each person's haplotypes.

    Parameters
    ----------
    haplotypes : ndarray of int8, shape (2 n_people,)
        1 where a haplotype carries the allele; 2 i and 2 i + 1 are person i's.
    log2_fold : float
        a, the log2 allelic fold change.

    Returns
    -------
    ndarray, shape (n_people,)
    """
    made = np.exp2(log2_fold * haplotypes.astype(np.float64))
    rate: FloatArray = np.log(0.5 * (made[0::2] + made[1::2]))
    return rate


def simulate_counts(
    genetic: FloatArray,
    *,
    rng: np.random.Generator,
    known: FloatArray | None = None,
    design: ExpressionDesign | None = None,
) -> SimulatedCounts:
    """Counts of genes in people.

    Parameters
    ----------
    genetic : ndarray, shape (n_genes, n_people)
        What eQTLs add to the log rates: sums of :func:`allelic_rate`; 0 for a gene without.
    rng : numpy.random.Generator
    known : ndarray, shape (n_known, n_people), optional
        Known traits of the people that move expression, such as sex; each gene's loading is drawn.
    design : ExpressionDesign, optional

    Returns
    -------
    SimulatedCounts

    Examples
    --------
    >>> made = simulate_counts(np.zeros((5, 8)), rng=np.random.default_rng(1))
    >>> made.counts.shape, made.factors.shape
    ((5, 8), (3, 8))
    """
    plan = ExpressionDesign() if design is None else design
    n_genes, n_people = genetic.shape
    factors = rng.standard_normal((plan.n_factors, n_people))
    log_rate = rng.normal(plan.base_mean, plan.base_sd, (n_genes, 1)) + genetic
    log_rate += rng.normal(0, plan.factor_sd, (n_genes, plan.n_factors)) @ factors
    if known is not None:
        log_rate += rng.normal(0, plan.factor_sd, (n_genes, len(known))) @ known
    log_rate += rng.normal(0, plan.noise_sd, (n_genes, n_people))
    depth = rng.lognormal(0, plan.depth_sd, n_people)
    return SimulatedCounts(rng.poisson(np.exp(log_rate) * depth), factors)
