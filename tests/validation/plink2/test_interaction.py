"""Interactions against plink2's.

Peer: plink2 v2.00a3.5 (9 Aug 2022), ``--covar-variance-standardize --maf 0.05 --glm interaction omit-ref
--parameters 1-20,36``, the ADDxsex rows of three genes; variants with calls for all 300 people. Sex is
standardised there, which scales the effect by its standard deviation. It prints 6 digits: 5e-6 of each.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from qtl.eqtl_oracle import Oracle

from postgwas.qtl import InteractionOptions, cis_interaction

pytestmark = pytest.mark.requires_shared


@pytest.fixture(scope="module")
def ours(oracle: Oracle) -> pl.DataFrame:
    options = InteractionOptions(maf_min_interaction=0.0, eigenmt=False)
    found = cis_interaction(
        oracle.genotypes, oracle.phenotypes, oracle.sex, oracle.covariates, interaction_options=options
    )
    return found.table.with_columns(t=pl.col("b_gi") / pl.col("b_gi_se"))


@pytest.mark.parametrize("number", [3, 6, 7])
def test_one_gene(oracle: Oracle, ours: pl.DataFrame, number: int) -> None:
    gene = f"ENSG{number:08d}.1"
    theirs = oracle.table(f"plink_glm/inter.{gene}.glm.linear.gz")
    theirs = theirs.filter(pl.col("TEST") == "ADDxsex", pl.col("OBS_CT") == 300)
    both = ours.filter(pl.col("phenotype_id") == gene).join(theirs, left_on="variant_id", right_on="ID")
    assert both.height > 700
    sd = np.std([0] * 141 + [1] * 159, ddof=1)
    np.testing.assert_allclose(both["t"], both["T_STAT"], rtol=5.1e-6)
    np.testing.assert_allclose(both["b_gi"] * sd, both["BETA"], rtol=5.1e-6)
    np.testing.assert_allclose(both["b_gi_se"] * sd, both["SE"], rtol=5.1e-6)
    np.testing.assert_allclose(both["mlog10p_gi"], -both["P"].log10(), rtol=0, atol=3e-6)
