"""The null of a window's best correlation: phenotypes permuted, covariates projected out afterwards.

Permuting the phenotype, and not its residuals, keeps the null right where covariates matter: residuals that
are permuted are no longer orthogonal to the covariates, and P-values come out too small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

#: variants x permutations of one product: small enough for its maxima to be taken from the cache
_ROWS = 512
_COLUMNS = 1024
#: share of a phenotype's variance that is rounding of single precision
_ROUNDING = 1e-5


@dataclass(frozen=True, eq=False)
class PermutedPhenotype:
    """A phenotype in many orders, ready for products with residuals of genotypes.

    Attributes
    ----------
    values : (n, k) float32
        A column a permutation, centred. Covariates are not projected out: a genotype's residual is orthogonal
        to them, so that the product is the same.
    norm : (k,) float64
        Norm of each column once covariates are projected out.
    """

    values: Singles
    norm: Floats


def permuted_phenotype(phenotype: Floats, orders: NDArray[np.intp], basis: Floats) -> PermutedPhenotype:
    """Bring a phenotype into the orders of many permutations.

    Parameters
    ----------
    phenotype : (n,) float64
        Before covariates are projected out.
    orders : (n, k) intp
        Permutations of samples, a column each.
    basis : (n, rank) float64
        Orthonormal basis of covariates and the constant.
    """
    centred = phenotype - phenotype.mean()
    total = float(centred @ centred)
    values = centred.astype(np.float32)[orders]
    explained = (basis.T.astype(np.float32) @ values).astype(np.float64)
    left = total - np.einsum("rk,rk->k", explained, explained)
    left[left <= _ROUNDING * total] = 0.0
    return PermutedPhenotype(values, np.sqrt(left))


def largest_r2(unit: Singles, permuted: PermutedPhenotype) -> Floats:
    """The largest squared correlation over a window's variants, in each permutation.

    Parameters
    ----------
    unit : (V, n) float32
        Residuals of genotypes, of norm 1 (or 0: of a variant that is left out).
    permuted : PermutedPhenotype
        k permutations.

    Returns
    -------
    (k,) float64
        0 where V is 0; NaN where nothing is left of the permuted phenotype.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = largest_products(unit, permuted.values) / permuted.norm
    return np.minimum(ratio * ratio, 1.0)


def largest_products(unit: Singles, columns: Singles) -> Floats:
    """The largest absolute product of rows of ``unit`` (V, n) with each of the ``columns`` (n, k)."""
    count = columns.shape[1]
    best = np.zeros(count, dtype=np.float32)
    room = np.empty((_ROWS, min(_COLUMNS, count)), dtype=np.float32)
    for left in range(0, count, _COLUMNS):
        part = np.ascontiguousarray(columns[:, left : left + _COLUMNS])
        most = best[left : left + _COLUMNS]
        for top in range(0, len(unit), _ROWS):
            rows = unit[top : top + _ROWS]
            product = room[: len(rows), : part.shape[1]]
            np.matmul(rows, part, out=product)
            np.maximum(most, product.max(axis=0), out=most)
            np.maximum(most, -product.min(axis=0), out=most)
    return best.astype(np.float64)
