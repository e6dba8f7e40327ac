"""postgwas eqtl interaction and eigenmt from files to files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from qtl.study import QtlStudy

from postgwas.cli.main import main
from postgwas.store.study import Study

PAIRS = [
    "phenotype_id", "variant_id", "tss_distance", "start_distance", "af", "ma_samples", "ma_count", "pval_g",
    "b_g", "b_g_se", "pval_i", "b_i", "b_i_se", "pval_gi", "b_gi", "b_gi_se", "mlog10p_gi", "effect_allele",
    "other_allele",
]  # fmt: skip


class Files(QtlStudy):
    """A study, a sheet of terms, leads and groups on disk."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sex = np.random.default_rng(100).integers(0, 2, self.n_samples)
        self.calls[14] = np.random.default_rng(101).binomial(2, 0.4, self.n_samples)

    def flags(self, folder: Path) -> list[str]:
        genotypes, bed, covariates = self.write(folder)
        sheet = ["sample\tsex\tage\tgroup\tall"]
        for at, (name, sex) in enumerate(zip(self.samples, self.sex)):
            sheet.append(f"{name}\t{sex}\t{20 + at * 7 % 50}\t{'xyz'[at % 3]}\t1")
        (folder / "sheet.tsv").write_text("\n".join(sheet) + "\n")
        (folder / "leads.tsv").write_text("phenotype_id\tvariant_id\ng0\trs14\n")
        groups = "".join(f"{name}\t{'xyz'[at % 3]}\n" for at, name in enumerate(self.samples))
        (folder / "groups.txt").write_text(groups)
        given = ["--genotypes", str(genotypes), "--phenotypes", str(bed), "--covariates", str(covariates)]
        return [*given, "--window", "100000", "--out", str(folder / "run")]

    def interaction(self, folder: Path, *more: str, terms: str = "sex") -> list[str]:
        sheet = str(folder / "sheet.tsv")
        return ["eqtl", "interaction", *self.flags(folder), "--interaction", sheet, "--terms", terms, *more]


@pytest.fixture
def study() -> Files:
    return Files()


def read(path: Path, ending: str) -> pl.DataFrame:
    return pl.read_csv(f"{path}{ending}", separator="\t", null_values="NA")


def test_text_parquet_and_store_hold_the_same(study: Files, tmp_path: Path) -> None:
    out, store = tmp_path / "run", tmp_path / "study.h5"
    more = ["--format", "both", "--store", str(store), "--maf_min_interaction", "0.05"]
    assert main(study.interaction(tmp_path, *more)) == 0
    text = read(out, ".cis_interaction.tsv.gz")
    assert text.columns == PAIRS and text.height > 100
    columns = pl.read_parquet(f"{out}.cis_interaction.parquet")
    assert columns["variant_id"].to_list() == text["variant_id"].to_list()
    for name in PAIRS[7:16]:
        np.testing.assert_allclose(columns[name], text[name], rtol=2e-7)
    top = read(out, ".cis_interaction_top.tsv.gz")
    assert top.columns == [*PAIRS, "num_var", "tests_emt", "pval_emt", "pval_adj_bh"]
    kept = Study.open(store)
    keys = ["qtl/interaction/run", "qtl/interaction_chr1/run", "qtl/interaction_chr2/run"]
    assert sorted(entry.key for entry in kept.ls()) == keys
    near = kept.query("1:100000-120000", trait="run")
    expected = columns.filter((pl.col("CHR") == 1) & pl.col("POS").is_between(100_000, 120_000))
    assert len(near[near["KEY"] == keys[1]]) == expected.height > 0
    assert kept.provenance(keys[0]).parameters["maf_min_interaction"] == 0.05
    terms = pl.read_csv(f"{out}.cis_interaction_terms.tsv", separator="\t")
    assert terms["n_samples"].to_list() == [int((study.sex == 0).sum()), int((study.sex == 1).sum())]
    assert "1 terms (sex)" in Path(f"{out}.log").read_text()


def test_permutations_seed_and_no_eigenmt(study: Files, tmp_path: Path) -> None:
    more = ["--no_eigenmt", "--permutations", "20", "--seed", "4"]
    assert main(study.interaction(tmp_path, *more, terms="sex,group")) == 0
    top = read(tmp_path / "run", ".cis_interaction_top.tsv.gz")
    added = ["num_var", "beta_shape1", "beta_shape2", "true_df", "pval_perm", "pval_beta", "qval"]
    assert top.columns[-7:] == added
    assert {"b_gi1", "b_gi3_se", "pval_i2", "f_gi_joint", "pval_gi_joint"} <= set(top.columns)
    assert main(study.interaction(tmp_path, "--permutations", "20", "--overwrite")) == 0
    assert "--seed " in (tmp_path / "run.log").read_text()


def test_categorical_numbers_and_reference(study: Files, tmp_path: Path) -> None:
    more = ["--categorical", "sex", "--reference", "sex=1", "--reference", "group=z", "--no-eigenmt"]
    assert main(study.interaction(tmp_path, *more, terms="sex,group")) == 0
    terms = pl.read_csv(tmp_path / "run.cis_interaction_terms.tsv", separator="\t")
    assert terms["term"].unique(maintain_order=True).to_list() == ["sex:0", "group:x", "group:y"]
    assert set(terms["coding"]) == {"reference 1", "reference z"}


def test_workers_write_the_same_bytes(study: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postgwas.qtl.segments._PAIRS", 60)
    for name, cores in (("one", "1"), ("two", "2")):
        out = ["--out", str(tmp_path / name), "--cores", cores, "--format", "both", "--permutations", "10"]
        assert main(study.interaction(tmp_path, *out, "--seed", "1")) == 0
    for what in ("cis_interaction", "cis_interaction_top"):
        for ending in (".tsv.gz", ".parquet"):
            one, two = ((tmp_path / f"{name}.{what}{ending}").read_bytes() for name in ("one", "two"))
            assert one == two


def test_rejected_are_named(study: Files, tmp_path: Path) -> None:
    study.values[3] = 1.0
    study.calls[5] = 1
    study.calls[20] = np.where(study.sex == 1, 2, 0)
    assert main(study.interaction(tmp_path, "--maf_min_interaction", "0")) == 0
    data = (tmp_path / "run.cis_interaction.rejected.tsv.gz").read_bytes()
    lines = gzip.decompress(data).decode().splitlines()
    assert {"g3\tNA\tconstant", "NA\trs5\tconstant", "NA\trs20\texplained_by_covariates"} <= set(lines)


def test_leads_in_groups(study: Files, tmp_path: Path) -> None:
    given = ["--leads", str(tmp_path / "leads.tsv"), "--groups", str(tmp_path / "groups.txt")]
    more = ["--store", str(tmp_path / "s.h5"), "--cores", "2"]
    assert main(["eqtl", "interaction", *study.flags(tmp_path), *given, *more]) == 0
    tests = read(tmp_path / "run", ".group_effects.tsv.gz")
    assert tests.columns[-1] == "reason" and tests["df1"][0] == 2
    assert tests["pval"][0] == tests["pval_conditional"][0]
    assert read(tmp_path / "run", ".group_slopes.tsv.gz").height == 6
    keys = [entry.key for entry in Study.open(tmp_path / "s.h5").ls()]
    assert keys == ["qtl/group_effects/run", "qtl/group_slopes/run"]


def test_leads_of_credible_sets(study: Files, tmp_path: Path) -> None:
    """The variants of SuSiE's credible sets, those with a high PIP in none of them apart."""
    study.values[0] += 2.0 * study.calls[14]
    given = study.flags(tmp_path)
    (tmp_path / "egenes.tsv").write_text("phenotype_id\tqval\ng0\t0.01\ng1\t0.01\n")
    more = ["--egenes", str(tmp_path / "egenes.tsv"), "--min_pip", "0"]
    assert main(["eqtl", "finemap", *given, *more]) == 0
    sets = read(tmp_path / "run", ".finemap_sets.tsv.gz")
    members = f"{tmp_path / 'run'}.finemap.tsv.gz"
    leads = ["--leads", members, "--groups", str(tmp_path / "groups.txt"), "--maf_min_groups", "0"]
    assert main(["eqtl", "interaction", *given, *leads]) == 0
    tests = read(tmp_path / "run", ".group_effects.tsv.gz")
    assert sets.height > 0 and tests.height == sets.height
    assert tests["variant_id"].to_list() == sets["variant_id"].to_list()


def test_eigenmt_of_nominal_results(study: Files, tmp_path: Path) -> None:
    given = study.flags(tmp_path)
    assert main(["eqtl", "cis", *given]) == 0
    nominal = str(tmp_path / "run.cis_nominal.tsv.gz")
    arguments = [flag for flag in given if flag not in ("--covariates", str(tmp_path / "covariates.txt"))]
    assert main(["eqtl", "eigenmt", *arguments, "--nominal", nominal, "--store", str(tmp_path / "s.h5")]) == 0
    table = read(tmp_path / "run", ".eigenmt.tsv.gz")
    pairs = read(tmp_path / "run", ".cis_nominal.tsv.gz")
    best = pairs.group_by("phenotype_id").agg(pl.len(), pl.min("pval_nominal"))
    both = table.join(best, on="phenotype_id", suffix="_nominal")
    assert both.height == 9 and both["num_var"].to_list() == both["len"].to_list()
    assert both["pval_nominal"].to_list() == both["pval_nominal_nominal"].to_list()
    expected = (both["tests_emt"] * both["pval_nominal"]).clip(upper_bound=1.0)
    np.testing.assert_allclose(both["pval_emt"], expected)
    fewer = ["--eigenmt_window", "4", "--eigenmt_variance", "0.5", "--overwrite"]
    assert main(["eqtl", "eigenmt", *arguments, *fewer]) == 0
    assert (read(tmp_path / "run", ".eigenmt.tsv.gz")["tests_emt"] < table["tests_emt"]).all()


def refused(arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line; no results stand."""
    assert main([*arguments, "--quiet"]) == 2
    error = capsys.readouterr().err.strip()
    last = error.splitlines()[-1]
    assert last.startswith("postgwas: error: ") and "Traceback" not in error
    left = [path.name for path in folder.glob("run*") if path.suffix != ".log"]
    assert left == [] and not list(folder.glob(".postgwas-*"))
    return last


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--terms", "all"], "sheet.tsv: interaction term all is the same for all 60 samples (1)"),
        (["--terms", "height"], "there is no term height; there are sex, age, group, all (--terms)"),
        (["--categorical", "sex,x"], "--categorical x: there is no such term; there are sex"),
        (["--reference", "sex"], "--reference sex: expected NAME=LEVEL"),
        (["--terms", "group", "--reference", "group=w"], "covariate group has no level w; it has x, y, z"),
        (["--maf_min_interaction", "2"], "--maf_min_interaction 2: expected 0 to 0.5"),
        (["--permutations", "3"], "--permutations 3: expected 0 for none, or at least 10"),
        (["--eigenmt_window", "0"], "--eigenmt_window 0: expected at least 1 variant"),
        (["--leads", "leads.tsv"], "--interaction and --leads exclude each other"),
        (["--compat", "qtltools"], "--compat"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    more: list[str], text: str, study: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert text in refused(study.interaction(tmp_path, *more), tmp_path, capsys)


def test_terms_that_follow_from_each_other(
    study: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = study.interaction(tmp_path, terms="sex,twice")
    sheet = tmp_path / "sheet.tsv"
    lines = sheet.read_text().splitlines()
    rows = [lines[0] + "\ttwice"] + [f"{line}\t{2 * int(line.split()[1])}" for line in lines[1:]]
    sheet.write_text("\n".join(rows) + "\n")
    assert "interaction term twice depends on the terms before it" in refused(arguments, tmp_path, capsys)


def test_a_group_with_too_few_samples(
    study: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study.sex = np.where(np.arange(60) < 2, 1, 0)
    line = refused(study.interaction(tmp_path), tmp_path, capsys)
    assert "interaction term sex: group 1 has 2 samples, expected at least 3" in line
    study.sex = np.where(np.arange(60) < 8, 1, 0)
    assert main(study.interaction(tmp_path)) == 0
    assert "group 1 has 8 samples: its effects are known poorly" in (tmp_path / "run.log").read_text()


def test_more_covariates_than_samples(
    study: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study.covariates = np.random.default_rng(3).normal(size=(56, 60))
    # Enough for the nominal model, not for genotype, term and product.
    line = refused(study.interaction(tmp_path), tmp_path, capsys)
    assert "60 samples, 57 covariates and terms" in line and "leave 0 degrees of freedom" in line
    study.covariates = np.random.default_rng(3).normal(size=(70, 60))
    assert "60 samples and 70 covariates leave" in refused(study.interaction(tmp_path), tmp_path, capsys)


def test_samples_without_a_term(study: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = study.interaction(tmp_path)
    sheet = tmp_path / "sheet.tsv"
    lines = sheet.read_text().splitlines()
    sheet.write_text("\n".join([*lines[:5], *lines[7:]]) + "\n")
    line = refused(arguments, tmp_path, capsys)
    assert "2 of 60 samples have no interaction term: I4, I5" in line
    assert "(--unmatched drop goes on without them)" in line
    assert main([*arguments, "--unmatched", "drop"]) == 0
    assert "58 samples" in (tmp_path / "run.log").read_text()
    sheet.write_text("sample\tsex\nsomeone\t1\nelse\t0\n")
    for path in tmp_path.glob("run*"):
        path.unlink()
    assert "sheet.tsv" in refused(arguments, tmp_path, capsys)


def test_what_goes_together(study: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["eqtl", "interaction", *study.flags(tmp_path)]
    line = refused(given, tmp_path, capsys)
    assert "no interaction term is given (--interaction FILE, or --leads and --groups)" in line
    groups = ["--groups", str(tmp_path / "groups.txt")]
    assert "--groups without --leads" in refused([*given, *groups], tmp_path, capsys)
    assert "--leads without --groups" in refused([*given, "--leads", "x"], tmp_path, capsys)
    absent = refused([*given, *groups, "--leads", str(tmp_path / "none.tsv")], tmp_path, capsys)
    assert "none.tsv" in absent


def test_results_are_not_replaced_unasked(
    study: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = study.interaction(tmp_path, "--store", str(tmp_path / "s.h5"))
    assert main(arguments) == 0
    assert main(arguments) == 2
    assert "run.cis_interaction.tsv.gz and 3 more exist already" in capsys.readouterr().err
    assert main([*arguments, "--overwrite"]) == 0
    for path in tmp_path.glob("run*"):
        path.unlink()
    assert main(arguments) == 2
    assert "qtl/interaction/run exists already" in capsys.readouterr().err


def test_nominal_results_of_other_phenotypes(
    study: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.tsv"
    other.write_text("phenotype_id\tvariant_id\tpval_nominal\nelse\trs1\t0.1\n")
    arguments = ["eqtl", "eigenmt", *study.flags(tmp_path), "--nominal", str(other)]
    assert "nominal results are of other phenotypes (else, here g0)" in refused(arguments, tmp_path, capsys)
