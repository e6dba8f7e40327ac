"""Interactions in cis, from files: beside least squares, and what must change no bit of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from polars.testing import assert_frame_equal
from qtl.study import QtlStudy

from postgwas.errors import InputError, UsageError
from postgwas.qtl import InteractionOptions, QtlInputOptions, cis_interaction
from postgwas.qtl import segments as segments_module
from postgwas.qtl.effective_tests import effective_tests

NO_LIMIT = InteractionOptions(maf_min_interaction=0.0)


class InteractionStudy(QtlStudy):
    """A study with a sheet of sex, age and group."""

    def __post_init__(self) -> None:
        super().__post_init__()
        rng = np.random.default_rng(self.seed + 99)
        n = self.n_samples
        self.sex = rng.integers(0, 2, n)
        self.age = rng.integers(20, 80, n)
        self.group = np.array(["x", "y", "z"])[rng.permutation(np.arange(n) % 3)]
        dosage = np.where(self.calls < 0, 0, self.calls)
        self.values[1] += 2.0 * dosage[30] * (self.sex - 0.5)

    def write_sheet(self, path: Path, *, missing: int | None = None) -> Path:
        lines = ["sample\tsex\tage\tgroup"]
        for at, name in enumerate(self.samples):
            sex = "NA" if at == missing else str(self.sex[at])
            lines.append(f"{name}\t{sex}\t{self.age[at]}\t{self.group[at]}")
        path.write_text("\n".join(lines) + "\n")
        return path

    def dosage(self, row: int) -> np.ndarray:
        calls = self.calls[row].astype(float)
        calls[calls < 0] = calls[calls >= 0].mean()
        return calls

    def run(self, folder: Path, **options):
        genotypes, bed, covariates = self.write(folder)
        sheet = self.write_sheet(folder / "sheet.tsv")
        chosen = options.pop("interaction_options", InteractionOptions(terms=["sex"], maf_min_interaction=0))
        return cis_interaction(
            genotypes, bed, sheet, covariates, window=100_000, interaction_options=chosen, **options
        )


@pytest.fixture
def study() -> InteractionStudy:
    return InteractionStudy()


def fit_of(study: InteractionStudy, gene: str, row: int, terms: np.ndarray):
    x = study.dosage(row)
    design = np.column_stack([np.ones(len(x)), x, *terms, *(x * terms), *study.covariates])
    return sm.OLS(study.values[study.genes.index(gene)], design).fit()


def test_every_pair_is_the_full_model(study: InteractionStudy, tmp_path: Path) -> None:
    found = study.run(tmp_path)
    table = found.table
    assert table["phenotype_id"].n_unique() == 9 and table.height > 100
    for got in table.gather_every(7).iter_rows(named=True):
        fit = fit_of(study, got["phenotype_id"], int(got["variant_id"][2:]), study.sex[None].astype(float))
        for name, at in (("g", 1), ("i", 2), ("gi", 3)):
            assert got[f"b_{name}"] == pytest.approx(fit.params[at], rel=1e-8)
            assert got[f"b_{name}_se"] == pytest.approx(fit.bse[at], rel=1e-8)
            assert got[f"pval_{name}"] == pytest.approx(fit.pvalues[at], rel=1e-7)
    assert found.df == 60 - 1 - 3 - 3


def test_several_terms_are_numbered_and_tested_together(study: InteractionStudy, tmp_path: Path) -> None:
    chosen = InteractionOptions(maf_min_interaction=0, references={"group": "y"})
    found = study.run(tmp_path, interaction_options=chosen)
    assert found.terms.names == ("sex", "age", "group:x", "group:z")
    terms = np.array([study.sex, study.age, study.group == "x", study.group == "z"], float)
    for got in found.table.gather_every(29).iter_rows(named=True):
        fit = fit_of(study, got["phenotype_id"], int(got["variant_id"][2:]), terms)
        for number in range(1, 5):
            assert got[f"b_i{number}"] == pytest.approx(fit.params[1 + number], rel=1e-6)
            assert got[f"b_gi{number}_se"] == pytest.approx(fit.bse[5 + number], rel=1e-7)
            assert got[f"pval_gi{number}"] == pytest.approx(fit.pvalues[5 + number], rel=1e-6)
        joint = fit.f_test(np.eye(len(fit.params))[6:10])
        assert got["f_gi_joint"] == pytest.approx(float(joint.fvalue), rel=1e-7)
        assert got["pval_gi_joint"] == pytest.approx(float(joint.pvalue), rel=1e-6)
        assert got["mlog10p_gi"] == pytest.approx(-np.log10(float(joint.pvalue)), rel=1e-6)


def test_a_term_among_the_covariates_changes_nothing(study: InteractionStudy, tmp_path: Path) -> None:
    first = study.run(tmp_path)
    study.covariates = np.vstack([study.covariates, 2.0 - study.sex])
    second = study.run(tmp_path)
    assert second.df == first.df
    assert_frame_equal(second.table, first.table, rel_tol=1e-9, abs_tol=1e-12)


def test_best_pairs_with_effective_tests(study: InteractionStudy, tmp_path: Path) -> None:
    found = study.run(tmp_path)
    best = found.table.sort("pval_gi").group_by("phenotype_id", maintain_order=True).first()
    joined = found.top.join(best, on="phenotype_id", suffix="_best")
    assert joined["variant_id"].to_list() == joined["variant_id_best"].to_list()
    assert joined["pval_gi"].to_list() == joined["pval_gi_best"].to_list()
    for got in found.top.iter_rows(named=True):
        rows = found.table.filter(pl.col("phenotype_id") == got["phenotype_id"])["variant_id"]
        dosage = np.array([study.dosage(int(name[2:])) for name in rows])
        assert (got["num_var"], got["tests_emt"]) == (len(rows), effective_tests(dosage))
        assert got["pval_emt"] == pytest.approx(min(1.0, got["tests_emt"] * got["pval_gi"]))
    ranked = found.top.sort("pval_emt")
    steps = ranked["pval_emt"].to_numpy() * 9 / np.arange(1, 10)
    np.testing.assert_allclose(ranked["pval_adj_bh"], np.minimum.accumulate(steps[::-1])[::-1].clip(max=1))
    assert ranked["phenotype_id"][0] == "g1" and ranked["pval_adj_bh"][0] < 0.01


def test_permutations(study: InteractionStudy, tmp_path: Path) -> None:
    chosen = InteractionOptions(terms=["sex"], maf_min_interaction=0, permutations=199, seed=7)
    top = study.run(tmp_path, interaction_options=chosen).top
    planted = top.filter(pl.col("phenotype_id") == "g1")
    assert planted["pval_perm"][0] == 1 / 200
    assert planted["pval_beta"][0] < 1e-3
    others = top.filter(pl.col("phenotype_id") != "g1")
    # One correction or the other: the same order of size.
    assert np.abs(np.log10(others["pval_perm"] / others["pval_emt"])).median() < 0.25
    again = study.run(tmp_path, interaction_options=chosen).top
    assert_frame_equal(again, top, check_exact=True)


def test_a_seed_is_drawn_and_told(study: InteractionStudy, tmp_path: Path) -> None:
    chosen = InteractionOptions(terms=["sex"], maf_min_interaction=0, permutations=10)
    one, two = (study.run(tmp_path, interaction_options=chosen) for _ in range(2))
    assert one.seed is not None and one.seed != two.seed
    assert study.run(tmp_path).seed is None


def test_frequency_in_groups(study: InteractionStudy, tmp_path: Path) -> None:
    study.calls[14] = np.where(study.sex == 1, 0, np.abs(study.calls[14]) % 3)
    chosen = InteractionOptions(terms=["sex"], maf_min_interaction=0.2)
    found = study.run(tmp_path, interaction_options=chosen)
    tested = set(found.table["variant_id"])
    least = {}
    for row in range(240):
        frequency = [study.dosage(row)[study.sex == sex].mean() / 2 for sex in (0, 1)]
        least[f"rs{row}"] = min(min(one, 1 - one) for one in frequency)
    assert "rs14" not in tested
    assert {name for name in tested if least[name] < 0.2} == set()
    assert found.rejected.variants["maf_below_limit_in_group"] > 10
    everything = set(study.run(tmp_path).table["variant_id"])
    assert {name for name in everything if least[name] >= 0.2} == tested


def test_a_number_s_halves_keep_equal_values_together(study: InteractionStudy, tmp_path: Path) -> None:
    study.age = np.where(np.arange(60) < 25, 30, 40 + np.arange(60))
    chosen = InteractionOptions(terms=["age"], maf_min_interaction=0)
    groups = study.run(tmp_path, interaction_options=chosen).terms.groups[0]
    assert (groups.names, groups.sizes) == (("low", "high"), [30, 30])
    study.age = np.where(np.arange(60) < 40, 30, 40 + np.arange(60))
    assert study.run(tmp_path, interaction_options=chosen).terms.groups[0].sizes == [40, 20]


def test_variants_that_cannot_be_told_from_their_product_have_a_reason(
    study: InteractionStudy, tmp_path: Path
) -> None:
    study.calls[14] = np.where(study.sex == 1, np.abs(study.calls[14]) % 3, 0)
    study.calls[15] = np.where(study.sex == 1, 2, 0)
    found = study.run(tmp_path)
    listed = dict(found.rejected.listed)
    assert (listed["rs14"], listed["rs15"]) == ("interaction_explained", "explained_by_covariates")
    assert set(listed).isdisjoint(found.table["variant_id"])


def test_a_phenotype_that_the_terms_explain_and_a_perfect_fit(
    study: InteractionStudy, tmp_path: Path
) -> None:
    study.values[2] = 3.0 * study.sex + study.covariates[1]
    study.values[0] = study.dosage(14) * study.sex - study.covariates[0]
    found = study.run(tmp_path)
    assert found.rejected.phenotypes == {"g2": "explained_by_covariates"}
    assert ("g0", "rs14", "perfect_fit") in found.rejected.pairs
    row = found.table.filter((pl.col("phenotype_id") == "g0") & (pl.col("variant_id") == "rs14"))
    assert row["b_gi"][0] == pytest.approx(1.0)
    assert row["pval_gi"][0] is None and row["b_gi_se"][0] is None
    assert found.top.filter(pl.col("phenotype_id") == "g0")["variant_id"][0] != "rs14"


def test_workers_and_orders_change_no_bit(
    study: InteractionStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = InteractionOptions(terms=["sex", "age"], maf_min_interaction=0.05, permutations=10, seed=1)
    first = study.run(tmp_path, interaction_options=chosen)
    monkeypatch.setattr(segments_module, "_PAIRS", 60)
    second = study.run(tmp_path, interaction_options=chosen, cores=2)
    assert_frame_equal(second.table, first.table, check_exact=False, rel_tol=1e-12)
    assert_frame_equal(study.run(tmp_path, interaction_options=chosen).table, second.table, check_exact=True)
    genotypes, bed, covariates = (
        tmp_path / name for name in ("geno.bed", "expression.bed", "covariates.txt")
    )
    study.write_bed(bed, order=np.random.default_rng(1).permutation(9).tolist())
    study.write_covariates(covariates, order=[2, 0, 1])
    third = cis_interaction(
        genotypes, bed, tmp_path / "sheet.tsv", covariates, window=100_000, interaction_options=chosen
    )
    assert_frame_equal(third.table, second.table, check_exact=True)
    assert_frame_equal(third.top, second.top, check_exact=True)


def test_swapped_alleles_flip_signs(study: InteractionStudy, tmp_path: Path) -> None:
    first = study.run(tmp_path).table
    study.calls = np.where(study.calls < 0, study.calls, 2 - study.calls)
    second = study.run(tmp_path).table
    np.testing.assert_allclose(second["b_gi"], -first["b_gi"], rtol=1e-8)
    np.testing.assert_allclose(second["b_g"], -first["b_g"], rtol=1e-8)
    np.testing.assert_allclose(second["pval_gi"], first["pval_gi"], rtol=1e-7)


def test_samples_without_a_term(study: InteractionStudy, tmp_path: Path) -> None:
    genotypes, bed, covariates = study.write(tmp_path)
    sheet = study.write_sheet(tmp_path / "sheet.tsv", missing=5)
    chosen = InteractionOptions(terms=["sex"], maf_min_interaction=0)
    with pytest.raises(
        InputError, match=r"1 of 60 samples have no interaction term: I5 \(I5: no value of sex"
    ):
        cis_interaction(genotypes, bed, sheet, covariates, interaction_options=chosen)
    options = QtlInputOptions(window=100_000, unmatched="drop")
    found = cis_interaction(genotypes, bed, sheet, covariates, options=options, interaction_options=chosen)
    assert found.n_samples == 59
    got = found.table.row(11, named=True)
    keep = np.arange(60) != 5
    x = study.calls[int(got["variant_id"][2:])][keep].astype(float)
    x[x < 0] = x[x >= 0].mean()
    sex = study.sex[keep]
    design = np.column_stack([np.ones(59), x, sex, x * sex, *study.covariates[:, keep]])
    fit = sm.OLS(study.values[study.genes.index(got["phenotype_id"]), keep], design).fit()
    assert got["pval_gi"] == pytest.approx(fit.pvalues[3], rel=1e-7)


@pytest.mark.parametrize("separator", ["\t", " ", ","])
def test_two_columns_without_a_header(study: InteractionStudy, tmp_path: Path, separator: str) -> None:
    genotypes, bed, covariates = study.write(tmp_path)
    terms = tmp_path / "sex.txt"
    # A sample that nobody else has stands first: it is no header.
    rows = [("stranger", 1), *zip(study.samples, study.sex)]
    terms.write_text("".join(f"{name}{separator}{sex}\n" for name, sex in rows))
    found = cis_interaction(genotypes, bed, terms, covariates, window=100_000, interaction_options=NO_LIMIT)
    assert found.terms.names == ("interaction",)
    assert_frame_equal(found.table, study.run(tmp_path).table, check_exact=True)


@pytest.mark.parametrize(
    "options",
    [
        {"maf_min_interaction": 0.6}, {"maf_min_interaction": -0.1}, {"eigenmt_window": 0},
        {"eigenmt_variance": 0.0}, {"permutations": 5}, {"permutations": -1}, {"seed": -1},
    ],
)  # fmt: skip
def test_options_out_of_range(study: InteractionStudy, tmp_path: Path, options: dict[str, float]) -> None:
    name = next(iter(options))
    with pytest.raises(UsageError, match=f"--{name} "):
        study.run(tmp_path, interaction_options=InteractionOptions(terms=["sex"], **options))
