"""Counts per million, per kilobase too, and their logarithms."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from postgwas.errors import InputError, UsageError
from postgwas.expression.counts import Floats, checked_counts, given_library_sizes, library_sizes

MILLION = 1e6


def cpm(
    counts: ArrayLike,
    *,
    lib_size: ArrayLike | None = None,
    norm_factors: ArrayLike | None = None,
    log: bool = False,
    prior_count: float = 2.0,
) -> Floats:
    """Counts per million reads, as edgeR's cpm.

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
    lib_size : array-like, shape (samples,), optional
        Library sizes; by default the column sums.
    norm_factors : array-like, shape (samples,), optional
        Such as :func:`postgwas.expression.factors_tmm.tmm`; library sizes are multiplied by them.
    log : bool
        log2((y + a) / (N + 2 a) 10^6), where a sample's a is `prior_count` times N over the mean N.
    prior_count : float
        Only used with `log`; positive then.

    Returns
    -------
    ndarray of float64, shape (genes, samples)

    Raises
    ------
    InputError
        As :func:`postgwas.expression.counts.checked_counts`.
    UsageError
        Factors or sizes that are not positive, or not one per sample.

    References
    ----------
    Robinson, McCarthy & Smyth (2010) Bioinformatics 26, 139; the edgeR manual, cpm.

    Examples
    --------
    >>> cpm([[1, 2], [3, 6]])
    array([[250000., 250000.],
           [750000., 750000.]])
    """
    matrix = checked_counts(counts)
    sizes = effective_sizes(matrix, lib_size, norm_factors)
    if not log:
        return matrix * (MILLION / sizes)
    prior = scaled_prior(sizes, prior_count)
    return np.log2((matrix + prior) / (sizes + 2 * prior) * MILLION)


def effective_sizes(counts: Floats, lib_size: ArrayLike | None, norm_factors: ArrayLike | None) -> Floats:
    """Library sizes times factors.

    Raises
    ------
    UsageError
        Not one positive number per sample.
    """
    sizes = given_library_sizes(counts, lib_size)
    if norm_factors is None:
        return sizes
    factors = np.asarray(norm_factors, dtype=np.float64)
    if factors.shape != sizes.shape or not (np.isfinite(factors) & (factors > 0)).all():
        raise UsageError(f"norm_factors: expected {len(sizes)} positive numbers")
    return sizes * factors


def scaled_prior(sizes: Floats, prior_count: float) -> Floats:
    """A prior count for each sample, in proportion to its library.

    Raises
    ------
    UsageError
        If it is not positive.
    """
    if not prior_count > 0:
        raise UsageError(
            f"--prior_count {prior_count:g}: expected a positive number: zero counts have no logarithm"
        )
    mean = math.fsum(sizes.tolist()) / len(sizes)  # the order of samples must change no bit
    scaled: Floats = prior_count * sizes / mean
    return scaled


def rpkm(
    counts: ArrayLike,
    lengths: ArrayLike,
    *,
    lib_size: ArrayLike | None = None,
    norm_factors: ArrayLike | None = None,
    log: bool = False,
    prior_count: float = 2.0,
) -> Floats:
    """Counts per kilobase and million reads, as edgeR's rpkm: CPM over length in kilobases.

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
    lengths : array-like, shape (genes,)
        Base pairs, positive.
    lib_size, norm_factors, log, prior_count
        As :func:`cpm`.

    Returns
    -------
    ndarray of float64, shape (genes, samples)

    Raises
    ------
    InputError, UsageError
        As :func:`cpm`; lengths that are not positive.

    Examples
    --------
    >>> rpkm([[1, 2], [3, 6]], [500, 2000])
    array([[500000., 500000.],
           [375000., 375000.]])
    """
    values = cpm(counts, lib_size=lib_size, norm_factors=norm_factors, log=log, prior_count=prior_count)
    kilobases = checked_lengths(lengths, values.shape[0])[:, None] / 1000
    return values - np.log2(kilobases) if log else values / kilobases


def tpm(counts: ArrayLike, lengths: ArrayLike) -> Floats:
    """Transcripts per million: counts over length, scaled to a million in each sample.

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
    lengths : array-like, shape (genes,) or (genes, samples)
        Base pairs, positive; effective lengths may differ by sample.

    Returns
    -------
    ndarray of float64, shape (genes, samples)

    Raises
    ------
    InputError
        As :func:`postgwas.expression.counts.checked_counts`; lengths that are not positive.

    References
    ----------
    Li & Dewey (2011) BMC Bioinformatics 12, 323.

    Examples
    --------
    >>> tpm([[1, 2], [4, 4]], [500, 2000])
    array([[500000.        , 666666.66666667],
           [500000.        , 333333.33333333]])
    """
    matrix = checked_counts(counts)
    per_sample = np.ndim(lengths) == 2
    bases = checked_lengths(lengths, matrix.shape if per_sample else matrix.shape[0])
    rates = matrix / (bases if per_sample else bases[:, None])
    return rates / (library_sizes(rates) / MILLION)


def checked_lengths(lengths: ArrayLike, shape: int | tuple[int, ...]) -> Floats:
    """Lengths of genes.

    Raises
    ------
    InputError
        Not one positive number per gene.
    """
    bases = np.asarray(lengths, dtype=np.float64)
    expected = (shape,) if isinstance(shape, int) else shape
    if bases.shape != expected:
        raise InputError(f"lengths: expected shape {expected}, one per gene, found {bases.shape}")
    bad = ~(np.isfinite(bases) & (bases > 0))
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        raise InputError(
            f"lengths: {int(bad.sum()):,} are not positive numbers, the first is that of gene {row + 1}"
        )
    return bases
