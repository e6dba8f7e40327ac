"""TMM: trimmed mean of M values, edgeR's normalisation factors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from postgwas.errors import UsageError
from postgwas.expression.centred import centred
from postgwas.expression.counts import (
    Floats,
    Mask,
    checked_counts,
    expressed,
    given_library_sizes,
    ordered_sum,
    sample_blocks,
)
from postgwas.expression.factors_quantile import sample_quantiles
from postgwas.expression.log2_c import log2_c

#: Log ratios all smaller than this: the two samples are the same.
SAME = 1e-6
#: A median upper quartile below this: most samples have reads for less than a quarter of the genes.
_TOO_SPARSE = 1e-20


def tmm(
    counts: ArrayLike,
    *,
    lib_size: ArrayLike | None = None,
    ref_column: int | None = None,
    logratio_trim: float = 0.3,
    sum_trim: float = 0.05,
    do_weighting: bool = True,
    acutoff: float = -1e10,
) -> Floats:
    """Normalisation factors by the trimmed mean of M values, as edgeR's calcNormFactors.

    Against a reference sample r, gene g of sample k has M = log2((y_gk / N_k) / (y_gr / N_r)) and
    A = log2((y_gk / N_k) (y_gr / N_r)) / 2. Of the genes with reads in both, those of the smallest and
    largest M and A are trimmed by rank, and log2 of the factor is the mean of the other M, weighted by
    the inverse of their approximate variance (N_k - y_gk)/(N_k y_gk) + (N_r - y_gr)/(N_r y_gr).

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
    lib_size : array-like, shape (samples,), optional
        Library sizes N; by default the column sums.
    ref_column : int, optional
        The reference sample, from 0; by default see :func:`tmm_reference`.
    logratio_trim, sum_trim : float
        Shares trimmed at each end of M and A, in [0, 0.5).
    do_weighting : bool
        False: the plain mean.
    acutoff : float
        Genes with A at most this are left out before trimming.

    Returns
    -------
    ndarray of float64, shape (samples,)
        Factors that multiply to one. Library size times factor is the effective library size.

    Raises
    ------
    InputError
        As :func:`postgwas.expression.counts.checked_counts`.
    UsageError
        An option out of range.

    Notes
    -----
    The order of genes changes no bit.

    References
    ----------
    Robinson & Oshlack (2010) Genome Biology 11, R25, section "Trimmed mean of M-values".

    Examples
    --------
    >>> one_gene_up = [[10, 20], [30, 60], [50, 100], [70, 140], [90, 180], [10, 500]]
    >>> tmm(one_gene_up).round(4)
    array([1.3868, 0.7211])
    """
    check_trims(logratio_trim=logratio_trim, sum_trim=sum_trim)
    matrix = checked_counts(counts)
    sizes = given_library_sizes(matrix, lib_size)
    matrix = expressed(matrix)
    reference = _reference(matrix, sizes) if ref_column is None else checked_column(ref_column, matrix)
    if matrix.shape[1] == 1:
        return np.ones(1)
    ref = np.ascontiguousarray(matrix[:, reference])
    seen = ref > 0
    ref, ref_size = ref[seen], sizes[reference]
    against = _Reference(ref, ref / ref_size, log2_c(ref / ref_size), (ref_size - ref) / ref_size / ref)
    factors = np.ones(matrix.shape[1])
    column = 0
    for block in sample_blocks(matrix[seen] if not seen.all() else matrix):
        for sample in np.ascontiguousarray(block):
            factors[column] = _factor(
                sample, sizes[column], against, logratio_trim, sum_trim, do_weighting, acutoff
            )
            column += 1
    return centred(factors)


def tmm_reference(counts: ArrayLike, *, lib_size: ArrayLike | None = None) -> int:
    """The sample that TMM compares the others with.

    That whose upper quartile, as a share of its library, is nearest the mean of all samples' (the
    first of several); where the median sample has no reads for three quarters of the genes, that
    with the largest sum of square roots.

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
    lib_size : array-like, shape (samples,), optional

    Returns
    -------
    int
        Column, from 0.
    """
    matrix = checked_counts(counts)
    return _reference(expressed(matrix), given_library_sizes(matrix, lib_size))


def _reference(matrix: Floats, sizes: Floats) -> int:
    shares = sample_quantiles(matrix, 0.75) / sizes
    if np.median(shares) < _TOO_SPARSE:
        return densest(matrix)
    mean = math.fsum(shares.tolist()) / len(shares)
    return int(np.argmin(np.abs(shares - mean)))


def densest(matrix: Floats) -> int:
    """The first sample with the largest sum of square roots of counts."""
    sums = np.concatenate([ordered_sum(np.sqrt(block), axis=1) for block in sample_blocks(matrix)])
    return int(np.argmax(sums))


class _Reference:
    """The reference sample's genes with reads: counts, shares, their logarithms and variances."""

    def __init__(self, counts: Floats, shares: Floats, logs: Floats, variances: Floats) -> None:
        self.counts, self.shares, self.logs, self.variances = counts, shares, logs, variances


def _factor(
    sample: Floats,
    size: float,
    ref: _Reference,
    logratio_trim: float,
    sum_trim: float,
    do_weighting: bool,
    acutoff: float,
) -> float:
    both = sample > 0
    obs = sample[both]
    share = obs / size
    # Written as edgeR's formulae are, so that ties of the logarithms are its ties.
    m = log2_c(share / ref.shares[both])
    a = (log2_c(share) + ref.logs[both]) / 2
    variance = (size - obs) / size / obs + ref.variances[both]
    if acutoff > -1e9:
        high = a > acutoff
        m, a, variance = m[high], a[high], variance[high]
    if not len(m) or max(m.max(), -m.min()) < SAME:
        return 1.0
    kept = untrimmed(m, logratio_trim) & untrimmed(a, sum_trim)
    m = m[kept]
    if not len(m):
        return 1.0
    if not do_weighting:
        return float(2.0 ** (ordered_sum(m) / len(m)))
    weights = 1.0 / variance[kept]
    return float(2.0 ** (ordered_sum(m * weights) / ordered_sum(weights)))


def untrimmed(values: Floats, trim: float) -> Mask:
    """Which values keep their place when a share `trim` is cut off each end by rank.

    Ranks of equal values are averaged; what is kept has a rank from floor(n trim) + 1 to
    n - floor(n trim).

    Examples
    --------
    >>> untrimmed(np.array([5.0, 1.0, 2.0, 2.0, 9.0]), 0.2)
    array([ True, False,  True,  True, False])
    """
    n = len(values)
    cut = math.floor(n * trim)
    if not cut:
        return np.ones(n, np.bool_)
    # Two order statistics decide: what lies strictly between them is kept, what lies outside is not.
    ends = np.partition(values, [cut, n - 1 - cut])
    low, high = ends[cut], ends[n - 1 - cut]
    kept: Mask = (values > low) & (values < high)
    for end in {low, high}:
        equal = values == end
        rank = np.count_nonzero(values < end) + (np.count_nonzero(equal) + 1) / 2
        if cut + 1 <= rank <= n - cut:
            kept |= equal
    return kept


def check_trims(**trims: float) -> None:
    """Refuse trims that leave nothing.

    Raises
    ------
    UsageError
    """
    for name, value in trims.items():
        if not 0 <= value < 0.5:
            raise UsageError(f"{name} {value:g}: expected a share of at least 0 and below 0.5")


def checked_column(column: int, matrix: Any) -> int:
    """A sample's number.

    Raises
    ------
    UsageError
        Where there is no such column.
    """
    if not 0 <= column < matrix.shape[1]:
        raise UsageError(f"ref_column {column}: expected 0 to {matrix.shape[1] - 1}")
    return int(column)
