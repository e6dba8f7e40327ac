"""Trans mapping against tensorQTL's.

Peer: tensorqtl 1.0.10 (PyPI), ``trans.map_trans(genotypes, phenotypes, covariates, pval_threshold=1e-5,
maf_threshold=0.05)``, unfiltered and after ``filter_cis``; with ``interaction_s=sex`` too. It computes in
float32: b and b_se to 1e-6 of themselves, -log10 P to 1e-5 of itself (2e-6 and 2e-5 are the most that two
of its own programs differ by).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.expression.covariate_files import read_covariates
from postgwas.expression.covariate_table import CovariateMatrix
from postgwas.genotypes import open_genotypes
from postgwas.qtl import QtlInputOptions, QtlInputs, TransSettings, load_inputs, trans

pytestmark = pytest.mark.requires_shared
PAIR = ["variant_id", "phenotype_id"]


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "oracle" / "eqtl"


@pytest.fixture(scope="module")
def inputs(folder: Path) -> QtlInputs:
    sim = folder / "sim_inputs"
    bed = folder / "expression_prep_gtex" / "tmm.expression.bed.gz"
    options = QtlInputOptions(maf_min=0.05)
    return load_inputs(sim / "geno.pgen", bed, sim / "covariates.txt", options=options, cis=False)


@pytest.mark.parametrize(
    ("name", "window", "rows"),
    [("unfiltered.tsv.gz", 0, 603), ("filtered1Mb.tsv", 1_000_000, 104), ("filtered5Mb.tsv", 5_000_000, 101)],
)
def test_hits_and_figures(folder: Path, inputs: QtlInputs, name: str, window: int, rows: int) -> None:
    theirs = pl.read_csv(folder / "tensorqtl" / f"map_trans.p1e-5.{name}", separator="\t")
    ours = trans(inputs, settings=TransSettings(1e-5, window)).table
    both = ours.join(theirs, on=PAIR, how="inner", suffix="_peer")
    assert ours.height == theirs.height == both.height == rows
    np.testing.assert_allclose(both["b"], both["b_peer"], rtol=1e-6)
    np.testing.assert_allclose(both["b_se"], both["b_se_peer"], rtol=1e-6)
    np.testing.assert_allclose(both["mlog10p"], -both["pval_peer"].log10(), rtol=1e-5)
    np.testing.assert_allclose(both["af"], both["af_peer"], rtol=1e-6)


def test_planted_effects_lead(folder: Path, inputs: QtlInputs) -> None:
    """All three trans effects of the simulation are found; their phenotypes are those with the best hits."""
    truth = pl.read_csv(folder / "sim_inputs" / "truth.tsv", separator="\t").filter(
        pl.col("kind").str.starts_with("trans")
    )
    found = trans(inputs)
    best = found.genes.sort("pval_bonferroni").head(3)
    assert set(best["phenotype_id"]) == set(truth["gene_id"]) and (best["pval_adj_bh"] < 1e-3).all()
    hits = found.table.join(truth, left_on=PAIR, right_on=["variant_id", "gene_id"], how="semi")
    assert hits.height == 3 and (hits["pval_adj_bh"] < 1e-4).all()


def test_interactions_where_no_call_is_missing(folder: Path, inputs: QtlInputs) -> None:
    """The peer keeps missing calls as they are in this scan: there, and only there, it is not least squares.

    It also leaves out variants that are rare in one half of the samples, by the context's order. Sex is not
    among the covariates here (its df would be one too few).
    """
    covariates = read_covariates(folder / "sim_inputs" / "covariates.txt")
    rows = [row for row, name in enumerate(covariates.names) if name != "sex"]
    without = CovariateMatrix(
        covariates.values[rows], tuple(covariates.names[row] for row in rows), covariates.samples
    )
    sim, settings = folder / "sim_inputs", TransSettings(1e-5, 0)
    genotypes = open_genotypes(sim / "geno.pgen")
    settings = TransSettings(1e-5, 0, interaction=sim / "interaction_sex.txt")
    ours = trans(
        genotypes, inputs.phenotypes, without, options=QtlInputOptions(maf_min=0.05), settings=settings
    ).table
    theirs = pl.read_csv(folder / "tensorqtl" / "map_trans_interaction_nosexcov.tsv", separator="\t")
    moments = genotypes.moments(0, genotypes.n_variants)
    full = genotypes.variants["SNPID"].filter(pl.Series(moments.n_observed == 300))
    ours, theirs = (table.filter(pl.col("variant_id").is_in(full.implode())) for table in (ours, theirs))
    both = ours.join(theirs, on=PAIR, how="inner", suffix="_peer")
    assert theirs.height == both.height == 453 and ours.height - both.height == 6
    for term in ("g", "i", "gi"):
        mine, peer = -both[f"pval_{term}"].log10(), -both[f"pval_{term}_peer"].log10()
        np.testing.assert_allclose(mine, peer, rtol=2e-5, atol=2e-4)
