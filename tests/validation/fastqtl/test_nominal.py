"""The nominal pass against FastQTL's.

Peer: FastQTL v2.184_gtex (francois-a/fastqtl 3af620b), ``--vcf genotypes.vcf.gz --bed cis.expression.bed.gz
--cov covariates.txt.gz --window 1e6``, with ``--maf-threshold 0.01`` (22 genes) and without (6 genes). It
prints 6 digits: standard errors to 5e-6 of themselves, slopes to 5e-6, -log10 P to 3e-6.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from qtl.eqtl_oracle import PAIR, Oracle

from postgwas.qtl import cis_nominal

pytestmark = pytest.mark.requires_shared
COLUMNS = ["phenotype_id", "variant_id", "distance", "ma_samples_peer", "ma_count_peer", "maf", "pval",
           "slope_peer", "slope_se_peer"]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "maf_min", "pairs"), [("nominal_maf01", 0.01, 41_717), ("nominal", 0.0, 11_605)]
)
def test_pairs(oracle: Oracle, name: str, maf_min: float, pairs: int) -> None:
    theirs = oracle.table(f"fastqtl/{name}.subset.txt.gz", columns=COLUMNS)
    found = cis_nominal(oracle.genotypes, oracle.phenotypes, oracle.covariates, maf_min=maf_min)
    ours = found.table.filter(pl.col("phenotype_id").is_in(theirs["phenotype_id"].unique().to_list()))
    both = ours.join(theirs, on=PAIR)
    # The same pairs, those at the limit of frequency included.
    assert both.height == ours.height == theirs.height == pairs
    assert both["tss_distance"].to_list() == both["distance"].to_list()
    np.testing.assert_allclose(both["slope"], both["slope_peer"], rtol=0, atol=5.1e-6)
    np.testing.assert_allclose(both["slope_se"], both["slope_se_peer"], rtol=5e-6)
    np.testing.assert_allclose(both["mlog10p"], -both["pval"].log10(), rtol=0, atol=3e-6)
