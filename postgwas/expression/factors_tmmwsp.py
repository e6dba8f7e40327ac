"""TMMwsp: TMM with singleton pairing, for counts with many zeros."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

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
from postgwas.expression.factors_tmm import SAME, check_trims, checked_column, densest
from postgwas.expression.log2_c import log2_c

_PRIOR = 0.5  # added to counts where equal M values are put in order
_FLOOR = 1e-6  # added to variances, so that no gene has all the weight


def tmmwsp(
    counts: ArrayLike,
    *,
    lib_size: ArrayLike | None = None,
    ref_column: int | None = None,
    logratio_trim: float = 0.3,
    sum_trim: float = 0.05,
    do_weighting: bool = True,
) -> Floats:
    """Normalisation factors by TMM with singleton pairing, as edgeR's calcNormFactors.

    Genes with reads in only one of sample and reference are not lost: as many of the largest counts
    of the one as the other has are paired by size. Then trimmed and averaged as in
    :func:`postgwas.expression.factors_tmm.tmm`, M values that are equal put in order by counts plus a half.

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
    lib_size : array-like, shape (samples,), optional
        By default the column sums.
    ref_column : int, optional
        The reference sample, from 0; by default the first with the largest sum of square roots of counts.
    logratio_trim, sum_trim : float
        Shares trimmed at each end of M and A, in [0, 0.5).
    do_weighting : bool
        False: the plain mean.

    Returns
    -------
    ndarray of float64, shape (samples,)
        Factors that multiply to one.

    Raises
    ------
    InputError, UsageError
        As :func:`postgwas.expression.factors_tmm.tmm`.

    References
    ----------
    Robinson & Oshlack (2010) Genome Biology 11, R25; the edgeR manual, calcNormFactors, method TMMwsp.

    Examples
    --------
    >>> tmmwsp([[0, 7], [9, 0], [10, 20], [30, 60], [50, 100]]).round(4)
    array([0.9718, 1.029 ])
    """
    check_trims(logratio_trim=logratio_trim, sum_trim=sum_trim)
    matrix = checked_counts(counts)
    sizes = given_library_sizes(matrix, lib_size)
    matrix = expressed(matrix)
    reference = densest(matrix) if ref_column is None else checked_column(ref_column, matrix)
    if matrix.shape[1] == 1:
        return np.ones(1)
    ref = np.ascontiguousarray(matrix[:, reference])
    factors = np.ones(matrix.shape[1])
    column = 0
    for block in sample_blocks(matrix):
        for sample in np.ascontiguousarray(block):
            pair = _paired(sample, ref)
            factors[column] = _factor(
                *pair, sizes[column], sizes[reference], logratio_trim, sum_trim, do_weighting
            )
            column += 1
    return centred(factors)


def _paired(obs: Floats, ref: Floats) -> tuple[Floats, Floats]:
    """Counts of genes with reads in both, then those of singletons, paired by size."""
    both = (obs > 0) & (ref > 0)
    only_obs, only_ref = obs[(obs > 0) & ~both], ref[(ref > 0) & ~both]
    n = min(len(only_obs), len(only_ref))
    largest_obs, largest_ref = (-np.sort(-single)[:n] for single in (only_obs, only_ref))
    return np.concatenate([obs[both], largest_obs]), np.concatenate([ref[both], largest_ref])


def _factor(
    obs: Floats,
    ref: Floats,
    obs_size: float,
    ref_size: float,
    logratio_trim: float,
    sum_trim: float,
    do_weighting: bool,
) -> float:
    obs_share, ref_share = obs / obs_size, ref / ref_size
    m = log2_c(obs_share / ref_share)
    if not len(m) or max(m.max(), -m.min()) < SAME:
        return 1.0
    a = 0.5 * log2_c(obs_share * ref_share)
    shrunk = log2_c(((obs + _PRIOR) / (obs_size + _PRIOR)) / ((ref + _PRIOR) / (ref_size + _PRIOR)))
    kept = _middle(m, logratio_trim, shrunk) & _middle(a, sum_trim)
    m = m[kept]
    if not len(m):
        return 1.0
    if not do_weighting:
        return float(2.0 ** (ordered_sum(m) / len(m)))
    obs_share, ref_share = obs_share[kept], ref_share[kept]
    variance = (1 - obs_share) / obs_share / obs_size + (1 - ref_share) / ref_share / ref_size
    weights = (1 + _FLOOR) / (variance + _FLOOR)
    return float(2.0 ** (ordered_sum(weights * m) / ordered_sum(weights)))


def _middle(values: Floats, trim: float, then: Floats | None = None) -> Mask:
    """Which values keep their place when a share `trim` is cut off each end of their sorted order.

    Equal values stand in the order of `then`, and then in that in which they come. TMM averages
    their ranks instead, see :func:`postgwas.expression.factors_tmm.untrimmed`.
    """
    n = len(values)
    cut = math.floor(n * trim)
    if not cut:
        return np.ones(n, np.bool_)
    ends = np.partition(values, [cut, n - 1 - cut])
    low, high = ends[cut], ends[n - 1 - cut]
    kept: Mask = (values > low) & (values < high)
    for end in {low, high}:
        equal = np.flatnonzero(values == end)
        if then is not None:
            equal = equal[np.argsort(then[equal], kind="stable")]
        place = np.count_nonzero(values < end) + np.arange(len(equal))
        kept[equal] = (place >= cut) & (place < n - cut)
    return kept
