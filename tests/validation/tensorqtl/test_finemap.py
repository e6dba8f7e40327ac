"""Fine-mapping beside tensorQTL 1.0.10's susie.map (L 10, max_iter 500, tol 1e-3, coverage 0.95).

tensorQTL works in single precision and stops by the rise of its bound, hence PIPs to 2e-3; the sets are the
same.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from postgwas.qtl import QtlInputOptions, finemap, load_inputs

pytestmark = pytest.mark.requires_shared


def _sets(table: pl.DataFrame) -> set[tuple[str, tuple[str, ...]]]:
    grouped = table.group_by("phenotype_id", "cs_id").agg("variant_id")
    return {(row["phenotype_id"], tuple(sorted(row["variant_id"]))) for row in grouped.iter_rows(named=True)}


def test_credible_sets_are_the_same_and_pips_close(shared: Path) -> None:
    folder = shared / "oracle/eqtl"
    theirs = pl.read_csv(folder / "tensorqtl/susie_summary.tsv", separator="\t")
    pips = pl.read_csv(folder / "tensorqtl/susie_pip_ge1e-4.tsv.gz", separator="\t")
    genes = pips["phenotype_id"].unique().to_list()
    inputs = load_inputs(
        folder / "sim_inputs/geno.pgen", folder / "expression_prep_gtex/cis.expression.bed.gz",
        folder / "sim_inputs/covariates.txt", options=QtlInputOptions(maf_min=0.01),
    )  # fmt: skip
    found = finemap(inputs, genes=genes)
    assert _sets(found.members) == _sets(theirs)
    both = pips.join(found.pips, on=["phenotype_id", "variant_id"], how="left", suffix="_ours")
    assert (both["pip"] - both["pip_ours"]).abs().max() < 2e-3  # type: ignore[operator]
    assert both["pip_ours"].null_count() == 0
