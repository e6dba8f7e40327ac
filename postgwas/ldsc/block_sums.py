"""Weighted sums over blocks of variants, streamed through the processor's cache.

Everything that depends on a variant (its weight, its scaled LD score) is made
anew in each pass for a few thousand variants at a time: at this length that is
cheaper than to fetch it from memory, and no array of all variants is allocated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from postgwas.ldsc.jackknife import Array, Indices

# Short enough for all working arrays to stay in cache, and for BLAS' dot product
# to stay on one thread, which makes sums independent of the number of threads.
CHUNK = 8192

Mask = npt.NDArray[np.bool_]
# Sample size (M,) or (1,), heritability per variant, intercept.
Trait = tuple[Array, float, float]


@dataclass(frozen=True)
class Variants:
    """What regressors and weights are made of.

    The weight of a variant is 1 / (max(w, 1) (own + (slope N max(l, 1) + intercept)^2)),
    with `own` the product of two traits' own variances, N_t h_t max(l, 1) + a_t, or 0
    for one trait.

    Attributes
    ----------
    l2 : ndarray, shape (M,) or (M, A)
        LD scores of one annotation, or of several.
    ld : ndarray, shape (M,)
        Their total (the same array for one annotation).
    w_ld : ndarray, shape (M,)
        LD scores for overcounting.
    n : ndarray, shape (M,) or (1,)
        Sample size (geometric mean of two); (1,) where it is constant.
    n_bar : float
        Mean of `n`.
    traits : tuple of Trait
        The two traits of a covariance; empty for a heritability.
    keep : ndarray of 0 and 1, shape (M,), optional
        Variants with 0 have weight 0.
    scaled : bool
        Take N l / n_bar instead of l in the variance.
    """

    l2: Array
    ld: Array
    w_ld: Array
    n: Array
    n_bar: float
    traits: tuple[Trait, ...] = ()
    keep: Array | None = None
    scaled: bool = False

    def within(self, mask: Mask) -> Variants:
        """The same with weight 0 outside `mask`."""
        return replace(self, keep=mask.astype(np.float64))

    def with_scaled_variance(self) -> Variants:
        """The same with N l / n_bar in the variance."""
        return replace(self, scaled=self.n.size > 1)

    def sizes(self, part: slice) -> Array:
        """Sample sizes of the variants `part`, or the constant one."""
        return _part(self.n, part)

    def fill(self, room: list[Array], part: slice, slope: float, intercept: float) -> Array:
        """Weights of the variants `part`, in the first of three working arrays."""
        out, floored, other = room
        n = self.sizes(part)
        ld = self.ld[part]
        if self.scaled:
            ld = np.multiply(ld, n, out=other)
            ld /= self.n_bar
        np.maximum(ld, 1.0, out=floored)
        np.multiply(floored, n, out=out)
        out *= slope
        out += intercept
        out *= out
        if self.traits:
            (size, own_slope, own_intercept), second = self.traits
            np.multiply(floored, _part(size, part), out=other)
            other *= own_slope
            other += own_intercept
            # The second trait's variance takes the place of the LD scores.
            floored *= _part(second[0], part)
            floored *= second[1]
            floored += second[2]
            other *= floored
            out += other
        np.maximum(self.w_ld[part], 1.0, out=other)
        out *= other
        np.divide(1.0, out, out=out)
        if self.keep is not None:
            out *= self.keep[part]
        return out


def block_sums(
    variants: Variants, y: Array, slope: float, intercept: float, borders: Indices
) -> tuple[Array, Array]:
    """X'WX and X'Wy of each block; X is N l / n_bar and a column of ones.

    Parameters
    ----------
    variants : Variants
    y : ndarray, shape (M,)
        Response (chi-square or product of Z).
    slope, intercept : float
        Current values in the variance of the response; the slope per variant.
    borders : ndarray of int64, shape (B + 1,)

    Returns
    -------
    xtx : ndarray, shape (B, A + 1, A + 1)
    xty : ndarray, shape (B, A + 1)
    """
    if variants.l2.ndim == 1:
        return _single(variants, y, slope, intercept, borders)
    return _several(variants, y, slope, intercept, borders)


def _single(
    variants: Variants, y: Array, slope: float, intercept: float, borders: Indices
) -> tuple[Array, Array]:
    n_blocks = borders.size - 1
    constant = variants.n.size == 1
    sums = np.zeros((n_blocks, 5))
    space = np.empty((3, CHUNK))
    dot, total, multiply = np.dot, np.add.reduce, np.multiply
    for block, part in _chunks(borders):
        room = list(space[:, : part.stop - part.start])
        w = variants.fill(room, part, slope, intercept)
        x = variants.l2[part]
        if not constant:
            x = multiply(x, variants.n[part], out=room[1])
        wx = multiply(w, x, out=room[2])
        ys = y[part]
        sums[block] += (dot(wx, x), total(wx), total(w), dot(wx, ys), dot(w, ys))
    if not constant:
        sums[:, [1, 3]] /= variants.n_bar
        sums[:, 0] /= variants.n_bar**2
    xtx = sums[:, [0, 1, 1, 2]].reshape(n_blocks, 2, 2)
    return xtx, sums[:, 3:].copy()


def _several(
    variants: Variants, y: Array, slope: float, intercept: float, borders: Indices
) -> tuple[Array, Array]:
    n_blocks, width = borders.size - 1, variants.l2.shape[1] + 1
    xtx, xty = np.zeros((n_blocks, width, width)), np.zeros((n_blocks, width))
    space = np.empty((3, CHUNK))
    design = np.empty((CHUNK, width + 1))
    for block, part in _chunks(borders):
        length = part.stop - part.start
        w = variants.fill(list(space[:, :length]), part, slope, intercept)
        rows = design[:length]
        np.multiply(variants.l2[part], (variants.sizes(part) / variants.n_bar)[:, None], out=rows[:, :-2])
        rows[:, -2], rows[:, -1] = 1.0, y[part]
        gram = (rows[:, :-1] * w[:, None]).T @ rows
        xtx[block] += gram[:, :-1]
        xty[block] += gram[:, -1]
    return xtx, xty


def _chunks(borders: Indices) -> list[tuple[int, slice]]:
    """Blocks cut into pieces that fit the cache, none across a border."""
    edges = borders.tolist()
    return [
        (block, slice(start, min(start + CHUNK, edges[block + 1])))
        for block in range(len(edges) - 1)
        for start in range(edges[block], edges[block + 1], CHUNK)
    ]


def _part(sizes: Array, part: slice) -> Array:
    return sizes if sizes.size == 1 else sizes[part]
