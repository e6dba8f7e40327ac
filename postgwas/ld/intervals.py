"""Which variants lie in which genomic intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Intervals:
    """Half-open intervals as BED files have them: bases start + 1 to end.

    Attributes
    ----------
    chr : ndarray of int8, shape (K,)
        Chromosome codes (X = 23, Y = 24, MT = 25).
    start : ndarray of int64, shape (K,)
        0-based first base.
    end : ndarray of int64, shape (K,)
        0-based, one past the last base; greater than `start`.
    """

    chr: NDArray[np.int8]
    start: Integers
    end: Integers

    def __len__(self) -> int:
        return len(self.chr)

    def widened(self, bases: int) -> Intervals:
        """With so many bases more on each side, cut off at the chromosome's beginning."""
        return Intervals(self.chr, np.maximum(self.start - bases, 0), self.end + bases)


def count_overlaps(chr: NDArray[np.int8], pos: Integers, intervals: Intervals) -> Integers:
    """Number of intervals that hold each position.

    An interval holds a position if it begins before it and does not end before it; so the
    count is a difference of two ranks, and intervals need not be merged.

    Parameters
    ----------
    chr : ndarray of int8, shape (V,)
        Codes; 0 or less is on no interval.
    pos : ndarray of int64, shape (V,)
        1-based.
    intervals : Intervals

    Returns
    -------
    ndarray of int64, shape (V,)

    Examples
    --------
    >>> bed = Intervals(np.array([1, 1], np.int8), np.array([10, 12]), np.array([15, 20]))
    >>> count_overlaps(np.ones(5, np.int8), np.array([10, 11, 13, 15, 16]), bed).tolist()
    [0, 1, 2, 2, 1]
    """
    counts = np.zeros(len(pos), dtype=np.int64)
    for code in np.unique(intervals.chr):
        here = np.flatnonzero(chr == code)
        if code > 0 and here.size:
            on = intervals.chr == code
            begun = np.searchsorted(np.sort(intervals.start[on]), pos[here], side="left")
            ended = np.searchsorted(np.sort(intervals.end[on]), pos[here], side="left")
            counts[here] = begun - ended
    return counts
