"""Posterior probabilities of the five hypotheses of colocalisation, from sums of Bayes factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from postgwas.coloc.priors import check_prior, prior_probabilities
from postgwas.finemap.abf import region_blocks

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """Posteriors over a range of priors of a shared causal variant.

    Attributes
    ----------
    p12 : ndarray, shape (K,)
    pp : ndarray, shape (K, ..., 5)
        H0 to H4 at each `p12`.
    prior : ndarray, shape (K, 5)
        Prior probabilities of H0 to H4 for the region.
    """

    p12: Floats
    pp: Floats
    prior: Floats


def log_sums(log_bf1: Floats, log_bf2: Floats, starts: Rows) -> Floats:
    """Logarithms of the sums of Bayes factors that H1 to H4 rest on, of many regions at once.

    Parameters
    ----------
    log_bf1, log_bf2 : ndarray, shape (V,)
        Log Bayes factors of the same variants for two traits, one region after the other.
    starts : ndarray of int64, shape (R,)
        First row of each region.

    Returns
    -------
    ndarray, shape (R, 4)
        H1: over variants of trait 1; H2: of trait 2; H3: over pairs of two variants; H4: over
        variants of the product. Minus infinity where there is nothing to sum (H3 of one variant).
    """
    sizes = np.diff(np.append(starts, log_bf1.size))
    tops, sums = np.empty((2, starts.size)), np.empty((3, starts.size))
    for regions, rows in region_blocks(starts, log_bf1.size):
        at = starts[regions] - rows.start
        scaled = []
        for trait, logs in enumerate((log_bf1[rows], log_bf2[rows])):
            top = np.maximum.reduceat(logs, at, out=tops[trait, regions])
            weights = np.subtract(logs, np.repeat(top, sizes[regions]))
            np.exp(weights, out=weights)
            np.add.reduceat(weights, at, out=sums[trait, regions])
            scaled.append(weights)
        one, two = scaled
        one *= two
        np.add.reduceat(one, at, out=sums[2, regions])
    return combine_sums(tops[0], sums[0], tops[1], sums[1], sums[2])


def combine_sums(top1: Floats, sum1: Floats, top2: Floats, sum2: Floats, both: Floats) -> Floats:
    """Log sums of H1 to H4, shape (..., 4), from sums scaled by each trait's largest factor."""
    with np.errstate(divide="ignore"):
        h1, h2 = top1 + np.log(sum1), top2 + np.log(sum2)
        # Sums differ by rounding only where all pairs are of one variant with itself.
        h3 = top1 + top2 + np.log(np.maximum(sum1 * sum2 - both, 0.0))
        h4 = top1 + top2 + np.log(both)
    return np.stack(np.broadcast_arrays(h1, h2, h3, h4), axis=-1)


def posterior(sums: Floats, p1: ArrayLike, p2: ArrayLike, p12: ArrayLike) -> Floats:
    """Posterior probabilities of H0 to H4, shape (..., 5).

    Parameters
    ----------
    sums : ndarray, shape (..., 4)
        See :func:`log_sums`.
    p1, p2, p12 : float or array-like
        Priors of a variant; arrays must broadcast with `sums` less its last axis.
    """
    one, two, both = (np.log(np.asarray(value, np.float64)) for value in (p1, p2, p12))
    parts = [sums[..., 0] + one, sums[..., 1] + two, sums[..., 2] + one + two, sums[..., 3] + both]
    logs = np.stack(np.broadcast_arrays(np.zeros(()), *parts), axis=-1)
    logs -= logs.max(axis=-1, keepdims=True)
    np.exp(logs, out=logs)
    logs /= logs.sum(axis=-1, keepdims=True)
    result: Floats = logs
    return result


def over_p12(sums: Floats, size: int, p1: float, p2: float, p12: ArrayLike | None = None) -> Sensitivity:
    """Posteriors of the same Bayes factors over priors `p12`.

    Parameters
    ----------
    sums : ndarray, shape (..., 4)
    size : int
        Variants of the region.
    p1, p2 : float
    p12 : array-like, shape (K,), optional
        100 values from 1e-8 to the smaller of `p1` and `p2`, evenly spaced on the log scale, if None.

        Those that sum to 1 or more over the region are lowered to 1 / (size + 1).

    Raises
    ------
    UsageError
        If one is not between 0 and 1.
    """
    grid = np.geomspace(1e-8, min(p1, p2), 100) if p12 is None else np.atleast_1d(np.asarray(p12, np.float64))
    for value in grid:
        check_prior("p12", float(value))
    grid = np.where(grid * size >= 1, 1.0 / (size + 1.0), grid)
    prior = prior_probabilities(size, p1, p2, grid)
    shaped = grid.reshape(-1, *[1] * (sums.ndim - 1))
    return Sensitivity(grid, posterior(sums[None], p1, p2, shaped), prior)
