"""The nominal pass against plink2's linear regression.

Peer: plink2 v2.00a3.5 (9 Aug 2022), ``--pfile geno --covar covar.txt --covar-variance-standardize --maf 0.01
--glm hide-covar omit-ref``, six genes. It drops people with a missing call, where we take the variant's mean,
so variants with calls for all 300 are compared. It prints 6 digits: 5e-6 of each.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from qtl.eqtl_oracle import Oracle

from postgwas.qtl import cis_nominal

pytestmark = pytest.mark.requires_shared
GENES = [f"ENSG{number:08d}.1" for number in (3, 6, 7, 8, 9, 10)]


@pytest.fixture(scope="module")
def ours(oracle: Oracle) -> pl.DataFrame:
    return cis_nominal(oracle.genotypes, oracle.phenotypes, oracle.covariates, maf_min=0.01).table


@pytest.mark.parametrize("gene", GENES)
def test_one_gene(oracle: Oracle, ours: pl.DataFrame, gene: str) -> None:
    theirs = oracle.table(f"plink_glm/lin.{gene}.glm.linear.gz").filter(pl.col("OBS_CT") == 300)
    both = ours.filter(pl.col("phenotype_id") == gene).join(theirs, left_on="variant_id", right_on="ID")
    assert both.height > 1400
    assert both["effect_allele"].to_list() == both["A1"].to_list()
    np.testing.assert_allclose(both["slope"], both["BETA"], rtol=5.1e-6)
    np.testing.assert_allclose(both["slope_se"], both["SE"], rtol=5.1e-6)
    np.testing.assert_allclose(both["mlog10p"], -both["P"].log10(), rtol=0, atol=3e-6)
