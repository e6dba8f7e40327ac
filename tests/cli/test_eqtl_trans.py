"""``postgwas eqtl trans``: files, log, store, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from qtl.trans_study import TransStudy

from postgwas.cli.main import main
from postgwas.store.study import Study

Run = Callable[..., str]


@pytest.fixture
def done(trans_study: TransStudy, out: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `eqtl trans`, which must end well; gives its log."""

    def run(*flags: object) -> str:
        argv = ["eqtl", "trans", *trans_study.flags, "--out", out, "--quiet", *flags]
        assert main(list(map(str, argv))) == 0, capsys.readouterr().err
        return Path(f"{out}.log").read_text()

    return run


@pytest.fixture
def refused(eqtl_refused: Run) -> Run:
    return partial(eqtl_refused, "trans")


def test_files_and_store(done: Run, out: Path, tmp_path: Path) -> None:
    store = tmp_path / "study.h5"
    log = done("--pval_threshold", 0.01, "--cis_window", 50_000, "--store", store, "--format", "both")
    table = pl.read_csv(f"{out}.trans.tsv.gz", separator="\t", null_values="NA")
    assert table.columns[:6] == ["variant_id", "phenotype_id", "pval", "b", "b_se", "af"]
    assert "g3" in table["phenotype_id"].to_list() and (table["pval"] <= 0.01).all()
    genes = pl.read_csv(f"{out}.trans_genes.tsv.gz", separator="\t", null_values="NA")
    assert genes["num_hits"].sum() == table.height and genes["num_var"].sum() > 250
    assert f"{genes['num_var'].sum():,} tests of" in log and f"{table.height:,} pairs have a P of 0.01" in log
    assert pl.read_parquet(f"{out}.trans.parquet").height == table.height
    study = Study.open(store)
    kept = study.read_table("qtl/trans/run")
    assert list(kept["mlog10p"]) == table["mlog10p"].to_list()
    region = study.query("1:1-300000", key="qtl/trans/run")
    here = table.filter((pl.col("variant_chrom") == 1) & (pl.col("variant_pos") <= 300_000))
    assert 0 < here.height < table.height and list(region["SNPID"]) == here["variant_id"].to_list()
    assert len(study.read_table("qtl/trans_genes/run")) == 4
    rejected = pl.read_csv(f"{out}.trans.rejected.tsv.gz", separator="\t", null_values="NA")
    assert ("rs3", "constant") in zip(rejected["variant_id"], rejected["reason"])


def test_no_hits_are_an_empty_table_with_its_header_and_said(done: Run, out: Path) -> None:
    log = done("--pval_threshold", 1e-60)
    table = pl.read_csv(f"{out}.trans.tsv.gz", separator="\t")
    assert table.height == 0 and table.columns[:3] == ["variant_id", "phenotype_id", "pval"]
    assert "No pair has a P of 1e-60 or less: the table is empty" in log
    genes = pl.read_csv(f"{out}.trans_genes.tsv.gz", separator="\t", null_values="NA")
    assert genes.height == 4 and genes["variant_id"].null_count() == 4


@pytest.mark.parametrize("limit", ["0", "-1e-5", "1.5", "nan"])
def test_a_threshold_out_of_range(refused: Run, limit: str) -> None:
    assert f"--pval_threshold {float(limit):g}: expected a P above 0" in refused(f"--pval_threshold={limit}")


def test_windows_out_of_range(refused: Run) -> None:
    assert "--cis_window -1: expected bases" in refused("--cis_window=-1")
    assert "--gene_places is for --crossmap" in refused("--gene_places", "genes.gtf")


def test_samples_that_do_not_overlap(refused: Run, trans_study: TransStudy, tmp_path: Path) -> None:
    other = tmp_path / "other.bed"
    lines = trans_study.phenotypes.read_text().splitlines()
    names = ["X" + name for name in lines[0].split("\t")[4:]]
    other.write_text("\n".join(["\t".join([*lines[0].split("\t")[:4], *names]), *lines[1:]]) + "\n")
    assert "none of the 60 samples" in refused("--phenotypes", other)


def test_crossmap_files_that_name_unknown_genes(refused: Run, done: Run, tmp_path: Path) -> None:
    path = tmp_path / "crossmap.txt"
    path.write_text("ENSG1.4 ENSG2.1 5\n")
    line = refused("--crossmap", path)
    assert f"{path}: none of its genes is a phenotype ('ENSG1.4' against 'g0')" in line
    path.write_text("g0.7 g1.2 5\n")
    assert "without versions some are" in refused("--crossmap", path)
    path.write_text("g0 g1 5\ng0 g1 high\n")
    assert "cross-mappability 'high' is not a number" in refused("--crossmap", path)
    path.write_text("g0 g1 5\ng0 ENSG2.1 4\n")
    assert "the places of 1 of its 3 genes are not known" in done("--crossmap", path)


def test_contexts_that_cannot_be_used(refused: Run, tmp_path: Path) -> None:
    path = tmp_path / "context.txt"
    path.write_text("".join(f"I{i}\t1\n" for i in range(60)))
    assert "all 60 samples have the value 1" in refused("--interaction", path)
    path.write_text("".join(f"I{i}\t{i}\n" for i in range(50)))
    assert "10 of 60 samples have no value: I50" in refused("--interaction", path)
    path.write_text("IID\tage\n" + "".join(f"I{i}\t{'NA' if i == 7 else i}\n" for i in range(60)))
    assert "the value of 1 samples is not a number: 'NA' of I7" in refused("--interaction", path)


def test_a_gpu_that_is_not_there(refused: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert "--device cuda needs torch or cupy" in refused("--device", "cuda")


def test_existing_results_stay(
    done: Run, trans_study: TransStudy, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done()
    before = Path(f"{out}.trans.tsv.gz").read_bytes()
    again = ["eqtl", "trans", *trans_study.flags, "--out", str(out), "--pval_threshold", "1"]
    assert main(again) == 2 and "exist already (--overwrite replaces" in capsys.readouterr().err
    assert Path(f"{out}.trans.tsv.gz").read_bytes() == before
    done("--overwrite")
    assert Path(f"{out}.trans.tsv.gz").read_bytes() == before  # deterministic to the byte
