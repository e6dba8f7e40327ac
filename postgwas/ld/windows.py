"""Which variants lie in the LD window of which: the left ends of windows, exact or in chunks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Left = NDArray[np.int64]


def left_edges(coordinates: NDArray[Any], reach: float, starts: NDArray[np.int64]) -> Left:
    """First variant in the window of each variant; windows end at chromosome borders.

    Variant i < j is in the window of j, and j in that of i, if i and j are on one
    chromosome and ``coordinates[j] - coordinates[i] <= reach``; so the left ends say all.

    Parameters
    ----------
    coordinates : ndarray, shape (V,)
        Ascending within a chromosome.
    reach : float
        Half the width of the window, in the unit of `coordinates`.
    starts : ndarray of int64, shape (C,)
        First variant of each chromosome, ascending, beginning with 0.

    Returns
    -------
    ndarray of int64, shape (V,)

    Examples
    --------
    >>> left_edges(np.array([1.0, 2.0, 3.0, 1.0]), 1.0, np.array([0, 3])).tolist()
    [0, 0, 1, 3]
    """
    left = np.empty(len(coordinates), np.int64)
    for start, stop in zip(starts, [*starts[1:], len(coordinates)]):
        left[start:stop] = start + _within_chromosome(coordinates[start:stop], reach)
    return left


def _within_chromosome(coordinates: NDArray[Any], reach: float) -> Left:
    left = np.searchsorted(coordinates, coordinates - reach, side="left").astype(np.int64)
    # x - reach is rounded: hold each edge against the difference itself. Steps go from one
    # coordinate to the next, because many variants can share one where a map is coarse.
    first = np.searchsorted(coordinates, coordinates, side="left")
    after = np.searchsorted(coordinates, coordinates, side="right")
    while (inside := (left > 0) & (coordinates - coordinates[np.maximum(left - 1, 0)] <= reach)).any():
        left = np.where(inside, first[np.maximum(left - 1, 0)], left)
    while (outside := coordinates - coordinates[left] > reach).any():
        left = np.where(outside, after[left], left)
    return left


def left_edges_across(coordinates: NDArray[Any], reach: float, starts: NDArray[np.int64]) -> Left:
    """Left ends as ldsc.py 1.0.1 finds them: the chromosome is not looked at.

    A pointer moves right until the distance is at most `reach`, and never back. Where the
    first variants of a chromosome have coordinates near those of the variants before, they
    stay in one window with them.

    Parameters and returned array are those of :func:`left_edges`.

    Examples
    --------
    >>> left_edges_across(np.array([1.0, 2.0, 3.0, 1.0]), 1.0, np.array([0, 3])).tolist()
    [0, 0, 1, 1]
    """
    left = left_edges(coordinates, reach, starts)
    for start, stop in zip(starts[1:], [*starts[2:], len(coordinates)]):
        pointer = int(left[start - 1])
        for i in range(start, stop):
            near = np.abs(coordinates[pointer:start] - coordinates[i]) <= reach
            if not near.any():
                break
            pointer += int(near.argmax())
            left[i] = pointer
    return left


def chunked_edges(left: Left, chunk: int) -> Left:
    """Left ends when windows are rounded to chunks of variants, as in ldsc.py 1.0.1.

    The variants of a chunk share one window: it begins with the chunk that holds the left
    end of the first variant's exact window.

    Parameters
    ----------
    left : ndarray of int64, shape (V,)
        Exact left ends.
    chunk : int
        Variants in a chunk; 1 leaves the windows exact.

    Examples
    --------
    >>> chunked_edges(np.array([0, 0, 1, 2, 3, 4]), 2).tolist()
    [0, 0, 0, 0, 2, 2]
    """
    return np.repeat(left[::chunk] // chunk * chunk, chunk)[: len(left)]


def right_edges(left: Left) -> Left:
    """One past the last variant whose window holds each variant; `left` must be ascending.

    Examples
    --------
    >>> right_edges(np.array([0, 0, 1, 3])).tolist()
    [2, 3, 3, 4]
    """
    # Variants are in the windows of all up to the first one whose window begins after them.
    return np.searchsorted(left, np.arange(len(left)), side="right").astype(np.int64)
