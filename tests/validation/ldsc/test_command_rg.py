"""``postgwas ldsc --rg`` against ldsc.py 1.0.1 (commit aa33296, Python 2.7, numpy 1.16.6, pandas 0.20.3).

Lines of the log, the table at its end included, are compared as text. Files hold full precision;
1e-10 relative is ten times the largest difference found (in P, which multiplies a difference in Z
by Z squared).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from postgwas.cli.main import main

DATA = Path(__file__).parent / "data"
SAME = [
    "rg_all", "rg_213", "rg_no_intercept", "rg_intercepts", "rg_intercept_h2_only",
    "rg_intercept_gencov_only", "rg_two_step_20", "rg_chisq_max_30", "rg_liab", "rg_liab_mixed",
    "rg_no_check_alleles", "rg_unmerged_no_check_alleles", "rg_print_cov", "rg_n_blocks_50", "rg_part",
    "rg_part_overlap", "rg_self",
]  # fmt: skip
COLUMNS = {
    "rg_ratio": "rg", "rg_se": "se", "z": "z", "p": "p", "hsq2.tot": "h2_obs", "hsq2.tot_se": "h2_obs_se",
    "hsq2.intercept": "h2_int", "hsq2.intercept_se": "h2_int_se", "gencov.intercept": "gcov_int",
    "gencov.intercept_se": "gcov_int_se", "gencov.tot": "gencov", "gencov.tot_se": "gencov_se",
    "hsq1.tot": "h2_obs_p1", "hsq1.tot_se": "h2_obs_p1_se", "hsq1.intercept": "h2_int_p1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def printed(text: str) -> list[str]:
    """The lines between header and times, without blank ones at the end."""
    lines = text[text.index("Reading summary statistics") :].splitlines()
    ends = ("Analysis finished", "Total time elapsed")
    return "\n".join(line for line in lines if not line.startswith(ends)).rstrip("\n").splitlines()


def of_ours_alone(line: str) -> bool:
    """A warning that ldsc does not give."""
    return line.startswith("WARNING: --no_check_alleles")


def run(args: list[str], out: Path, *more: str) -> tuple[int, list[str]]:
    status = main(["ldsc", *args, "--out", str(out), "--quiet", *more])
    return status, printed(Path(f"{out}.log").read_text())


def test_committed_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blank lines and all: users' programs count them."""
    (tmp_path / "ldsc").mkdir()
    for i in (1, 2, 3):
        (tmp_path / f"ldsc/trait{i}.sumstats.gz").symlink_to(DATA / f"trait{i}.sumstats.gz")
    (tmp_path / "sim_w_ld_chr").symlink_to(DATA / "sim_w_ld_chr")
    monkeypatch.chdir(tmp_path)
    args = ["--rg", "ldsc/trait1.sumstats.gz,ldsc/trait2.sumstats.gz,ldsc/trait3.sumstats.gz"]
    args += ["--ref-ld-chr", "sim_w_ld_chr/", "--w-ld-chr", "sim_w_ld_chr/"]
    expected = (DATA / "logs/rg_123.log").read_text().splitlines()
    assert len(expected) > 60
    for flags in (["--ldsc-compat"], []):
        status, lines = run(args, tmp_path / f"out{len(flags)}", *flags)
        assert (status, lines) == (0, expected)


@pytest.mark.requires_shared
@pytest.mark.parametrize("name", SAME)
def test_log_and_table(name: str, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shared / "oracle/mtag/ldsc_reg"
    args = json.loads((folder / "expected/runs.json").read_text())[name]["args"]
    monkeypatch.chdir(folder / "input")
    out = tmp_path / name
    status, lines = run(args, out, "--ldsc-compat")
    assert status == 0
    expected = printed((folder / f"expected/{name}/{name}.log").read_text())
    expected = [line.replace(f" {name}trait1", f" {out}trait1") for line in expected]
    ours = [line for line in lines if not of_ours_alone(line)]
    if name == "rg_self":
        # Z divides by a standard error that is rounding error.
        ours, expected = ([line for line in one if "Z-score" not in line] for one in (ours, expected))
    assert ours == expected
    figures = json.loads((folder / f"expected/{name}/{name}.json").read_text())
    compare_table(pl.read_csv(f"{out}.rg.tsv", separator="\t", null_values="NA"), figures, name)


def compare_table(table: pl.DataFrame, figures: list[dict[str, Any]], name: str) -> None:
    assert table.height == len(figures)
    for row, expected in zip(table.iter_rows(named=True), figures):
        assert row["status"] == "ok"
        for key, column in COLUMNS.items():
            if name == "rg_self" and key in ("rg_se", "z", "p"):
                continue
            value: Any = expected
            for part in key.split("."):
                value = value[part]
            if value in (None, "NA"):
                assert row[column] is None, (column, row[column])
            else:
                assert row[column] == pytest.approx(value, rel=1e-10), column
        if row["p"] > 0:
            assert row["mlog10p"] == pytest.approx(-math.log10(row["p"]), rel=1e-10)


@pytest.mark.requires_shared
def test_covariances_and_delete_values(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shared / "oracle/mtag/ldsc_reg"
    args = json.loads((folder / "expected/runs.json").read_text())["rg_print_cov"]["args"]
    monkeypatch.chdir(folder / "input")
    out = tmp_path / "rg_print_cov"
    assert run(args, out)[0] == 0
    there = sorted((folder / "expected/rg_print_cov").glob("rg_print_covtrait1*"))
    assert len(there) == 6
    for file in there:
        np.testing.assert_allclose(np.loadtxt(tmp_path / file.name), np.loadtxt(file), rtol=1e-11)


@pytest.mark.requires_shared
def test_liability_scale(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ldsc's .json has the observed scale; its log is compared above. Ours has both."""
    folder = shared / "oracle/mtag/ldsc_reg"
    args = json.loads((folder / "expected/runs.json").read_text())["rg_liab_mixed"]["args"]
    monkeypatch.chdir(folder / "input")
    assert run(args, tmp_path / "run")[0] == 0
    row = pl.read_csv(tmp_path / "run.rg.tsv", separator="\t").row(0, named=True)
    # Lee et al. eq. 23 with P 0.3, K 0.05, worked out by hand from phi(1.6448536) = 0.10313564.
    factor = 0.05**2 * 0.95**2 / (0.3 * 0.7 * 0.1031356404**2)
    assert row["h2_liab_p1"] == pytest.approx(factor * row["h2_obs_p1"], rel=1e-8)
    assert row["h2_liab"] == row["h2_obs"]
    assert row["gencov_liab"] == pytest.approx(math.sqrt(factor) * row["gencov"], rel=1e-8)


@pytest.mark.requires_shared
def test_alleles_that_disagree(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ldsc loses the pair to one variant, and says it went well; ours loses the variant."""
    folder = shared / "oracle/mtag/ldsc_reg"
    runs = json.loads((folder / "expected/runs.json").read_text())
    args = runs["rg_unmerged_alleles_fails"]["args"]
    monkeypatch.chdir(folder / "input")
    status, lines = run(args, tmp_path / "compat", "--ldsc-compat")
    assert status == 1
    name = "rg_unmerged_alleles_fails"
    expected = printed((folder / f"expected/{name}/{name}.log").read_text())
    summary = expected.index("Summary of Genetic Correlation Results")
    ours = lines.index("Summary of Genetic Correlation Results")
    assert lines[ours : ours + 4] == expected[summary : summary + 4]
    for line in expected:
        if line.startswith(("ERROR", "After", "Read ", "KeyError")) or line.endswith("valid alleles."):
            assert line.removeprefix("KeyError: ").strip("'") in lines, line
    failed = pl.read_csv(tmp_path / "compat.rg.tsv", separator="\t")
    assert failed["status"].to_list() == ["failed", "failed"]
    # By default the estimates are those of files that were munged with one list of alleles.
    assert run(args, tmp_path / "ours")[0] == 0
    merged = [arg.replace(".sumstats", ".merged.sumstats") for arg in args]
    assert run(merged, tmp_path / "merged")[0] == 0
    one, other = (
        pl.read_csv(tmp_path / f"{name}.rg.tsv", separator="\t", null_values="NA")
        for name in ("ours", "merged")
    )
    assert one["n_mismatched"].to_list() == [109, 109]
    assert one["n_snps"].to_list() == other["n_snps"].to_list() == [18964, 19074]
    assert one["rg"].to_list() == other["rg"].to_list()


@pytest.mark.requires_shared
def test_free_intercepts_in_lists(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ldsc crashes on N; ours mixes what rg_intercepts and rg_all have."""
    folder = shared / "oracle/mtag/ldsc_reg"
    runs = json.loads((folder / "expected/runs.json").read_text())
    assert runs["rg_intercepts_N"]["rc"] == 1
    monkeypatch.chdir(folder / "input")
    assert run(runs["rg_intercepts_N"]["args"], tmp_path / "run")[0] == 0
    table = pl.read_csv(tmp_path / "run.rg.tsv", separator="\t", null_values="NA")
    free = json.loads((folder / "expected/rg_all/rg_all.json").read_text())
    fixed = json.loads((folder / "expected/rg_intercepts/rg_intercepts.json").read_text())
    assert table["h2_int"].to_list() == [pytest.approx(free[0]["hsq2"]["intercept"], rel=1e-10), 1.04]
    assert table["h2_obs"].to_list() == pytest.approx(
        [free[0]["hsq2"]["tot"], fixed[1]["hsq2"]["tot"]], rel=1e-10
    )
    assert table["gcov_int"][0] == 0.2
    assert table["gcov_int_se"][0] is None
    assert table["gcov_int_se"][1] > 0
