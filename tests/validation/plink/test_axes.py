"""PCA, loadings, projection, relationships and F_ST against plink2.

Peer: plink2 v2.00a3.5 (9 Aug 2022) on simulated genotypes (msprime, out of Africa: 120 AFR, 100 EUR, 80 EAS;
785 variants after pruning, 8 % of them with 0.2-4 % missing calls), all from ``--bfile axes``:

    --pca 10; --pca 10 allele-wts; --pca 5 meanimpute; --make-rel square (first 60 samples kept here); --freq
    --pheno axes.groups.txt --fst GROUP method={hudson,wc} report-variants vcols=fst,nobs

plink2 prints six digits: that is the tolerance throughout, relative for eigenvalues, absolute for the rest.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.genotypes import (
    FstSettings,
    Genotypes,
    PcaSettings,
    ProjectSettings,
    fst,
    grm,
    open_genotypes,
    pca,
)
from postgwas.genotypes.loadings_files import read_loadings
from postgwas.genotypes.run_project import project

DATA = Path(__file__).parent / "data"
SIX = 3e-6
DIGITS = 6e-6
"""Of numbers between 1 and 10, six digits; those below 1 have more."""


@pytest.fixture(scope="module")
def genotypes() -> Genotypes:
    return open_genotypes(DATA / "axes.bed")


def peer_scores(name: str, first: int, count: int) -> np.ndarray:
    return np.loadtxt(DATA / name, skiprows=1, usecols=range(first, first + count))


def same_side(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    return ours * np.sign((ours * theirs).sum(axis=0))


def test_pairwise_missing_as_plink_does_of_itself(genotypes: Genotypes) -> None:
    found = pca(genotypes, settings=PcaSettings(missing="pairwise"))
    assert np.allclose(found.eigenvalues, np.loadtxt(DATA / "axes.eigenval"), rtol=SIX, atol=0)
    theirs = peer_scores("axes.eigenvec", 1, 10)
    assert np.abs(same_side(found.scores, theirs) - theirs).max() < 1e-6


@pytest.mark.parametrize("method", ["exact", "randomised"])
def test_mean_imputed(genotypes: Genotypes, method: str) -> None:
    settings = PcaSettings(n_axes=5, method=method, tolerance=1e-5)
    found = pca(genotypes, settings=settings)
    assert found.exact == (method == "exact")
    assert np.allclose(found.eigenvalues, np.loadtxt(DATA / "axes_meanimpute.eigenval"), rtol=SIX, atol=0)
    theirs = peer_scores("axes_meanimpute.eigenvec", 2, 5)
    # Axes 3 to 5 are noise whose eigenvalues differ by 2 %: float32 products turn them by 1e-5.
    assert np.abs(same_side(found.scores, theirs) - theirs).max() < (1e-6 if found.exact else 2e-5)


def test_loadings_are_the_allele_weights(genotypes: Genotypes) -> None:
    """plink2's weights are sqrt(V) / 2 times loadings of length 1."""
    found = pca(genotypes, settings=PcaSettings(missing="pairwise")).loadings
    with gzip.open(DATA / "axes.eigenvec.allele.gz", "rt") as file:
        rows = [line.split() for line in file][1:]
    theirs = {(row[1], row[4]): np.array(row[5:], float) for row in rows}
    names = zip(found.variants["SNPID"].to_list(), found.variants["A1"].to_list())
    expected = np.array([theirs[name] for name in names])
    ours = found.weights * np.sqrt(len(expected)) / 2
    assert np.abs(same_side(ours, expected) - expected).max() < DIGITS


def test_plinks_own_loadings_are_read(genotypes: Genotypes, tmp_path: Path) -> None:
    """Whatever the side of the axes, scores from plink2's files are those from our loadings."""
    for name in ("axes.eigenvec.allele", "axes.afreq"):
        with gzip.open(DATA / f"{name}.gz") as file:
            (tmp_path / name).write_bytes(file.read())
    (tmp_path / "axes.eigenval").write_bytes((DATA / "axes.eigenval").read_bytes())
    plain = ProjectSettings(missing="mean")
    theirs = project(genotypes, read_loadings(tmp_path / "axes.eigenvec.allele"), settings=plain)
    found = pca(genotypes, settings=PcaSettings(missing="pairwise")).loadings
    ours = project(genotypes, found, settings=plain)
    assert theirs.n_matched == 785 and theirs.n_swapped == 0
    # Missing calls pair by pair leave our loadings a little short of length 1, to which plink2's are brought.
    length = np.linalg.norm(ours.scores, axis=0) / np.linalg.norm(theirs.scores, axis=0)
    assert np.abs(length - 1).max() < 0.005
    # Sums of 785 products with weights and frequencies of six digits.
    assert np.abs(same_side(ours.scores / length, theirs.scores) - theirs.scores).max() < 5e-6


def test_relationships(genotypes: Genotypes) -> None:
    theirs = np.loadtxt(DATA / "axes_first60.rel.gz")
    assert np.abs(grm(genotypes).matrix.values[:60, :60] - theirs).max() < DIGITS


@pytest.mark.parametrize("method", ["hudson", "wc"])
def test_fst(genotypes: Genotypes, method: str) -> None:
    settings = FstSettings(method=method, compare=["pairs"])
    found = fst(genotypes, DATA / "axes.groups.txt", settings=settings, by_variant=True)
    theirs = pl.read_csv(DATA / f"axes.{method}.fst.summary", separator="\t")
    assert found.table["GROUP1"].to_list() == theirs["#POP1"].to_list()
    assert found.table["GROUP2"].to_list() == theirs["POP2"].to_list()
    assert np.abs(found.table["FST"].to_numpy() - theirs[theirs.columns[2]].to_numpy()).max() < 1e-6
    with gzip.open(DATA / f"axes.{method}.AFR.EUR.fst.var.gz") as file:
        single = pl.read_csv(file.read(), separator="\t", null_values="nan")
    expected = single[single.columns[-1]].cast(pl.Float64).fill_null(np.nan).to_numpy()
    ours = found.by_variant[:, found.names().index("AFR:EUR")]
    assert np.array_equal(np.isnan(ours), np.isnan(expected))
    assert np.nanmax(np.abs(ours - expected)) < 1e-6
