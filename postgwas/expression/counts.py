"""What every count matrix must be before anything is computed from it, and its library sizes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import InputError, UsageError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Below this all sums of whole numbers are exact, so their order cannot matter.
_EXACT = 2.0**53
_BLOCK = 64


def as_numbers(values: ArrayLike, what: str) -> Floats:
    """Any array, list or frame of numbers as float64; masked values become NaN.

    Raises
    ------
    InputError
        Text, complex numbers, rows of unequal length.

    Examples
    --------
    >>> as_numbers(np.ma.masked_array([1, 2], [False, True]), "values")
    array([ 1., nan])
    """
    hint = "a frame's column of names is not part of it"
    try:
        if isinstance(values, np.ma.MaskedArray):
            return np.asarray(np.ma.filled(values.astype(np.float64), np.nan))
        given = np.asarray(values)
        if given.dtype.kind == "c":
            raise InputError(f"{what}: expected a matrix of numbers, found complex ones")
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{what}: expected a matrix of numbers", hint=hint) from None


def checked_values(values: ArrayLike, what: str = "expression") -> Floats:
    """A matrix of genes x samples as float64.

    Raises
    ------
    InputError
        Not two-dimensional, not numbers, or without samples.
    """
    matrix = as_numbers(values, what)
    if matrix.ndim != 2:
        raise InputError(f"{what}: expected a matrix of genes x samples, found {matrix.ndim} dimension(s)")
    if matrix.shape[1] == 0:
        raise InputError(f"{what}: the matrix has no samples")
    return matrix


def checked_counts(counts: ArrayLike, *, what: str = "counts") -> Floats:
    """A count matrix as float64; refuses what no normalisation can make sense of.

    Parameters
    ----------
    counts : array-like, shape (genes, samples)
        Reads; fractions are allowed, many quantifiers give them.
    what : str
        Name of the matrix in messages.

    Returns
    -------
    ndarray of float64, shape (genes, samples)

    Raises
    ------
    InputError
        NaN, infinite or negative entries; a sample without any read. Rows and columns are
        counted from 1.
    """
    matrix = checked_values(counts, what)
    for bad, told in ((~np.isfinite(matrix), "is not a finite number"), (matrix < 0, "is negative")):
        if bad.any():
            row, column = np.argwhere(bad)[0]
            raise InputError(
                f"{what}: {int(bad.sum()):,} value(s) cannot be counts: the first, in row {row + 1:,} and "
                f"column {column + 1:,}, is {matrix[row, column]:g} and {told}"
            )
    empty = np.flatnonzero(~(matrix > 0).any(axis=0))
    if len(empty):
        columns = ", ".join(str(i + 1) for i in empty[:5])
        raise InputError(
            f"{what}: {len(empty):,} sample(s) without a single read (total 0): column {columns}",
            hint="leave them out",
        )
    return matrix


def library_sizes(counts: Floats) -> Floats:
    """Reads of each sample, the same bits in any order of genes.

    Parameters
    ----------
    counts : ndarray, shape (genes, samples)

    Returns
    -------
    ndarray of float64, shape (samples,)
    """
    totals: Floats = counts.sum(axis=0)
    if len(totals) and totals.max() < _EXACT and whole_numbers(counts):
        return totals
    # Exact, then rounded once: so is R's sum in long doubles, all but always, and ties of log ratios
    # hang on the last bit.
    return np.array([math.fsum(sample.tolist()) for sample in counts.T])


def given_library_sizes(counts: Floats, lib_size: ArrayLike | None) -> Floats:
    """Library sizes as given, checked, or those of the counts.

    Raises
    ------
    UsageError
        Not one per sample, not positive, or smaller than the count of one gene.
    """
    if lib_size is None:
        return library_sizes(counts)
    sizes = np.asarray(lib_size, dtype=np.float64)
    if sizes.shape != (counts.shape[1],):
        raise UsageError(f"lib_size: expected {counts.shape[1]} values, found shape {sizes.shape}")
    largest = counts.max(axis=0, initial=0.0)
    if not (np.isfinite(sizes) & (sizes > 0) & (sizes >= largest)).all():
        raise UsageError("lib_size: expected positive numbers, none below the count of a single gene")
    return sizes


def whole_numbers(counts: Floats) -> bool:
    """Whether every count is an integer."""
    return all(bool((row == np.floor(row)).all()) for row in np.array_split(counts, len(counts) // 512 + 1))


def expressed(counts: Floats) -> Floats:
    """The genes with at least one read."""
    some = (counts > 0).any(axis=1)
    return counts if some.all() else counts[some]


def sample_blocks(counts: Floats, size: int = _BLOCK) -> list[Floats]:
    """Views of `size` samples each, transposed: shape (samples of the block, genes)."""
    return [counts[:, first : first + size].T for first in range(0, counts.shape[1], size)]


def ordered_sum(terms: Floats, axis: int = -1) -> Any:
    """Sum of the sorted terms: the same bits in whatever order they come."""
    return np.sort(terms, axis=axis).sum(axis=axis)
