"""Effective numbers of tests against eigenMT and tensorQTL's version of it.

Peers: eigenMT.py (joed3/eigenMT f91e283, ``--window 200 --var_thresh 0.99 --cis_dist 1e6``), a copy in which
genotypes are plain arrays: with a current scikit-learn the program as it is returns the number of windows.
tensorqtl 1.0.10, ``eigenmt.run_eigenmt(..., maf_threshold=0.01)``, all 126 genes; those of
chromosome 21 here. Numbers are whole: the same.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from qtl.eqtl_oracle import Oracle

from postgwas.cli.main import main
from postgwas.genotypes.selection import Selection
from postgwas.qtl import QtlInputOptions, cis_nominal, eigenmt

pytestmark = pytest.mark.requires_shared


ONE = QtlInputOptions(selection=Selection(chromosomes=["21"]))


def test_eigenmt_with_nominal_results(oracle: Oracle) -> None:
    theirs = oracle.table("eigenmt/chr21.out.tsv")
    nominal = cis_nominal(oracle.genotypes, oracle.phenotypes, oracle.covariates, options=ONE).table
    found = eigenmt(oracle.genotypes, oracle.phenotypes, nominal=nominal, options=ONE)
    both = found.table.join(theirs, left_on="phenotype_id", right_on="gene")
    assert both.height == theirs.height == 10
    assert both["tests_emt"].to_list() == both["TESTS"].to_list()
    np.testing.assert_allclose(both["pval_nominal"], both["p-value"], rtol=1e-9)
    np.testing.assert_allclose(both["pval_emt"], both["BF"].clip(upper_bound=1), rtol=1e-9)


def test_tensorqtl_s_on_its_variants(oracle: Oracle, tmp_path: Path) -> None:
    """Its limit of frequency is float32's, which keeps 0.01 and drops 0.99."""
    theirs = oracle.table("tensorqtl/eigenmt_noninteraction.tsv")
    table = cis_nominal(oracle.genotypes, oracle.phenotypes, options=ONE).table
    table = table.unique("variant_id", maintain_order=True)
    af = table["af"].to_numpy().astype(np.float32)
    kept = np.minimum(af, np.float32(1) - af) >= np.float32(0.01)
    (tmp_path / "kept.txt").write_text("\n".join(table["variant_id"].filter(pl.Series(kept))) + "\n")
    arguments = ["eqtl", "eigenmt", "--genotypes", str(oracle.genotypes), "--phenotypes"]
    arguments += [str(oracle.phenotypes), "--extract", str(tmp_path / "kept.txt"), "--out"]
    assert main([*arguments, str(tmp_path / "o"), "--quiet"]) == 0
    ours = pl.read_csv(tmp_path / "o.eigenmt.tsv.gz", separator="\t")
    both = ours.join(theirs, on="phenotype_id")
    assert both.height == ours.height > 30
    assert both["tests_emt"].to_list() == both["num_tests_eff"].to_list()
