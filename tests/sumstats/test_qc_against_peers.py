"""Counts of dropped rows equal those that mtag.py 1.0.8 and munge_sumstats.py 1.0.1 logged.

The peers ran on the same files; the numbers are what their logs say, line by line.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.sumstats.derive import abs_z_from_p
from postgwas.sumstats.qc import QCRules, quality_control
from postgwas.sumstats.run import read_sumstats
from postgwas.sumstats.table import Sumstats

pytestmark = pytest.mark.requires_shared

MTAG_REQUIRES = ("SNPID", "EA", "NEA", "Z", "P", "N", "SE")
LDSC_PATTERNS = {
    "missing value": r"Removed (\d+) SNPs with missing values",
    "INFO below limit": r"Removed (\d+) SNPs with INFO",
    "frequency outside [0, 1] or MAF below limit": r"Removed (\d+) SNPs with MAF",
    "P out of bounds": r"Removed (\d+) SNPs with out-of-bounds",
    "not a SNP": r"Removed (\d+) variants that were not SNPs",
    "duplicated SNPID": r"Removed (\d+) SNPs with duplicated",
    "N below limit": r"Removed (\d+) SNPs with N <",
}


def logged_counts(log: str) -> list[dict[str, int]]:
    """One dict of counts for every munging in a peer's log."""
    found = {reason: [int(n) for n in re.findall(pattern, log)] for reason, pattern in LDSC_PATTERNS.items()}
    rounds = len(found["missing value"])
    assert rounds and all(len(v) in {0, rounds} for v in found.values())
    return [{reason: (v[i] if v else 0) for reason, v in found.items()} for i in range(rounds)]


def our_counts(stats: Sumstats, rules: QCRules) -> dict[str, int]:
    counts = dict(quality_control(stats, rules).counts)
    counts["not a SNP"] += counts.pop("strand-ambiguous")
    assert counts.pop("SE negative or missing") == 0
    assert counts.pop("N above limit") == 0
    return counts


@pytest.mark.parametrize(
    ("case", "run", "info_min", "n_traits"),
    [("mtag_t2", "default", None, 2), ("mtag_t3", "default", None, 3), ("mtag_t3", "info_min_0.9", 0.9, 3)],
)
def test_counts_equal_mtag(shared: Path, case: str, run: str, info_min: float | None, n_traits: int) -> None:
    folder = shared / "oracle" / "mtag" / case
    logged = logged_counts((folder / "expected" / run / "run.log").read_text())
    # mtag.py's MAF filter does nothing with a column named freq; its p = 0 rows are dropped.
    rules = QCRules(
        require=MTAG_REQUIRES, info_min=info_min, maf_min=None, keep_ambiguous=True, drop_zero_p=True
    )
    for trait in range(n_traits):
        stats = read_sumstats(folder / "input" / f"trait{trait + 1}.txt.gz")
        assert stats.dialect == "mtag"
        assert our_counts(stats, rules) == logged[trait]


@pytest.mark.parametrize(
    ("run", "rules"),
    [
        ("basic", QCRules(require=("SNPID", "EA", "NEA", "BETA", "P", "N", "EAF"))),
        ("basic_maf_0.05", QCRules(require=("SNPID", "EA", "NEA", "BETA", "P", "N", "EAF"), maf_min=0.05)),
        ("basic_info_0.5", QCRules(require=("SNPID", "EA", "NEA", "BETA", "P", "N", "EAF"), info_min=0.5)),
        ("basic_n_min", QCRules(require=("SNPID", "EA", "NEA", "BETA", "P", "N", "EAF"), n_min=45000)),
        ("z", QCRules()),
        ("metal", QCRules()),
    ],
)
def test_counts_equal_munge_sumstats(shared: Path, run: str, rules: QCRules) -> None:
    folder = shared / "oracle" / "mtag" / "ldsc_munge"
    logged = logged_counts((folder / "expected" / f"{run}.log").read_text())[0]
    name = run.split("_")[0]
    wanted = ("SNPID", "EA", "NEA", "EAF", "BETA", "Z", "P", "N", "INFO")
    stats = read_sumstats(folder / "input" / f"{name}.txt.gz", wanted=wanted)
    # LDSC drops every P = 0.
    assert our_counts(stats, replace(rules, drop_zero_p=True)) == logged


@pytest.mark.parametrize("run", ["basic", "z", "metal"])
def test_rows_and_z_equal_munged(shared: Path, run: str) -> None:
    """The same SNPs in the same order, and Z to munge_sumstats.py's 3 decimals."""
    folder = shared / "oracle" / "mtag" / "ldsc_munge"
    munged = pl.read_csv(folder / "expected" / f"{run}.sumstats.gz", separator="\t")
    path = folder / "input" / f"{run}.txt.gz"
    signed = "BETA" if run == "basic" else "Z"
    wanted = ("SNPID", "EA", "NEA", "EAF", "INFO", signed, "P", "N")
    stats = read_sumstats(path, wanted=wanted)
    require = tuple(c for c in wanted if c in stats.columns and c != "INFO")
    result = quality_control(stats, QCRules(require=require, drop_zero_p=True)).stats.frame
    # munge_sumstats.py makes Z of P and the sign of the statistic, where 0 counts as positive.
    sign = np.where(result[signed].to_numpy() < 0, -1.0, 1.0)
    z = sign * abs_z_from_p(result["P"].to_numpy())
    assert result["SNPID"].to_list() == munged["SNP"].to_list()
    assert result["EA"].to_list() == munged["A1"].to_list()
    assert result["NEA"].to_list() == munged["A2"].to_list()
    assert result["N"].to_list() == munged["N"].to_list()
    np.testing.assert_allclose(z, munged["Z"].to_numpy(), rtol=0, atol=5.001e-4)
