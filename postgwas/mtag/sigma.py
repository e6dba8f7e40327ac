"""Sigma, the covariance of estimation errors: intercepts of LD score regressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.ldsc.fits import H2Fit
from postgwas.ldsc.regression import gencov, h2

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Intercept:
    """The regression of one pair of traits.

    Attributes
    ----------
    first, second : int
        Traits, counted from 0; equal for a heritability.
    intercept, intercept_se : float
        The element of Sigma.
    slope, slope_se : float
        Heritability (first = second) or genetic covariance, observed scale.
    n_variants : int
    deleted : ndarray, shape (n_blocks,)
        Intercept without each jackknife block.
    """

    first: int
    second: int
    intercept: float
    intercept_se: float
    slope: float
    slope_se: float
    n_variants: int
    deleted: Floats


@dataclass(frozen=True)
class SigmaFit:
    """Sigma with standard errors, and the regressions it comes from.

    Attributes
    ----------
    sigma, sigma_se : ndarray, shape (n_traits, n_traits)
        NaN standard errors where an element was not estimated.
    deleted : ndarray, shape (n_blocks, n_traits, n_traits)
        Sigma without each block.
    intercepts : tuple of Intercept
    """

    sigma: Floats
    sigma_se: Floats
    deleted: Floats
    intercepts: tuple[Intercept, ...]


def heritability(
    z: Floats, n: Floats, usable: Mask, l2: Floats, m: float, trait: int, *, n_blocks: int = 200
) -> H2Fit:
    """LD score regression of one trait's chi2 on the variants where it is usable."""
    rows = usable[:, trait]
    zt, nt, lt = (z[:, trait], n[:, trait], l2) if rows.all() else (z[rows, trait], n[rows, trait], l2[rows])
    return h2(zt**2, lt, lt, nt, m, n_blocks=n_blocks, two_step=None)


def pair_intercept(
    z: Floats,
    n: Floats,
    usable: Mask,
    l2: Floats,
    m: float,
    pair: tuple[int, int],
    fits: dict[int, H2Fit],
    *,
    n_blocks: int = 200,
) -> Intercept:
    """The regression of one pair on the variants usable in both traits.

    Parameters
    ----------
    z, n : ndarray, shape (n_variants, n_traits)
        Variants in the panel's order.
    usable : ndarray of bool, shape (n_variants, n_traits)
    l2 : ndarray, shape (n_variants,)
        LD scores; they serve as regression weights too, as in mtag.py.
    m : float
        Number of variants that the LD scores count (M_5_50).
    pair : tuple of int
    fits : dict
        Heritability fits of traits on their own usable variants; used where the
        pair's variants are the same, refitted where they are not.
    n_blocks : int
        Jackknife blocks.

    References
    ----------
    Bulik-Sullivan et al. 2015, Nature Genetics 47:1236 (cross-trait LD score
    regression); Turley et al. 2018, Supplementary Note 1.3.
    """
    i, j = pair
    rows = usable[:, i] & usable[:, j]
    every = bool(rows.all())

    def values(array: Floats, t: int) -> Floats:
        return array[:, t] if every else array[rows, t]

    lt = l2 if every else l2[rows]
    own = []
    for t in pair:
        if np.array_equal(rows, usable[:, t]):
            own.append(fits[t])
        else:
            own.append(h2(values(z, t) ** 2, lt, lt, values(n, t), m, n_blocks=n_blocks, two_step=None))
    both = gencov(
        values(z, i), values(z, j), lt, lt, values(n, i), values(n, j), m, own[0], own[1],
        n_blocks=n_blocks,
    )  # fmt: skip
    deleted = both.intercept_delete_values
    assert deleted is not None  # the intercept is free
    return Intercept(i, j, both.intercept, both.intercept_se, both.tot, both.tot_se, both.n_variants, deleted)


def pairs(n_traits: int, *, no_overlap: bool) -> list[tuple[int, int]]:
    """Pairs whose intercept is estimated: all, or with no sample overlap the traits themselves."""
    return [(i, j) for i in range(n_traits) for j in range(i, n_traits) if i == j or not no_overlap]


def assemble(intercepts: Sequence[Intercept], n_traits: int) -> SigmaFit:
    """Put the intercepts where they belong; pairs not estimated are 0 (no overlap)."""
    sigma = np.zeros((n_traits, n_traits))
    se = np.full((n_traits, n_traits), np.nan)
    deleted = np.zeros((min(one.deleted.size for one in intercepts), n_traits, n_traits))
    for one in intercepts:
        i, j = one.first, one.second
        sigma[i, j] = sigma[j, i] = one.intercept
        se[i, j] = se[j, i] = one.intercept_se
        deleted[:, i, j] = deleted[:, j, i] = one.deleted[: len(deleted)]
    return SigmaFit(sigma, se, deleted, tuple(intercepts))


def blocks_of_rows(rows: NDArray[np.int64], n_rows: int, n_blocks: int) -> NDArray[np.int64]:
    """Jackknife block of every variant, such that the blocks are those of the regressions.

    Parameters
    ----------
    rows : ndarray of int, shape (n_regression,)
        Variants in the regressions, in their order.
    n_rows : int
        All variants, in genome order.
    n_blocks : int

    Returns
    -------
    ndarray of int, shape (n_rows,)
        Variants outside the regressions go with the one before them.
    """
    n_blocks = min(n_blocks, len(rows))
    edges = np.floor(np.linspace(0, len(rows), n_blocks + 1)).astype(np.int64)
    block = np.full(n_rows, -1, dtype=np.int64)
    block[rows] = np.repeat(np.arange(n_blocks), np.diff(edges))
    known = np.flatnonzero(block >= 0)
    before = np.searchsorted(known, np.arange(n_rows), side="right") - 1
    filled: NDArray[np.int64] = block[known[np.maximum(before, 0)]]
    return filled
