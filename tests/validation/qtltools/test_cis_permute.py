"""QTLtools 1.3.1 ``cis --permute 1000 --std-err`` under its model: covariates out of the phenotype alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import postgwas.qtl as qtl

COLUMNS = {
    "column_0": "phenotype_id", "column_5": "num_var", "column_7": "variant_id", "column_15": "pval_nominal",
    "column_17": "slope", "column_19": "pval_perm", "column_20": "pval_beta",
}  # fmt: skip


@pytest.mark.requires_shared
def test_permutation_pass_under_its_model(shared: Path) -> None:
    oracle = shared / "oracle/eqtl"
    theirs = pl.read_csv(oracle / "qtltools/cis_permute1000.txt", separator=" ", has_header=False)
    theirs = theirs.select(pl.col(old).alias(new) for old, new in COLUMNS.items())
    options = qtl.QtlInputOptions(compat="qtltools")
    found = qtl.cis_permutation(
        oracle / "sim_inputs/geno.pgen",
        oracle / "expression_prep_gtex/cis.expression.bed.gz",
        oracle / "sim_inputs/covariates.txt",
        options=options,
        seed=1,
    )
    assert found.df == 298
    table = found.table.join(theirs, on="phenotype_id", suffix="_peer")
    assert (table["num_var"] == table["num_var_peer"]).all()
    # 6 digits; of variants in perfect LD it reports the one nearest to the TSS.
    np.testing.assert_allclose(table["pval_nominal"], table["pval_nominal_peer"], rtol=2e-5)
    same = table.filter(pl.col("variant_id") == pl.col("variant_id_peer"))
    assert same.height >= 110
    np.testing.assert_allclose(same["slope"], same["slope_peer"], rtol=2e-5)
    many = table.filter(pl.col("pval_beta_peer") > 1e-3)
    difference = (many["pval_beta"].log10() - many["pval_beta_peer"].log10()).to_numpy()
    assert np.quantile(np.abs(difference), 0.95) < 0.15 and abs(np.mean(difference)) < 0.03
