"""postgwas eqtl permute, egenes and independent from files to files, and what they refuse."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from qtl.study import QtlStudy

from postgwas.cli.main import main
from postgwas.store.study import Study

PEERS = [
    "phenotype_id", "num_var", "beta_shape1", "beta_shape2", "true_df", "pval_true_df", "variant_id",
    "start_distance", "end_distance", "ma_samples", "ma_count", "af", "pval_nominal", "slope", "slope_se",
    "pval_perm", "pval_beta", "qval", "pval_nominal_threshold",
]  # fmt: skip
OWN = [
    "pval_nominal_threshold_exact", "tss_distance", "effect_allele", "other_allele", "mlog10p",
    "mlog10p_beta", "n_permutations",
]  # fmt: skip


@pytest.fixture
def study() -> QtlStudy:
    return QtlStudy()


def flags(study: QtlStudy, folder: Path) -> list[str]:
    genotypes, bed, covariates = study.write(folder)
    inputs = ["--genotypes", str(genotypes), "--phenotypes", str(bed), "--covariates", str(covariates)]
    return [*inputs, "--window", "200000"]


def permute(study: QtlStudy, folder: Path, *more: str, name: str = "run") -> Path:
    out = folder / name
    given = flags(study, folder)
    assert main(["eqtl", "permute", *given, "--out", str(out), "--quiet", *more]) == 0
    return out


def refused(capsys: pytest.CaptureFixture[str], folder: Path, *argv: str) -> str:
    """The line of an error: status 2, and no result."""
    capsys.readouterr()
    assert main(["eqtl", *argv, "--out", str(folder / "refused"), "--quiet"]) == 2
    printed = capsys.readouterr()
    lines = [line for line in printed.err.splitlines() if not line.startswith("warning: ")]
    assert len(lines) == 1 and lines[0].startswith("postgwas: error: "), printed.err
    assert [one.name for one in folder.glob("refused*") if one.suffix != ".log"] == []
    return lines[0]


def test_files_and_store_hold_the_same(study: QtlStudy, tmp_path: Path) -> None:
    store = tmp_path / "study.h5"
    more = ["--permutations", "100", "--seed", "5", "--format", "both", "--store", str(store)]
    out = permute(study, tmp_path, *more)
    text = pl.read_csv(f"{out}.cis_permutation.tsv.gz", separator="\t", null_values="NA")
    assert text.columns == [*PEERS, *OWN]
    columns = pl.read_parquet(f"{out}.cis_permutation.parquet")
    for name in (*PEERS, *OWN):
        assert columns[name].to_list() == text[name].to_list(), name
    stored = Study.open(store)
    assert stored.read_polars("qtl/cis_permutation/run")["pval_beta"].equals(columns["pval_beta"])
    about = stored.attrs("qtl/cis_permutation/run")
    assert about["seed"] == 5 and about["qvalue_method"] == "bh" and "too few" in about["qvalue_note"]
    assert stored.provenance("qtl/cis_permutation/run").parameters["permutations"] == 100
    rejected = pl.read_csv(f"{out}.cis_permutation.rejected.tsv.gz", separator="\t")
    assert rejected.columns == ["phenotype_id", "variant_id", "reason"] and rejected.height == 0


def test_a_drawn_seed_is_told_and_stored(study: QtlStudy, tmp_path: Path) -> None:
    store = tmp_path / "study.h5"
    out = permute(study, tmp_path, "--permutations", "50", "--store", str(store))
    seed = int(Study.open(store).attrs("qtl/cis_permutation/run")["seed"])
    assert f"drew --seed {seed}" in Path(f"{out}.log").read_text()
    again = permute(study, tmp_path, "--permutations", "50", "--seed", str(seed), name="again")
    first, second = (Path(f"{one}.cis_permutation.tsv.gz").read_bytes() for one in (out, again))
    assert first == second


def test_egenes_and_pairs_from_text_parquet_and_store(study: QtlStudy, tmp_path: Path) -> None:
    store = tmp_path / "study.h5"
    out = permute(study, tmp_path, "--permutations", "100", "--seed", "5", "--store", str(store))
    nominal = tmp_path / "nominal"
    given = [*flags(study, tmp_path), "--out", str(nominal), "--format", "both", "--quiet"]
    assert main(["eqtl", "cis", *given, "--store", str(store)]) == 0
    pairs = []
    for number, (results, tables) in enumerate(
        [
            (f"{out}.cis_permutation.tsv.gz", [f"{nominal}.cis_nominal.tsv.gz"]),
            (f"{store}::qtl/cis_permutation/run", [f"{nominal}.cis_nominal.parquet"]),
            (
                f"{store}::qtl/cis_permutation/run",
                [f"{store}::qtl/cis_nominal_chr{code}/nominal" for code in (1, 2)],
            ),
        ]
    ):
        made = tmp_path / f"made{number}"
        call = ["--permutation_results", results, "--nominal", *tables, "--fdr", "0.3", "--out", str(made)]
        assert main(["eqtl", "egenes", *call, "--quiet"]) == 0
        genes = pl.read_csv(f"{made}.egenes.tsv.gz", separator="\t", null_values="NA")
        assert genes["egene"].to_list() == (genes["qval"] <= 0.3).to_list()
        pairs.append(pl.read_csv(f"{made}.significant_pairs.tsv.gz", separator="\t"))
    assert pairs[0].height > 1
    everything = pl.read_csv(f"{nominal}.cis_nominal.tsv.gz", separator="\t")
    limits = {row["phenotype_id"]: row for row in genes.filter(pl.col("egene")).iter_rows(named=True)}
    expected = {
        (row["phenotype_id"], row["variant_id"])
        for row in everything.iter_rows(named=True)
        if row["phenotype_id"] in limits
        and row["pval_nominal"] <= limits[row["phenotype_id"]]["pval_nominal_threshold"]
    }
    keys = ["phenotype_id", "variant_id"]
    for found in pairs:
        names = found.rename({"SNPID": "variant_id"}) if "SNPID" in found.columns else found
        assert set(names.select(keys).iter_rows()) == expected
    exact = tmp_path / "exact"
    call = ["--permutation_results", f"{out}.cis_permutation.tsv.gz", "--fdr", "0.3", "--pairs_by", "exact"]
    more = ["--nominal", f"{nominal}.cis_nominal.tsv.gz", "--out", str(exact), "--quiet"]
    assert main(["eqtl", "egenes", *call, *more]) == 0
    fewer = pl.read_csv(f"{exact}.significant_pairs.tsv.gz", separator="\t")
    assert set(fewer.select(keys).iter_rows()) != set() and set(fewer.select(keys).iter_rows()) <= expected


def test_independent_signals_of_two_effects(study: QtlStudy, tmp_path: Path) -> None:
    """A phenotype with two strong effects has both; one with one has it as the permutation pass gave it."""
    dosage = np.where(study.calls < 0, 0, study.calls)
    rng = np.random.default_rng(2)
    study.values[0] = 1.5 * dosage[14] - 1.5 * dosage[20] + 0.5 * rng.normal(size=study.n_samples)
    study.values[1] = 1.5 * dosage[30] + rng.normal(size=study.n_samples)
    # The threshold of all rounds is the largest pval_beta of a significant phenotype: here this one's.
    study.values[2] = 0.8 * dosage[44] + rng.normal(size=study.n_samples)
    out = permute(study, tmp_path, "--permutations", "200", "--seed", "5")
    results = f"{out}.cis_permutation.tsv.gz"
    call = ["--permutation_results", results, "--permutations", "200", "--seed", "5", "--fdr", "0.05"]
    made, store = tmp_path / "made", tmp_path / "study.h5"
    given = flags(study, tmp_path)
    more = ["--out", str(made), "--quiet", "--store", str(store)]
    assert main(["eqtl", "independent", *given, *call, *more]) == 0
    table = pl.read_csv(f"{made}.cis_independent.tsv.gz", separator="\t")
    names = [line.split()[1] for line in (tmp_path / "geno.bim").read_text().splitlines()]
    first = table.filter(pl.col("phenotype_id") == "g0")
    assert set(first["variant_id"]) == {names[14], names[20]} and first["rank"].to_list() == [1, 2]
    second = table.filter(pl.col("phenotype_id") == "g1")
    assert second["variant_id"].to_list() == [names[30]]
    whole = pl.read_csv(results, separator="\t").filter(pl.col("phenotype_id") == "g1")
    for name in ("pval_beta", "pval_nominal", "slope", "pval_perm", "num_var"):
        assert second[name].to_list() == pytest.approx(whole[name].to_list(), rel=1e-9)
    assert Study.open(store).attrs("qtl/cis_independent/made")["seed"] == 5
    # With one signal at most nothing is searched, and that is said.
    capped = tmp_path / "capped"
    more = ["--max_signals", "1", "--out", str(capped), "--quiet"]
    assert main(["eqtl", "independent", *given, *call, *more]) == 0
    assert set(pl.read_csv(f"{capped}.cis_independent.tsv.gz", separator="\t")["rank"]) == {1}


def test_independent_refuses_results_of_other_data(
    study: QtlStudy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = permute(study, tmp_path, "--permutations", "50", "--seed", "5")
    results = ["--permutation_results", f"{out}.cis_permutation.tsv.gz", "--permutations", "50"]
    given = flags(study, tmp_path)
    told = refused(capsys, tmp_path, "independent", *given, *results, "--fdr", "1e-9")
    assert "no phenotype has a q-value up to 1e-09" in told and "--fdr" in told
    told = refused(capsys, tmp_path, "independent", *given, *results, "--max_signals", "0")
    assert "--max_signals 0: expected at least 1" in told
    study.values = study.values[:, ::-1].copy()
    told = refused(capsys, tmp_path, "independent", *flags(study, tmp_path), *results, "--fdr", "0.9")
    assert "expected results of the same samples, covariates and model" in told
    study.genes = [f"other{i}" for i in range(9)]
    told = refused(capsys, tmp_path, "independent", *flags(study, tmp_path), *results, "--fdr", "0.9")
    assert "are not among those of" in told


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (["--permutations", "10"], "--permutations 10: expected at least 20"),
        (["--permutations", "50", "100", "200"], "--permutations 50 100 200: expected one number, or two"),
        (["--permutations", "50", "100", "--scheme", "shared"], "--permutations 50 100 with --scheme shared"),
        (["--seed", "-3"], "--seed -3: expected 0 or more"),
        (["--fdr", "2"], "--fdr 2: expected between 0 and 1"),
        (["--qvalue_lambda", "0.5", "0.2"], "--qvalue_lambda 0.5 0.2: expected numbers from 0 to below 1"),
    ],
)
def test_permute_refuses(
    study: QtlStudy, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], what: str
) -> None:
    assert what in refused(capsys, tmp_path, "permute", *flags(study, tmp_path), *more)


def test_results_are_not_replaced_unasked(
    study: QtlStudy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = permute(study, tmp_path, "--permutations", "50", "--seed", "5")
    before = Path(f"{out}.cis_permutation.tsv.gz").read_bytes()
    capsys.readouterr()
    assert main(["eqtl", "permute", *flags(study, tmp_path), "--out", str(out), "--quiet"]) == 2
    assert "--overwrite replaces" in capsys.readouterr().err
    assert Path(f"{out}.cis_permutation.tsv.gz").read_bytes() == before
    permute(study, tmp_path, "--permutations", "50", "--seed", "6", "--overwrite")
    assert Path(f"{out}.cis_permutation.tsv.gz").read_bytes() != before


def test_egenes_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = tmp_path / "results.tsv"
    results.write_text("phenotype_id\tvariant_id\tpval_beta\ng1\tv1\t0.5\ng2\tv2\t1.5\n")
    told = refused(capsys, tmp_path, "egenes", "--permutation_results", str(results))
    assert f"{results}: pval_beta of g2 is 1.5, expected 0 to 1" in told
    results.write_text("phenotype_id\tvariant_id\tqval\ng1\tv1\t0.5\n")
    told = refused(capsys, tmp_path, "egenes", "--permutation_results", str(results))
    assert f"{results}: no column pval_beta" in told
    results.write_text("phenotype_id\tvariant_id\tpval_beta\ng1\tv1\t0.5\n")
    told = refused(capsys, tmp_path, "egenes", "--permutation_results", str(results), "--pairs_by", "exact")
    assert "do not tell the degrees of freedom" in told
    nominal = tmp_path / "nominal.tsv.gz"
    nominal.write_bytes(gzip.compress(b"phenotype_id\tvariant_id\tpval_nominal\ng1\tv1\tx\n"))
    told = refused(
        capsys, tmp_path, "egenes", "--permutation_results", str(results), "--nominal", str(nominal)
    )
    assert str(nominal) in told and "'x' is not a number" in told
    nominal.write_bytes(gzip.compress(b"phenotype_id\tvariant_id\tpval_nominal\ng1\tv1\t0.1\n")[:-12])
    told = refused(
        capsys, tmp_path, "egenes", "--permutation_results", str(results), "--nominal", str(nominal)
    )
    assert str(nominal) in told and "truncated" in told


def test_results_under_the_same_prefix_are_found(
    study: QtlStudy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = permute(study, tmp_path, "--permutations", "50", "--seed", "5")
    assert main(["eqtl", "egenes", "--fdr", "0.3", "--out", str(out), "--quiet"]) == 0
    assert pl.read_csv(f"{out}.egenes.tsv.gz", separator="\t", null_values="NA")["egene"].sum() > 0
    capsys.readouterr()
    assert main(["eqtl", "egenes", "--out", str(tmp_path / "other")]) == 2
    error = capsys.readouterr().err
    assert "other.cis_permutation.tsv.gz is not there (postgwas eqtl permute first, or" in error
