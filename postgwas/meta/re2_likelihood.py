"""Han and Eskin's likelihood ratio statistic, for independent and for correlated studies.

Twice the log-likelihood ratio of effects N(mu, tau2) against no effect in any study, in two parts: that of
the fixed effect, and what a tau2 above 0 adds to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.meta.weighted_mean import Effects

Floats = NDArray[np.float64]

_GRID = 28
"""Values of tau2 at which the likelihood is looked at: it may have several maxima."""
_BLOCK = 20_000
_ROUNDS = 60
_CLOSE = 1e-9
"""Relative change of tau2 at which it is found; the statistic is flat there, right to about 1e-18 of it."""


@dataclass(frozen=True, eq=False)
class Re2Statistic:
    """Statistics of V variants, each of shape (V,); NaN where no study has the variant.

    Attributes
    ----------
    fixed : ndarray
        Chi-square of the fixed effect (of Lin and Sullivan's where studies are correlated).
    added : ndarray
        What heterogeneity adds, not below 0.
    mean, tau2 : ndarray
        Where the likelihood is highest.
    fixed_mean, fixed_se : ndarray
        The fixed effect and its standard error.
    """

    fixed: Floats
    added: Floats
    mean: Floats
    tau2: Floats
    fixed_mean: Floats
    fixed_se: Floats

    @property
    def total(self) -> Floats:
        """The statistic of RE2."""
        return self.fixed + self.added


def re2_statistic(beta: Floats, se: Floats, *, correlation: Floats | None = None) -> Re2Statistic:
    """Both parts of the statistic.

    Parameters
    ----------
    beta, se : ndarray of float64, shape (K, V)
        NaN where a study lacks the variant.
    correlation : ndarray of float64, shape (K, K), optional
        Correlation of the studies' estimates (shared samples); independent otherwise.

    Returns
    -------
    Re2Statistic
        At the highest of all maxima: a grid of tau2, then Newton's steps.

    References
    ----------
    Han and Eskin 2011, AJHG 88:586, equation 5; Lee, Eskin and Han 2017, Bioinformatics 33:i379 (correlated
    studies; the likelihood by eigenvectors of the covariance); Lin and Sullivan 2009, AJHG 85:862.

    Examples
    --------
    >>> found = re2_statistic(np.array([[0.10], [0.30], [-0.20]]), np.full((3, 1), 0.05))
    >>> found.fixed.round(3).tolist(), found.added.round(3).tolist()
    ([5.333], [39.187])
    """
    effects = Effects.of(beta, se)
    size = effects.k.size
    parts: dict[str, Floats] = {
        name: np.full(size, np.nan) for name in ("fixed", "added", "mean", "tau2", "fixed_mean", "fixed_se")
    }
    for start in range(0, size, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, size))
        block = effects.at(rows)
        rotated = _plain(block) if correlation is None else _rotated(block, np.asarray(correlation, float))
        for name, value in _maximise(rotated, block.k > 0).items():
            parts[name][rows] = value
    return Re2Statistic(**parts)


@dataclass(frozen=True, eq=False)
class _Rotated:
    """Effects on axes on which they are independent: value ~ N(one mu, spread + tau2)."""

    value: Floats
    one: Floats
    spread: Floats
    there: NDArray[np.bool_]
    reach: Floats
    """Largest tau2 at which a maximum can lie, shape (V,)."""


def _plain(effects: Effects) -> _Rotated:
    one = effects.present.astype(np.float64)
    return _Rotated(effects.beta, one, effects.variance, effects.present, _reach(effects))


def _rotated(effects: Effects, correlation: Floats) -> _Rotated:
    error = np.where(effects.present, np.sqrt(effects.variance), 0.0).T
    there = effects.present.T
    covariance = error[:, :, None] * correlation * error[:, None, :]
    # Absent studies get a block of their own with variance 1 and no weight.
    where = np.arange(error.shape[1])
    covariance[:, where, where] += ~there
    spread, vectors = np.linalg.eigh(covariance)
    value = np.einsum("vki,vk->iv", vectors, effects.beta.T)
    one = np.einsum("vki,vk->iv", vectors, there.astype(np.float64))
    # An eigenvector lies in the present studies or in the absent ones.
    inside = np.einsum("vki,vk->iv", vectors**2, there.astype(np.float64)) > 0.5
    return _Rotated(
        np.where(inside, value, 0.0), np.where(inside, one, 0.0), spread.T.copy(), inside, _reach(effects)
    )


def _reach(effects: Effects) -> Floats:
    high = np.where(effects.present, effects.beta, -np.inf).max(axis=0)
    low = np.where(effects.present, effects.beta, np.inf).min(axis=0)
    widest = np.where(effects.present, effects.variance, 0.0).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(effects.k > 0, np.maximum(widest, 2.0 * (high - low) ** 2), 1.0)


def _maximise(data: _Rotated, known: NDArray[np.bool_]) -> dict[str, Floats]:
    zero = np.zeros(known.size)
    base = _sums(data, zero)
    smallest = np.where(data.there, data.spread, np.inf).min(axis=0)
    low = np.log(np.where(known, smallest, 1.0) * 1e-3)
    high = np.log(np.maximum(data.reach, np.exp(low) * 10.0))
    best, at = base.objective.copy(), np.full(known.size, -1)
    for i in range(_GRID):
        here = _sums(data, np.exp(low + (high - low) * i / (_GRID - 1)), slope=False)
        better = here.objective < best
        best[better], at[better] = here.objective[better], i
    step = (high - low) / (_GRID - 1)
    tau2 = np.where(at < 0, 0.0, np.exp(low + at * step))
    inner = np.flatnonzero((at >= 0) | (base.slope < 0))
    if inner.size:
        left = np.where(at[inner] <= 0, 0.0, np.exp(low[inner] + (at[inner] - 1) * step[inner]))
        right = np.exp(low[inner] + (np.maximum(at[inner], 0) + 1) * step[inner])
        tau2[inner] = _newton(_part(data, inner), tau2[inner], left, right)
    last = _sums(data, tau2)
    worse = ~(last.objective < base.objective)
    tau2[worse] = 0.0
    mean = np.where(worse, base.mean, last.mean)
    nan = np.where(known, 0.0, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "fixed": base.mean**2 * base.weight + nan,
            "added": np.where(worse, 0.0, base.objective - last.objective) + nan,
            "mean": mean + nan,
            "tau2": tau2 + nan,
            "fixed_mean": base.mean + nan,
            "fixed_se": 1.0 / np.sqrt(base.weight) + nan,
        }


@dataclass(frozen=True, eq=False)
class _At:
    """-2 log-likelihood (but for a constant), its slope in tau2 and curvature, the mean and its weight."""

    objective: Floats
    slope: Floats
    curvature: Floats
    mean: Floats
    weight: Floats


def _sums(data: _Rotated, tau2: Floats, *, slope: bool = True) -> _At:
    w = np.divide(1.0, data.spread + tau2, out=np.zeros_like(data.spread), where=data.there)
    weighted = w * data.one
    weight = (weighted * data.one).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weighted * data.value).sum(axis=0) / weight
    apart = data.value - data.one * mean
    squares = w * apart * apart
    # One logarithm of a product; ratios to the spread keep it within range for some 30 studies at a time.
    ratio = np.where(data.there, 1.0 + tau2 / data.spread, 1.0)
    logs = sum(np.log(ratio[i : i + 30].prod(axis=0)) for i in range(0, ratio.shape[0], 30))
    objective = np.asarray(logs + squares.sum(axis=0))
    if not slope:
        return _At(objective, objective, objective, mean, weight)
    first = w.sum(axis=0) - (w * squares).sum(axis=0)
    # The mean moves with tau2 too; its part of the curvature is left out, Newton's steps stay safeguarded.
    second = 2.0 * (w * w * squares).sum(axis=0) - (w * w).sum(axis=0)
    return _At(objective, first, second, mean, weight)


def _newton(data: _Rotated, tau2: Floats, left: Floats, right: Floats) -> Floats:
    """Roots of the slope between `left` and `right`, one a variant; those found leave the sweep."""
    found = tau2.copy()
    rows = np.arange(tau2.size)
    for _ in range(_ROUNDS):
        here = _sums(data, tau2)
        rising = here.slope > 0
        right = np.where(rising, tau2, right)
        left = np.where(rising, left, tau2)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = tau2 - here.slope / here.curvature
        good = (here.curvature > 0) & (new > left) & (new < right)
        new = np.where(good, new, 0.5 * (left + right))
        found[rows] = new
        keep = np.abs(new - tau2) > _CLOSE * new
        if not keep.any():
            break
        data = _part(data, np.flatnonzero(keep))
        rows, tau2, left, right = rows[keep], new[keep], left[keep], right[keep]
    return found


def _part(data: _Rotated, rows: NDArray[np.int64]) -> _Rotated:
    return _Rotated(
        data.value[:, rows], data.one[:, rows], data.spread[:, rows], data.there[:, rows], data.reach[rows]
    )
