"""Which genes are expressed enough to be analysed: MAGE's, GTEx's and edgeR's rules, or any limits."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from postgwas.errors import InputError, UsageError
from postgwas.expression.counts import Floats, Mask, checked_counts, checked_values, given_library_sizes
from postgwas.expression.per_million import MILLION, effective_sizes

_ROUNDING = 1e-9  # of a number of samples: a limit that is met exactly must not depend on rounding


def mage_filter(
    counts: ArrayLike,
    tpm: ArrayLike,
    *,
    min_count: float = 6.0,
    min_tpm: float = 0.1,
    min_share: float = 0.2,
) -> Mask:
    """Genes with at least 6 reads in 20 % of samples, and at least 0.1 TPM in 20 % of samples.

    The rule of MAGE, and of the GTEx pipeline's program. The samples of the two conditions need not
    be the same.

    Parameters
    ----------
    counts, tpm : array-like, shape (genes, samples)
    min_count, min_tpm : float
        Smallest values that count.
    min_share : float
        Of samples, in (0, 1].

    Returns
    -------
    ndarray of bool, shape (genes,)
        True: keep.

    Raises
    ------
    InputError
        As :func:`postgwas.expression.counts.checked_counts`; `tpm` of another shape.
    UsageError
        A limit out of range.

    References
    ----------
    Taylor et al. (2024) Nature 632, 122 (MAGE); GTEx Consortium (2020) Science 369, 1318.

    Examples
    --------
    >>> mage_filter([[9, 0], [5, 5]], [[2.0, 0.0], [3.0, 3.0]])
    array([ True, False])
    """
    enough, high = threshold_masks(
        counts, tpm, min_count=min_count, min_tpm=min_tpm, min_share=min_share, strict_tpm=False
    )
    return enough & high


def gtex_filter(
    counts: ArrayLike,
    tpm: ArrayLike,
    *,
    min_count: float = 6.0,
    above_tpm: float = 0.1,
    min_share: float = 0.2,
) -> Mask:
    """Genes with at least 6 reads in 20 % of samples, and more than 0.1 TPM in 20 % of samples.

    GTEx's rule as its papers have it; a TPM of 0.1 itself is not enough, which is all that tells it
    from :func:`mage_filter`.

    Parameters
    ----------
    counts, tpm : array-like, shape (genes, samples)
    min_count : float
        Smallest count that counts.
    above_tpm : float
        TPM must be larger.
    min_share : float
        Of samples, in (0, 1].

    Returns
    -------
    ndarray of bool, shape (genes,)
        True: keep.

    Raises
    ------
    InputError, UsageError
        As :func:`mage_filter`.

    References
    ----------
    GTEx Consortium (2020) Science 369, 1318, supplementary methods.

    Examples
    --------
    >>> gtex_filter([[9, 9], [9, 9]], [[0.1, 0.1], [0.2, 0.2]])
    array([False,  True])
    """
    enough, high = threshold_masks(
        counts, tpm, min_count=min_count, min_tpm=above_tpm, min_share=min_share, strict_tpm=True
    )
    return enough & high


def threshold_masks(
    counts: ArrayLike,
    tpm: ArrayLike | None,
    *,
    min_count: float = 0.0,
    min_tpm: float = 0.0,
    min_share: float = 0.2,
    strict_tpm: bool = False,
) -> tuple[Mask, Mask]:
    """For each gene whether its counts, and whether its TPM, are high enough in enough samples.

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
    tpm : array-like, shape (genes, samples), optional
        None: every gene passes; CPM may stand in for it.
    min_count, min_tpm, min_share : float
        As :func:`mage_filter`; zero for no limit.
    strict_tpm : bool
        TPM must be larger than `min_tpm`.

    Returns
    -------
    enough, high : ndarray of bool, shape (genes,)

    Raises
    ------
    InputError, UsageError
        As :func:`mage_filter`.
    """
    check_limits(min_count=min_count, min_tpm=min_tpm, min_share=min_share)
    matrix = checked_counts(counts)
    enough = _in_enough(matrix >= min_count, min_share)
    if tpm is None:
        return enough, np.ones(len(matrix), np.bool_)
    abundance = checked_values(tpm, "TPM")
    if abundance.shape != matrix.shape:
        raise InputError(f"TPM: expected shape {matrix.shape} as the counts', found {abundance.shape}")
    if not (abundance >= 0).all():
        row, column = np.argwhere(~(abundance >= 0))[0]
        raise InputError(
            f"TPM: the value in row {row + 1}, column {column + 1} is {abundance[row, column]:g}, "
            "expected at least 0"
        )
    high = abundance > min_tpm if strict_tpm else abundance >= min_tpm
    return enough, _in_enough(high, min_share)


def _in_enough(passing: Mask, share: float) -> Mask:
    needed = math.ceil(share * passing.shape[1] - _ROUNDING)
    return np.asarray(np.count_nonzero(passing, axis=1) >= needed)


def check_limits(*, min_count: float, min_tpm: float, min_share: float) -> None:
    """Refuse limits that no gene or every gene would pass by mistake.

    Raises
    ------
    UsageError
    """
    for name, value in (("min_count", min_count), ("min_tpm", min_tpm)):
        if not (value >= 0 and math.isfinite(value)):
            raise UsageError(f"--{name} {value:g}: expected at least 0")
    if not 0 < min_share <= 1:
        raise UsageError(f"--min_share {min_share:g}: expected a share of samples above 0, at most 1")


def filter_by_expression(
    counts: ArrayLike,
    *,
    group: ArrayLike | None = None,
    design: ArrayLike | None = None,
    lib_size: ArrayLike | None = None,
    norm_factors: ArrayLike | None = None,
    min_count: float = 10.0,
    min_total_count: float = 15.0,
    large_n: int = 10,
    min_prop: float = 0.7,
) -> Mask:
    """Genes with enough reads for the smallest group of samples, as edgeR's filterByExpr.

    A gene is kept when its CPM reaches that of `min_count` reads in a library of median size in at
    least as many samples as the smallest group has, and its reads over all samples reach
    `min_total_count`. Of a group larger than `large_n` only a share `min_prop` of what is over counts.

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
    group : array-like, shape (samples,), optional
        Labels of groups. Neither group nor design: all samples are one group.
    design : array-like, shape (samples, D), optional
        Design matrix; the smallest group is one over its largest leverage. Not used where a group is given.
    lib_size, norm_factors : array-like, shape (samples,), optional
        As :func:`postgwas.expression.per_million.cpm`.
    min_count, min_total_count, large_n, min_prop
        As in edgeR.

    Returns
    -------
    ndarray of bool, shape (genes,)
        True: keep.

    Raises
    ------
    InputError
        As :func:`postgwas.expression.counts.checked_counts`.
    UsageError
        An option out of range, or group or design of another length.

    References
    ----------
    Chen, Lun & Smyth (2016) F1000Research 5, 1438; the edgeR manual, filterByExpr.

    Examples
    --------
    >>> filter_by_expression([[100, 100], [1, 1], [900, 900]])
    array([ True, False,  True])
    """
    _check_edger(min_count, min_total_count, large_n, min_prop)
    matrix = checked_counts(counts)
    sizes = effective_sizes(matrix, given_library_sizes(matrix, lib_size), norm_factors)
    smallest = _smallest_group(matrix.shape[1], group, design)
    if smallest > large_n:
        smallest = large_n + (smallest - large_n) * min_prop
    # Written as edgeR's, so that a gene that meets the limit exactly meets it in the same bits.
    limit = min_count / np.median(sizes) * MILLION
    reached = np.count_nonzero(matrix * (MILLION / sizes) >= limit, axis=1)
    tolerance = 1e-14
    kept: Mask = (reached >= smallest - tolerance) & (matrix.sum(axis=1) >= min_total_count - tolerance)
    return kept


def _check_edger(min_count: float, min_total_count: float, large_n: int, min_prop: float) -> None:
    for name, value in (("min_count", min_count), ("min_total_count", min_total_count), ("large_n", large_n)):
        if not (value >= 0 and math.isfinite(value)):
            raise UsageError(f"--{name} {value:g}: expected at least 0")
    if not 0 <= min_prop <= 1:
        raise UsageError(f"--min_prop {min_prop:g}: expected a share from 0 to 1")


def _smallest_group(n: int, group: ArrayLike | None, design: ArrayLike | None) -> float:
    if group is not None:
        labels = np.asarray(group)
        if labels.shape != (n,):
            raise UsageError(f"group: expected {n} labels, one per sample, found shape {labels.shape}")
        return float(np.unique(labels, return_counts=True)[1].min())
    if design is None:
        return float(n)
    columns = np.asarray(design, dtype=np.float64)
    if columns.ndim != 2 or len(columns) != n:
        raise UsageError(f"design: expected {n} rows, one per sample, found shape {columns.shape}")
    return float(1.0 / _leverages(columns).max())


def _leverages(design: Floats) -> Floats:
    left, singular, _ = np.linalg.svd(design, full_matrices=False)
    span = left[:, singular > 1e-7 * singular.max(initial=0.0)]
    leverages: Floats = np.square(span).sum(axis=1)
    return leverages
