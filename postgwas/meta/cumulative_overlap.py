"""METAL's correction for shared people: study after study, each against the sum of those before it.

References
----------
Sengupta (2017), METAL's ``OVERLAP ON``. With S the sum of sqrt(w) z and W its variance so far, a study of
weight w and z-score z that is correlated by rho with S / sqrt(W) makes them S + sqrt(w) z and
W + w + 2 rho sqrt(w W). Rho is estimated among variants whose people so far are in the same thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from postgwas.meta.fixed_effects import FixedEffects, i_squared
from postgwas.meta.sample_overlap import overlap_of_sums

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.integer]

OVERLAP_STEP = 1000
"""Overlap is estimated among variants whose numbers of people are in the same thousand."""


@dataclass(frozen=True, eq=False)
class OverlapSteps:
    """Correlations of a study with those before it, by thousands of people in all.

    Attributes
    ----------
    step : ndarray of int64, shape (B,)
        Thousands, rising.
    rho : ndarray of float64, shape (B,)
        0 where no variant is in an earlier study.
    pairs : ndarray of int64, shape (B,)
        Variants that told it.
    variants : ndarray of int64, shape (B,)
        Variants of this step, in an earlier study too.
    """

    step: Ints
    rho: Floats
    pairs: Ints
    variants: Ints


@dataclass
class RunningSums:
    """Sums over the studies so far, by variant.

    Attributes
    ----------
    statistic : ndarray of float64, shape (V,)
        Sum of sqrt(weight) x z.
    weight : ndarray of float64, shape (V,)
        Its variance.
    samples : ndarray of float64, shape (V,)
        Sum of weights less the people counted twice.
    """

    statistic: Floats
    weight: Floats
    samples: Floats

    def estimate(self, rows: Rows, mine: Floats, w: Floats, *, cut: float) -> OverlapSteps:
        """How a study's variants are correlated with the sums so far.

        Parameters
        ----------
        rows : ndarray of int, shape (M,)
            Variants of the study, rising: the last bits do not depend on the order of its file then.
        mine : ndarray of float64, shape (M,)
            sqrt(w) x z.
        w : ndarray of float64, shape (M,)
        cut : float
            Only z-scores below it in both, in size, are looked at.
        """
        before = self.weight[rows]
        known = np.flatnonzero(before > 0)
        step = self._step(rows[known], w[known])
        with np.errstate(divide="ignore", invalid="ignore"):
            z1 = self.statistic[rows[known]] / np.sqrt(before[known])
            z2 = mine[known] / np.sqrt(w[known])
            usable = (np.abs(z1) < cut) & (np.abs(z2) < cut)
        steps, which = np.unique(step, return_inverse=True)
        variants = np.bincount(which, minlength=steps.size)
        pairs = np.bincount(which[usable], minlength=steps.size)
        z1, z2, which = z1[usable], z2[usable], which[usable]
        squares = np.bincount(which, z1 * z1 + z2 * z2, steps.size)
        products = np.bincount(which, z1 * z2, steps.size)
        rho = np.array(
            [
                overlap_of_sums(float(a), float(b), int(c), cut=cut)
                for a, b, c in zip(squares, products, pairs)
            ],
            float,
        )
        return OverlapSteps(steps, rho, pairs, variants)

    def add(self, rows: Rows, mine: Floats, w: Floats, steps: OverlapSteps) -> None:
        """Add the study."""
        before = self.weight[rows]
        step = self._step(rows, w)
        rho = np.zeros(step.size)
        if steps.step.size:
            at = np.minimum(np.searchsorted(steps.step, step), steps.step.size - 1)
            rho = np.where((before > 0) & (steps.step[at] == step), steps.rho[at], 0.0)
        shared = rho * np.sqrt(w * before)
        self.samples[rows] += w - shared
        self.weight[rows] += w + 2.0 * shared
        self.statistic[rows] += mine

    def _step(self, rows: Rows, w: Floats) -> Ints:
        step: Ints = (self.samples[rows] + w).astype(np.int64) // OVERLAP_STEP
        return step


def combine_cumulative(
    z: Floats, n: Floats, order: Sequence[int], steps: Sequence[OverlapSteps]
) -> tuple[FixedEffects, Floats]:
    """Sample-size weighted z-scores, corrected as METAL does, and the people behind them.

    Q is METAL's: the sum of (z - sqrt(n) S / W)^2, as if studies were independent.

    Parameters
    ----------
    z, n : ndarray of float64, shape (K, V)
        NaN where a study lacks a variant.
    order : sequence of int
        In which studies are added.
    steps : sequence of OverlapSteps
        Of each study in that order.

    Examples
    --------
    >>> one = np.array([[1.0], [2.0]])
    >>> none = OverlapSteps(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))
    >>> half = OverlapSteps(np.array([0]), np.array([0.5]), np.array([9]), np.array([9]))
    >>> found, people = combine_cumulative(one, np.full((2, 1), 100.0), [0, 1], [none, half])
    >>> found.z.round(6).tolist(), found.weight.tolist(), people.tolist()
    ([1.732051], [300.0], [150.0])
    """
    v = z.shape[1]
    sums = RunningSums(np.zeros(v), np.zeros(v), np.zeros(v))
    used = np.isfinite(z) & np.isfinite(n) & (n > 0)
    for at, found in zip(order, steps):
        rows = np.flatnonzero(used[at])
        w = n[at, rows]
        sums.add(rows, np.sqrt(w) * z[at, rows], w, found)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums.statistic / sums.weight
        q = np.where(used, np.square(z - np.sqrt(np.where(used, n, 0.0)) * mean), 0.0).sum(axis=0)
    count = used.sum(axis=0)
    nothing = np.full(v, np.nan)
    q = np.where(count == 0, np.nan, q)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = sums.statistic / np.sqrt(sums.weight)
    made = FixedEffects(nothing, nothing, total, sums.weight, count, q, i_squared(q, count - 1))
    return made, sums.samples
