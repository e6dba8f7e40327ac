"""Which pairs of a QTL result have a fold change fitted, and the calls of their variants."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from postgwas.errors import InputError
from postgwas.genotypes.genotypes import Genotypes, Rows
from postgwas.qtl.inputs import QtlInputs
from postgwas.qtl.qtl_table import read_qtl_table
from postgwas.runlog import get_logger, log_step

if TYPE_CHECKING:
    import polars as pl

log = get_logger("qtl")


def read_pairs(source: str | os.PathLike[str] | pl.DataFrame, *, max_q: float | None) -> pl.DataFrame:
    """Pairs to fit, each once; phenotype_id, variant_id and, where there is one, rank.

    Raises
    ------
    InputError
        If none is left.
    ColumnError
        As :func:`postgwas.qtl.qtl_table.read_qtl_table`.
    """
    import polars as pl

    needed = ("phenotype_id", "variant_id") + (("qval",) if max_q is not None else ())
    table = read_qtl_table(source, needed=needed).with_row_index("order")
    n_in = table.height
    if max_q is not None:
        table = table.filter(pl.col("qval") <= max_q)
        if not table.height:
            raise InputError(f"{source}: none of {n_in:,} rows has qval <= {max_q:g}", hint="--max_q")
    complete = table.drop_nulls(["phenotype_id", "variant_id"])
    columns = ["phenotype_id", "variant_id", *(["rank"] if "rank" in table.columns else [])]
    once = complete.unique(["phenotype_id", "variant_id"], keep="first", maintain_order=True)
    log_step(
        log, "Pairs", rows_in=n_in, rows_out=once.height, unit="pairs",
        dropped={
            "qval above the limit": n_in - table.height, "without id": table.height - complete.height,
            "named before": complete.height - once.height,
        },
    )  # fmt: skip
    if not once.height:
        raise InputError(f"{source}: no pair of phenotype and variant")
    return once.select(columns).with_columns(pl.col("^rank$").cast(pl.Int32, strict=False))


def known_pairs(
    pairs: pl.DataFrame, inputs: QtlInputs
) -> tuple[pl.DataFrame, Rows, list[tuple[str, str, str]]]:
    """Pairs whose gene and variant are there and within the limits, the variants' rows, and the others.

    Raises
    ------
    InputError
        If no pair is left.
    """
    place: dict[str, int] = {}
    twice: set[str] = set()
    for row, name in enumerate(inputs.genotypes.variants["SNPID"].to_list()):
        if name in place:
            twice.add(name)
        place[name] = row
    genes = set(inputs.phenotypes.gene_ids)
    named = pairs["variant_id"].unique(maintain_order=True).to_list()
    beyond = _beyond_limits({name: place[name] for name in named if name in place}, inputs)
    lost = []
    for gene, variant in pairs.select("phenotype_id", "variant_id").iter_rows():
        if gene not in genes:
            lost.append((gene, variant, inputs.rejected.get(gene, "phenotype_not_found")))
        elif variant not in place:
            lost.append((gene, variant, "variant_not_found"))
        elif variant in twice:
            lost.append((gene, variant, "variant_id_not_unique"))
        elif variant in beyond:
            lost.append((gene, variant, beyond[variant]))
    out = {(gene, variant) for gene, variant, _ in lost}
    keys = pairs.select("phenotype_id", "variant_id").rows()
    kept = np.array([key not in out for key in keys], np.bool_)
    if not kept.any():
        told = ", ".join(f"{n:,} {why}" for why, n in Counter(why for _, _, why in lost).items())
        raise InputError(f"{inputs.genotypes.path}: none of {len(keys):,} pairs can be fitted ({told})")
    left = pairs.filter(kept)
    rows = np.array([place[name] for name in left["variant_id"].to_list()], np.int64)
    return left, rows, lost


def _beyond_limits(rows: dict[str, int], inputs: QtlInputs) -> dict[str, str]:
    """Variants that are too rare or lack too many calls, and which."""
    limits = inputs.options
    if not rows or (limits.maf_min == 0.0 and limits.max_missing == 1.0):
        return {}
    order = np.array(sorted(rows.values()), np.int64)
    counts = inputs.genotypes.source.moments(order, None)
    missing = inputs.n_samples - counts.n_observed
    # As in mapping, counts against the limit's count: one that is met exactly does not depend on rounding.
    rare = np.minimum(counts.total, 2.0 * counts.n_observed - counts.total) < (
        limits.maf_min * 2.0 * counts.n_observed * (1.0 - 1e-12)
    )
    sparse = missing > limits.max_missing * inputs.n_samples * (1.0 + 1e-12)
    why = {
        int(row): "too_many_missing" if gaps else "maf_below_limit"
        for row, few, gaps in zip(order, rare, sparse)
        if few or gaps
    }
    return {name: why[row] for name, row in rows.items() if row in why}


def pair_calls(genotypes: Genotypes, rows: Rows, *, haplotypes: bool) -> NDArray[np.float64]:
    """Copies of A1, (V, n), or (2, V, n) on haplotypes; NaN missing."""
    once, back = np.unique(rows, return_inverse=True)
    if haplotypes:
        from postgwas.qtl.phased_calls import phased_calls

        return phased_calls(genotypes, once)[:, back]
    read = genotypes.source.read(once, None).astype(np.float64)
    return np.where(read < 0, np.nan, read)[back]
