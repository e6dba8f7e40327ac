"""q-values of the R package qvalue 2.30.0 (R 4.2.2), on simulated P-values and on tensorQTL's.

``data/qvalues.tsv.gz`` and ``data/pi0.tsv``: ``qvalue(p, ...)`` of four sets, with the default smoother,
``pi0.method="bootstrap"``, ``lambda=0.5``, ``lambda=0`` and ``lambda=seq(0, 0.8, 0.1)`` (``grid``) with both
methods; 17 digits.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from postgwas.qtl.qvalues import qvalue

DATA = Path(__file__).parent / "data"
GRID = [0.1 * step for step in range(9)]
CALLS: dict[str, dict[str, Any]] = {
    "smoother": {},
    "bootstrap": {"method": "bootstrap"},
    "lambda0.5": {"lambda_": 0.5},
    "lambda0": {"lambda_": 0.0},
    "grid": {"lambda_": GRID},
    "grid_bootstrap": {"lambda_": GRID, "method": "bootstrap"},
}
#: R solves for the spline in another order; its df, 3.0003, agree to 1e-10.
TOLERANCE = 1e-9


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", ["mixed", "null", "few", "ties"])
def test_qvalues_are_those_of_r(name: str, call: str) -> None:
    table = pl.read_csv(DATA / "qvalues.tsv.gz", separator="\t", null_values="NA")
    rows = table.filter(pl.col("set") == name)
    ours = qvalue(rows["p"].to_numpy(), **CALLS[call])
    pi0 = pl.read_csv(DATA / "pi0.tsv", separator="\t").filter(
        (pl.col("set") == name) & (pl.col("call") == call)
    )
    assert ours.pi0 == pytest.approx(pi0["pi0"][0], rel=TOLERANCE)
    assert ours.note is None
    np.testing.assert_allclose(ours.q, rows[call].to_numpy(), rtol=TOLERANCE)


@pytest.mark.requires_shared
def test_tensorqtl_qvalues(shared: Path) -> None:
    """tensorQTL 1.0.10 calls R's qvalue on pval_beta of 126 genes."""
    folder = shared / "oracle/eqtl/tensorqtl"
    table = pl.read_csv(folder / "qvalue.tsv", separator="\t")
    pi0 = json.loads((folder / "qvalue_pi0.json").read_text())
    for name, lambda_ in (("qval", None), ("qval_lambda0.5", 0.5), ("qval_lambda0.85", 0.85)):
        ours = qvalue(table["pval_beta"].to_numpy(), lambda_=lambda_)
        np.testing.assert_allclose(ours.q, table[name].to_numpy(), rtol=TOLERANCE)
        assert ours.pi0 == pytest.approx(pi0[name.replace("qval", "pi0") if lambda_ else "pi0_smoother"])
