"""metafor 3.8-1 on 300 simulated rows, the first ones degenerate on purpose (one study, identical studies).

FE, DL, HE, SJ, HS: ``rma(yi, sei=, method=, test=)``. PM, REML, ML and EB: with ``control = list(threshold =
1e-15, tol = 1e-15, maxiter = 1e5, stepadj = 0.5)``: at its default tolerances (1e-5, 1.2e-4) its estimates
stop up to 1e-4 short of the roots of their own equations.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import polars as pl
import pytest

from postgwas.meta.heterogeneity_intervals import q_profile
from postgwas.meta.random_effects import RandomEffects, Tau2Method, Test, random_effects

DATA = Path(__file__).parent / "data"
ROWS = 300


def _table(name: str) -> pl.DataFrame:
    return pl.read_csv(DATA / name, separator="\t", infer_schema_length=None, null_values=["NA"])


@pytest.fixture(scope="module")
def studies() -> tuple[np.ndarray, np.ndarray]:
    table = _table("input_beta_se.tsv.gz")
    beta, se = np.full((2, 20, ROWS), np.nan)
    row, study = table["row"].to_numpy() - 1, table["study"].to_numpy() - 1
    beta[study, row], se[study, row] = table["beta"].to_numpy(), table["se"].to_numpy()
    return beta, se


def _close(found: np.ndarray, told: pl.Series, *, least: float, name: str) -> None:
    expected = told.cast(pl.Float64).fill_null(np.nan).to_numpy()
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected), err_msg=name)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=least, err_msg=name)


def _compare(found: RandomEffects, told: pl.DataFrame) -> None:
    rows = told["row"].to_numpy() - 1
    for column, value in (("b", found.beta), ("se", found.se), ("se.tau2", found.tau2_se)):
        _close(value[rows], told[column], least=1e-15, name=column)
    # Where the estimate is 0, metafor's iterations end at some 1e-15.
    _close(found.tau2[rows], told["tau2"], least=1e-13, name="tau2")
    _close(found.i2[rows], told["I2"], least=1e-8, name="I2")
    if "Q" in told.columns:
        _close(found.stat[rows], told["stat"], least=1e-15, name="stat")
        _close(10.0 ** -found.mlog10p[rows], told["p"], least=1e-300, name="p")
        _close(found.q[rows], told["Q"], least=1e-13, name="Q")
        _close(10.0 ** -found.q_mlog10p[rows], told["Qp"], least=1e-300, name="Qp")
        _close(found.h2[rows], told["H2"], least=1e-12, name="H2")
        np.testing.assert_array_equal(found.k[rows], told["k"].to_numpy())


@pytest.mark.parametrize("method", ["FE", "DL", "HE", "SJ", "HS"])
@pytest.mark.parametrize("test", ["z", "knha"])
def test_closed_formulae(studies: tuple[np.ndarray, np.ndarray], method: str, test: str) -> None:
    told = _table("closed.tsv.gz").filter((pl.col("method") == method) & (pl.col("test") == test))
    if method == "FE" and test == "knha":
        pytest.skip("not in the peer's table")
    found = random_effects(*studies, method=cast(Tau2Method, method), test=cast(Test, test))
    assert told.height == ROWS
    _compare(found, told)


@pytest.mark.parametrize("method", ["PM", "REML", "ML", "EB"])
def test_iterative_estimates(studies: tuple[np.ndarray, np.ndarray], method: str) -> None:
    told = _table("converged.tsv.gz").filter(pl.col("method") == method)
    assert told.height >= ROWS - 1
    _compare(random_effects(*studies, method=cast(Tau2Method, method)), told)


@pytest.mark.requires_shared
@pytest.mark.parametrize("method", ["PM", "REML", "ML", "EB"])
def test_default_calls_are_within_their_tolerance(
    studies: tuple[np.ndarray, np.ndarray], shared: Path, method: str
) -> None:
    path = shared / "oracle/rpeers/metafor/rma_results.tsv.gz"
    told = pl.read_csv(path, separator="\t", infer_schema_length=None, null_values=["NA"])
    told = told.filter((pl.col("method") == method) & (pl.col("test") == "z") & (pl.col("row") != 2))
    rows = told["row"].to_numpy() - 1
    found = random_effects(*studies, method=cast(Tau2Method, method))
    away = np.abs(found.tau2[rows] - told["tau2"].cast(pl.Float64).to_numpy())
    assert away.max() < 1.3e-4


def test_q_profile(studies: tuple[np.ndarray, np.ndarray]) -> None:
    """``confint(rma(..., method = "DL"), control = list(tol = 1e-15, maxiter = 1e5, tau2.max = 1e6))``."""
    told = _table("confint.tsv.gz")
    rows = told["row"].to_numpy() - 1
    found = q_profile(*studies)
    for column, value in (
        ("tl", found.tau2_lower), ("tu", found.tau2_upper), ("il", found.i2_lower),
        ("iu", found.i2_upper), ("hl", found.h2_lower), ("hu", found.h2_upper),
    ):  # fmt: skip
        np.testing.assert_allclose(
            value[rows], told[column].to_numpy(), rtol=1e-8, atol=1e-12, err_msg=column
        )
