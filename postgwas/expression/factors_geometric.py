"""Factors from ratios to a geometric mean over samples: RLE and DESeq2's size factors."""

from __future__ import annotations

import math
from typing import Literal

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

SizeFactorType = Literal["ratio", "poscounts"]


def rle(counts: ArrayLike, *, lib_size: ArrayLike | None = None) -> Floats:
    """Normalisation factors by relative log expression, as edgeR's calcNormFactors(method="RLE").

    The median, over genes with reads in every sample, of the ratio to the gene's geometric mean;
    divided by the library size.

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
    lib_size : array-like, shape (samples,), optional
        By default the column sums.

    Returns
    -------
    ndarray of float64, shape (samples,)
        Factors that multiply to one.

    Raises
    ------
    InputError
        No gene has reads in every sample, or as :func:`postgwas.expression.counts.checked_counts`.

    References
    ----------
    Anders & Huber (2010) Genome Biology 11, R106, equation 5.

    Examples
    --------
    >>> rle([[10, 20], [30, 60], [10, 500]]).round(4)
    array([2.4083, 0.4152])
    """
    matrix = checked_counts(counts)
    sizes = given_library_sizes(matrix, lib_size)
    if matrix.shape[1] == 1:
        return np.ones(1)
    everywhere = _everywhere(matrix, "RLE", hint="TMM or TMMwsp")
    means = np.exp(_sample_mean(np.log(everywhere)))
    return centred(_sample_medians(everywhere / means[:, None]) / sizes)


def size_factors(counts: ArrayLike, *, type: SizeFactorType = "ratio") -> Floats:
    """Size factors as DESeq2's estimateSizeFactors: counts divided by them are on one scale.

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
    type : {"ratio", "poscounts"}
        "ratio": the median, over genes with reads in every sample, of the ratio to the gene's
        geometric mean. "poscounts": every gene with any read counts; its mean is the n-th root of the
        product of its positive counts (n all samples), the median of a sample is over its own positive
        counts, and the factors are scaled to multiply to one.

    Returns
    -------
    ndarray of float64, shape (samples,)

    Raises
    ------
    InputError
        No gene has reads in every sample (type "ratio"), or as
        :func:`postgwas.expression.counts.checked_counts`.
    UsageError
        Another type.

    References
    ----------
    Anders & Huber (2010) Genome Biology 11, R106, equation 5; the DESeq2 manual, estimateSizeFactors.

    Examples
    --------
    >>> size_factors([[10, 20], [30, 60], [10, 500]]).round(4)
    array([0.7071, 1.4142])
    """
    matrix = checked_counts(counts)
    if type == "ratio":
        logs = np.log(_everywhere(matrix, "size factors", hint="type poscounts, or TMM"))
        return np.exp(_sample_medians(logs - _sample_mean(logs)[:, None]))
    if type != "poscounts":
        raise UsageError(f"type {type!r}: expected 'ratio' or 'poscounts'")
    matrix = expressed(matrix)
    logs = np.log(np.where(matrix > 0, matrix, 1.0))
    deviations = logs - _sample_mean(logs)[:, None]
    medians = [
        np.median(own[seen])
        for counts_block, block in zip(sample_blocks(matrix), sample_blocks(deviations))
        for seen, own in zip(np.ascontiguousarray(counts_block > 0), np.ascontiguousarray(block))
    ]
    return centred(np.exp(np.array(medians)))


def scaled_log2(counts: ArrayLike, factors: ArrayLike, *, pseudocount: float = 1.0) -> Floats:
    """log2(count / size factor + pseudocount), as DESeq2's normTransform.

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
    factors : array-like, shape (samples,)
        Size factors, positive.
    pseudocount : float

    Returns
    -------
    ndarray of float64, shape (genes, samples)

    Examples
    --------
    >>> scaled_log2([[3, 7]], [1.0, 1.0])
    array([[2., 3.]])
    """
    return np.log2(np.asarray(counts, np.float64) / np.asarray(factors, np.float64) + pseudocount)


def _everywhere(matrix: Floats, what: str, *, hint: str) -> Floats:
    genes = matrix[(matrix > 0).all(axis=1)]
    if not len(genes):
        raise InputError(f"{what}: no gene has reads in every sample", hint=hint)
    return genes


def _sample_medians(values: Floats) -> Floats:
    """Median of each column; a few at a time lie together in memory."""
    return np.concatenate([np.median(np.ascontiguousarray(b), axis=1) for b in sample_blocks(values)])


def _sample_mean(logs: Floats) -> Floats:
    """Mean over samples of each gene; the order of samples changes no bit."""
    return np.array([math.fsum(row) for row in logs.tolist()]) / logs.shape[1]
