"""False discovery rates where only tests below a limit on P are kept but all were counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import UsageError

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def bh_of_hits(mlog10p: Floats, n_tests: int) -> Floats:
    """Benjamini and Hochberg's adjusted P of the smallest of many P.

    Parameters
    ----------
    mlog10p : ndarray, shape (hits,)
        -log10 P of all tests whose P is below some limit, in any order.
    n_tests : int
        All tests, kept or not.

    Returns
    -------
    ndarray, shape (hits,)
        The least P_j n_tests / rank_j over hits j of at least this P. The tests that were not kept could only
        lower it, and not below the limit that kept them out: exact where it is at most that limit, an upper
        bound (never too few false discoveries) elsewhere.

    Raises
    ------
    UsageError
        If there are more hits than tests.

    References
    ----------
    Benjamini and Hochberg 1995, J R Statist Soc B 57:289.

    Examples
    --------
    >>> bh_of_hits(np.array([3.0, 2.0, 2.0]), 10)
    array([0.01      , 0.03333333, 0.03333333])
    """
    if n_tests < len(mlog10p):
        raise UsageError(f"{len(mlog10p):,} hits of {n_tests:,} tests")
    if not len(mlog10p):
        return np.empty(0)
    order = np.argsort(-mlog10p, kind="stable")
    rank = np.arange(1, len(order) + 1)
    logs = -mlog10p[order] + np.log10(n_tests) - np.log10(rank)
    least = np.minimum.accumulate(logs[::-1])[::-1]
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(10.0**least, 1.0)
    return adjusted


@dataclass(frozen=True, eq=False)
class GeneLevel:
    """A row a phenotype that was tested.

    Attributes
    ----------
    n_hits : ndarray of int64, shape (G,)
    best : ndarray of int64, shape (G,)
        Row of the phenotype's smallest P among the hits, the first of equal ones; -1 where it has none.
    bonferroni : ndarray, shape (G,)
        That P times the phenotype's tests, at most 1; 1 where it has no hit.
    adjusted : ndarray, shape (G,)
        Benjamini and Hochberg over the phenotypes.
    """

    n_hits: Places
    best: Places
    bonferroni: Floats
    adjusted: Floats


def gene_level(mlog10p: Floats, phenotype: Places, n_tests: Places) -> GeneLevel:
    """Which phenotypes have a trans effect at all.

    Parameters
    ----------
    mlog10p : ndarray, shape (hits,)
    phenotype : ndarray of int64, shape (hits,)
        Rows of `n_tests`.
    n_tests : ndarray of int64, shape (G,)
        Tests of each phenotype; those without any are not counted.

    Notes
    -----
    Bonferroni over all variants is conservative where they are in LD.

    Examples
    --------
    >>> gene_level(np.array([6.0, 7.0]), np.array([1, 1]), np.array([1000, 1000])).adjusted.round(6).tolist()
    [1.0, 0.0002]
    """
    n = len(n_tests)
    best = np.full(n, -1, np.int64)
    order = np.lexsort((-mlog10p, phenotype))
    rows, first = np.unique(phenotype[order], return_index=True)
    best[rows] = order[first]
    logs = np.zeros(n)
    found = best >= 0
    with np.errstate(divide="ignore"):
        logs[found] = mlog10p[best[found]] - np.log10(n_tests[found])
    bonferroni = np.minimum(10.0 ** -np.maximum(logs, 0.0), 1.0)
    adjusted = np.full(n, np.nan)
    tested = n_tests > 0
    adjusted[tested] = bh_of_hits(np.maximum(logs[tested], 0.0), int(tested.sum()))
    return GeneLevel(np.bincount(phenotype, minlength=n), best, bonferroni, adjusted)
