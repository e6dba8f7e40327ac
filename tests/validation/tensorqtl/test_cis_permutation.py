"""tensorQTL 1.0.10's map_cis on 126 simulated phenotypes of 300 people with 19 covariates.

``map_cis(..., maf_threshold=0.01, window=1000000, seed=1234)`` with 1,000 and 10,000 permutations. With
tensorQTL's own permutations the numbers are the same; with ours they differ as those of two of its seeds do.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import postgwas.qtl as qtl
from postgwas.genotypes.selection import Selection
from postgwas.qtl.permutation_options import DiscoveryOptions

pytestmark = pytest.mark.requires_shared


@pytest.fixture(scope="module")
def inputs(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> qtl.QtlInputs:
    """All phenotypes, without the variants whose REF frequency is 0.01 exactly.

    tensorQTL computes their minor allele frequency as 1 - 0.99 in single precision, which is less than 0.01.
    """
    oracle = shared / "oracle/eqtl"
    frequency = pl.read_csv(oracle / "plink_qc/freq.afreq.gz", separator="\t")
    lost = frequency.filter((pl.col("ALT_FREQS") - 0.99).abs() < 1e-6)["ID"].to_list()
    listed = tmp_path_factory.mktemp("permutation") / "lost.txt"
    listed.write_text("\n".join(lost))
    options = qtl.QtlInputOptions(maf_min=0.01, selection=Selection(exclude=listed))
    return qtl.load_inputs(
        oracle / "sim_inputs/geno.pgen",
        oracle / "expression_prep_gtex/cis.expression.bed.gz",
        oracle / "sim_inputs/covariates.txt",
        options=options,
    )


@pytest.fixture(scope="module")
def peer(shared: Path) -> dict[str, pl.DataFrame]:
    folder = shared / "oracle/eqtl/tensorqtl"
    names = ("1000perm.seed1234", "10000perm.seed1234", "10000perm.seed1235")
    return {name: pl.read_csv(folder / f"map_cis.{name}.tsv", separator="\t") for name in names}


def beside(ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    joined = ours.join(theirs, on="phenotype_id", suffix="_peer")
    assert joined.height == theirs.height == ours.height == 126
    return joined


def numbers(table: pl.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray]:
    return table[name].to_numpy(), table[f"{name}_peer"].to_numpy()


def log10_difference(table: pl.DataFrame, name: str) -> np.ndarray:
    ours, theirs = numbers(table, name)
    return np.log10(ours) - np.log10(theirs)


def test_with_its_permutations_the_numbers_are_its(
    inputs: qtl.QtlInputs, peer: dict[str, pl.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    def theirs(seed: int, n: int, *, start: int, stop: int) -> np.ndarray:
        drawn = np.random.RandomState(1234)
        return np.array([drawn.permutation(n) for _ in range(stop)], dtype=np.int32)

    monkeypatch.setattr("postgwas.qtl.permute_segment.permutations", theirs)
    found = qtl.cis_permutation(inputs, permutations=1000, seed=0)
    table = beside(found.table, peer["1000perm.seed1234"])
    for name in ("num_var", "ma_samples", "ma_count"):
        ours, others = numbers(table.filter(pl.col("variant_id") == pl.col("variant_id_peer")), name)
        assert np.array_equal(ours, others)
    # Leads differ where variants are in perfect LD and single precision takes a later one for the better.
    assert (table["variant_id"] != table["variant_id_peer"]).sum() == 4
    # Single precision in tensorQTL; its shapes are those of a search that stops at 1e-4.
    assert np.abs(log10_difference(table, "pval_nominal")).max() < 2e-5
    np.testing.assert_allclose(*numbers(table, "beta_shape1"), rtol=1e-5)
    np.testing.assert_allclose(*numbers(table, "beta_shape2"), rtol=1e-5)
    np.testing.assert_allclose(*numbers(table, "true_df"), rtol=1e-5)
    assert np.abs(log10_difference(table, "pval_beta")).max() < 1e-4
    assert np.abs(log10_difference(table, "pval_true_df")).max() < 1e-4
    # A permutation of the lead's own carriers ties with it, and rounding decides.
    ours, others = numbers(table, "pval_perm")
    assert np.abs(ours - others).max() < 1.5 / 1001


def test_shared_null_differs_as_two_of_its_seeds(
    inputs: qtl.QtlInputs, peer: dict[str, pl.DataFrame]
) -> None:
    found = qtl.cis_permutation(inputs, permutations=10_000, seed=1, scheme="shared")
    # Ties of counts keep six phenotypes from having the same values as the others.
    assert found.n_plain == 6
    for seed in ("1234", "1235"):
        table = beside(found.table, peer[f"10000perm.seed{seed}"])
        many = table.filter(pl.col("pval_beta_peer") > 1e-3)
        difference = log10_difference(many, "pval_beta")
        # Its two seeds: median 0.006, 95 % 0.033, largest 0.052.
        assert np.median(np.abs(difference)) < 0.01
        assert np.quantile(np.abs(difference), 0.95) < 0.05
        assert np.abs(difference).max() < 0.1
        assert abs(difference.mean()) < 0.01
        ours, theirs = numbers(table, "pval_perm")
        error = (ours - theirs) / np.sqrt(2 * theirs * (1 - theirs) / 10_000)
        assert 0.7 < error[theirs > 0.01].std() < 1.3


def test_qvalues_and_thresholds(inputs: qtl.QtlInputs, peer: dict[str, pl.DataFrame]) -> None:
    """From its own pval_beta and shapes: the q-values and thresholds of calculate_qvalues(fdr=0.05)."""
    from postgwas.qtl.discoveries import discover

    theirs = peer["10000perm.seed1234"]
    table, found = discover(theirs, df=279, options=DiscoveryOptions())
    joined = beside(table, theirs)
    np.testing.assert_allclose(*numbers(joined, "qval"), rtol=1e-8)
    # The shapes are printed to 9 digits.
    np.testing.assert_allclose(*numbers(joined, "pval_nominal_threshold"), rtol=1e-6)
    assert found.n_significant == int((theirs["qval"] <= 0.05).sum()) == 65
    # At the degrees of freedom of the nominal test the threshold is lower, by half on the median here.
    ratio = joined["pval_nominal_threshold_exact"] / joined["pval_nominal_threshold"]
    assert 0.4 < float(ratio.median() or 0) < 0.9


def test_independent_signals(shared: Path, peer: dict[str, pl.DataFrame]) -> None:
    """map_independent(fdr=0.05, nperm=10000), all variants: the same 88 signals, but for chance."""
    oracle = shared / "oracle/eqtl"
    theirs = pl.read_csv(oracle / "tensorqtl/map_independent.tsv", separator="\t")
    found = qtl.cis_independent(
        oracle / "sim_inputs/geno.pgen",
        oracle / "expression_prep_gtex/cis.expression.bed.gz",
        oracle / "sim_inputs/covariates.txt",
        results=peer["10000perm.seed1234"],
        permutations=1000,
        seed=1,
    )
    assert found.n_phenotypes == 65
    keys = ["phenotype_id", "variant_id", "rank"]
    assert found.table.select(keys).rows() == theirs.select(keys).rows()
    table = found.table.join(theirs, on=keys, suffix="_peer", maintain_order="left")
    assert (table["num_var"] == table["num_var_peer"]).all()
    assert (table["ma_count"] == table["ma_count_peer"]).all()
    # It conditions on missing calls as 0 copies, not the mean; here one conditioning variant has 12. Ours are
    # least squares with the mean.
    odd = pl.col("phenotype_id") == "ENSG00000034.1"
    np.testing.assert_allclose(table.filter(odd)["slope"], [-0.6738743796, -0.6460829812, -0.3786648727])
    others = table.filter(~odd)
    for name in ("slope", "slope_se"):
        np.testing.assert_allclose(*numbers(others, name), rtol=2e-5)
    assert np.abs(log10_difference(others, "pval_nominal")).max() < 2e-5
    # 1,000 permutations beside 10,000: relative to log10 P.
    ours, peers = (np.log10(column) for column in numbers(table, "pval_beta"))
    assert np.quantile(np.abs(ours - peers) / np.maximum(-peers, 1), 0.95) < 0.1


def test_significant_pairs(shared: Path, peer: dict[str, pl.DataFrame]) -> None:
    """get_significant_pairs, for the nine eGenes of the 22 phenotypes whose pairs are all stored."""
    folder = shared / "oracle/eqtl/tensorqtl"
    found = qtl.egenes(
        folder / "map_cis.10000perm.seed1234.tsv", nominal=folder / "map_nominal.subset.tsv.gz"
    )
    theirs = pl.read_csv(folder / "significant_pairs.tsv.gz", separator="\t")
    assert found.pairs is not None and found.pairs.height == 177
    names = found.pairs["phenotype_id"].unique().to_list()
    keys = ["phenotype_id", "variant_id"]
    theirs = theirs.filter(pl.col("phenotype_id").is_in(names)).sort(keys)
    ours = found.pairs.sort(keys)
    assert ours.select(keys).equals(theirs.select(keys))
    for name in ("pval_nominal_threshold", "min_pval_nominal", "pval_beta"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-6)
