"""One region's variants of several populations, found in each other and in each population's LD."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.finemap.allele_alignment import align_variants
from postgwas.finemap.ld_sources import RegionSource
from postgwas.finemap.region_fit import CONSTANT_IN_LD

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

NOT_IN_ALL = "not_in_all_populations"
_NAMES = ("CHR", "POS", "SNPID", "EA", "NEA")


@dataclass(frozen=True, eq=False)
class OnePopulation:
    """What one population says of the region's variants.

    Attributes
    ----------
    stats : polars.DataFrame
        Its summary statistics of variants that have LD in it, p_k rows.
    rows : ndarray of int64, shape (p_k,)
        Which of the region's variants they are.
    sign : ndarray, shape (p_k,)
        Turns z-scores to the region's effect alleles.
    matrix : ndarray, shape (p_k, p_k)
        LD of the region's effect alleles.
    left_out : list of (int, str)
        ROW of variants that are not used, and why.
    n_flipped : int
        Variants on the other strand than LD's.
    """

    stats: pl.DataFrame
    rows: Rows
    sign: Floats
    matrix: Floats
    left_out: list[tuple[int, str]]
    n_flipped: int

    @property
    def z(self) -> Floats:
        """Z-scores of the region's effect alleles."""
        turned: Floats = self.stats["Z"].to_numpy() * self.sign
        return turned

    @property
    def n(self) -> float:
        """Median sample size."""
        return float(np.median(self.stats["N"].to_numpy())) if self.stats.height else float("nan")


def join_populations(
    stats: Sequence[pl.DataFrame], sources: Sequence[RegionSource], *, everywhere: bool
) -> tuple[pl.DataFrame, list[OnePopulation]]:
    """Variants by place and both alleles; effect alleles are those of the first population that has one.

    Parameters
    ----------
    stats : sequence of K polars.DataFrame
        CHR, POS, SNPID, EA, NEA, Z, N, ROW of the region.
    sources : sequence of K RegionSource
    everywhere : bool
        Only variants that all populations have; else those that any has.

    Returns
    -------
    variants : polars.DataFrame
        CHR, POS, SNPID, EA, NEA, by position.
    populations : list of K OnePopulation

    Raises
    ------
    InputError
        As :func:`postgwas.finemap.allele_alignment.align_variants`.
    """
    import polars as pl

    found = [_with_ld(frame, source) for frame, source in zip(stats, sources)]
    whole = found[0].stats.select(_NAMES)
    for one in found[1:]:
        new = np.array(sorted(align_variants(one.stats, _as_ld(whole), "").reasons), np.int64)
        whole = pl.concat([whole, one.stats[new].select(_NAMES)])
    whole = whole.with_row_index("_row").sort("CHR", "POS", "_row").drop("_row")
    placed = [_placed(one, whole) for one in found]
    if not everywhere:
        return whole, placed
    held = np.zeros(whole.height, np.int64)
    for one in placed:
        held[one.rows] += 1
    kept = np.flatnonzero(held == len(placed))
    return whole[kept], [_only(one, kept) for one in placed]


def _as_ld(whole: pl.DataFrame) -> pl.DataFrame:
    return whole.rename({"EA": "A1", "NEA": "A2"})


def _with_ld(stats: pl.DataFrame, source: RegionSource) -> OnePopulation:
    """The variants that have LD; signs turn z-scores to LD's alleles yet."""
    aligned = align_variants(stats, source.variants, source.path)
    left_out = [(int(stats["ROW"][row]), why) for row, why in aligned.reasons.items()]
    stats = stats[aligned.rows]
    found = source.ld(aligned.ld_rows)
    left_out += [(int(row), CONSTANT_IN_LD) for row in stats["ROW"].to_numpy()[~found.varies]]
    kept = np.flatnonzero(found.varies)
    return OnePopulation(
        stats[kept], kept, aligned.sign[found.varies], found.matrix.astype(np.float64), left_out,
        aligned.n_flipped,
    )  # fmt: skip


def _placed(one: OnePopulation, whole: pl.DataFrame) -> OnePopulation:
    """Rows among the region's variants, in their order; z-scores and LD of the region's effect alleles."""
    told = align_variants(one.stats, _as_ld(whole), "")
    left_out = one.left_out + [(int(one.stats["ROW"][row]), why) for row, why in told.reasons.items()]
    order = np.argsort(told.ld_rows, kind="stable")
    rows, at = told.ld_rows[order], told.rows[order]
    sign = told.sign[order]
    both = one.sign[at] * sign  # from LD's allele to the region's
    matrix = one.matrix[np.ix_(at, at)] * np.outer(both, both)
    return OnePopulation(one.stats[at], rows, sign, matrix, left_out, one.n_flipped)


def _only(one: OnePopulation, kept: Rows) -> OnePopulation:
    inside = np.isin(one.rows, kept)
    at = np.flatnonzero(inside)
    left_out = one.left_out + [(int(row), NOT_IN_ALL) for row in one.stats["ROW"].to_numpy()[~inside]]
    return OnePopulation(
        one.stats[at], np.searchsorted(kept, one.rows[at]), one.sign[at],
        np.ascontiguousarray(one.matrix[np.ix_(at, at)]), left_out, one.n_flipped,
    )  # fmt: skip
