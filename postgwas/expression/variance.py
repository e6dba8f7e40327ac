"""How much of each gene's variance groups of people explain, and how much there is within each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SequentialAnova:
    """Sums of squares of terms that are added one after another (type I), for many genes at once.

    Attributes
    ----------
    ss : ndarray, shape (terms, genes)
        What each term explains beyond those before it.
    df : ndarray of int, shape (terms,)
    ss_residual : ndarray, shape (genes,)
    df_residual : int
    ss_total : ndarray, shape (genes,)
        About the mean.
    f : ndarray, shape (terms, genes)
        Mean square of the term over that of the residuals.
    mlog10p : ndarray, shape (terms, genes)
        -log10 of the F test's P.
    residuals : ndarray, shape (genes, samples)
        Of the terms `adjust`, the mean included.
    """

    ss: FloatArray
    df: NDArray[np.int64]
    ss_residual: FloatArray
    df_residual: int
    ss_total: FloatArray
    f: FloatArray
    mlog10p: FloatArray
    residuals: FloatArray

    def share(self, term: int) -> FloatArray:
        """Of the total variance, shape (genes,); NaN where a gene does not vary."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(self.ss_total > 0, self.ss[term] / self.ss_total, np.nan)

    def share_beyond(self, term: int, n_adjust: int) -> FloatArray:
        """Of the variance that the first `n_adjust` terms leave, shape (genes,)."""
        left = self.ss_total - self.ss[:n_adjust].sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(left > 1e-12 * self.ss_total, self.ss[term] / left, np.nan)


def sequential_anova(
    values: FloatArray, terms: Sequence[FloatArray], *, n_adjust: int = 0
) -> SequentialAnova:
    """Analysis of variance with sequential sums of squares.

    Parameters
    ----------
    values : ndarray, shape (genes, samples)
        Finite.
    terms : sequence of ndarray, each of shape (samples, columns)
        Columns of each term's design: indicators of a category's levels (all of them may be
        given: what the mean and earlier terms span counts nothing) or numbers.
    n_adjust : int
        How many of the first terms are adjusted for; see the result's `residuals`.

    Returns
    -------
    SequentialAnova
        A term that adds nothing to those before it has df 0 and NaN in f.

    References
    ----------
    Chambers, Hastie (1992), Statistical Models in S, chapter 5; Taylor et al. (2024), Nature
    632:122, which takes batch and sex first, then continental group, then population.

    Examples
    --------
    >>> groups = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    >>> sequential_anova(np.array([[1.0, 3.0, 5.0, 7.0]]), [groups]).ss
    array([[16.]])
    """
    n = values.shape[1]
    mean = np.full((n, 1), 1.0 / np.sqrt(n))
    centred = values - values.mean(axis=1, keepdims=True)
    ss_total = np.einsum("ij,ij->i", centred, centred)
    basis, left = mean, centred
    ss, df = [], []
    residuals = centred
    for at, term in enumerate(terms):
        added = _new_directions(np.asarray(term, np.float64), basis)
        projected = left @ added
        ss.append(np.einsum("ij,ij->i", projected, projected))
        df.append(added.shape[1])
        left = left - projected @ added.T
        basis = np.hstack([basis, added])
        if at + 1 == n_adjust:
            residuals = left
    ss_residual = np.einsum("ij,ij->i", left, left)
    df_residual = n - basis.shape[1]
    sums = np.array(ss).reshape(len(ss), len(values))
    degrees = np.array(df, np.int64)
    f, mlog10p = _tests(sums, degrees, ss_residual, df_residual, ss_total)
    return SequentialAnova(sums, degrees, ss_residual, df_residual, ss_total, f, mlog10p, residuals)


@dataclass(frozen=True, eq=False)
class WithinGroups:
    """Variances within groups and the test that they are equal.

    Attributes
    ----------
    variances : ndarray, shape (groups, genes)
        Divisor n - 1; NaN for a group of one.
    statistic, mlog10p : ndarray, shape (genes,)
        Brown and Forsythe's, and -log10 of its P.
    """

    variances: FloatArray
    statistic: FloatArray
    mlog10p: FloatArray


def within_groups(values: FloatArray, groups: NDArray[np.int64], n_groups: int) -> WithinGroups:
    """Variance of each gene within each group; Brown and Forsythe's test (Levene's about the medians).

    Parameters
    ----------
    values : ndarray, shape (genes, samples)
        Such as the residuals after batch and sex.
    groups : ndarray of int, shape (samples,)
        0 to `n_groups` - 1; each has a sample.
    n_groups : int

    References
    ----------
    Brown, Forsythe (1974), JASA 69:364.
    """
    from scipy.stats import f as f_distribution

    n = values.shape[1]
    variances = np.full((n_groups, len(values)), np.nan)
    away = np.empty_like(values)
    means = np.empty((n_groups, len(values)))
    sizes = np.bincount(groups, minlength=n_groups)
    for group in range(n_groups):
        inside = groups == group
        part = values[:, inside]
        if sizes[group] > 1:
            variances[group] = part.var(axis=1, ddof=1)
        away[:, inside] = np.abs(part - np.median(part, axis=1, keepdims=True))
        means[group] = away[:, inside].mean(axis=1)
    between = (sizes[:, None] * (means - away.mean(axis=1)) ** 2).sum(axis=0)
    within = ((away - means[groups].T) ** 2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = np.where(within > 0, (n - n_groups) / (n_groups - 1) * between / within, np.nan)
    mlog10p = -f_distribution.logsf(statistic, n_groups - 1, n - n_groups) / np.log(10.0)
    return WithinGroups(variances, statistic, mlog10p)


def indicators(codes: NDArray[np.int64], n_levels: int) -> FloatArray:
    """Columns of 0 and 1, one for each level, shape (samples, levels)."""
    return (codes[:, None] == np.arange(n_levels)).astype(np.float64)


def _new_directions(term: FloatArray, basis: FloatArray) -> FloatArray:
    """Orthonormal columns of what a term adds to a basis."""
    size = np.linalg.norm(term, axis=0)
    columns = term[:, size > 0] / size[size > 0]
    # Twice, because the first subtraction leaves rounding errors along the basis.
    for _ in range(2):
        columns = columns - basis @ (basis.T @ columns)
    left, lengths, _ = np.linalg.svd(columns, full_matrices=False)
    return np.ascontiguousarray(left[:, lengths > 1e-9])


def _tests(
    ss: FloatArray, df: NDArray[np.int64], ss_residual: FloatArray, df_residual: int, ss_total: FloatArray
) -> tuple[FloatArray, FloatArray]:
    from scipy.stats import f as f_distribution

    f = np.full(ss.shape, np.nan)
    mlog10p = np.full(ss.shape, np.nan)
    good = ss_residual > 1e-20 * ss_total
    if df_residual > 0:
        for at in np.flatnonzero(df > 0):
            f[at, good] = (ss[at, good] / df[at]) / (ss_residual[good] / df_residual)
            mlog10p[at, good] = -f_distribution.logsf(f[at, good], df[at], df_residual) / np.log(10.0)
    return f, mlog10p
