"""Trans mapping against Matrix eQTL's.

Peer: MatrixEQTL (commit f88f97e, R 4.2.2), ``Matrix_eQTL_main`` with modelLINEAR (and modelLINEAR_CROSS, sex
last among the covariates), cisDist 1e6, pvOutputThreshold 1e-5, all variants. It computes in double, so
figures agree to rounding; its false discovery rates are over all tests.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.qtl import QtlInputs, TransSettings, load_inputs, trans

pytestmark = pytest.mark.requires_shared


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "oracle" / "eqtl"


@pytest.fixture(scope="module")
def inputs(folder: Path) -> QtlInputs:
    sim = folder / "sim_inputs"
    bed = folder / "expression_prep_gtex" / "tmm.expression.bed.gz"
    return load_inputs(sim / "geno.pgen", bed, sim / "covariates.txt", cis=False)


def test_hits_figures_and_rates(folder: Path, inputs: QtlInputs) -> None:
    theirs = pl.read_csv(folder / "matrixeqtl" / "trans_linear_p1e-5.tsv", separator="\t").with_columns(
        pl.col("beta").str.strip_chars().cast(pl.Float64)
    )
    counts = dict(
        line.split() for line in (folder / "matrixeqtl" / "linear_counts.txt").read_text().splitlines()
    )
    found = trans(inputs, settings=TransSettings(1e-5, 1_000_000))
    assert found.n_tests == int(counts["ntrans_tests"]) and found.n_masked == int(counts["ncis_tests"])
    assert found.df == int(counts["dfFull"])
    both = found.table.join(theirs, left_on=["variant_id", "phenotype_id"], right_on=["snps", "gene"])
    assert both.height == theirs.height == found.table.height == 149
    np.testing.assert_allclose(both["b"], both["beta"], rtol=1e-10)
    np.testing.assert_allclose(both["pval"], both["pvalue"], rtol=1e-9)
    np.testing.assert_allclose(both["pval_adj_bh"], both["FDR"], rtol=1e-9)


def test_interaction_hits_and_figures(folder: Path, inputs: QtlInputs) -> None:
    theirs = pl.read_csv(folder / "matrixeqtl" / "trans_linear_cross_sex_p1e-5.tsv", separator="\t")
    settings = TransSettings(1e-5, 1_000_000, interaction=folder / "sim_inputs" / "interaction_sex.txt")
    found = trans(inputs, settings=settings)
    both = found.table.join(theirs, left_on=["variant_id", "phenotype_id"], right_on=["snps", "gene"])
    assert both.height == theirs.height == found.table.height == 440
    np.testing.assert_allclose(both["b_gi"], both["beta"], rtol=1e-9)
    np.testing.assert_allclose(both["pval_gi"], both["pvalue"], rtol=1e-8)
    # The peer counts variants whose carriers are all of one sex: their product is their own copy.
    assert found.rejected.variants["explained_by_covariates"] == 303
    counted = (found.n_tests / 6_790_781) * both["FDR"]
    np.testing.assert_allclose(both["pval_adj_bh"], counted, rtol=1e-8)
