"""The nominal pass in QTLtools' model against QTLtools.

Peer: QTLtools 1.3.1-25-g6e49f85, ``cis --nominal 1 --std-err --cov covariates --window 1000000``, 22 genes.
It projects covariates out of the phenotype alone and takes 298 degrees of freedom: ``--compat qtltools``. It
prints 6 digits: standard errors to 5e-6 of themselves, slopes to 6e-6, -log10 P to 5e-6.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from qtl.eqtl_oracle import PAIR, Oracle

from postgwas.qtl import QtlInputOptions, cis_nominal

pytestmark = pytest.mark.requires_shared
COLUMNS = [
    "phenotype_id", "chr", "from", "to", "strand", "n_var", "dist", "variant_id", "var_chr", "var_from",
    "var_to", "nom_pval", "r_squared", "slope_peer", "slope_se_peer", "best_hit",
]  # fmt: skip


def test_pairs(oracle: Oracle) -> None:
    theirs = oracle.table("qtltools/cis_nominal.subset.txt.gz", columns=COLUMNS, separator=" ")
    options = QtlInputOptions(compat="qtltools")
    found = cis_nominal(oracle.genotypes, oracle.phenotypes, oracle.covariates, options=options)
    both = found.table.join(theirs, on=PAIR)
    assert found.df == 298
    assert both.height == theirs.height == 43_418
    np.testing.assert_allclose(both["slope"], both["slope_peer"], rtol=0, atol=6e-6)
    np.testing.assert_allclose(both["slope_se"], both["slope_se_peer"], rtol=5.1e-6)
    np.testing.assert_allclose(both["mlog10p"], -both["nom_pval"].log10(), rtol=0, atol=5e-6)
    # QTLtools measures to the nearer end of a deletion.
    one_base = both.filter(
        pl.col("other_allele").str.len_chars() == 1, pl.col("effect_allele").str.len_chars() == 1
    )
    assert one_base["tss_distance"].to_list() == one_base["dist"].to_list()


def test_the_full_model_is_another(oracle: Oracle) -> None:
    """What the mode is for: with the covariates on both sides -log10 P differs by up to 7."""
    theirs = oracle.table("qtltools/cis_nominal.subset.txt.gz", columns=COLUMNS, separator=" ")
    found = cis_nominal(oracle.genotypes, oracle.phenotypes, oracle.covariates)
    both = found.table.join(theirs, on=PAIR)
    difference = (both["mlog10p"] + both["nom_pval"].log10()).abs().max()
    assert found.df == 279 and 6 < difference < 8
