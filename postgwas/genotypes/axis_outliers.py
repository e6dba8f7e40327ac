"""Samples far out on the first axes, as smartpca calls outliers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.genotypes.standardise import Floats


@dataclass(frozen=True, eq=False)
class AxisDistances:
    """How far out each sample lies.

    Attributes
    ----------
    largest : ndarray of float64, shape (n,)
        Largest distance from the mean of an axis, in standard deviations of that axis.
    axis : ndarray of int64, shape (n,)
        The axis where it is, from 0.
    """

    largest: Floats
    axis: NDArray[np.int64]

    def beyond(self, limit: float) -> NDArray[np.bool_]:
        """Samples further out than `limit` standard deviations."""
        return self.largest > limit


def axis_distances(scores: Floats, n_axes: int) -> AxisDistances:
    """Distances from the mean of each of the first axes, in standard deviations.

    Parameters
    ----------
    scores : ndarray of float64, shape (n, k)
    n_axes : int
        Axes to look at, from the first.

    References
    ----------
    Patterson, Price and Reich 2006, PLoS Genetics 2:e190 (smartpca: 6 SD on 10 axes, 5 rounds).

    Examples
    --------
    >>> axis_distances(np.array([[1.0], [1.0], [1.0], [5.0]]), 1).largest.round(3).tolist()
    [0.5, 0.5, 0.5, 1.5]
    """
    looked = scores[:, :n_axes]
    spread = looked.std(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        away = np.where(spread > 0, np.abs(looked - looked.mean(axis=0)) / spread, 0.0)
    axis = np.argmax(away, axis=1)
    return AxisDistances(away[np.arange(len(away)), axis], axis)
