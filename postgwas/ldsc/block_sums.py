"""Weighted sums over blocks of variants, streamed through the processor's cache.

A regression makes three or more passes over its variants, which differ in two numbers
(slope and intercept of the variance). What does not depend on these is made once, so that
a pass reads four arrays and makes half as many operations as if it began with LD scores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from postgwas.ldsc.jackknife import Array, Indices

# Short enough for all working arrays to stay in cache, and for BLAS' dot product
# to stay on one thread, which makes sums independent of the number of threads.
CHUNK = 8192
# Below this slope the variance is not divided by it.
SMALLEST_SLOPE = 1e-30

Mask = npt.NDArray[np.bool_]
# Sample size (M,) or (1,), heritability per variant, intercept.
Trait = tuple[Array, float, float]


class Room:
    """Working arrays, used again by each regression: new memory costs more than what is put there."""

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}

    def array(self, name: str, size: int) -> Array:
        """The array of this name, in its first `size` elements; what it held is anything."""
        found = self._arrays.get(name)
        if found is None or found.size < size:
            found = self._arrays[name] = np.empty(size)
        return found[:size]


@dataclass(frozen=True, eq=False)
class Shared:
    """What regressions on the same variants have in common, and where they work in turn.

    Attributes
    ----------
    share : ndarray, shape (M,)
        1 / max(w, 1).
    room : Room
        One regression is over before the next takes it.
    """

    share: Array
    room: Room

    @classmethod
    def of(cls, w_ld: Array, room: Room) -> Shared:
        """From LD scores for overcounting (M,)."""
        share = np.maximum(w_ld, 1.0, out=room.array("share", w_ld.size))
        np.divide(1.0, share, out=share)
        return cls(share, room)


@dataclass(frozen=True, eq=False)
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
    n : ndarray, shape (M,) or (1,)
        Sample size (geometric mean of two); (1,) where it is constant.
    n_bar : float
        Mean of `n`.
    shared : Shared
        Of the LD scores for overcounting.
    traits : tuple of Trait
        The two traits of a covariance; empty for a heritability.
    keep : ndarray of bool, shape (M,), optional
        Variants without it have weight 0.
    scaled : bool
        Take N l / n_bar instead of l in the variance.
    """

    l2: Array
    ld: Array
    n: Array
    n_bar: float
    shared: Shared
    traits: tuple[Trait, ...] = ()
    keep: Mask | None = None
    scaled: bool = False
    #: Arrays that are made already; versions of the same variants have this dict in common.
    _made: dict[str, Array] = field(default_factory=dict)

    def within(self, mask: Mask) -> Variants:
        """The same with weight 0 outside `mask`."""
        return replace(self, keep=mask)

    def with_scaled_variance(self) -> Variants:
        """The same with N l / n_bar in the variance."""
        return replace(self, scaled=self.n.size > 1)

    @cached_property
    def prepared(self) -> Prepared:
        """What all passes have in common."""
        kind = "scaled" if self.scaled else "plain"
        own = self._array(f"{kind} own", self._fill_own) if self.traits else None
        load = self._array(f"{kind} load", self._fill_load)
        return Prepared(self._scores(), load, self.shared.share, own, self.keep)

    def _array(self, name: str, fill: Callable[[slice, Array], None]) -> Array:
        """One number a variant, made the first time that a version asks for it."""
        if name not in self._made:
            out = self.shared.room.array(name, self.ld.size)
            for start in range(0, out.size, CHUNK):
                part = slice(start, min(start + CHUNK, out.size))
                fill(part, out[part])
            self._made[name] = out
        return self._made[name]

    def _scores(self) -> Array:
        if self.n.size == 1:
            return self.l2
        if self.l2.ndim == 1:
            return self._array("scores", self._fill_scores)
        if "scores" not in self._made:
            self._made["scores"] = self.l2 * (self.n / self.n_bar)[:, None]
        return self._made["scores"]

    def _sizes(self, part: slice, size: Array) -> Array:
        return size if size.size == 1 else size[part]

    def _floor(self, part: slice) -> Array:
        """max(l, 1), or with the scaled variance max(N l / n_bar, 1)."""
        if not self.scaled:
            return np.maximum(self.ld[part], 1.0)
        floor = self.ld[part] * self.n[part]
        floor /= self.n_bar
        return np.maximum(floor, 1.0, out=floor)

    def _fill_scores(self, part: slice, out: Array) -> None:
        np.multiply(self.l2[part], self.n[part], out=out)

    def _fill_load(self, part: slice, out: Array) -> None:
        np.multiply(self._floor(part), self._sizes(part, self.n), out=out)

    def _fill_own(self, part: slice, out: Array) -> None:
        """Product of the traits' own variances."""
        floor, other = self._floor(part), np.empty(out.size)
        for place, (size, slope, intercept) in zip((out, other), self.traits):
            np.multiply(floor, self._sizes(part, size), out=place)
            place *= slope
            place += intercept
        out *= other


@dataclass(frozen=True, eq=False)
class Prepared:
    """Arrays of all variants, the same in every pass.

    Attributes
    ----------
    scores : ndarray, shape (M,) or (M, A)
        N l (one annotation), N l / n_bar (several); l where N is constant.
    load : ndarray, shape (M,)
        N max(l, 1).
    share : ndarray, shape (M,)
        1 / max(w, 1).
    own : ndarray, shape (M,), or None
        Product of the two traits' own variances.
    keep : ndarray of bool, shape (M,), or None
        Variants without it have weight 0.
    """

    scores: Array
    load: Array
    share: Array
    own: Array | None
    keep: Mask | None = None

    def weights(self, part: slice, slope: float, intercept: float, out: Array) -> Array:
        """Weights of the variants `part`, in `out`; without `own` up to a factor that cancels."""
        if self.own is None and slope > SMALLEST_SLOPE:
            np.add(self.load[part], intercept / slope, out=out)
            out *= out
        else:
            np.multiply(self.load[part], slope, out=out)
            out += intercept
            out *= out
        if self.own is not None:
            out += self.own[part]
        np.divide(self.share[part], out, out=out)
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
    ready = variants.prepared
    sums = np.zeros((n_blocks, 5))
    space = np.empty((2, CHUNK))
    # A dot product with ones is BLAS', and faster than numpy's sum.
    dot, all_ones = np.dot, np.ones(CHUNK)
    for block, part in _chunks(borders):
        length = part.stop - part.start
        w = ready.weights(part, slope, intercept, space[0, :length])
        x = ready.scores[part]
        wx = np.multiply(w, x, out=space[1, :length])
        ys = y[part]
        sums[block] += (dot(wx, x), dot(w, x), dot(w, all_ones[:length]), dot(wx, ys), dot(w, ys))
    if variants.n.size > 1:
        sums[:, [1, 3]] /= variants.n_bar
        sums[:, 0] /= variants.n_bar**2
    xtx = sums[:, [0, 1, 1, 2]].reshape(n_blocks, 2, 2)
    return xtx, sums[:, 3:].copy()


def _several(
    variants: Variants, y: Array, slope: float, intercept: float, borders: Indices
) -> tuple[Array, Array]:
    n_blocks, width = borders.size - 1, variants.l2.shape[1] + 1
    ready = variants.prepared
    xtx, xty = np.zeros((n_blocks, width, width)), np.zeros((n_blocks, width))
    room = np.empty(CHUNK)
    design = np.empty((CHUNK, width + 1))
    for block, part in _chunks(borders):
        length = part.stop - part.start
        w = ready.weights(part, slope, intercept, room[:length])
        rows = design[:length]
        rows[:, :-2] = ready.scores[part]
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
