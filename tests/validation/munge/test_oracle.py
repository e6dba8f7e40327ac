"""Every public case of munge_sumstats.py of ldsc 1.0.1 (commit aa33296, Python 2.7, pandas 0.20.3).

From the command line with --ldsc_compat the .sumstats.gz is equal byte for byte and the log has
the same figures; tolerance none, as both print three decimals. Runs that fail there fail here.
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from validation.munge.peer import column_lines, content, result_lines

from postgwas.cli.main import main

pytestmark = pytest.mark.requires_shared


def oracle_runs():
    for root in (Path(__file__).parents[4] / "shared", Path(__file__).parents[3] / "shared"):
        folder = root / "oracle/mtag/ldsc_munge"
        if folder.is_dir():
            for name, one in json.loads((folder / "expected/runs.json").read_text()).items():
                yield pytest.param(name, one, id=name)
            return


RUNS = list(oracle_runs())

#: Without --ldsc_compat these have other rows or columns; docs/methods/munge.md says why.
CORRECTED = {
    "basic_N": "--N goes before the column, so that there is no N to filter by",
    "or_cc_Ncas_Ncon": "--N-cas and --N-con go before the columns",
    "basic_n_min_0": "a limit of 0 is a limit",
    "daner_noflag": "a daner file is recognised without --daner, its frequencies are used",
    "basic_no_alleles": "the unchecked alleles are not written",
}
MENDED = {"infolist", "infolist_0.95"}


def run(folder: Path, one: dict, out: Path, *flags: str) -> int:
    given = [str(folder / "input" / flag) if flag == "hm3.snplist" else flag for flag in one["flags"]]
    sumstats = str(folder / "input" / one["input"])
    return main(["munge", "--quiet", "--sumstats", sumstats, "--out", str(out), *given, *flags])


@pytest.mark.parametrize(("name", "one"), RUNS)
def test_compat(name, one, shared, tmp_path, capsys):
    folder = shared / "oracle/mtag/ldsc_munge"
    out = tmp_path / "run"
    status = run(folder, one, out, "--ldsc_compat")
    if one["rc"]:
        assert status == 2
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 1
        assert said[0].startswith("postgwas: error: ")
        assert not Path(f"{out}.sumstats.gz").exists()
        return
    assert status == 0, capsys.readouterr().err
    expected = (folder / "expected" / f"{name}.log").read_text()
    log = Path(f"{out}.log").read_text()
    assert content(Path(f"{out}.sumstats.gz")) == content(folder / "expected" / f"{name}.sumstats.gz")
    assert result_lines(log) == result_lines(expected)
    assert column_lines(log) == column_lines(expected)


@pytest.mark.parametrize(("name", "one"), RUNS)
def test_default(name, one, shared, tmp_path, capsys):
    """The same SNPs with the same Z and N to three decimals, but for what is corrected."""
    folder = shared / "oracle/mtag/ldsc_munge"
    out = tmp_path / "run"
    status = run(folder, one, out)
    if name in MENDED:
        assert status == 0
        return
    if one["rc"]:
        assert status == 2
        said = capsys.readouterr().err.splitlines()
        assert [line.startswith("warning: ") for line in said] == [True] * (len(said) - 1) + [False]
        return
    assert status == 0, capsys.readouterr().err
    ours, theirs = (
        pl.read_csv(path, separator="\t", infer_schema_length=None)
        for path in (Path(f"{out}.sumstats.gz"), folder / "expected" / f"{name}.sumstats.gz")
    )
    theirs = theirs.drop_nulls("Z")
    same = ours.columns == theirs.columns and ours["SNP"].equals(theirs["SNP"])
    assert same == (name not in CORRECTED)
    both = ours.join(theirs, on="SNP", suffix="_peer", maintain_order="left")
    assert both.height > 0.9 * min(ours.height, theirs.height)
    # Half a unit of the third decimal, and a little for the last bit.
    assert (both["Z"] - both["Z_peer"]).abs().max() <= 0.000501
    if name not in {"basic_N", "or_cc_Ncas_Ncon"} and name != "daner_noflag":
        assert (both["N"] - both["N_peer"]).abs().max() <= 0.000501


def test_the_mean_of_several_info_columns_counts(shared, tmp_path):
    """--info-list, which munge_sumstats.py always refuses, does what its help says."""
    one = {"input": "infolist.txt.gz", "flags": ["--info-list", "INFO_0,INFO_1,INFO_2", "--info-min", "0.95"]}
    assert run(shared / "oracle/mtag/ldsc_munge", one, tmp_path / "run") == 0
    ours = set(pl.read_csv(tmp_path / "run.sumstats.gz", separator="\t")["SNP"])
    file = pl.read_csv(
        shared / "oracle/mtag/ldsc_munge/input/infolist.txt.gz", separator="\t", null_values="NA"
    ).filter(pl.col("SNP").is_unique())
    mean = (sum(file[f"INFO_{i}"].fill_null(0.0) for i in range(3)) / 3).round(9)
    high, low = (set(file.filter(rows)["SNP"]) for rows in (mean >= 0.95, mean < 0.95))
    assert len(ours & high) > 100
    assert not ours & low
