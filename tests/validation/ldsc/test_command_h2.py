"""``postgwas ldsc --h2`` and ``--h2-cts`` against ldsc.py 1.0.1 (commit aa33296, Python 2.7, numpy 1.16.6).

Lines of the log are compared as text, from 'Reading summary statistics' to the last result. Files
hold full precision: differences are rounding, as in ``test_full_precision.py``; 1e-9 relative
leaves room for the delete values, which are solutions of nearly singular equations.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main

DATA = Path(__file__).parent / "data"
SIMULATED = ["h2_trait1", "h2_trait2", "h2_trait3", "h2_no_intercept"]
SIM_PANEL = ["--ref-ld-chr", "sim_w_ld_chr/", "--w-ld-chr", "sim_w_ld_chr/"]
ORACLE = [
    "h2_trait1", "h2_trait2", "h2_trait3", "h2_no_intercept", "h2_intercept_1.05", "h2_two_step_20",
    "h2_two_step_5", "h2_chisq_max_40", "h2_liab", "h2_n_blocks_100", "h2_M", "h2_print_cov", "h2_part",
    "h2_part_coef", "h2_part_overlap", "h2_part_overlap_notM550", "h2_part_chisq_max", "h2_part_no_intercept",
    "h2_part_delete", "h2_two_refs", "h2_cts", "h2_cts_all",
]  # fmt: skip
REFUSED = ["h2_no_int_two_step", "h2_not_M_5_50", "h2_part_overlap_nofrq", "h2_part_two_step"]
SUMMARY = {
    "tot": "H2_OBSERVED", "tot_se": "H2_OBSERVED_SE", "lambda_gc": "LAMBDA_GC", "mean_chisq": "MEAN_CHI2",
    "intercept": "INTERCEPT", "intercept_se": "INTERCEPT_SE", "ratio": "RATIO", "ratio_se": "RATIO_SE",
    "n_blocks": "N_BLOCKS",
}  # fmt: skip
CATEGORIES = {"coef": "TAU", "coef_se": "TAU_SE", "cat": "H2", "cat_se": "H2_SE"}
#: The same as SUMMARY, without overlap.
SHARES = {"prop": "PROP_H2", "prop_se": "PROP_H2_SE", "M_prop": "PROP_SNPS", "enrichment": "ENRICHMENT"}


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def printed_by_ldsc(log: Path, run: str, out: Path) -> list[str]:
    """Its lines between header and times, with our prefix in names of files."""
    lines = log.read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("Reading summary statistics"))
    return [
        line.replace(f" {run}.", f" {out}.")
        for line in lines[first:]
        if not line.startswith(("Analysis finished", "Total time elapsed"))
    ]


def assert_lines(log: Path, expected: list[str]) -> None:
    """All of ldsc's lines in order; between them nothing but lines of ours."""
    ours = log.read_text().splitlines()
    ours = ours[next(i for i, line in enumerate(ours) if line.startswith("Reading summary statistics")) :]
    assert [line for line in ours if line in expected] == expected
    extra = [line for line in ours if line not in expected]
    assert all(line.startswith(("Analysis finished", "Total time elapsed", "WARNING: ")) for line in extra)


@pytest.mark.parametrize("compat", [True, False])
@pytest.mark.parametrize("run", SIMULATED)
def test_simulated_logs(run: str, compat: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DATA)
    args = json.loads((DATA / "expected.json").read_text())["runs"][run]["args"]
    out = tmp_path / "run"
    flags = ["--ldsc-compat"] if compat else []
    assert main(["ldsc", *args, *SIM_PANEL, *flags, "--out", str(out), "--quiet"]) == 0
    expected = (DATA / f"logs/{run}.log").read_text().splitlines()
    assert len(expected) >= 13
    assert_lines(Path(f"{out}.log"), expected)


def test_stdout_has_the_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(DATA)
    from postgwas.cli import ldsc

    assert ldsc.main(["--h2", "trait1.sumstats.gz", *SIM_PANEL, "--out", str(tmp_path / "run")]) == 0
    printed = capsys.readouterr().out.splitlines()
    expected = (DATA / "logs/h2_trait1.log").read_text().splitlines()
    assert [line for line in expected if not line.startswith("WARNING") and line not in printed] == []


@pytest.fixture
def oracle(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = shared / "oracle/mtag/ldsc_reg"
    monkeypatch.chdir(folder / "input")
    return folder


def args_of(oracle: Path, run: str) -> list[str]:
    found: list[str] = json.loads((oracle / "expected/runs.json").read_text())[run]["args"]
    return found


@pytest.mark.requires_shared
@pytest.mark.parametrize("run", ORACLE)
def test_oracle(run: str, oracle: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    args = args_of(oracle, run)
    assert main(["ldsc", "--ldsc_compat", *args, "--out", str(out), "--quiet"]) == 0
    there = oracle / "expected" / run
    assert_lines(Path(f"{out}.log"), printed_by_ldsc(there / f"{run}.log", run, out))
    compared = 0
    for file in there.iterdir():
        ending = file.name.removeprefix(run)
        if ending in (".cov", ".delete", ".part_delete"):
            ours = Path(f"{out}{ending}")
            np.testing.assert_allclose(np.loadtxt(ours), np.loadtxt(file), rtol=1e-9)
            assert len(ours.read_text().split()[0]) == len(file.read_text().split()[0])
            compared += 1
        elif ending in (".results", ".cell_type_results.txt"):
            same_table(Path(f"{out}{ending}"), file)
            compared += 1
        elif ending == ".json":
            same_figures(out, json.loads(file.read_text()), overlap="--overlap-annot" in args)
            compared += 1
    assert compared == sum(1 for file in there.iterdir() if file.suffix != ".log")


def same_table(ours: Path, theirs: Path) -> None:
    """Same columns, names and missing cells, numbers to 1e-9.

    The share of an annotation of all variants is 1 in every block: its SE is rounding error in ldsc.
    """
    mine, peer = (pl.read_csv(path, separator="\t", null_values="NA") for path in (ours, theirs))
    assert mine.columns == peer.columns
    for name in peer.columns:
        if peer[name].dtype == pl.String:
            assert mine[name].to_list() == peer[name].to_list()
        else:
            assert mine[name].is_null().equals(peer[name].is_null())
            values = peer[name].drop_nulls().to_numpy().astype(float)
            if name in ("Prop._h2_std_error", "Enrichment_std_error"):
                values[values < 1e-8] = 0.0
            np.testing.assert_allclose(mine[name].drop_nulls().to_numpy(), values, rtol=1e-9)


def same_figures(out: Path, expected: dict[str, Any], *, overlap: bool) -> None:
    """The attributes of ldsc's fit (observed scale) in our tables, to 1e-10."""
    summary = pl.read_csv(f"{out}.h2.tsv", separator="\t", null_values="NA").row(0, named=True)
    for name, column in SUMMARY.items():
        # A constrained intercept has neither standard error nor ratio.
        value = expected.get(name) if name in ("ratio", "ratio_se", "intercept_se") else expected[name]
        if value in ("NA", None):
            assert summary[column] is None, name
        else:
            assert summary[column] == pytest.approx(value, rel=1e-10), name
    if expected["n_annot"] == 1:
        return
    table = pl.read_csv(f"{out}.categories.tsv", separator="\t", null_values="NA")
    for name, column in (CATEGORIES if overlap else CATEGORIES | SHARES).items():
        np.testing.assert_allclose(table[column].to_numpy(), np.ravel(expected[name]), rtol=1e-10)


@pytest.mark.requires_shared
@pytest.mark.parametrize("run", REFUSED)
def test_what_ldsc_refuses(
    run: str, oracle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = args_of(oracle, run)
    assert main(["ldsc", "--ldsc_compat", *args, "--out", str(tmp_path / "run"), "--quiet"]) == 2
    printed = capsys.readouterr()
    lines = [line for line in printed.err.splitlines() if line.startswith("postgwas: error: ")]
    assert len(lines) == 1 and "Traceback" not in printed.err
    assert not [path for path in tmp_path.glob("run*") if path.suffix != ".log"]


@pytest.mark.requires_shared
def test_more_processes_give_the_same_bits(oracle: Path, tmp_path: Path) -> None:
    for cores in ("1", "2"):
        for run in ("h2_cts_all", "h2_part_overlap"):
            out = tmp_path / f"{run}_{cores}"
            assert main(["ldsc", *args_of(oracle, run), "--cores", cores, "--out", str(out), "--quiet"]) == 0
    for ending in ("h2_cts_all_{}.cell_type_results.txt", "h2_part_overlap_{}.results"):
        one, two = ((tmp_path / ending.format(cores)).read_bytes() for cores in (1, 2))
        assert one == two


@pytest.mark.requires_shared
def test_liability_scale_in_the_table(oracle: Path, tmp_path: Path) -> None:
    """ldsc prints 0.3522 (0.0214) for the liability scale; the table has both scales."""
    assert main(["ldsc", *args_of(oracle, "h2_liab"), "--out", str(tmp_path / "run"), "--quiet"]) == 0
    row = pl.read_csv(tmp_path / "run.h2.tsv", separator="\t", null_values="NA").row(0, named=True)
    assert row["SCALE"] == "liability"
    assert (round(row["H2"], 4), round(row["H2_SE"], 4)) == (0.3522, 0.0214)
    assert (round(row["H2_OBSERVED"], 4), round(row["H2_OBSERVED_SE"], 4)) == (0.3487, 0.0212)
