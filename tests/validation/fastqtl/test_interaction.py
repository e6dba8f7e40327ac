"""Interactions against FastQTL's.

Peer: FastQTL v2.184_gtex (francois-a/fastqtl 3af620b), ``--interaction interaction_sex.txt --maf-threshold
0.05`` with sex among the 19 covariates: it takes 277 degrees of freedom, where 278 are left. Its P is
compared with ours at 277; it prints 6 digits (-log10 P to 3e-6). ``perm_int`` has 100 permutations of the
phenotype.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from qtl.eqtl_oracle import PAIR, Oracle

from postgwas.genotypes.selection import Selection
from postgwas.qtl import InteractionOptions, QtlInputOptions, cis_interaction
from postgwas.qtl.t_tails import t_mlog10p

pytestmark = pytest.mark.requires_shared


def test_all_pairs_of_17_genes(oracle: Oracle) -> None:
    columns = [*PAIR, "distance", "ma_samples_peer", "ma_count_peer", "maf", "pval", "slope", "slope_se"]
    theirs = oracle.table("fastqtl/nom_int.subset.txt.gz", columns=columns)
    options = InteractionOptions(maf_min_interaction=0.0, eigenmt=False)
    found = cis_interaction(
        oracle.genotypes, oracle.phenotypes, oracle.sex, oracle.covariates, interaction_options=options
    )
    both = found.table.join(theirs, on=PAIR)
    assert both.height == theirs.height == 16_977
    np.testing.assert_allclose(both["b_gi"], both["slope"], rtol=0, atol=5.1e-6)
    wider = both["b_gi_se"] * np.sqrt(278 / 277)
    np.testing.assert_allclose(wider, both["slope_se"], rtol=6e-6)
    mlog10p = t_mlog10p((both["b_gi"] / wider).to_numpy(), 277)
    np.testing.assert_allclose(mlog10p, -both["pval"].log10(), rtol=0, atol=3e-6)


def test_permutations(oracle: Oracle) -> None:
    """P of genes by permutation, within what 100 and 300 of them leave open.

    FastQTL permutes the phenotype, we the residuals beside the lead's own effect: without LD that differs
    between the sexes, as here, both have the same null.
    """
    columns = [
        "phenotype_id",
        "n_var",
        "shape1",
        "shape2",
        "df",
        "variant",
        "distance",
        "pval",
        "perm",
        "beta",
    ]
    theirs = oracle.table("fastqtl/perm_int.txt", columns=columns, separator=" ")
    options = InteractionOptions(eigenmt=False, permutations=300, seed=1)
    found = cis_interaction(
        oracle.genotypes, oracle.phenotypes, oracle.sex, oracle.covariates, interaction_options=options,
        options=QtlInputOptions(selection=Selection(chromosomes=["21"])),
    )  # fmt: skip
    both = found.top.join(theirs, on="phenotype_id", suffix="_peer")
    assert both.height == found.top.height > 30
    same = both.filter(pl.col("variant_id") == pl.col("variant"), pl.col("beta") > 1e-3)
    assert same.height > 25
    difference = (same["pval_beta"].log10() - same["beta"].log10()).abs()
    assert difference.median() < 0.05
    assert difference.quantile(0.95) < 0.25
    planted = both.filter(pl.col("beta") < 1e-6)
    assert planted.height == 3 and (planted["qval"] < 1e-6).all()
