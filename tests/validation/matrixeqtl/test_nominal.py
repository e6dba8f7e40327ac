"""The nominal pass against MatrixEQTL's.

Peer: MatrixEQTL (andreyshabalin/MatrixEQTL f88f97e, R 4.2.2), ``Matrix_eQTL_main(useModel = modelLINEAR,
cisDist = 1e6)``, all cis pairs of 22 genes and those with P < 1e-4 of all. Both compute in doubles and it
prints 17 digits: t and slope to 1e-10 of their size, -log10 P to 1e-9 of itself.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from qtl.eqtl_oracle import PAIR, Oracle

from postgwas.qtl import cis_nominal

pytestmark = pytest.mark.requires_shared
NUMBERS = ("statistic", "pvalue", "beta")


@pytest.fixture(scope="module")
def ours(oracle: Oracle) -> pl.DataFrame:
    table = cis_nominal(oracle.genotypes, oracle.phenotypes, oracle.covariates).table
    return table.with_columns(t=pl.col("slope") / pl.col("slope_se"))


@pytest.mark.parametrize(
    ("name", "pairs"), [("cis_linear.subset.tsv.gz", 43_418), ("cis_linear_p1e-4.tsv", 741)]
)
def test_pairs(oracle: Oracle, ours: pl.DataFrame, name: str, pairs: int) -> None:
    theirs = oracle.table(f"matrixeqtl/{name}", numbers=NUMBERS)
    both = ours.join(theirs.rename({"snps": "variant_id", "gene": "phenotype_id"}), on=PAIR)
    assert both.height == theirs.height == pairs
    np.testing.assert_allclose(both["slope"], both["beta"], rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(both["t"], both["statistic"], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(both["mlog10p"], -both["pvalue"].log10(), rtol=1e-9, atol=1e-12)
    if "p1e-4" in name:
        assert ours.filter(pl.col("pval_nominal") < 1e-4).height == pairs


def test_least_p_of_all_genes(oracle: Oracle, ours: pl.DataFrame) -> None:
    theirs = oracle.table("matrixeqtl/min_p_cis_by_gene.tsv", numbers=("min_p_cis",)).rename(
        {"gene": "phenotype_id"}
    )
    both = theirs.join(ours.group_by("phenotype_id").agg(pl.min("pval_nominal")), on="phenotype_id")
    assert both.height == 126
    np.testing.assert_allclose(both["pval_nominal"], both["min_p_cis"], rtol=1e-9)
