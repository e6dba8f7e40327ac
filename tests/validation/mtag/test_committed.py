"""Whole runs against mtag.py 1.0.8 on a simulated panel; needs nothing beside the checkout.

Peer: mtag.py 1.0.8, commit 9e17f3c, Python 2.7.18, numpy 1.16.6, unmodified. Call:
``mtag.py --sumstats trait1[,trait2[,trait3]] --ld_ref_panel sim_w_ld_chr/ --out ./run <flags>``.
Inputs are simulated (16,610 made-up SNPs) with planted faults; trait files are thinned to every
50th row. Tolerances: the peer prints 17 digits, and both sides sum some 10,000 terms, so effects
agree to about 1e-10 and matrices to 1e-13; the limits below leave room for another BLAS.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from validation.mtag.peer import LIMITS, differences

from postgwas.cli.main import main

DATA = Path(__file__).parent / "data"

CASES = {
    "t2_default": (2, []),
    "t2_no_overlap": (2, ["--no_overlap"]),
    "t2_perfect_gencov": (2, ["--perfect_gencov"]),
    "t2_equal_h2": (2, ["--perfect_gencov", "--equal_h2"]),
    "t2_meta_format": (2, ["--meta_format"]),
    "t2_std_betas": (2, ["--std_betas"]),
    "t2_fdr": (2, ["--fdr"]),
    "t3_default": (3, []),
    "t3_fdr_intervals_5": (3, ["--fdr", "--intervals", "5"]),
}


def run(n_traits: int, flags: list[str], out: Path) -> int:
    sumstats = ",".join(str(DATA / f"input/trait{t}.txt.gz") for t in range(1, n_traits + 1))
    panel = f"{DATA}/input/sim_w_ld_chr/"
    return main(
        ["mtag", "--sumstats", sumstats, "--ld_ref_panel", panel, "--out", str(out), "--quiet",
         "--mtag_compat", *flags]
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_compat_gives_the_peers_numbers(case, tmp_path):
    n_traits, flags = CASES[case]
    assert run(n_traits, flags, tmp_path / "run") == 0
    found = differences(DATA / "expected" / case, tmp_path / "run")
    assert {"sigma", "mtag_z", "rows"} <= set(found)
    assert {kind: value for kind, value in found.items() if not value <= LIMITS[kind]} == {}


def test_every_committed_case_is_run():
    assert {path.name for path in (DATA / "expected").iterdir()} == set(CASES)
