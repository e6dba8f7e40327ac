"""Weighted sums over blocks of variants, streamed through the processor's cache.

The weight of a variant is ``overcounting / (ab + (slope * load + intercept)**2)``,
which covers both the heritability regression (``ab = 0``) and the covariance
regression. It is never stored for all variants at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from postgwas.ldsc.jackknife import Array, Indices

# Short enough for all working arrays to stay in cache, and for BLAS' dot product
# to stay on one thread, which makes sums independent of the number of threads.
CHUNK = 8192


@dataclass(frozen=True)
class Weighting:
    """Everything but the two numbers that change between reweightings.

    Attributes
    ----------
    overcounting : ndarray, shape (M,)
        1 / max(w_ld, 1), or 0 where a variant is left out.
    load : ndarray, shape (M,)
        N max(l, 1), with N the (geometric mean) sample size.
    ab : ndarray, shape (M,), optional
        Product of the two traits' own variances in the covariance regression.
    """

    overcounting: Array
    load: Array
    ab: Array | None = None

    def within(self, mask: npt.NDArray[np.bool_]) -> Weighting:
        """The same with weight 0 outside `mask`."""
        return Weighting(self.overcounting * mask, self.load, self.ab)

    def fill(self, out: Array, part: slice, slope: float, intercept: float) -> None:
        """Write the weights of the variants `part` to `out`."""
        np.multiply(self.load[part], slope, out=out)
        np.add(out, intercept, out=out)
        np.multiply(out, out, out=out)
        if self.ab is not None:
            np.add(out, self.ab[part], out=out)
        np.divide(self.overcounting[part], out, out=out)


def block_sums(
    x: Array, y: Array, weighting: Weighting, slope: float, intercept: float, borders: Indices
) -> tuple[Array, Array]:
    """X'WX and X'Wy of each block, with a column of ones after those of `x`.

    Parameters
    ----------
    x : ndarray, shape (M,) or (M, A)
        Regressors (LD scores scaled by N / mean N).
    y : ndarray, shape (M,)
        Response (chi-square or product of Z).
    weighting : Weighting
    slope, intercept : float
        Current values in the variance of the response.
    borders : ndarray of int64, shape (B + 1,)

    Returns
    -------
    xtx : ndarray, shape (B, A + 1, A + 1)
    xty : ndarray, shape (B, A + 1)
    """
    if x.ndim == 1:
        return _single(x, y, weighting, slope, intercept, borders)
    return _several(x, y, weighting, slope, intercept, borders)


def _single(
    x: Array, y: Array, weighting: Weighting, slope: float, intercept: float, borders: Indices
) -> tuple[Array, Array]:
    n_blocks = borders.size - 1
    sums = np.zeros((n_blocks, 5))
    buffer, weighted = np.empty(CHUNK), np.empty(CHUNK)
    edges = borders.tolist()
    dot, total, multiply = np.dot, np.add.reduce, np.multiply
    for block in range(n_blocks):
        stop = edges[block + 1]
        for start in range(edges[block], stop, CHUNK):
            part = slice(start, min(start + CHUNK, stop))
            w, wx = buffer[: part.stop - start], weighted[: part.stop - start]
            xs, ys = x[part], y[part]
            weighting.fill(w, part, slope, intercept)
            multiply(w, xs, out=wx)
            sums[block] += (dot(wx, xs), total(wx), total(w), dot(wx, ys), dot(w, ys))
    xtx = sums[:, [0, 1, 1, 2]].reshape(n_blocks, 2, 2)
    return xtx, sums[:, 3:].copy()


def _several(
    x: Array, y: Array, weighting: Weighting, slope: float, intercept: float, borders: Indices
) -> tuple[Array, Array]:
    n_blocks, width = borders.size - 1, x.shape[1] + 1
    xtx, xty = np.zeros((n_blocks, width, width)), np.zeros((n_blocks, width))
    buffer = np.empty(CHUNK)
    design = np.empty((CHUNK, width + 1))
    for block in range(n_blocks):
        stop = int(borders[block + 1])
        for start in range(int(borders[block]), stop, CHUNK):
            part = slice(start, min(start + CHUNK, stop))
            w, rows = buffer[: part.stop - start], design[: part.stop - start]
            weighting.fill(w, part, slope, intercept)
            rows[:, : width - 1], rows[:, width - 1], rows[:, width] = x[part], 1.0, y[part]
            gram = (rows[:, :width] * w[:, None]).T @ rows
            xtx[block] += gram[:, :width]
            xty[block] += gram[:, width]
    return xtx, xty
