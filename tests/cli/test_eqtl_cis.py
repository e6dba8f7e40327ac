"""postgwas eqtl cis and finemap from files to files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from qtl.study import QtlStudy

from postgwas.cli.main import main
from postgwas.store.study import Study

COLUMNS = [
    "phenotype_id",
    "variant_id",
    "tss_distance",
    "af",
    "ma_samples",
    "ma_count",
    "pval_nominal",
    "slope",
    "slope_se",
    "mlog10p",
    "effect_allele",
    "other_allele",
]


@pytest.fixture
def study() -> QtlStudy:
    return QtlStudy()


def flags(study: QtlStudy, folder: Path) -> list[str]:
    genotypes, bed, covariates = study.write(folder)
    return ["--genotypes", str(genotypes), "--phenotypes", str(bed), "--covariates", str(covariates)]


def test_text_parquet_and_store_hold_the_same(study: QtlStudy, tmp_path: Path) -> None:
    out, store = tmp_path / "run", tmp_path / "study.h5"
    given = flags(study, tmp_path)
    more = ["--window", "200000", "--maf_min", "0.05", "--out", str(out), "--format", "both"]
    assert main(["eqtl", "cis", *given, *more, "--store", str(store)]) == 0
    text = pl.read_csv(f"{out}.cis_nominal.tsv.gz", separator="\t")
    assert text.columns == COLUMNS
    columns = pl.read_parquet(f"{out}.cis_nominal.parquet")
    assert columns["phenotype_id"].to_list() == text["phenotype_id"].to_list()
    assert columns["variant_id"].to_list() == text["variant_id"].to_list()
    for name in ("af", "pval_nominal", "slope", "slope_se", "mlog10p"):
        np.testing.assert_allclose(columns[name], text[name], rtol=2e-7)
    kept = Study.open(store)
    assert [entry.key for entry in kept.ls()] == ["qtl/cis_nominal_chr1/run", "qtl/cis_nominal_chr2/run"]
    near = kept.query("1:100000-120000", trait="run")
    expected = columns.filter((pl.col("CHR") == 1) & pl.col("POS").is_between(100_000, 120_000))
    assert sorted(near["phenotype_id"]) == sorted(expected["phenotype_id"])
    made = kept.provenance("qtl/cis_nominal_chr1/run")
    assert made.parameters["window"] == 200_000
    assert "run.log" in {path.name for path in tmp_path.iterdir()}


def test_workers_write_the_same_bytes(
    study: QtlStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postgwas.qtl.segments._PAIRS", 100)
    given = flags(study, tmp_path)
    for name, cores in (("one", "1"), ("two", "2")):
        out = ["--out", str(tmp_path / name), "--cores", cores, "--format", "both"]
        assert main(["eqtl", "cis", *given, *out]) == 0
    for ending in (".cis_nominal.tsv.gz", ".cis_nominal.parquet", ".cis_nominal.rejected.tsv.gz"):
        assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()


def test_rejected_are_named(study: QtlStudy, tmp_path: Path) -> None:
    study.values[3] = 1.0
    study.calls[5] = 1
    out = tmp_path / "run"
    assert main(["eqtl", "cis", *flags(study, tmp_path), "--out", str(out)]) == 0
    lines = gzip.decompress(Path(f"{out}.cis_nominal.rejected.tsv.gz").read_bytes()).decode().splitlines()
    assert lines == ["phenotype_id\tvariant_id\treason", "g3\tNA\tconstant", "NA\trs5\tconstant"]


def test_a_small_p_is_told_where_single_precision_ends(study: QtlStudy, tmp_path: Path) -> None:
    whole = np.where(study.calls[14] < 0, 1, study.calls[14])
    study.calls[14] = whole
    study.values[0] = whole + 1e-4 * study.values[1]
    out = tmp_path / "run"
    assert main(["eqtl", "cis", *flags(study, tmp_path), "--out", str(out)]) == 0
    table = pl.read_csv(f"{out}.cis_nominal.tsv.gz", separator="\t")
    row = table.filter((pl.col("phenotype_id") == "g0") & (pl.col("variant_id") == "rs14"))
    assert 100 < row["mlog10p"][0] < 300
    assert -np.log10(row["pval_nominal"][0]) == pytest.approx(row["mlog10p"][0], rel=1e-6)


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--window", "-1"], "--window -1: expected bases, at least 0"),
        (["--maf_min", "0.6"], "--maf_min 0.6: expected 0 to 0.5"),
        (["--region", "7:1-100"], "no variant of chromosome 7"),
        (["--keep", "nobody.txt"], "nobody.txt"),
        (["--compat", "fastqtl"], "argument --compat: invalid choice: 'fastqtl' (choose from qtltools)"),
        (["--window", "0"], "no pair of phenotype and variant within 0 bases can be tested"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    more: list[str], text: str, study: QtlStudy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(["eqtl", "cis", *flags(study, tmp_path), "--out", str(out), "--quiet", *more]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith("postgwas: error: ")
    assert "\n" not in error.replace("(see postgwas eqtl cis --help)", "")
    assert "Traceback" not in error
    if text != "no variant of chromosome 7":
        assert text.replace("'", "") in error.replace("'", "")
    assert [path.name for path in tmp_path.glob("run*") if path.suffix != ".log"] == []


def test_results_are_not_replaced_unasked(
    study: QtlStudy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [*flags(study, tmp_path), "--out", str(tmp_path / "run"), "--store", str(tmp_path / "s.h5")]
    assert main(["eqtl", "cis", *given]) == 0
    assert main(["eqtl", "cis", *given]) == 2
    assert "run.cis_nominal.tsv.gz and 1 more exist already" in capsys.readouterr().err
    assert main(["eqtl", "cis", *given, "--overwrite"]) == 0
    for path in tmp_path.glob("run*"):
        path.unlink()
    assert main(["eqtl", "cis", *given]) == 2
    assert "qtl/cis_nominal_chr1/run exists already" in capsys.readouterr().err


def test_finemap_writes_sets_and_factors(study: QtlStudy, tmp_path: Path) -> None:
    out, store = tmp_path / "fine", tmp_path / "s.h5"
    egenes = tmp_path / "egenes.tsv"
    egenes.write_text("phenotype_id\tqval\ng0\t0.01\ng1\t0.5\n")
    given = [*flags(study, tmp_path), "--egenes", str(egenes), "--out", str(out), "--store", str(store)]
    assert main(["eqtl", "finemap", *given, "--L", "5"]) == 0
    sets = pl.read_csv(f"{out}.finemap_sets.tsv.gz", separator="\t")
    members = pl.read_csv(f"{out}.finemap.tsv.gz", separator="\t")
    assert sets["phenotype_id"].to_list() == ["g0"]
    assert members.columns[:5] == ["phenotype_id", "variant_id", "pip", "af", "cs_id"]
    assert members.height == sets["size"][0]
    kept = Study.open(store).read_polars("qtl/finemap_pip/fine")
    assert {"CHR", "POS", "SNPID", "pip", "cs_id", "lbf_1"} <= set(kept.columns)
    genes = pl.read_csv(f"{out}.finemap_genes.tsv.gz", separator="\t")
    assert kept.height == genes["n_variants"][0]


def test_the_store_answers_by_gene_variant_and_region(
    study: QtlStudy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, store = str(tmp_path / "run"), str(tmp_path / "s.h5")
    given = [*flags(study, tmp_path), "--out", out, "--store", store]
    assert main(["eqtl", "cis", *given, "--format", "parquet"]) == 0
    assert main(["eqtl", "finemap", *given]) == 0
    columns = pl.read_parquet(f"{out}.cis_nominal.parquet")
    kept = Study.open(store)
    mine = kept.query(gene="g5", key="qtl/cis_nominal_chr2/run")
    assert len(mine) == columns.filter(phenotype_id="g5").height > 0
    assert set(kept.query(gene="g5")["KEY"]) >= {"qtl/finemap_pip/run", "qtl/finemap_genes/run"}
    one = kept.query("2:300000-400000", gene=["g5", "g6"], snp="rs150", key="qtl/cis_nominal_chr2/run")
    assert sorted(one["phenotype_id"]) == ["g5", "g6"]
    capsys.readouterr()
    assert main(["store", "query", store, "--gene", "g5", "--region", "2:310000-310000"]) == 0
    assert "qtl/cis_nominal_chr2/run\t2\t310000\tg5\trs150" in capsys.readouterr().out
