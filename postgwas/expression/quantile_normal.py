"""Quantile normalisation: every sample gets the same distribution."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from postgwas.errors import InputError, UsageError
from postgwas.expression.counts import Floats, checked_values

QuantileTies = Literal["median", "mean"]


def quantile_normalise(values: ArrayLike, *, ties: QuantileTies = "median") -> Floats:
    """Replace each sample's k-th smallest value by the mean of all samples' k-th smallest values.

    Parameters
    ----------
    values : array-like, shape (genes, samples)
        Finite.
    ties : {"median", "mean"}
        What equal values of a sample get of the quantiles that they stand for: GTEx's pipeline gives
        the median.

    Returns
    -------
    ndarray of float64, shape (genes, samples)

    Raises
    ------
    InputError
        NaN or infinite values.
    UsageError
        `ties` unknown.

    Notes
    -----
    The order of genes and samples changes no bit.

    References
    ----------
    Bolstad et al. (2003) Bioinformatics 19, 185, section 2.1.

    Examples
    --------
    >>> quantile_normalise([[5.0, 4.0], [2.0, 1.0], [3.0, 6.0]])
    array([[5.5, 3.5],
           [1.5, 1.5],
           [3.5, 5.5]])
    """
    if ties not in ("median", "mean"):
        raise UsageError(f"ties {ties!r}: expected 'median' or 'mean'")
    matrix = checked_values(values)
    if not matrix.size:
        return matrix.copy()
    if not np.isfinite(matrix).all():
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        raise InputError(
            f"quantile normalisation: the value in row {row + 1}, column {column + 1} is not a finite number"
        )
    order = np.argsort(matrix, axis=0)
    ordered = np.take_along_axis(matrix, order, axis=0)
    # The exact sum of each row, so that no order of samples moves a bit and with it a tie.
    target = np.array([math.fsum(row) for row in ordered.tolist()]) / matrix.shape[1]
    out = np.empty_like(matrix)
    for j in range(matrix.shape[1]):
        out[order[:, j], j] = _shared(target, ordered[:, j], ties)
    return out


def _shared(target: Floats, ordered: Floats, ties: QuantileTies) -> Floats:
    """The quantiles, those of equal values brought together."""
    borders = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    if len(borders) == len(ordered) - 1:
        return target
    starts = np.concatenate([[0], borders])
    ends = np.concatenate([borders, [len(ordered)]])
    if ties == "mean":
        sums = np.array([math.fsum(target[a:b].tolist()) for a, b in zip(starts, ends)])
        return np.repeat(sums / (ends - starts), ends - starts)
    # Quantiles are sorted, so a median is the middle one or the mean of the two in the middle.
    low, high = target[(starts + ends - 1) // 2], target[(starts + ends) // 2]
    return np.repeat((low + high) / 2, ends - starts)
