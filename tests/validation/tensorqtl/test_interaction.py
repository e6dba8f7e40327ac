"""Interactions against tensorQTL's, and against what least squares say where it goes wrong.

Peer: tensorqtl 1.0.10 (PyPI), ``cis.map_nominal(..., interaction_df=sex, maf_threshold_interaction=0.05,
run_eigenmt=True)`` with sex among the covariates and without it. It computes in float32: effects to 1e-4,
standard errors to 3e-5 of themselves, -log10 P to 2e-4 (seen: 6e-5, 3e-5, 1.7e-4). Its two groups for the
limit of frequency are the first N // 2 people by sex and the others (ours are the sexes), so variants
differ a little; pairs that both have are compared.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from qtl.eqtl_oracle import PAIR, Oracle

from postgwas import open_genotypes
from postgwas.qtl import CisInteraction, InteractionOptions, cis_interaction
from postgwas.qtl.effective_tests import effective_tests

pytestmark = pytest.mark.requires_shared
EFFECTS = ("b_g", "b_i", "b_gi")
P_VALUES = ("pval_g", "pval_i", "pval_gi")


@pytest.fixture(scope="module")
def ours(oracle: Oracle) -> CisInteraction:
    """Sex is not among the covariates; no limit in the sexes, so that all of tensorQTL's pairs are there."""
    options = InteractionOptions(maf_min_interaction=0.0, eigenmt=False)
    return cis_interaction(
        oracle.genotypes, oracle.phenotypes, oracle.sex, oracle.covariates_without_sex(),
        interaction_options=options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def beside_sex(oracle: Oracle) -> CisInteraction:
    """Sex is a covariate too, as GTEx's users have it; the limit is ours."""
    return cis_interaction(oracle.genotypes, oracle.phenotypes, oracle.sex, oracle.covariates)


def test_all_pairs_of_22_genes(oracle: Oracle, ours: CisInteraction) -> None:
    theirs = oracle.table("tensorqtl/interaction_sex_nosexcov.map_nominal.subset.tsv.gz")
    both = ours.table.join(theirs, on=PAIR, suffix="_peer")
    assert ours.df == 278
    assert both.height == theirs.height == 20_832
    assert both["tss_distance"].to_list() == both["start_distance_peer"].to_list()
    for name in EFFECTS:
        np.testing.assert_allclose(both[name], both[f"{name}_peer"], rtol=0, atol=1e-4)
        np.testing.assert_allclose(both[f"{name}_se"], both[f"{name}_se_peer"], rtol=4e-5)
    for name in P_VALUES:
        np.testing.assert_allclose(both[name].log10(), both[f"{name}_peer"].log10(), rtol=0, atol=2e-4)


def test_best_pairs(oracle: Oracle, ours: CisInteraction) -> None:
    theirs = oracle.table("tensorqtl/interaction_sex_nosexcov.top_assoc.tsv")
    both = ours.table.join(theirs, on=PAIR, suffix="_peer")
    assert both.height == theirs.height == 126
    np.testing.assert_allclose(both["pval_gi"].log10(), both["pval_gi_peer"].log10(), rtol=0, atol=1e-4)
    np.testing.assert_allclose(both["b_gi"], both["b_gi_peer"], rtol=5e-5)


def test_sex_among_the_covariates_too(
    oracle: Oracle, ours: CisInteraction, beside_sex: CisInteraction
) -> None:
    """The same to 1e-9 as without, where tensorQTL takes a degree of freedom too many and b_i is noise."""
    both = beside_sex.table.join(ours.table, on=PAIR, suffix="_without")
    assert beside_sex.df == ours.df and both.height == beside_sex.table.height
    for name in EFFECTS:
        np.testing.assert_allclose(both[name], both[f"{name}_without"], rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(both[f"{name}_se"], both[f"{name}_se_without"], rtol=1e-9)
    theirs = oracle.table("tensorqtl/interaction_sex.map_nominal.subset.tsv.gz")
    both = beside_sex.table.join(theirs, on=PAIR, suffix="_peer")
    assert (both["b_i_peer"].abs() / both["b_i"].abs()).median() > 1000
    ratio = (both["b_gi_se_peer"] / both["b_gi_se"]).median()
    assert ratio == pytest.approx(np.sqrt(278 / 277), rel=3e-4)


def test_planted_interactions(oracle: Oracle, beside_sex: CisInteraction) -> None:
    """Three of three are found, and nothing else."""
    truth = oracle.table("sim_inputs/truth.tsv").filter(pl.col("kind") == "gxsex")
    found = beside_sex.top.filter(pl.col("pval_adj_bh") <= 0.05)
    assert sorted(found["phenotype_id"]) == sorted(truth["gene_id"])
    theirs = oracle.table("tensorqtl/interaction_sex_nosexcov.top_assoc.tsv")
    # One of the leads has a neighbour in perfect LD; P is that of both.
    both = found.join(theirs, on="phenotype_id", suffix="_peer")
    assert both.height == 3
    np.testing.assert_allclose(both["pval_gi"].log10(), both["pval_gi_peer"].log10(), rtol=1e-5)


def test_effective_tests_of_the_same_variants(oracle: Oracle) -> None:
    """tests_emt exactly, on the variants that tensorQTL's rule keeps, computed here as it does."""
    theirs = oracle.table("tensorqtl/interaction_sex_nosexcov.top_assoc.tsv")
    genotypes = open_genotypes(oracle.genotypes)
    calls = genotypes.block(0, genotypes.n_variants).astype(np.float32)
    calls[calls < 0] = np.nan
    dosage = np.where(np.isnan(calls), np.nanmean(calls, axis=1, keepdims=True), calls)
    people = genotypes.samples["IID"].to_list()
    sex = pl.read_csv(oracle.sex, separator="\t", has_header=False, new_columns=["iid", "sex"])
    value = dict(zip(sex["iid"], sex["sex"]))
    upper = np.zeros(300, bool)
    upper[np.argsort([value[name] for name in people], kind="stable")[150:]] = True
    keep = np.ones(len(dosage), bool)
    for half in (upper, ~upper):
        af = dosage[:, half].sum(axis=1) / (2 * half.sum())
        keep &= np.minimum(af, 1 - af) >= 0.05 - 1e-7
    genes = pl.read_csv(oracle.phenotypes, separator="\t")
    place = {row[3]: (row[0], row[2]) for row in genes.iter_rows()}
    chromosome, position = genotypes.variants["CHROM"].to_numpy(), genotypes.variants["POS"].to_numpy()
    for gene, tests in theirs.select("phenotype_id", "tests_emt").gather_every(6).iter_rows():
        chrom, tss = place[gene]
        near = (chromosome == chrom) & (np.abs(position - tss) <= 1_000_000)
        assert effective_tests(dosage[keep & near].astype(np.float64)) == tests
