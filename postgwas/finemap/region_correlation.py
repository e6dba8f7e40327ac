"""LD of a region from genotypes: correlations, missing calls at the mean, covariates projected out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CONSTANT = 1e-9
"""Share of a variant's variance, left beside the covariates, below which it does not vary."""


@dataclass(frozen=True, eq=False)
class RegionLd:
    """Correlations of the variants that vary.

    Attributes
    ----------
    varies : ndarray of bool, shape (V,)
        Which of the variants given; the others have no LD.
    matrix : ndarray, shape (p, p)
        Of those p.
    missing : ndarray of float64, shape (V,)
        Share of missing calls of each variant.
    """

    varies: NDArray[np.bool_]
    matrix: NDArray[np.float32] | Floats
    missing: Floats


def region_ld(calls: NDArray[np.int8] | NDArray[np.float32], *, basis: Floats | None = None) -> RegionLd:
    r"""Correlations of variants over people.

    Parameters
    ----------
    calls : ndarray, shape (V, n)
        Copies of an allele: int8 with -9 where missing, or float32 with NaN. Missing ones count as the
        variant's mean.
    basis : ndarray, shape (n, k), optional
        Orthonormal covariates, the constant among them, which are projected out.

    Returns
    -------
    RegionLd
        In single precision: far more than a panel's LD is known to.

    Examples
    --------
    >>> calls = np.array([[0, 1, 2, 1], [0, 1, 2, -9], [1, 1, 1, 1]], np.int8)
    >>> found = region_ld(calls)
    >>> found.varies.tolist(), found.matrix.round(3).tolist()
    ([True, True, False], [[1.0, 1.0], [1.0, 1.0]])
    """
    values, after, varies, absent = _centred(calls, basis)
    rows = values[varies] / np.sqrt(after[varies])[:, None]
    matrix = (rows @ rows.T).astype(np.float32)
    np.fill_diagonal(matrix, 1.0)
    return RegionLd(varies, matrix, absent.mean(axis=1))


def correlations_with(
    calls: NDArray[np.int8] | NDArray[np.float32], at: int, *, basis: Floats | None = None
) -> Floats:
    """Correlations of variants with one of them, shape (V,); NaN where either does not vary.

    Examples
    --------
    >>> calls = np.array([[0, 1, 2, 1], [2, 1, 0, 1], [1, 1, 1, 1]], np.int8)
    >>> correlations_with(calls, 0).round(3).tolist()
    [1.0, -1.0, nan]
    """
    values, after, varies, _ = _centred(calls, basis)
    length = np.sqrt(np.where(varies, after, np.nan))
    told: Floats = values @ values[at] / (length * length[at])
    return told


def _centred(
    calls: NDArray[np.int8] | NDArray[np.float32], basis: Floats | None
) -> tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows without mean and covariates, their squared lengths, which of them vary, what is missing."""
    values = calls.astype(np.float64)
    absent = calls < 0 if calls.dtype == np.int8 else np.isnan(values)
    values[absent] = 0.0
    known = values.shape[1] - absent.sum(axis=1)
    mean = values.sum(axis=1) / np.maximum(known, 1)
    values -= mean[:, None]
    values[absent] = 0.0
    before = np.einsum("ij,ij->i", values, values)
    if basis is not None:
        values -= (values @ basis) @ basis.T
    after = np.einsum("ij,ij->i", values, values)
    varies: NDArray[np.bool_] = after > _CONSTANT * np.maximum(before, 1.0)
    return values, after, varies, absent
