"""Sentinel variants: the strongest association of each stretch of the genome."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.errors import UsageError

GENOME_WIDE = 7.301029995663981
"""-log10 of 5e-8."""
DISTANCE = 1_000_000
WINDOW = 500_000
"""Base pairs on either side of a sentinel that are its region."""


def sentinels(
    chromosome: ArrayLike,
    position: ArrayLike,
    mlog10p: ArrayLike,
    *,
    threshold: float = GENOME_WIDE,
    distance: int = DISTANCE,
) -> NDArray[np.int64]:
    """The strongest variants, one after the other, none closer than `distance` to a stronger one.

    Parameters
    ----------
    chromosome, position : array-like of int, shape (V,)
    mlog10p : array-like, shape (V,)
        -log10 P; NaN is none.
    threshold : float
        Least -log10 P of a sentinel.
    distance : int
        Base pairs, at least, between two sentinels of a chromosome.

    Returns
    -------
    ndarray of int64
        Rows, by chromosome and position. Of equally strong ones the first by position is taken.

    Raises
    ------
    UsageError
        If lengths differ, or `distance` is negative.

    Examples
    --------
    >>> sentinels([1, 1, 1, 2], [100, 900_000, 1_200_000, 5], [9.0, 12.0, 8.0, 20.0]).tolist()
    [1, 3]
    """
    code = np.asarray(chromosome, np.int64)
    place = np.asarray(position, np.int64)
    strength = np.asarray(mlog10p, np.float64)
    if not code.shape == place.shape == strength.shape or code.ndim != 1:
        raise UsageError("chromosome, position and mlog10p: expected vectors of one length")
    if distance < 0:
        raise UsageError(f"distance = {distance}: expected 0 or more base pairs")
    rows = np.flatnonzero(strength >= threshold)
    rows = rows[np.lexsort((place[rows], code[rows], -strength[rows]))]
    free = np.ones(rows.size, np.bool_)
    chosen = []
    for at in range(rows.size):
        if not free[at]:
            continue
        row = rows[at]
        chosen.append(row)
        near = (code[rows] == code[row]) & (np.abs(place[rows] - place[row]) < distance)
        free &= ~near
    found = np.array(chosen, np.int64)
    return found[np.lexsort((place[found], code[found]))]
