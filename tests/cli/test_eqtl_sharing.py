"""`postgwas eqtl sharing`: files of two groups in, tables out, and what is refused."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from qtl.test_sharing import Groups

from postgwas.cli.main import main
from postgwas.store import Study


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    groups = Groups()
    for name, table in groups.nominal.items():
        table.write_parquet(tmp_path / f"{name}.parquet")
        groups.leads[name].write_csv(tmp_path / f"{name}.leads.tsv", separator="\t")
    leads = [f"{name}={tmp_path}/{name}.leads.tsv" for name in "ab"]
    return ["--leads", *leads, "--nominal", *(f"{name}={tmp_path}/{name}.parquet" for name in "ab")]


def test_tables_and_store(files: list[str], out: Path) -> None:
    store = f"{out}.h5"
    argv = ["eqtl", "sharing", *files, "--out", str(out), "--store", store, "--format", "both", "--quiet"]
    assert main(argv) == 0
    table = pl.read_csv(f"{out}.sharing.tsv.gz", separator="\t", null_values="NA")
    assert table.select("discovery", "replication").rows() == [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]
    assert table["same_sign"].min() > 0.9
    effects = pl.read_parquet(f"{out}.sharing_effects.parquet")
    assert effects.height == 30 and effects["n_groups"].to_list() == [2] * 30
    kept = Study.open(store)
    assert kept.read_polars("qtl/sharing/run").height == 4
    effects = kept.read_polars("qtl/sharing_effects/run")
    assert effects.height == 30 and "SNPID" in effects.columns
    told = kept.provenance("qtl/sharing/run").parameters
    assert told["leads"]["a"] == files[1].removeprefix("a=") and told["factor"] == 2.0
    assert main(argv) == 2


def test_bad_input_is_told(files: list[str], out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def line(*more: str) -> str:
        assert main(["eqtl", "sharing", *files, "--out", str(out), "--quiet", *more]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("postgwas: error: "), lines
        assert [path.name for path in out.parent.iterdir() if path.suffix != ".log"] == []
        return lines[0]

    assert "--leads x.tsv: expected NAME=FILE" in line("--leads", "x.tsv")
    assert "group a is given twice" in line("--leads", "a=x", "a=y")
    assert "group c has no --nominal" in line("--leads", "a=x", "c=y")
    assert "expected at least two" in line("--leads", "a=x")
    assert "--fdr 2" in line("--fdr", "2")
    assert "--factor 0" in line("--factor", "0")
    assert "no such file" in line("--leads", "a=none.tsv", "b=none.tsv")
