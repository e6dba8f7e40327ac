"""``postgwas expression qc``: what is planted is found, what is clean passes, bad input is told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from expression.qc_study import N_SAMPLES, Study, simulate

from postgwas.cli.main import main
from postgwas.expression.sex_check import sex_of
from postgwas.store import Study as Store


def run(out: Path, *arguments: object, figures: bool = False) -> int:
    more = ["--figures"] if figures else []
    return main(["expression", "qc", *map(str, arguments), "--out", str(out), "--quiet", *more])


def table(out: Path) -> pl.DataFrame:
    return pl.read_csv(f"{out}.sample_qc.tsv", separator="\t", null_values="NA")


def failed(out: Path) -> dict[str, str]:
    rows = table(out).filter(~pl.col("PASS"))
    return dict(zip(rows["sample"], rows["REASONS"]))


@pytest.fixture
def refused(out: Path, refusal: Callable[..., str]) -> Callable[..., str]:
    """Run the command on what must be refused; gives the one line."""
    return partial(refusal, "expression", "qc", "--out", out, "--quiet")


@pytest.fixture
def study() -> Study:
    return simulate()


def test_a_result_in_the_store_is_not_replaced(
    study: Study, tmp_path: Path, out: Path, refused: Callable[..., str]
) -> None:
    given = (study.write_counts(tmp_path / "m.tsv"), "--store", tmp_path / "s.h5")
    assert run(out, *given) == 0
    for file in out.parent.iterdir():
        file.unlink()
    told = refused(*given)  # and no file stands
    assert told.endswith("s.h5: expression/qc/run exists already (--overwrite replaces it)")
    assert run(out, *given, "--overwrite") == 0


def test_a_clean_study_passes(study: Study, tmp_path: Path, out: Path) -> None:
    sheet = study.write_sheet(tmp_path / "s.tsv")
    store = tmp_path / "s.h5"
    assert run(
        out, study.write_counts(tmp_path / "m.tsv"), "--gtf", study.write_gtf(tmp_path / "g.gtf"),
        "--sheet", sheet, "--genotypes", study.write_genotypes(tmp_path / "g"), "--store", store,
        figures=True,
    ) == 0  # fmt: skip
    assert failed(out) == {}
    found = table(out)
    assert found["genotype_verdict"].to_list() == ["match"] * N_SAMPLES
    assert found["best_genotype"].to_list() == study.names
    assert found["sex_by_expression"].to_list() == [{1: "male", 2: "female"}[s] for s in study.sex]
    assert Path(f"{out}.keep.txt").read_text().split() == study.names
    for what in ("outliers.png", "sex.png", "mixups.png"):
        assert Path(f"{out}.{what}").read_bytes()[:4] == b"\x89PNG"
    distances = pl.read_csv(f"{out}.mixups.tsv.gz", separator="\t")
    assert np.argmin(distances.drop("sample").to_numpy(), axis=1).tolist() == list(range(N_SAMPLES))
    assert Store.open(store).read_polars("expression/qc/run").height == N_SAMPLES


def test_every_axis_that_is_judged_is_in_the_table_and_dosages_tell_samples_apart(
    study: Study, tmp_path: Path, out: Path
) -> None:
    calls = tmp_path / "g"
    arguments = ["genotypes", "convert", "--genotypes", study.write_genotypes(calls), "--format", "pgen"]
    assert main([*map(str, arguments), "--out", str(tmp_path / "dosages"), "--quiet"]) == 0
    assert run(
        out, study.write_counts(tmp_path / "m.tsv"), "--gtf", study.write_gtf(tmp_path / "g.gtf"), "--dosage",
        "--genotypes", tmp_path / "dosages.pgen", "--n_axes", 4, "--log_json",
    ) == 0  # fmt: skip
    found = table(out)
    assert [name for name in found.columns if name.startswith("PCA")] == [f"PCA{i}" for i in range(1, 5)]
    scores = found.select(pl.col("^PCA[0-9]$")).to_numpy()
    away = np.abs(scores - scores.mean(axis=0)) / scores.std(axis=0, ddof=1)
    np.testing.assert_allclose(found["outlier_sd"].to_numpy(), away.max(axis=1), rtol=1e-6)
    assert found["genotype_verdict"].to_list() == ["match"] * N_SAMPLES


def test_swapped_samples_are_found_and_told_whose_they_are(study: Study, tmp_path: Path, out: Path) -> None:
    study.counts[:, [4, 31]] = study.counts[:, [31, 4]]
    study.counts[:, [10, 20, 50]] = study.counts[:, [20, 50, 10]]
    assert run(
        out, study.write_counts(tmp_path / "m.tsv"), "--gtf", study.write_gtf(tmp_path / "g.gtf"),
        "--genotypes", study.write_genotypes(tmp_path / "g"), "--skip", "sex",
    ) == 0  # fmt: skip
    assert set(failed(out)) == {"P04", "P31", "P10", "P20", "P50"}
    assert set(failed(out).values()) == {"mixed up with another person"}
    best = dict(zip(table(out)["sample"], table(out)["best_genotype"]))
    assert [best[name] for name in ("P04", "P31", "P10", "P20", "P50")] == ["P31", "P04", "P20", "P50", "P10"]


def test_samples_by_another_name_and_without_genotypes(
    study: Study, tmp_path: Path, out: Path, refused: Callable[..., str]
) -> None:
    genotypes = study.write_genotypes(tmp_path / "g")
    gtf = study.write_gtf(tmp_path / "g.gtf")
    people = list(study.names)
    study.names = [f"run{name}" for name in people]
    counts = study.write_counts(tmp_path / "m.tsv")
    said = refused(counts, "--gtf", gtf, "--genotypes", genotypes)
    assert "only 0 of 60 samples" in said and "--match FILE" in said
    pairs = list(zip(study.names, people))
    pairs[0], pairs[1] = (study.names[0], people[1]), (study.names[1], people[0])
    (tmp_path / "n.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in pairs[:-1]))
    assert run(out, counts, "--gtf", gtf, "--genotypes", genotypes, "--match", tmp_path / "n.tsv") == 0
    assert set(failed(out)) == {"runP00", "runP01"}
    last = table(out).row(N_SAMPLES - 1, named=True)
    assert (last["genotype_verdict"], last["best_genotype"], last["PASS"]) == (
        "no genotype",
        people[-1],
        True,
    )


def test_order_of_samples_changes_no_verdict(study: Study, tmp_path: Path, out: Path) -> None:
    gtf, genotypes = study.write_gtf(tmp_path / "g.gtf"), study.write_genotypes(tmp_path / "g")
    arguments = ["--gtf", gtf, "--genotypes", genotypes, "--skip", "sex,outliers,agreement"]
    assert run(out, study.write_counts(tmp_path / "m.tsv"), *arguments) == 0
    before = table(out)
    order = np.random.default_rng(0).permutation(N_SAMPLES)
    study.counts, study.names = study.counts[:, order], [study.names[at] for at in order]
    assert run(out, study.write_counts(tmp_path / "m.tsv"), *arguments, "--overwrite") == 0
    after = before.select("sample").join(table(out), on="sample", maintain_order="left")
    for column in ("z_own_genotype", "z_best_genotype"):
        np.testing.assert_allclose(before[column], after[column], rtol=1e-6)
    assert before["best_genotype"].equals(after["best_genotype"])


def test_labels_that_are_all_wrong(study: Study, tmp_path: Path, refused: Callable[..., str]) -> None:
    study.counts = study.counts[:, np.random.default_rng(5).permutation(N_SAMPLES)]
    said = refused(
        study.write_counts(tmp_path / "m.tsv"), "--gtf", study.write_gtf(tmp_path / "g.gtf"),
        "--genotypes", study.write_genotypes(tmp_path / "g"),
    )  # fmt: skip
    assert "cis effects explain" in said and "too few to tell mix-ups" in said


def test_sexes_outliers_and_empty_samples(
    study: Study, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study.sex[[7, 8]] = 3 - study.sex[[7, 8]]
    study.counts[:, 12] = 0
    study.counts[:280, 15] = np.random.default_rng(1).permutation(study.counts[:280, 15])
    sheet = study.write_sheet(tmp_path / "s.tsv")
    counts = study.write_counts(tmp_path / "m.tsv")
    assert run(out, counts, "--sheet", sheet) == 0
    found = failed(out)
    assert found["P07"] == found["P08"] == "sex differs from the sheet"
    assert found["P12"] == "no expression at all"
    assert "D more than 6 SDs low" in found["P15"]
    assert set(found) == {"P07", "P08", "P12", "P15"}
    assert "1 samples have no counts at all: P12" in capsys.readouterr().err
    assert (
        run(out, counts, "--d_min", "0.5", "--outlier_method", "mds", "--outlier_rule", "mad", "--overwrite")
        == 0
    )
    assert "D below 0.5" in failed(out)["P15"]


def test_few_samples_cannot_be_six_sds_out(
    study: Study, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study.counts, study.names = study.counts[:, :20], study.names[:20]
    assert run(out, study.write_counts(tmp_path / "m.tsv")) == 0
    assert "among 20 samples none can be 6 SDs from the mean (at most 4.2)" in capsys.readouterr().err


def metrics(study: Study, path: Path) -> Path:
    rows = [f"{name}\t{8.1}\t{25_000_000}\t{91.5}%" for name in study.names]
    rows[1] = f"{study.names[1]}\t5.9\t25000000\t91%"
    rows[2] = f"{study.names[2]}\t6.0\t9,000,000\t91%"
    rows[3] = f"{study.names[3]}\tNA\t25000000\t70%"
    path.write_text("sample_id\tSMRIN\tmapped reads\tUniquely mapped reads %\n" + "\n".join(rows) + "\n")
    return path


def test_usual_and_own_limits(
    study: Study, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts, table_of = study.write_counts(tmp_path / "m.tsv"), metrics(study, tmp_path / "q.tsv")
    assert run(out, counts, "--metrics", table_of) == 0
    assert failed(out) == {"P01": "RIN>6", "P02": "RIN>6; mapped_reads>1e+07", "P03": "unique>70%"}
    assert "1 samples have no SMRIN; they pass RIN>6" in capsys.readouterr().err
    own = ["--limit", "rin>=6", "--limit", "Mapped_Reads > 8.5M", "--limit", "unique>=0.7", "--overwrite"]
    assert run(out, counts, "--metrics", table_of, *own) == 0
    assert set(failed(out)) == {"P01"}


@pytest.mark.parametrize("arguments, said", [
    (["--limit", "RIN>6"], "--limit needs --metrics FILE"),
    (["--limit", "RIN is 6", "--metrics", "{q}"], "--limit 'RIN is 6': expected such as 'RIN>6'"),
    (["--limit", "age>3", "--metrics", "{q}"], "no column for age>3; it has sample, SMRIN, mapped reads"),
    (["--metrics", "{other}"], "none of the 60 samples is in it, such as P00; it has x1"),
    (["--metrics", "{text}", "--limit", "RIN>6"], "column RIN: 'good' is not a number"),
    (["--sheet", "{q}"], "no column of sexes; its columns are sample, SMRIN"),
    (["--sheet", "{other}", "--sex_column", "RIN"], "none of the 60 samples is in it"),
    (["--skip", "everything"], "--skip everything: expected metrics, outliers"),
    (["--match", "{q}"], "--match needs --genotypes"),
    (["--genotypes", "{g}"], "no gene's place is known (--gtf FILE, or the .parquet of import"),
])  # fmt: skip
def test_bad_arguments(
    study: Study,
    tmp_path: Path,
    out: Path,
    refused: Callable[..., str],
    arguments: list[str],
    said: str,
) -> None:
    places = {
        "q": metrics(study, tmp_path / "q.tsv"), "other": tmp_path / "o.tsv", "text": tmp_path / "t.tsv",
        "g": study.write_genotypes(tmp_path / "g"),
    }  # fmt: skip
    places["other"].write_text("sample\tRIN\nx1\t8\n")
    places["text"].write_text("sample\tRIN\nP00\tgood\n")
    given = [text.format(**places) for text in arguments]
    assert said in refused(study.write_counts(tmp_path / "m.tsv"), *given)


def test_sex_cannot_be_told_without_its_genes(
    study: Study, tmp_path: Path, out: Path, refused: Callable[..., str]
) -> None:
    study.counts, study.genes = study.counts[:-4], study.genes[:-4]
    counts = study.write_counts(tmp_path / "m.tsv")
    said = refused(counts, "--sheet", study.write_sheet(tmp_path / "s.tsv"))
    assert "XIST is not among the genes" in said
    assert run(out, counts) == 0  # without a sheet there is nothing to compare with


@pytest.mark.requires_shared
def test_weak_effects_confirm_little_and_fail_nobody(shared: Path, tmp_path: Path, out: Path) -> None:
    sim = shared / "oracle/eqtl/sim_inputs"
    names = (sim / "sample_to_participant.txt").read_text()
    (tmp_path / "m.tsv").write_text(names)
    assert run(
        out, sim / "expression.counts.gct.gz", "--gtf", sim / "genes.gtf", "--genotypes", sim / "geno.pgen",
        "--match", tmp_path / "m.tsv",
    ) == 0  # fmt: skip
    found = table(out)
    assert found["z_own_genotype"].mean() < -1.5
    assert (found["genotype_verdict"] == "mixed up").sum() == 0


def test_sex_is_clear_where_one_is_ten_times_the_other() -> None:
    sex = sex_of(np.array([50.0, 50.0, 0.2, 3.0, 0.2]), np.array([0.0, 3.3, 40.0, 40.0, 0.1])).sex
    assert sex.tolist() == [2, 2, 1, 1, 0]
    assert sex_of(np.array([20.0]), np.array([30.0])).sex.tolist() == [0]
