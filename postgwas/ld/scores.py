"""LD scores: sums of squared correlations over windows, by blocks of products.

Arrays in, arrays out; reading genotypes is the business of :mod:`postgwas.ld.run`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.ld.windows import Left, right_edges

Calls = NDArray[np.int8] | NDArray[np.float32]
Floats = NDArray[np.float64]
Standardised = NDArray[np.float32] | NDArray[np.float64]

TILE = 128
"""Variants whose products are taken at once. Part of the result's last bits, so no option."""
_ROWS = 1024
"""Rows of one product, so that it stays in the cache."""


def standardise(calls: Calls, mean: Floats, deviation: Floats, dtype: type = np.float32) -> Standardised:
    """Rows of mean 0 and sum of squares 1; missing values become the mean.

    Parameters
    ----------
    calls : ndarray, shape (V, n_samples)
        Copies of an allele: int8 with negative values for missing, or float32 with NaN.
    mean : ndarray of float64, shape (V,)
        Mean of the observed copies.
    deviation : ndarray of float64, shape (V,)
        Sum of their squared deviations from the mean; greater than 0.
    dtype : type
        np.float32 or np.float64.

    Returns
    -------
    ndarray of `dtype`, shape (V, n_samples)
        So that the product of two rows is their correlation.

    Examples
    --------
    >>> calls, mean, deviation = np.array([[0, 2, -9]], np.int8), np.array([1.0]), np.array([2.0])
    >>> standardise(calls, mean, deviation, np.float64).round(4).tolist()
    [[-0.7071, 0.7071, 0.0]]
    """
    # First the whole part of the mean, without rounding: 2 - 1.998 in float32 has four digits.
    whole = np.rint(mean)
    scaled: Standardised = np.subtract(calls, whole.astype(calls.dtype)[:, None]).astype(dtype)
    scaled -= (mean - whole).astype(dtype)[:, None]
    scaled *= (1.0 / np.sqrt(deviation)).astype(dtype)[:, None]
    observed = calls >= 0
    if not observed.all():
        scaled[~observed] = 0.0
    return scaled


@dataclass(frozen=True, eq=False)
class BandSums:
    """Sums over pairs of variants.

    Attributes
    ----------
    first : int
        Variant of the first row of `sums`.
    sums : ndarray of float64, shape (K, A)
        For variants first, first + 1, ...
    """

    first: int
    sums: Floats


def band_sums(
    read: Callable[[int, int], tuple[Standardised, ...]],
    left: Left,
    annot: Floats | None,
    start: int,
    stop: int,
) -> BandSums:
    """Sums of products of correlations, over the pairs whose right member is in a range.

    Each pair (i, j), left[j] <= i < j, start <= j < stop, is computed once and adds
    annot[i] times the product to j's sum, annot[j] times it to i's. The pair (j, j) adds
    annot[j]. Sums of neighbouring ranges add up to those of all pairs. With one population
    the product is r^2; with two, it is r1^2, r2^2 and r1 r2, each with columns of its own.

    Parameters
    ----------
    read : callable
        ``read(a, b)`` gives the standardised genotypes of variants a to b (excluded), one
        array a population, of shape (b - a, n_samples). Called with ascending ranges.
    left : ndarray of int64, shape (stop - start,)
        First variant of the window of each variant of the range; ascending.
    annot : ndarray of float64, shape (stop - left[0], A), optional
        Weights of variants left[0] to stop; None: one column of ones. With two populations
        a third of the columns each for r1^2, r2^2 and r1 r2; never None.
    start, stop : int
        The range.

    Returns
    -------
    BandSums
        Of variants left[0] to stop.
    """
    first = int(left[0])
    weights = np.ones((stop - first, 1)) if annot is None else annot
    sums = np.zeros(weights.shape)
    window = _Window(read, first, _capacity(left, start))
    for begin in range(start, stop, TILE):
        end = min(begin + TILE, stop)
        edges = left[begin - start : end - start]
        live = window.advance(int(edges[0]), end)
        _add_tile(live, int(edges[0]), begin, edges, weights, first, sums)
    sums[start - first :] += weights[start - first :]
    return BandSums(first, sums)


def _capacity(left: Left, start: int) -> int:
    """Variants that the longest window needs, its tile included."""
    ends = np.minimum(np.arange(TILE, len(left) + TILE, TILE), len(left))
    return int(np.max(start + ends - left[::TILE]))


class _Window:
    """The standardised genotypes of a moving range of variants, side by side in memory."""

    def __init__(
        self, read: Callable[[int, int], tuple[Standardised, ...]], first: int, longest: int
    ) -> None:
        self._read = read
        self._buffers: tuple[Standardised, ...] = ()
        self._capacity = longest + max(TILE, longest // 4)
        self._begin = self._end = first

    def advance(self, begin: int, end: int) -> tuple[Standardised, ...]:
        """Genotypes of variants begin to end, one array a population."""
        if end - self._begin > self._capacity:
            self._forget(begin)
        while self._end < end:
            stop = min(self._end + TILE, end)
            blocks = self._read(self._end, stop)
            if not self._buffers:
                self._buffers = tuple(np.empty((self._capacity, b.shape[1]), b.dtype) for b in blocks)
            for buffer, block in zip(self._buffers, blocks):
                buffer[self._end - self._begin : stop - self._begin] = block
            self._end = stop
        return tuple(buffer[begin - self._begin : end - self._begin] for buffer in self._buffers)

    def _forget(self, begin: int) -> None:
        begin = min(begin, self._end)
        for buffer in self._buffers:
            buffer[: self._end - begin] = buffer[begin - self._begin : self._end - self._begin]
        self._begin = begin


def _add_tile(
    live: tuple[Standardised, ...],
    low: int,
    begin: int,
    edges: Left,
    weights: Floats,
    first: int,
    sums: Floats,
) -> None:
    """Pairs whose right member is in one tile; `live` begins at variant `low`."""
    end = begin + len(edges)
    tile = [block[begin - low :] for block in live]
    for top in range(low, end, _ROWS):
        bottom = min(top + _ROWS, end)
        own, others = weights[top - first : bottom - first], weights[begin - first : end - first]
        products = _products([block[top - low : bottom - low] for block in live], tile)
        width = weights.shape[1] // len(products)
        for number, product in enumerate(products):
            columns = slice(number * width, (number + 1) * width)
            _blank_outside(product, top, begin, edges)
            exact = product.astype(np.float64, copy=False)
            sums[begin - first : end - first, columns] += exact.T @ own[:, columns]
            sums[top - first : bottom - first, columns] += exact @ others[:, columns]


def _products(rows: list[Standardised], tile: list[Standardised]) -> list[Standardised]:
    """r^2 of one population; r1^2, r2^2 and r1 r2 of two."""
    correlations = [a @ b.T for a, b in zip(rows, tile)]
    if len(correlations) == 1:
        return [np.square(correlations[0], out=correlations[0])]
    one, two = correlations
    cross = one * two
    return [np.square(one, out=one), np.square(two, out=two), cross]


def _blank_outside(product: Standardised, top: int, begin: int, edges: Left) -> None:
    """Set pairs outside the window, and those of the tile that are met twice, to 0."""
    bottom = top + len(product)
    if top < edges[-1]:
        ragged = slice(0, min(bottom, int(edges[-1])) - top)
        rows = np.arange(top, top + ragged.stop)
        product[ragged][rows[:, None] < edges] = 0.0
    if bottom > begin:
        square = slice(max(begin - top, 0), None)
        rows = np.arange(top + (square.start or 0), bottom)
        product[square][rows[:, None] >= np.arange(begin, begin + len(edges))] = 0.0


def unbiased(squares: Floats, weights: Floats, left: Left, n_samples: int) -> Floats:
    """LD scores from sums of r^2: the sums of annot * (r^2 - (1 - r^2) / (n - 2)).

    Parameters
    ----------
    squares : ndarray of float64, shape (V, A)
        Sums of annot * r^2 over windows, the variant itself included.
    weights : ndarray of float64, shape (V, A)
        Annotation values.
    left : ndarray of int64, shape (V,)
        Left ends of the windows.
    n_samples : int
        At least 3.

    References
    ----------
    Bulik-Sullivan et al. 2015, Nature Genetics 47:291, Methods ("LD Score estimation").
    """
    total = np.zeros((len(weights) + 1, weights.shape[1]))
    np.cumsum(weights, axis=0, out=total[1:])
    in_window = total[right_edges(left)] - total[left]
    return squares * (1.0 + 1.0 / (n_samples - 2)) - in_window / (n_samples - 2)
