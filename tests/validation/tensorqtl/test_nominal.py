"""The nominal pass against tensorQTL's.

Peer: tensorqtl 1.0.10 (PyPI), ``cis.map_nominal(genotypes, ..., covariates_df, maf_threshold=0.01,
window=1000000)``: all pairs of 22 genes, sums of all 126. It computes in float32: slopes to 1e-6, standard
errors to 1e-6 of themselves, -log10 P to 3e-5 (seen: 8e-7, 3e-7, 2e-5 at P = 1e-43).
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from qtl.eqtl_oracle import PAIR, Oracle

from postgwas.qtl import cis_nominal

pytestmark = pytest.mark.requires_shared


@pytest.fixture(scope="module")
def ours(oracle: Oracle) -> pl.DataFrame:
    return cis_nominal(oracle.genotypes, oracle.phenotypes, oracle.covariates).table


def test_pairs(oracle: Oracle, ours: pl.DataFrame) -> None:
    theirs = oracle.table("tensorqtl/map_nominal.subset.tsv.gz")
    both = ours.join(theirs, on=PAIR, suffix="_peer")
    assert both.height == theirs.height == 41_552
    assert both["tss_distance"].to_list() == both["start_distance"].to_list()
    np.testing.assert_allclose(both["slope"], both["slope_peer"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(both["slope_se"], both["slope_se_peer"], rtol=1e-6)
    np.testing.assert_allclose(both["mlog10p"], -both["pval_nominal_peer"].log10(), rtol=0, atol=3e-5)
    np.testing.assert_allclose(both["af"], both["af_peer"], rtol=1e-6)
    assert both["ma_samples"].to_list() == both["ma_samples_peer"].to_list()
    # float32 sums of imputed dosages fall short of a whole number now and then.
    assert (both["ma_count"] - both["ma_count_peer"]).abs().max() <= 1


def test_sums_over_all_genes(oracle: Oracle, ours: pl.DataFrame) -> None:
    """tensorQTL's limit is float32's: 1 - 0.99 falls short of 0.01, and the variant is dropped."""
    theirs = oracle.table("tensorqtl/map_nominal.per_gene_summary.tsv")
    af = ours["af"].to_numpy().astype(np.float32)
    kept = pl.Series(np.minimum(af, np.float32(1) - af) >= np.float32(0.01))
    sums = (
        ours.filter(kept)
        .group_by("phenotype_id")
        .agg(pl.len(), pl.min("pval_nominal"), pl.sum("slope", "slope_se", "mlog10p"))
    )
    both = theirs.join(sums, on="phenotype_id")
    assert both.height == theirs.height == 126
    assert both["len"].to_list() == both["n_variants"].to_list()
    np.testing.assert_allclose(both["pval_nominal"].log10(), both["min_p"].log10(), rtol=1e-6)
    np.testing.assert_allclose(both["mlog10p"], -both["sum_log10p"], rtol=1e-6)
    np.testing.assert_allclose(both["slope_se"], both["sum_slope_se"], rtol=1e-6)
    np.testing.assert_allclose(both["slope"], both["sum_slope"], rtol=0, atol=1e-4)
    # What a limit of 0.01 keeps here and not there.
    minor = pl.min_horizontal("af", 1 - pl.col("af"))
    dropped = ours.filter(~kept, minor >= 0.01 * (1 - 1e-12))
    assert dropped.height == 942
