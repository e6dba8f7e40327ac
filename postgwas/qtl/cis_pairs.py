"""Every pair of phenotype and variant of a segment, tested: one product a tile serves all phenotypes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.qtl.association import Association, associate
from postgwas.qtl.projection import Floats
from postgwas.qtl.segments import Rows, Segment

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False)
class CisPairs:
    """Pairs by phenotype, in each by position.

    Attributes
    ----------
    gene : ndarray of int64, shape (P,)
        Places in the segment's `genes`.
    variant : ndarray of int64, shape (P,)
        Rows of the segment's `variants`.
    tests : Association
        Shape (P,).
    af, ma_samples, ma_count, n_missing, reason : ndarray, shape (V,)
        Of the segment's variants; see :class:`postgwas.qtl.variant_block.VariantBlock`.
    """

    gene: Rows
    variant: Rows
    tests: Association
    af: Floats
    ma_samples: Rows
    ma_count: Rows
    n_missing: Rows
    reason: NDArray[np.int8]


def cis_pairs(segment: Segment) -> CisPairs:
    """Test all usable variants in the window of each phenotype."""
    begins = np.concatenate([[0], np.cumsum(segment.last - segment.first)])
    correlation = np.empty(int(begins[-1]))
    norms, about = [], []
    for start, block in segment.tiles(project=False):
        stop = start + block.n_variants
        near = np.flatnonzero((segment.first < stop) & (segment.last > start))
        products = block.unit @ segment.y_unit[near].T
        for column, gene in enumerate(near.tolist()):
            low, high = max(int(segment.first[gene]), start), min(int(segment.last[gene]), stop)
            at = int(begins[gene]) + low - int(segment.first[gene])
            correlation[at : at + high - low] = products[low - start : high - start, column]
        norms.append(block.norm)
        about.append((block.af, block.ma_samples, block.ma_count, block.n_missing, block.reason))
    # A segment whose windows are all empty has no tile.
    columns = [np.concatenate(parts) for parts in zip(*about)] or [np.empty(0)] * 4 + [np.empty(0, np.int8)]
    norm = np.concatenate(norms) if norms else np.empty(0)
    of_gene = np.repeat(np.arange(segment.n_genes), segment.last - segment.first)
    variant = np.arange(len(of_gene)) - np.repeat(begins[:-1] - segment.first, segment.last - segment.first)
    usable = columns[4][variant] == 0
    if not usable.all():
        of_gene, variant, correlation = of_gene[usable], variant[usable], correlation[usable]
    tests = associate(correlation, norm[variant], segment.y_norm[of_gene], segment.df)
    return CisPairs(of_gene, variant, tests, *columns)


def pair_table(segment: Segment, pairs: CisPairs) -> pl.DataFrame:
    """Pairs as a table: the columns of PREFIX.cis_nominal.tsv.gz, statistics as doubles."""
    import polars as pl

    variants = segment.variants
    rows = pl.Series(pairs.variant)
    return pl.DataFrame(
        {
            "phenotype_id": pl.Series(segment.gene_ids, dtype=pl.String).gather(pl.Series(pairs.gene)),
            "variant_id": variants["SNPID"].gather(rows),
            "tss_distance": segment.positions[pairs.variant] - segment.tss[pairs.gene],
            "af": pairs.af[pairs.variant],
            "ma_samples": pairs.ma_samples[pairs.variant].astype(np.int32),
            "ma_count": pairs.ma_count[pairs.variant].astype(np.int32),
            "pval_nominal": pairs.tests.pval,
            "slope": pairs.tests.slope,
            "slope_se": pairs.tests.slope_se,
            "mlog10p": pairs.tests.mlog10p,
            "effect_allele": variants["A1"].gather(rows),
            "other_allele": variants["A2"].gather(rows),
        }
    )
