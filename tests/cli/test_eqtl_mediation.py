"""``postgwas eqtl mediation``: files, log, store, and what is refused."""

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
def trios(tmp_path: Path) -> Path:
    path = tmp_path / "trios.tsv"
    path.write_text("phenotype_id\tvariant_id\tmediator_id\ng3\trs10\tg0\ng2\trs30\tg1\ng3\trs999\tg0\n")
    return path


@pytest.fixture
def refused(eqtl_refused: Run) -> Run:
    return partial(eqtl_refused, "mediation")


def test_files_log_and_store(trans_study: TransStudy, out: Path, trios: Path, tmp_path: Path) -> None:
    store = tmp_path / "study.h5"
    argv = [
        "eqtl",
        "mediation",
        *trans_study.flags,
        "--trios",
        trios,
        "--out",
        out,
        "--quiet",
        "--store",
        store,
    ]
    assert main([*map(str, argv), "--bootstrap", "100"]) == 0
    table = pl.read_csv(f"{out}.mediation.tsv.gz", separator="\t", null_values="NA")
    assert table.select("variant_id", "mediator_id", "phenotype_id").rows() == [
        ("rs10", "g0", "g3"), ("rs30", "g1", "g2"),
    ]  # fmt: skip
    rejected = pl.read_csv(f"{out}.mediation.rejected.tsv.gz", separator="\t")
    assert rejected.rows() == [("rs999", "g0", "g3", "unknown_variant")]
    log = Path(f"{out}.log").read_text()
    assert "2 of 2 trios have figures" in log and "Trios that cannot be tested: 1 unknown_variant" in log
    (seed,) = [int(line.split("seed ")[1]) for line in log.splitlines() if "100 resamples, seed" in line]
    study = Study.open(store)
    assert list(study.read_table("qtl/mediation/run")["boot_se"]) == table["boot_se"].to_list()
    # The seed that was drawn gives the same figures again.
    again = ["--trios", str(trios), "--out", f"{out}2", "--seed", str(seed), "--bootstrap", "100", "--quiet"]
    assert main(["eqtl", "mediation", *trans_study.flags, *again]) == 0
    assert Path(f"{out}2.mediation.tsv.gz").read_bytes() == Path(f"{out}.mediation.tsv.gz").read_bytes()


def test_flags_that_contradict_themselves(refused: Run, trios: Path) -> None:
    assert "mediation needs either --trans (trans hits) or --trios" in refused()
    assert "mediation needs either" in refused("--trios", trios, "--trans", trios)
    assert "--trios names the mediators" in refused("--trios", trios, "--cis", trios)
    assert "--cis_pval 0: expected" in refused("--trios", trios, "--cis_pval", 0)
    assert "--bootstrap -1: expected at least 0" in refused("--trios", trios, "--bootstrap=-1")


def test_tables_that_cannot_be_used(refused: Run, tmp_path: Path) -> None:
    trans, cis = tmp_path / "trans.tsv", tmp_path / "cis.tsv"
    trans.write_text("variant_id\tphenotype_id\n")
    assert f"{trans}: no trans hit, so nothing to mediate" in refused("--trans", trans)
    trans.write_text("variant\tphenotype_id\nrs10\tg3\n")
    assert f"{trans}: no column variant_id; found variant, phenotype_id" in refused("--trans", trans)
    trans.write_text("variant_id\tphenotype_id\nrs10\tg3\n")
    cis.write_text("variant_id\tphenotype_id\nrs11\tg0\n")
    assert f"no variant of its pairs (P of 1e-05 or less) is one of {trans}" in refused(
        "--trans", trans, "--cis", cis
    )
    line = refused("--trans", trans, "--window", 10)
    assert "no phenotype has its TSS within 10 bases of one of its variants" in line
    assert "its effect on the mediator has a P above 1e-20" in refused("--trans", trans, "--cis_pval", 1e-20)
