"""Tables of a trans scan: tensorQTL's columns and what else a reader needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from postgwas.qtl.inputs import QtlInputs
from postgwas.qtl.projection import Floats
from postgwas.qtl.t_tails import p_of
from postgwas.qtl.trans_fdr import bh_of_hits, gene_level
from postgwas.qtl.trans_interaction import InteractionPairs
from postgwas.qtl.trans_pairs import TransPairs
from postgwas.qtl.trans_screen import Places

if TYPE_CHECKING:
    import polars as pl

PlacesOf = tuple[Places, Places, Places, Places]
"""Contig and position of the variants, contig and TSS of the phenotypes."""


def pair_table(inputs: QtlInputs, pairs: TransPairs, n_tests: int, places: PlacesOf) -> pl.DataFrame:
    """A row a pair.

    Returns
    -------
    polars.DataFrame
        variant_id, phenotype_id, pval, b (per copy of the effect allele), b_se, af (of the effect allele):
        tensorQTL's; then r2, mlog10p, pval_adj_bh (over all `n_tests`), effect_allele, other_allele,
        variant_chrom, variant_pos, phenotype_chrom, phenotype_tss, tss_distance (position - TSS, null on
        another contig).
    """
    import polars as pl

    return pl.DataFrame(
        {
            **_ids(inputs, pairs.variant, pairs.phenotype),
            "pval": p_of(pairs.mlog10p), "b": pairs.slope, "b_se": pairs.slope_se, "af": pairs.af,
            "r2": pairs.r2, "mlog10p": pairs.mlog10p, "pval_adj_bh": bh_of_hits(pairs.mlog10p, n_tests),
            **_about(inputs, pairs.variant, pairs.phenotype, places),
        }
    )  # fmt: skip


def interaction_table(
    inputs: QtlInputs, pairs: InteractionPairs, n_tests: int, places: PlacesOf
) -> pl.DataFrame:
    """A row a pair: pval, b and b_se of g, i and gi (null for i where it is a covariate); and so on."""
    import polars as pl

    columns: dict[str, Floats] = {}
    for row, term in enumerate(("g", "i", "gi")):
        columns[f"pval_{term}"] = p_of(pairs.mlog10p[row])
    columns["af"] = pairs.af
    for row, term in enumerate(("g", "i", "gi")):
        columns[f"b_{term}"] = pairs.slope[row]
        columns[f"b_{term}_se"] = pairs.slope_se[row]
    mlog10p = pairs.mlog10p[2]
    return pl.DataFrame(
        {
            **_ids(inputs, pairs.variant, pairs.phenotype), **columns, "mlog10p_gi": mlog10p,
            "pval_adj_bh": bh_of_hits(mlog10p, n_tests),
            **_about(inputs, pairs.variant, pairs.phenotype, places),
        }
    ).with_columns(pl.selectors.float().fill_nan(None))  # fmt: skip


def gene_table(
    inputs: QtlInputs, variant: Places, phenotype: Places, mlog10p: Floats, n_tests: Places
) -> pl.DataFrame:
    """A row a phenotype: whether it has a trans effect at all.

    Returns
    -------
    polars.DataFrame
        phenotype_id, num_var (its tests), num_hits, variant_id and mlog10p of the best hit (null where there
        is none), pval_bonferroni (its P times num_var), pval_adj_bh (over phenotypes).
    """
    import polars as pl

    level = gene_level(mlog10p, phenotype, n_tests)
    none = pl.Series(level.best < 0)
    best = np.maximum(level.best, 0)
    rows = variant[best] if len(variant) else np.zeros(len(best), np.int64)
    size = mlog10p[best] if len(variant) else np.zeros(len(best))
    names = inputs.genotypes.variants["SNPID"].gather(rows)
    return pl.DataFrame(
        {
            "phenotype_id": inputs.phenotypes.genes["GENE_ID"], "num_var": n_tests, "num_hits": level.n_hits,
            "variant_id": names, "mlog10p": size, "pval_bonferroni": level.bonferroni,
            "pval_adj_bh": level.adjusted,
        }
    ).with_columns(
        pl.when(none).then(None).otherwise(pl.col(name)).alias(name) for name in ("variant_id", "mlog10p")
    )  # fmt: skip


def _ids(inputs: QtlInputs, variant: Places, phenotype: Places) -> dict[str, pl.Series]:
    return {
        "variant_id": inputs.genotypes.variants["SNPID"].gather(variant),
        "phenotype_id": inputs.phenotypes.genes["GENE_ID"].gather(phenotype),
    }


def _about(inputs: QtlInputs, variant: Places, phenotype: Places, places: PlacesOf) -> dict[str, pl.Series]:
    import polars as pl

    contig, position, gene_contig, tss = places
    table, genes = inputs.genotypes.variants, inputs.phenotypes.genes
    near = (contig[variant] == gene_contig[phenotype]) & (contig[variant] > 0)
    distance = pl.Series("tss_distance", position[variant] - tss[phenotype])
    return {
        "effect_allele": table["A1"].gather(variant),
        "other_allele": table["A2"].gather(variant),
        "variant_chrom": table["CHROM"].gather(variant),
        "variant_pos": table["POS"].gather(variant),
        "phenotype_chrom": genes["CHROM"].gather(phenotype),
        "phenotype_tss": genes["TSS"].gather(phenotype),
        "tss_distance": distance.set(pl.Series(~near), None) if len(near) else distance,
    }
