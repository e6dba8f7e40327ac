"""The simplex lattice in the order of mtag.py's grid: any run of its points from their position alone."""

from __future__ import annotations

from math import comb

import numpy as np

from postgwas.errors import UsageError
from postgwas.mtag.maxfdr import Floats

_MAX_POINTS = 2**62


def count_points(n_traits: int, intervals: int) -> int:
    """Number of points of the lattice, feasible or not: C(intervals + 2^T - 1, intervals).

    Examples
    --------
    >>> count_points(2, 10), count_points(3, 10), count_points(4, 10)
    (286, 19448, 3268760)
    """
    return comb(intervals + 2**n_traits - 1, intervals)


def check_size(n_traits: int, intervals: int) -> int:
    """Number of points, or an error where they are too many to be numbered."""
    size = count_points(n_traits, intervals)
    if size > _MAX_POINTS:
        raise UsageError(
            f"a grid of {intervals} intervals for {n_traits} traits has {size:.2g} points",
            hint="--fdr_method optimise",
        )
    return size


def lattice_block(n_traits: int, intervals: int, start: int, stop: int) -> Floats:
    """Points `start` to `stop` of the lattice, in the order of mtag.py.

    Returns
    -------
    ndarray, shape (stop - start, 2^T)
        Probabilities, each a multiple of 1 / intervals.

    Examples
    --------
    >>> lattice_block(1, 2, 0, 3).tolist()
    [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]]
    """
    n_states = 2**n_traits
    rank = np.arange(start, min(stop, check_size(n_traits, intervals)), dtype=np.int64)
    rest = np.full(len(rank), intervals, dtype=np.int64)
    units = np.zeros((len(rank), n_states))
    for state in range(n_states - 1):
        # below[m, c]: points with m units left for this and later states, and fewer than c of them here.
        later = n_states - 2 - state
        below = np.full((intervals + 1, intervals + 1), np.iinfo(np.int64).max)
        for left in range(intervals + 1):
            ways = [0, *(comb(left - c + later, later) for c in range(left))]
            below[left, : left + 1] = np.cumsum(ways)
        thresholds = below[rest]
        here = (rank[:, None] >= thresholds).sum(axis=1) - 1
        rank -= np.take_along_axis(thresholds, here[:, None], axis=1)[:, 0]
        rest -= here
        units[:, state] = here
    units[:, -1] = rest
    return units / intervals
