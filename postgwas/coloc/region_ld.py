"""LD of a region for both traits: from one panel, read once, or from one for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.coloc.allele_match import match_alleles
from postgwas.coloc.allele_rules import AlleleCounts, AlleleRules
from postgwas.finemap.ld_sources import RegionSource
from postgwas.finemap.matrix_checks import CheckedLd

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]

FEWEST_PAIRS = 100
"""Pairs in LD, at least, whose signs speak."""


@dataclass(frozen=True, eq=False)
class LdOfTrait:
    """LD of those of a trait's variants that have it.

    Attributes
    ----------
    rows : ndarray of int64, shape (p,)
        Rows of the trait's table, ascending.
    sign : ndarray, shape (p,)
        -1 where LD counts the other allele.
    matrix : ndarray of float64, shape (p, p)
    counts : AlleleCounts
    n_constant : int
        Variants that are in the panel but do not vary there.
    """

    rows: Rows
    sign: Floats
    matrix: Floats
    counts: AlleleCounts
    n_constant: int

    def among(self, wanted: Flags) -> tuple[Rows, CheckedLd]:
        """Of these variants those that `wanted` (by row of the trait's table) marks, and their LD."""
        kept = np.flatnonzero(wanted[self.rows])
        part = self.matrix if kept.size == self.rows.size else self.matrix[np.ix_(kept, kept)]
        return kept, CheckedLd.of(np.ascontiguousarray(part))


def ld_of_traits(
    tables: list[pl.DataFrame], source: RegionSource, names: list[str], rules: AlleleRules
) -> list[LdOfTrait]:
    """LD of several traits' variants from one panel, each variant of it read once.

    Parameters
    ----------
    tables : list of polars.DataFrame
        CHR, POS, SNPID, EA, NEA of each trait's variants.
    source : RegionSource
    names : list of str
        Of the traits, for counts.
    rules : AlleleRules
    """
    matches = [
        match_alleles(table, source.variants, rules=rules, name=name, other_name=source.path)
        for table, name in zip(tables, names, strict=True)
    ]
    union = np.unique(np.concatenate([one.other_rows for one in matches]))
    if not union.size:
        nothing = np.zeros((0, 0))
        return [LdOfTrait(one.rows, one.sign, nothing, one.counts, 0) for one in matches]
    found = source.ld(union)
    place = np.full(union.size, -1)
    place[found.varies] = np.arange(int(found.varies.sum()))
    matrix = found.matrix.astype(np.float64)
    made = []
    for one in matches:
        at = place[np.searchsorted(union, one.other_rows)]
        kept = np.flatnonzero(at >= 0)
        columns = at[kept]
        whole = columns.size == len(matrix) and bool(np.all(columns == np.arange(columns.size)))
        part = matrix if whole else matrix[np.ix_(columns, columns)]
        made.append(
            LdOfTrait(one.rows[kept], one.sign[kept], part, one.counts, int(one.rows.size - kept.size))
        )
    return made


def sign_agreement(z: Floats, matrix: Floats, *, r_min: float = 0.2, z_min: float = 2.0) -> Floats:
    """Share of pairs of variants in LD whose z-scores have the sign that it wants, of many traits at once.

    Parameters
    ----------
    z : ndarray, shape (G, p)
    matrix : ndarray, shape (p, p)
    r_min : float
        Pairs of a larger absolute correlation count, each variant with itself included, as in
        :func:`postgwas.finemap.check_alignment`.
    z_min : float
        Of variants of at least this absolute z-score: the signs of others are chance, also where alleles are
        aligned.

    Returns
    -------
    ndarray, shape (G,)
        NaN with fewer than 100 pairs of different variants.

    Examples
    --------
    >>> sign_agreement(np.full((1, 20), 3.0), np.full((20, 20), 0.5))
    array([1.])
    """
    wanted = np.sign(matrix, dtype=np.float32)
    wanted[np.abs(matrix) <= r_min] = 0.0
    signs = np.where(np.abs(z) >= z_min, np.sign(z), 0.0).astype(np.float32)
    there = np.abs(signs)
    balance = np.einsum("gp,gp->g", signs @ wanted, signs, dtype=np.float64)
    counted = np.einsum("gp,gp->g", there @ np.abs(wanted), there, dtype=np.float64)
    pairs = (counted - there.sum(axis=1)) / 2.0
    share: Floats = np.where(
        pairs >= FEWEST_PAIRS, (counted + balance) / np.maximum(2.0 * counted, 1.0), np.nan
    )
    return share
