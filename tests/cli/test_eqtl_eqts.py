"""``postgwas eqtl eqts``: files, log, store, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from qtl.trans_study import TransStudy

from postgwas.cli.main import main
from postgwas.store.study import Study

Run = Callable[..., str]


@pytest.fixture
def weights(trans_study: TransStudy, tmp_path: Path) -> Path:
    path = tmp_path / "height.txt"
    rng = np.random.default_rng(1)
    lines = ["SNPID\tCHR\tPOS\tEA\tNEA\tBETA\tP", "rs0\t1\t20000\tG\tA\t1\t0.5"]  # other alleles
    for j in range(1, 60):
        place = f"{trans_study.chromosomes[j]}\t{trans_study.positions[j]}"
        lines.append(f"rs{j}\t{place}\tC\tA\t{rng.normal():.5f}\t{rng.uniform():.5f}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def refused(eqtl_refused: Run) -> Run:
    return partial(eqtl_refused, "eqts")


def test_files_log_and_store(trans_study: TransStudy, weights: Path, out: Path, tmp_path: Path) -> None:
    store = tmp_path / "study.h5"
    flags = ["--sumstats", weights, "--pval", "0.1,1", "--clump_r2", "0.5", "--store", store, "--quiet"]
    assert main(list(map(str, ["eqtl", "eqts", *trans_study.flags, "--out", out, *flags]))) == 0
    table = pl.read_csv(f"{out}.eqts.tsv.gz", separator="\t", null_values="NA")
    assert table["score"].unique(maintain_order=True).to_list() == ["height_p0.1", "height_p1"]
    assert table.height == 8 and table["pval"].null_count() == 0
    scores = pl.read_csv(f"{out}.scores.tsv.gz", separator="\t")
    assert scores.columns == ["IID", "height_p0.1", "height_p1"] and scores.height == 60
    variants = pl.read_csv(f"{out}.score_variants.tsv.gz", separator="\t")
    assert set(variants["effect_allele"]) == {"C"} and table["num_var"].max() == variants.height
    log = Path(f"{out}.log").read_text()
    assert "height: 59 variants are shared; 1 alleles differ from the reference's at this position" in log
    assert f"height: {variants.height} variants are in a score (clumped at r2 0.5)" in log
    kept = Study.open(store).read_table("qtl/eqts/run")
    assert list(kept["mlog10p"]) == table["mlog10p"].to_list()
    assert Path(f"{out}.eqts.rejected.tsv.gz").is_file()


def test_what_is_refused(refused: Run, weights: Path, tmp_path: Path) -> None:
    assert "--pval low: expected numbers" in refused("--sumstats", weights, "--pval", "low")
    assert "--pval 0: expected P above 0" in refused("--sumstats", weights, "--pval", "0")
    assert "--clump_r2 2: expected 0 to 1" in refused("--sumstats", weights, "--clump_r2", "2")
    other = tmp_path / "other.txt"
    other.write_text("SNPID\tCHR\tPOS\tEA\tNEA\tBETA\nrs1\t1\t7\tA\tC\t1\nrs2\t9\t40000\tA\tC\t1\n")
    line = refused("--sumstats", other)
    assert f"{other}: none of its variants is one of" in line
    assert "2 no variant at this position in the reference" in line
    assert "no such file" in refused("--sumstats", tmp_path / "none.txt").lower()
