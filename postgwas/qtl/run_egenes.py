"""eGenes at a false discovery rate, from results of a permutation pass: ``postgwas.qtl.egenes``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from postgwas.errors import InputError, UsageError
from postgwas.qtl.discoveries import Discoveries, discover
from postgwas.qtl.inputs import group_of_phenotype
from postgwas.qtl.nominal_df import nominal_df
from postgwas.qtl.permutation_options import DiscoveryOptions
from postgwas.qtl.qtl_table import read_qtl_table
from postgwas.qtl.significant_pairs import significant_pairs
from postgwas.runlog import get_logger

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")

Source = str | os.PathLike[str]
PairsBy = Literal["nominal", "exact"]

_NEEDED = ("phenotype_id", "variant_id", "pval_beta")
_FITTED = ("beta_shape1", "beta_shape2", "true_df")


@dataclass(frozen=True, eq=False)
class EGenes:
    """eGenes and their significant pairs.

    Attributes
    ----------
    table : polars.DataFrame
        Rows of the permutation pass with qval, pval_nominal_threshold, pval_nominal_threshold_exact anew, and
        egene, whether the q-value is up to the rate.
    pairs : polars.DataFrame or None
        Pairs of eGenes below the threshold: columns of the nominal results, then pval_nominal_threshold,
        min_pval_nominal and pval_beta of the phenotype. None without nominal results.
    discoveries : Discoveries
    """

    table: pl.DataFrame
    pairs: pl.DataFrame | None
    discoveries: Discoveries


def egenes(
    results: Source | pl.DataFrame,
    *,
    nominal: Source | Sequence[Source] | pl.DataFrame | None = None,
    discovery: DiscoveryOptions | None = None,
    pairs_by: PairsBy = "nominal",
    groups: Source | None = None,
) -> EGenes:
    """Take q-values anew, and list significant pairs.

    Parameters
    ----------
    results : path, ``STUDY.h5::KEY`` or polars.DataFrame
        Of the permutation pass, of this package, tensorQTL or FastQTL with a header.
    nominal : path, paths, or polars.DataFrame, optional
        Of the nominal pass: text, Parquet, or tables of a store; read a part at a time.
    discovery : DiscoveryOptions, optional
    pairs_by : {"nominal", "exact"}
        Which threshold pairs are held against: that of FastQTL and tensorQTL, or the one at the degrees of
        freedom of the nominal test; see :func:`postgwas.qtl.thresholds.thresholds`.
    groups : path, optional
        Two columns, phenotype and group, where the pass was of groups.

    Raises
    ------
    InputError, ColumnError
        If a file cannot be read or lacks a column, a P-value is not in 0 to 1, or the exact threshold is
        wanted of results whose degrees of freedom cannot be told.
    UsageError

    Examples
    --------
    >>> found = egenes("lcl.cis_permutation.tsv.gz", nominal="lcl.cis_nominal.parquet")  # doctest: +SKIP
    """
    import polars as pl

    wanted = discovery or DiscoveryOptions()
    wanted.check()
    if pairs_by not in ("nominal", "exact"):
        raise UsageError(f"--pairs_by {pairs_by}: expected nominal or exact")
    told = os.fspath(results) if isinstance(results, (str, os.PathLike)) else "results"
    table = _permuted(results, told)
    df = nominal_df(table)
    if np.isnan(df) and pairs_by == "exact":
        raise InputError(
            f"{told}: slope, slope_se and pval_nominal do not tell the degrees of freedom",
            hint="--pairs_by nominal",
        )
    table, found = discover(table, df=df, options=wanted)
    table = table.with_columns(egene=(pl.col("qval") <= wanted.fdr).fill_null(False))
    pairs = None
    if nominal is not None:
        limits = _limits(table, pairs_by, groups)
        sources = [nominal] if isinstance(nominal, (str, os.PathLike, pl.DataFrame)) else list(nominal)
        pairs = pl.concat([significant_pairs(one, limits) for one in sources], how="diagonal_relaxed")
        log.info("%d significant pairs of %d eGenes", pairs.height, pairs["phenotype_id"].n_unique())
    return EGenes(table, pairs, found)


def _permuted(results: Source | pl.DataFrame, told: str) -> pl.DataFrame:
    import polars as pl

    table = read_qtl_table(results, needed=_NEEDED)
    for name in _FITTED:
        if name not in table.columns:
            table = table.with_columns(pl.lit(None, dtype=pl.Float64).alias(name))
    table = table.with_columns(pl.col(_FITTED).cast(pl.Float64, strict=False))
    p = table["pval_beta"]
    bad = table.filter((p < 0) | (p > 1))
    if bad.height:
        row = bad.row(0, named=True)
        raise InputError(
            f"{told}: pval_beta of {row['phenotype_id']} is {row['pval_beta']:g}, expected 0 to 1"
        )
    if p.null_count() == len(p):
        raise InputError(f"{told}: no phenotype has a pval_beta")
    return table


def _limits(table: pl.DataFrame, pairs_by: PairsBy, groups: Source | None) -> pl.DataFrame:
    """eGenes' thresholds, under each phenotype of a group."""
    import polars as pl

    column = "pval_nominal_threshold" + ("" if pairs_by == "nominal" else "_exact")
    least = "pval_nominal" if "pval_nominal" in table.columns else "pval_beta"
    chosen = table.filter(pl.col("egene")).select(
        "phenotype_id",
        *(["group_id"] if groups is not None else []),
        pl.col(column).alias("threshold"),
        pl.col(column).alias("pval_nominal_threshold"),
        pl.col(least).alias("min_pval_nominal"),
        "pval_beta",
    )
    if groups is None:
        return chosen
    members = group_of_phenotype(groups)
    frame = pl.DataFrame({"phenotype_id": list(members), "group_id": list(members.values())})
    return frame.join(chosen.drop("phenotype_id"), on="group_id")
