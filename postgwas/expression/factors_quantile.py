"""Normalisation factors by a quantile of each sample's counts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from postgwas.errors import InputError, UsageError
from postgwas.expression.centred import centred
from postgwas.expression.counts import (
    Floats,
    checked_counts,
    expressed,
    given_library_sizes,
    sample_blocks,
)


def upper_quartile(counts: ArrayLike, *, lib_size: ArrayLike | None = None, p: float = 0.75) -> Floats:
    """Factors from the upper quartile of counts, as edgeR's calcNormFactors(method="upperquartile").

    The quantile `p` of a sample's counts, over the genes with a read in any sample, as a share of its
    library size.

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
    lib_size : array-like, shape (samples,), optional
        By default the column sums.
    p : float
        The quantile, in (0, 1].

    Returns
    -------
    ndarray of float64, shape (samples,)
        Factors that multiply to one.

    Raises
    ------
    InputError
        A sample's quantile is zero, or as :func:`postgwas.expression.counts.checked_counts`.
    UsageError
        `p` out of range.

    References
    ----------
    Bullard et al. (2010) BMC Bioinformatics 11, 94, "Global normalization procedures".

    Examples
    --------
    >>> upper_quartile([[1, 4], [2, 2], [3, 3], [6, 3]]).round(4)
    array([1.0742, 0.9309])
    """
    if not 0 < p <= 1:
        raise UsageError(f"p {p:g}: expected a quantile above 0 and at most 1")
    matrix = checked_counts(counts)
    sizes = given_library_sizes(matrix, lib_size)
    if matrix.shape[1] == 1:
        return np.ones(1)
    quantiles = sample_quantiles(expressed(matrix), p)
    zero = np.flatnonzero(quantiles == 0)
    if len(zero):
        raise InputError(
            f"upper quartile: the {p:g} quantile of counts is 0 in {len(zero):,} sample(s), the first in "
            f"column {zero[0] + 1}",
            hint="a larger p, or TMMwsp",
        )
    return centred(quantiles / sizes)


def sample_quantiles(counts: Floats, p: float) -> Floats:
    """Quantile `p` of each sample's counts, between the two nearest order statistics (R's type 7)."""
    n = counts.shape[0]
    if not n:
        return np.zeros(counts.shape[1])
    place = (n - 1) * p
    low, high = math.floor(place), math.ceil(place)
    weight = place - low
    parts = []
    for block in sample_blocks(counts):
        ordered = np.partition(np.ascontiguousarray(block), sorted({low, high}), axis=1)
        below, above = ordered[:, low], ordered[:, high]
        parts.append(np.where(below == above, below, (1 - weight) * below + weight * above))
    return np.concatenate(parts)
