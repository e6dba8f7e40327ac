"""New samples on given axes: alleles, missing calls, shrinkage, damaged loadings."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from genotypes.plink1_files import write_plink1
from genotypes.structured import structured_calls

from postgwas.errors import ColumnError, InputError, NoVariantsError
from postgwas.genotypes import (
    Genotypes,
    PcaSettings,
    ProjectSettings,
    Selection,
    open_genotypes,
    pca,
    project,
)
from postgwas.genotypes.loadings import Loadings
from postgwas.genotypes.loadings_files import read_loadings, write_loadings

MEAN = ProjectSettings(missing="mean")


@pytest.fixture(scope="module")
def calls() -> np.ndarray:
    return structured_calls(2, 500, (30, 25, 20), missing=0.0)[0]


@pytest.fixture(scope="module")
def genotypes(calls: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Genotypes:
    return open_genotypes(write_plink1(tmp_path_factory.mktemp("ref") / "ref", calls))


@pytest.fixture(scope="module")
def loadings(genotypes: Genotypes) -> Loadings:
    return pca(genotypes, settings=PcaSettings(n_axes=2)).loadings


def test_files_hold_the_loadings(loadings: Loadings, tmp_path: Path) -> None:
    write_loadings(loadings, tmp_path / "x.loadings.tsv.gz")
    again = read_loadings(tmp_path / "x.loadings.tsv.gz")
    assert again.variants.equals(loadings.variants.with_columns(CM=pl.lit(None, pl.Float64)))
    assert np.array_equal(again.weights.astype(np.float32), loadings.weights.astype(np.float32))
    for one, other in ((again.scale.mean, loadings.scale.mean), (again.eigenvalues, loadings.eigenvalues)):
        assert np.array_equal(one, other)
    assert again.n_samples == 75


@pytest.mark.parametrize("alleles", [("C", "A"), ("T", "G"), ("G", "T")])
def test_swapped_alleles_and_other_strand(
    calls: np.ndarray, loadings: Loadings, genotypes: Genotypes, tmp_path: Path, alleles: tuple[str, str]
) -> None:
    """The reference counts A of A/C; here others are counted, or the other strand's letters are written."""
    turned = alleles in (("C", "A"), ("G", "T"))
    other = (2 - calls if turned else calls).astype(np.int8)
    prefix = write_plink1(tmp_path / "new", other, alleles=[alleles] * 500)
    found = project(open_genotypes(prefix), loadings)
    assert found.n_swapped == (500 if turned else 0) and found.n_matched == 500
    assert np.allclose(found.scores, project(genotypes, loadings).scores, atol=1e-12)


def test_palindromic_variants_go_once_strands_differ(
    calls: np.ndarray, loadings: Loadings, tmp_path: Path
) -> None:
    with_at = loadings.variants.with_columns(
        A2=pl.when(pl.int_range(pl.len()) < 50).then(pl.lit("T")).otherwise("A2")
    )
    axes = Loadings(with_at, loadings.scale, loadings.weights, loadings.eigenvalues, 75)
    same = [("A", "T")] * 50 + [("A", "C")] * 450
    kept = project(open_genotypes(write_plink1(tmp_path / "a", calls, alleles=same)), axes)
    assert kept.n_matched == 500
    flipped = [("A", "T")] * 50 + [("T", "G")] * 450
    some = project(open_genotypes(write_plink1(tmp_path / "b", calls, alleles=flipped)), axes)
    assert some.n_matched == 450 and some.dropped["palindromic"] == 50


def test_missing_calls_do_not_draw_samples_to_the_origin(
    calls: np.ndarray, loadings: Loadings, genotypes: Genotypes, tmp_path: Path
) -> None:
    holes = calls.copy()
    holes[np.random.default_rng(1).random(calls.shape) < 0.5] = -9
    holes[:, 0] = -9
    data = open_genotypes(write_plink1(tmp_path / "holes", holes))
    whole = project(genotypes, loadings).scores[1:]
    lsq, mean = project(data, loadings), project(data, loadings, settings=MEAN)
    assert np.isnan(lsq.scores[0]).all() and np.isnan(mean.scores[0]).all() and lsq.n_observed[0] == 0

    def slope(scores: np.ndarray) -> np.ndarray:
        return (scores[1:] * whole).sum(axis=0) / (whole**2).sum(axis=0)

    assert np.abs(slope(lsq.scores) - 1).max() < 0.08
    assert np.abs(slope(mean.scores) - 0.5).max() < 0.08


def test_least_squares_by_loops(calls: np.ndarray, loadings: Loadings, tmp_path: Path) -> None:
    holes = calls[:, :5].copy()
    holes[np.random.default_rng(2).random(holes.shape) < 0.3] = -9
    prefix = write_plink1(tmp_path / "holes", holes[:400])
    found = project(open_genotypes(prefix), loadings)
    for i in range(5):
        seen = np.flatnonzero(holes[:400, i] >= 0)
        z = (holes[seen, i] - loadings.scale.mean[seen]) / loadings.scale.sd[seen]
        expected, *_ = np.linalg.lstsq(loadings.weights[seen], z, rcond=None)
        assert np.allclose(found.scores[i], expected / loadings.singular, atol=1e-10)


def test_shrinkage_is_undone(tmp_path: Path) -> None:
    """With 20 times more variants than samples, new samples fall short by a tenth and more."""
    calls, codes = structured_calls(4, 4000, (100, 100, 100), fst=0.02, missing=0.0)
    data = open_genotypes(write_plink1(tmp_path / "all", calls))
    new = [f"I{i}" for i in range(0, 300, 2)]
    found = pca(data, settings=PcaSettings(n_axes=2), selection=Selection(remove=new))
    centre = np.stack([found.scores[codes[1::2] == g].mean(axis=0) for g in range(3)])

    def slope(unshrink: bool) -> float:
        moved = project(
            data, found.loadings, selection=Selection(keep=new), settings=ProjectSettings(unshrink=unshrink)
        )
        landed = np.stack([moved.scores[codes[::2] == g].mean(axis=0) for g in range(3)])
        return float((landed * centre).sum() / (centre**2).sum())

    assert slope(unshrink=False) < 0.9
    assert abs(slope(unshrink=True) - 1) < 0.03


def test_by_position(calls: np.ndarray, loadings: Loadings, genotypes: Genotypes, tmp_path: Path) -> None:
    prefix = write_plink1(tmp_path / "new", calls, ids=[f"v{j}" for j in range(500)])
    data = open_genotypes(prefix)
    with pytest.raises(NoVariantsError, match="none of the 500 variants of the loadings by id"):
        project(data, loadings)
    found = project(data, loadings, settings=ProjectSettings(match="position"))
    assert np.array_equal(found.scores, project(genotypes, loadings).scores)


def test_too_few_match(calls: np.ndarray, loadings: Loadings, tmp_path: Path) -> None:
    data = open_genotypes(write_plink1(tmp_path / "few", calls[:200]))
    with pytest.raises(NoVariantsError, match=r"200 of 500 variants of the loadings \(40.0 %\), expected at"):
        project(data, loadings)
    assert project(data, loadings, settings=ProjectSettings(least_matched=0.3)).n_matched == 200


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("##postgwas_loadings=1", "##postgwas_loadings=2", "newer postgwas"),
        ("\tSD\t", "\tSQ\t", "no column SD"),
        ("##n_samples=75", "##n_samples=many", "not numbers"),
        ("##eigenvalues=", "##eigenvalues=3.5,", "3 eigenvalues, but 2 axes"),
        ("##postgwas_loadings=1", "some text", "these are no loadings"),
    ],
)
def test_damaged_headers(loadings: Loadings, tmp_path: Path, old: str, new: str, told: str) -> None:
    path = tmp_path / "x.loadings.tsv"
    write_loadings(loadings, path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises((InputError, ColumnError), match=told):
        read_loadings(path)


def test_nan_in_loadings(loadings: Loadings, tmp_path: Path) -> None:
    path = tmp_path / "x.loadings.tsv.gz"
    write_loadings(loadings, path)
    with gzip.open(path, "rt") as file:
        lines = file.read().splitlines()
    fields = lines[6].split("\t")
    lines[6] = "\t".join([*fields[:-1], "NaN"])
    path.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))
    with pytest.raises(InputError, match="line 7: 'NaN' in column PC2 is not a number"):
        read_loadings(path)
