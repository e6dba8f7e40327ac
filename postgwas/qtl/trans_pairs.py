"""Exact statistics of the few pairs that a trans scan's screen lets through."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.association import associate
from postgwas.qtl.projection import Floats, Projection
from postgwas.qtl.variant_block import variant_block

Places = NDArray[np.int64]

_TOGETHER = 4096
"""Pairs whose two rows are held at once."""


@dataclass(frozen=True, eq=False)
class Correlations:
    """Exact correlations of pairs; all of shape (P,), by variant and then by phenotype.

    Attributes
    ----------
    variant, phenotype : ndarray of int64
        Rows of the variants and of the phenotypes.
    r : ndarray
        Of what the covariates leave of both.
    norm : ndarray
        Norm of the variant's residuals.
    af : ndarray
        Frequency of A1.
    """

    variant: Places
    phenotype: Places
    r: Floats
    norm: Floats
    af: Floats

    def moved(self, by: int) -> Correlations:
        """The same with other row numbers of the variants."""
        return replace(self, variant=self.variant + by)


@dataclass(frozen=True, eq=False)
class TransPairs:
    """Tests of pairs; all of shape (P,), by variant and then by phenotype.

    Attributes
    ----------
    variant, phenotype : ndarray of int64
        Rows of the variants and of the phenotypes.
    r2 : ndarray
        Squared correlation of what the covariates leave of both.
    slope, slope_se : ndarray
        Per copy of A1, in the phenotype's unit.
    mlog10p : ndarray
        NaN where the fit is perfect.
    af : ndarray
        Frequency of A1.
    """

    variant: Places
    phenotype: Places
    r2: Floats
    slope: Floats
    slope_se: Floats
    mlog10p: Floats
    af: Floats

    def of(self, rows: NDArray[np.bool_] | Places) -> TransPairs:
        """Some of the pairs."""
        return TransPairs(*(getattr(self, name)[rows] for name in TransPairs.__dataclass_fields__))


def joined_pairs(parts: list[TransPairs]) -> TransPairs:
    """Pairs of one part after the other."""
    names = TransPairs.__dataclass_fields__
    return TransPairs(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def joined_correlations(parts: list[Correlations]) -> Correlations:
    """Those of one part after the other."""
    names = Correlations.__dataclass_fields__
    return Correlations(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def exact_pairs(
    calls: NDArray[np.int8] | NDArray[np.float32],
    variant: Places,
    phenotype: Places,
    y_unit: Floats,
    projection: Projection,
) -> Correlations:
    """Correlations in float64.

    Parameters
    ----------
    calls : ndarray, shape (V, n)
        Copies of A1: int8 with -9 for missing, or float32 with NaN.
    variant, phenotype : ndarray of int64, shape (P,)
        Rows of `calls`, of usable variants, and of `y_unit`.
    y_unit : ndarray, shape (G, n)
    projection : Projection
        Of the variants.

    Returns
    -------
    Correlations
        In the order of `variant`, then of `phenotype`.
    """
    order = np.lexsort((phenotype, variant))
    variant, phenotype = variant[order], phenotype[order]
    rows, at = np.unique(variant, return_inverse=True)
    block = variant_block(calls[rows], projection)
    r = np.empty(len(variant))
    for start in range(0, len(variant), _TOGETHER):
        part = slice(start, start + _TOGETHER)
        r[part] = np.einsum("ij,ij->i", block.unit[at[part]], y_unit[phenotype[part]])
    return Correlations(variant, phenotype, np.clip(r, -1.0, 1.0), block.norm[at], block.af[at])


def pairs_with_p(found: Correlations, y_norm: Floats, df: int) -> TransPairs:
    """Slopes and P of correlations.

    Parameters
    ----------
    found : Correlations
    y_norm : ndarray, shape (G,)
        Norms of the phenotypes' residuals.
    df : int
    """
    tests = associate(found.r, found.norm, y_norm[found.phenotype], df)
    return TransPairs(
        found.variant, found.phenotype, found.r**2, tests.slope, tests.slope_se, tests.mlog10p, found.af
    )
