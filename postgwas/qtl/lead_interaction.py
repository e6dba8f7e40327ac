"""Effects of one variant in groups of samples, and whether they differ: a nested F test for each lead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.f_tails import f_mlog10p
from postgwas.qtl.projection import Projection

Array = NDArray[np.float64]
Codes = NDArray[np.int64]

#: A column depends on others if less than this share of its norm is left beside them (as R's lm).
DEPENDENT = 1e-7


@dataclass(frozen=True, eq=False)
class GroupEffects:
    """One lead variant and one phenotype.

    Attributes
    ----------
    slope, slope_se : ndarray, shape (groups,)
        Effect of a copy in each group, all groups fitted together; NaN where it cannot be told.
    f, mlog10p : float
        Test that the effects are the same in all groups; NaN where fewer than two have one.
    df1, df2 : int
    """

    slope: Array
    slope_se: Array
    f: float
    mlog10p: float
    df1: int
    df2: int


def group_frequencies(
    dosage: Array, codes: Codes, n_groups: int, *, observed: NDArray[np.bool_] | None = None
) -> Array:
    """Frequency of the counted allele in each group.

    Parameters
    ----------
    dosage : ndarray, shape (n,)
    codes : ndarray of int64, shape (n,)
        Group of each sample, from 0.
    n_groups : int
    observed : ndarray of bool, shape (n,), optional
        Samples that count; all if None.

    Returns
    -------
    ndarray, shape (groups,)
        NaN where no sample counts.

    Examples
    --------
    >>> group_frequencies(np.array([0.0, 1, 2, 2]), np.array([0, 0, 1, 1]), 2).tolist()
    [0.25, 1.0]
    """
    weight = np.ones(len(codes)) if observed is None else observed.astype(np.float64)
    totals = np.bincount(codes, weights=dosage * weight, minlength=n_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(totals / (2.0 * np.bincount(codes, weights=weight, minlength=n_groups)))


def group_effects(
    phenotype: Array,
    dosage: Array,
    codes: Codes,
    n_groups: int,
    projection: Projection,
    others: Array | None = None,
) -> GroupEffects:
    """Fit one slope for all groups, then one a group, and compare.

    Parameters
    ----------
    phenotype, dosage : ndarray, shape (n,)
    codes : ndarray of int64, shape (n,)
        Group of each sample, from 0.
    n_groups : int
    projection : Projection
        Of the constant, the groups and the covariates.
    others : ndarray, shape (m, n), optional
        Dosages of the gene's other leads, whose effects are the same in all groups.

    Notes
    -----
    Columns that depend on others (a group where the variant does not vary, two leads that are the same
    variant) take no degree of freedom, as in R's lm; `df1` counts what is left.

    References
    ----------
    Taylor et al. 2024, Nature 632:122-130 (both models).

    Examples
    --------
    >>> from postgwas.qtl.projection import projection
    >>> codes = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    >>> x, y = np.array([0.0, 1, 2, 1, 0, 1, 2, 1]), np.array([0.1, 1, 2, 1, 0, -1, -2, -1])
    >>> found = group_effects(y, x, codes, 2, projection(codes[None] * 1.0, 8))
    >>> found.slope.round(3).tolist(), found.df1, found.df2
    ([0.95, -1.0], 1, 4)
    """
    inside = dosage * (codes == np.arange(n_groups)[:, None])
    left = projection.residuals(inside)
    y = projection.residuals(phenotype[None])[0]
    size = np.linalg.norm(inside - inside.mean(axis=1, keepdims=True), axis=1)
    beside = np.empty((0, len(y)))
    if others is not None and len(others):
        beside = _orthonormal(projection.residuals(others), np.linalg.norm(others, axis=1))
        left -= (left @ beside.T) @ beside
        y = y - beside.T @ (beside @ y)
    varies = np.linalg.norm(left, axis=1) > DEPENDENT * size
    total = left.sum(axis=0)
    scale = np.array([float(np.linalg.norm(size)), *size[varies]])
    basis = _orthonormal(np.vstack([total[None], left[varies]]), scale)
    df2 = projection.n_samples - projection.rank - len(beside) - len(basis)
    df1 = len(basis) - 1
    slope, slope_se = np.full((2, n_groups), np.nan)
    inner = basis @ y
    rest = max(float(y @ y) - float(inner @ inner), 0.0)
    if len(basis) == varies.sum() and df2 >= 1:
        inverse = np.linalg.inv(left[varies] @ left[varies].T)
        slope[varies] = inverse @ (left[varies] @ y)
        slope_se[varies] = np.sqrt(np.diagonal(inverse) * rest / df2)
    one = np.linalg.norm(total) > DEPENDENT * scale[0]
    if not one or df1 < 1 or df2 < 1:
        return GroupEffects(slope, slope_se, np.nan, np.nan, max(df1, 0), df2)
    between = float(inner[1:] @ inner[1:])
    share = between / (between + rest) if rest > 0 else 1.0
    f = between / df1 / (rest / df2) if rest > 0 else np.inf
    return GroupEffects(slope, slope_se, f, float(f_mlog10p(share, df1, df2)), df1, df2)


def _orthonormal(rows: Array, sizes: Array) -> Array:
    """Orthonormal rows that span these, in order; those that add nothing to the ones before are left out."""
    basis = np.empty((0, rows.shape[1]))
    for row, size in zip(rows, sizes):
        rest = row - basis.T @ (basis @ row)
        rest -= basis.T @ (basis @ rest)
        left = float(np.linalg.norm(rest))
        if left > DEPENDENT * size:
            basis = np.vstack([basis, rest / left])
    return basis
