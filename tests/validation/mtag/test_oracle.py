"""Every public case of mtag.py 1.0.8 that it finished, from the command line with --mtag_compat."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from validation.mtag.peer import LIMITS, differences

from postgwas.cli.main import main

pytestmark = pytest.mark.requires_shared

#: Cases whose numbers depend on where an optimiser stops, with the limit that its tolerance sets
#: (the oracle's README: two ports of mtag.py differ by 7e-6 here).
NUMERICAL = {"omega": 1e-5, "mtag_beta": 5e-3, "mtag_se": 1e-5, "mtag_z": 5e-3, "pval": 5e-4}

#: The grid of a singular Omega depends on rounding: 9 points under Python 2.7, 6 under its port.
ROUNDING = {"perfect_gencov_fdr": ("fdr", "grid")}


def oracle_runs():
    for root in (Path(__file__).parents[4] / "shared", Path(__file__).parents[3] / "shared"):
        folder = root / "oracle/mtag"
        if folder.is_dir():
            for case in ("mtag_t2", "mtag_t3", "mtag_t5"):
                runs = json.loads((folder / case / "expected/runs.json").read_text())
                for name, one in runs.items():
                    has_files = any(
                        p.suffix != ".log" for p in (folder / case / "expected" / name).glob("run_*")
                    )
                    if not one["crashed"] and has_files:
                        yield pytest.param(case, name, one, id=f"{case}-{name}")
            return


@pytest.mark.parametrize(("case", "name", "one"), list(oracle_runs()))
def test_case(case, name, one, shared, tmp_path):
    inputs = shared / "oracle/mtag" / case / "input"
    expected = shared / "oracle/mtag" / case / "expected"
    flags = [flag.replace("INPUT", str(inputs)) for flag in one["flags"]]
    common = ["--ld_ref_panel", f"{inputs}/eur_w_ld_chr/", "--quiet", "--mtag_compat", "--overwrite"]
    sumstats = ",".join(str(inputs / file) for file in one["sumstats"])
    out = tmp_path / "run"
    if "--skip_mtag" in flags:
        assert main(["mtag", "--sumstats", sumstats, "--out", str(tmp_path / "first"), *common]) == 0
        for path in tmp_path.glob("first_*"):
            shutil.move(path, tmp_path / path.name.replace("first", "run"))
    assert main(["mtag", "--sumstats", sumstats, "--out", str(out), *common, *flags]) == 0
    found = differences(expected / name, out)
    limits = LIMITS | (NUMERICAL if "--numerical_omega" in flags else {})
    left_out = ROUNDING.get(name, ())
    over = {k: v for k, v in found.items() if k not in left_out and not v <= limits[k]}
    assert over == {}
