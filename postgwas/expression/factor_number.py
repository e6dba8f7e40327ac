"""How many hidden factors: GTEx's rule by sample size, and the number that finds most eGenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

from postgwas.errors import InputError, UsageError

Array = NDArray[np.float64]

#: (samples below which it applies, factors); 60 from the last limit on.
GTEX_RULE: tuple[tuple[int, int], ...] = ((150, 15), (250, 30), (350, 45))
GTEX_MOST = 60


def n_factors_gtex(n_samples: int) -> int:
    """Number of PEER factors by the rule of GTEx v8: 15, 30, 45 or 60 by sample size.

    Parameters
    ----------
    n_samples : int

    Raises
    ------
    UsageError
        If there are too few samples for 15 factors to make sense.

    References
    ----------
    GTEx Consortium (2020) Science 369:1318, supplementary section 3.4.1: 15 factors below 150
    samples, 30 from 150, 45 from 250, 60 from 350. MAGE (Taylor et al. 2024) used 60 for 731.

    Examples
    --------
    >>> [n_factors_gtex(n) for n in (149, 150, 250, 349, 350, 731)]
    [15, 30, 45, 45, 60, 60]
    """
    if n_samples < 20:
        raise UsageError(
            f"{n_samples} samples: GTEx's rule begins with 15 factors, which needs 20 samples or more",
            hint="--n_factors N, or --method pca",
        )
    return next((factors for limit, factors in GTEX_RULE if n_samples < limit), GTEX_MOST)


@dataclass(frozen=True, eq=False)
class Discovery:
    """Discoveries at several numbers of factors, and the number that follows.

    Attributes
    ----------
    n_factors, n_discoveries : ndarray of int64
        In rising order of factors.
    n : int
        The fewest factors that find `share` of the most discoveries.
    share : float
    """

    n_factors: NDArray[np.int64]
    n_discoveries: NDArray[np.int64]
    n: int
    share: float


def choose_by_discovery(
    n_factors: Sequence[int] | ArrayLike, n_discoveries: Sequence[int] | ArrayLike, *, share: float = 0.99
) -> Discovery:
    """The fewest factors that find nearly as many eGenes as any number does.

    Parameters
    ----------
    n_factors, n_discoveries : array-like of int, shape (M,)
        Such as eGenes at a false discovery rate of 5 % with so many factors.
    share : float
        1 takes the maximum itself; a little less spares factors where the curve is flat.

    Raises
    ------
    InputError
        If numbers are negative, occur twice, or there are no discoveries at all.

    Examples
    --------
    >>> choose_by_discovery([0, 10, 20, 30], [100, 480, 500, 498]).n
    20
    """
    factors = np.asarray(n_factors, dtype=np.int64)
    found = np.asarray(n_discoveries, dtype=np.int64)
    if factors.ndim != 1 or factors.shape != found.shape or not len(factors):
        raise InputError(
            f"{factors.shape} numbers of factors and {found.shape} of discoveries: expected pairs"
        )
    if (factors < 0).any() or (found < 0).any() or len(np.unique(factors)) < len(factors):
        raise InputError("numbers of factors and discoveries must not be negative or occur twice")
    if not 0 < share <= 1:
        raise UsageError(f"share {share}: expected above 0 and up to 1")
    if not found.any():
        raise InputError("no number of factors finds anything: there is nothing to choose by")
    order = np.argsort(factors)
    factors, found = factors[order], found[order]
    return Discovery(factors, found, int(factors[found >= share * found.max()][0]), share)


def cis_best(y: ArrayLike, genotypes: ArrayLike, first: ArrayLike, last: ArrayLike) -> tuple[Array, Array]:
    """Largest squared correlation of each gene with the variants of its window.

    Parameters
    ----------
    y : array-like, shape (genes, samples)
        Residuals after covariates, with rows of unit norm.
    genotypes : array-like, shape (variants, samples)
        The same covariates' residuals, rows of unit norm, or zero where nothing is left.
    first, last : array-like of int, shape (genes,)
        Window of each gene: variants first to last, the latter excluded.

    Returns
    -------
    best : ndarray, shape (genes,)
        NaN where the window is empty.
    n : ndarray, shape (genes,)
        Variants in the window.
    """
    data, variants = np.asarray(y), np.asarray(genotypes)
    starts, ends = np.asarray(first, dtype=np.int64), np.asarray(last, dtype=np.int64)
    best = np.full(len(data), np.nan)
    for gene in np.flatnonzero(ends > starts):
        r = variants[starts[gene] : ends[gene]] @ data[gene]
        best[gene] = float(np.max(r * r))
    return best, (ends - starts).astype(np.float64)


def count_egenes(best: ArrayLike, n_variants: ArrayLike, df: int, *, fdr: float = 0.05) -> int:
    """Genes with an association, by Bonferroni in the window and Benjamini-Hochberg over genes.

    A quick count to compare numbers of factors, not a QTL analysis: permutations do better.

    Parameters
    ----------
    best : array-like, shape (genes,)
        Largest squared correlation; NaN for genes without variants, which do not count.
    n_variants : array-like, shape (genes,)
    df : int
        Degrees of freedom: samples - 2 - covariates.
    fdr : float

    Examples
    --------
    >>> count_egenes([0.5, 0.01, np.nan], [100, 100, 0], 98)
    1
    """
    if df < 1:
        raise UsageError(f"{df} degrees of freedom: fewer covariates or factors")
    r2 = np.asarray(best, dtype=np.float64)
    tested = ~np.isnan(r2)
    r2 = np.clip(r2[tested], 0.0, 1.0 - 1e-15)
    p = np.minimum(2.0 * stdtr(df, -np.sqrt(df * r2 / (1.0 - r2))) * np.asarray(n_variants)[tested], 1.0)
    p = np.sort(p)
    passed = np.flatnonzero(p <= fdr * np.arange(1, len(p) + 1) / max(len(p), 1))
    return int(passed[-1]) + 1 if len(passed) else 0
