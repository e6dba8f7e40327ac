"""FastQTL v2.184_gtex on 126 simulated phenotypes: ``--permute 1000``, and adaptive: ``--permute 100 10000``.

Ours of the adaptive scheme go to 1,000, which P-values above 0.1 do not notice.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import postgwas.qtl as qtl

pytestmark = pytest.mark.requires_shared

NAMES = [
    "phenotype_id", "num_var", "beta_shape1", "beta_shape2", "true_df", "pval_true_df", "variant_id",
    "tss_distance", "ma_samples", "ma_count", "maf", "ref_factor", "pval_nominal", "slope", "slope_se",
    "pval_perm", "pval_beta",
]  # fmt: skip


@pytest.fixture(scope="module")
def inputs(shared: Path) -> qtl.QtlInputs:
    oracle = shared / "oracle/eqtl"
    return qtl.load_inputs(
        oracle / "sim_inputs/geno.pgen",
        oracle / "expression_prep_gtex/cis.expression.bed.gz",
        oracle / "sim_inputs/covariates.txt",
        options=qtl.QtlInputOptions(maf_min=0.01),
    )


@pytest.mark.parametrize(("name", "permutations"), [("permute1000", 1000), ("permuteA", (100, 1000))])
def test_permutation_pass(shared: Path, inputs: qtl.QtlInputs, name: str, permutations: int) -> None:
    theirs = pl.read_csv(
        shared / f"oracle/eqtl/fastqtl/{name}.txt", separator="\t", has_header=False, new_columns=NAMES
    )
    found = qtl.cis_permutation(inputs, permutations=permutations, seed=1)
    table = found.table.join(theirs, on="phenotype_id", suffix="_peer")
    assert table.height == 126
    # FastQTL keeps variants at the limit of frequency, as we do, and prints 6 digits.
    for what in ("num_var", "variant_id", "tss_distance"):
        assert (table[what] == table[f"{what}_peer"]).all()
    for what in ("pval_nominal", "slope", "slope_se"):
        np.testing.assert_allclose(table[what], table[f"{what}_peer"], rtol=1e-5)
    # Counted P-values: binomial errors of both. Those of the adaptive scheme rest on 100 better ones.
    ours, other = table["pval_perm"].to_numpy(), table["pval_perm_peer"].to_numpy()
    n = table["n_permutations"].to_numpy()
    counted = (ours > 0.02) & (ours < 0.98)
    error = (ours - other)[counted] / np.sqrt(2 * (ours * (1 - ours) / n)[counted])
    assert np.abs(error).max() < 4.5 and 0.75 < error.std() < 1.3
    # Two runs of 1,000 permutations: 95 % within 0.1 above 1e-3; 100 permutations, which the adaptive scheme
    # stops at where P is large, differ as little there.
    many = (table["pval_beta_peer"] > 1e-3).to_numpy()
    difference = (table["pval_beta"].log10() - table["pval_beta_peer"].log10()).to_numpy()[many]
    assert np.quantile(np.abs(difference), 0.95) < 0.15 and abs(np.mean(difference)) < 0.03


def test_adaptive_scheme_ends_at_the_hundredth_better_one(inputs: qtl.QtlInputs) -> None:
    """pval_perm is then 101 / (permutations + 1), as FastQTL's; otherwise the run is a fixed one."""
    adaptive = qtl.cis_permutation(inputs, permutations=(100, 1000), seed=1).table
    fixed = qtl.cis_permutation(inputs, permutations=1000, seed=1).table
    stopped = adaptive.filter(pl.col("n_permutations") < 1000)
    assert stopped.height > 30
    np.testing.assert_allclose(stopped["pval_perm"], 101 / (stopped["n_permutations"] + 1))
    whole = adaptive["n_permutations"] == 1000
    assert whole.sum() > 30
    # Products of fewer columns are rounded otherwise in single precision.
    for name in ("pval_perm", "pval_beta", "beta_shape2"):
        np.testing.assert_allclose(adaptive.filter(whole)[name], fixed.filter(whole)[name], rtol=1e-4)
