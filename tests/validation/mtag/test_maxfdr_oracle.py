"""maxFDR against mtag.py 1.0.8 (commit 9e17f3c, Python 2.7): run_prob_grid.txt and run_fdr_mat.txt.

Calls: ``mtag.py --sumstats ... --fdr`` with the flags in each case. mtag.py evaluates the
same formula point by point; what is left is the rounding of sums, so 1e-12 relative.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from postgwas.mtag.maxfdr_grid import MaxFDRGrid, max_fdr_grid
from postgwas.mtag.spike_slab import fit_spike_slab

DATA = Path(__file__).parent / "data" / "maxfdr"


def expect(result: MaxFDRGrid, folder: Path) -> None:
    assert result.probabilities is not None
    assert result.fdr is not None
    np.testing.assert_array_equal(result.probabilities, np.loadtxt(folder / "run_prob_grid.txt", ndmin=2))
    np.testing.assert_allclose(
        result.fdr, np.loadtxt(folder / "run_fdr_mat.txt", ndmin=2), rtol=1e-12, atol=1e-20
    )


@pytest.mark.parametrize(
    ("run", "intervals", "rows", "n_sum", "index"),
    [
        ("t2_fdr", 10, 11213, (1000045708.0, 1555759794.0), None),
        ("t3_fdr_intervals_5", 5, 9684, (863759320.0, 1343569004.0, 576212732.0), [28, 37, 37]),
    ],
)
@pytest.mark.parametrize("rounding", [True, False])
def test_simulated_study(run, intervals, rows, n_sum, index, rounding):
    omega, sigma = (np.loadtxt(DATA / run / f"run_{name}_hat.txt") for name in ("omega", "sigma"))
    result = max_fdr_grid(omega, sigma, np.array(n_sum) / rows, intervals=intervals, rounding=rounding)
    expect(result, DATA / run)
    # "grid point indices for max FDR for each trait" in the log
    assert index is None or result.index.tolist() == index


CASES = [
    ("mtag_t2", "fdr", "fdr", 10, 5e-8, None, [18, 18]),
    ("mtag_t2", "fdr_cores2", "fdr", 10, 5e-8, None, [18, 18]),
    ("mtag_t2", "fdr_n_approx", "fdr", 10, 5e-8, None, [18, 18]),
    ("mtag_t2", "skip_mtag", "fdr", 10, 5e-8, None, [18, 18]),
    ("mtag_t2", "skip_mtag_nofdrflag", "fdr", 10, 5e-8, None, [18, 18]),
    ("mtag_t2", "fdr_intervals_20_psig", "fdr", 20, 1e-5, None, [73, 628]),
    ("mtag_t2", "fdr_fit_ss", "fdr", 10, 5e-8, (0.266, 0.238), [0, 0]),
    ("mtag_t2", "perfect_gencov_fdr", "fdr", 10, 5e-8, None, [2, 2]),
    ("mtag_t2", "equal_h2_fdr", "fdr", 10, 5e-8, None, [9, 9]),
    ("mtag_t3", "fdr_intervals_5", "fdr_intervals_5", 5, 5e-8, None, [32, 179, 179]),
    ("mtag_t3", "skip_mtag_fdr_4", "fdr_intervals_5", 4, 5e-8, None, [20, 65, 65]),
    ("mtag_t3", "fdr_intervals_6_fit_ss", "fdr_intervals_5", 6, 5e-8, (0.292, 0.243, 0.258), [1, 1, 1]),
]


@pytest.mark.requires_shared
@pytest.mark.parametrize(("case", "run", "source", "intervals", "p_sig", "causal", "index"), CASES)
def test_real_panel(shared, case, run, source, intervals, p_sig, causal, index):
    expected = shared / "oracle/mtag" / case / "expected"
    folder = expected / run

    def matrix(name: str) -> np.ndarray:
        own = folder / f"run_{name}_hat.txt"
        if name == "omega" and run == "equal_h2_fdr":
            return np.ones((2, 2))  # mtag.py sets all ones and writes no file
        return np.loadtxt(own if own.exists() else expected / source / f"run_{name}_hat.txt")

    omega, sigma = matrix("omega"), matrix("sigma")
    files = json.loads((expected / "runs.json").read_text())[source]["files"]
    tables = [files[f"run_trait_{t + 1}.txt"] for t in range(len(omega))]
    n = [table["col_sum"]["N"] / table["rows"] for table in tables]
    result = max_fdr_grid(omega, sigma, n, intervals=intervals, p_sig=p_sig, causal=causal, rounding=True)
    expect(result, folder)
    assert result.index.tolist() == index


@pytest.mark.requires_shared
def test_singular_omega_keeps_every_feasible_point(shared):
    """mtag.py loses the point 0.1, 0, 0, 0.9 to rounding (its Python 3 port loses four)."""
    expected = shared / "oracle/mtag/mtag_t2/expected"
    files = json.loads((expected / "runs.json").read_text())["fdr"]["files"]
    n = [files[f"run_trait_{t}.txt"]["col_sum"]["N"] / 27216 for t in (1, 2)]
    omega, sigma = (
        np.loadtxt(expected / f"perfect_gencov_fdr/run_{name}_hat.txt") for name in ("omega", "sigma")
    )
    result = max_fdr_grid(omega, sigma, n)
    assert result.probabilities is not None
    np.testing.assert_array_equal(result.probabilities[:, 3], np.r_[10:0:-1] / 10)


def analysed(folder: Path, n_traits: int) -> tuple[np.ndarray, np.ndarray]:
    """Squared Z and N of the SNPs that mtag.py analyses: its filters, written out plainly."""
    kept = []
    for t in range(n_traits):
        table = pl.read_csv(folder / f"trait{t + 1}.txt.gz", separator="\t", null_values="NA")
        table = table.with_columns(pl.col("a1", "a2").str.to_uppercase())
        good = table.drop_nulls(["snpid", "a1", "a2", "z", "n", "pval", "se"])
        good = good.filter(pl.col("pval") > 0, pl.col("pval") <= 1, pl.col("a1", "a2").is_in(list("ACGT")))
        good = good.filter(pl.col("a1") != pl.col("a2")).unique("snpid", keep="first", maintain_order=True)
        good = good.filter(pl.col("n") >= np.quantile(good["n"].to_numpy(), 0.9) / 1.5)
        # The merge brings all rows of the id back and keeps the first.
        first = table.filter(pl.col("snpid").is_in(good["snpid"].implode()))
        kept.append(first.unique("snpid", keep="first", maintain_order=True))
    merged = kept[0].filter(~(pl.col("a1") + pl.col("a2")).is_in(["AT", "TA", "CG", "GC"]))
    for t, table in enumerate(kept[1:]):
        merged = merged.join(
            table.select("snpid", pl.col("a1", "a2", "z", "n").name.suffix(f"_{t}")), on="snpid"
        )
        a1, a2, b1, b2 = (pl.col(name) for name in ("a1", "a2", f"a1_{t}", f"a2_{t}"))
        merged = merged.filter(((a1 == b1) & (a2 == b2)) | ((a1 == b2) & (a2 == b1)))
    suffixes = ["", *(f"_{t}" for t in range(n_traits - 1))]
    z, n = (merged.select(f"{name}{suffix}" for suffix in suffixes).to_numpy().astype(float) for name in "zn")
    return z, n


@pytest.mark.requires_shared
@pytest.mark.parametrize(
    ("case", "run", "source", "causal"),
    [
        ("mtag_t2", "fdr_fit_ss", "fdr", [0.266, 0.238]),
        ("mtag_t3", "fdr_intervals_6_fit_ss", "fdr_intervals_5", [0.292, 0.243, 0.258]),
    ],
)
def test_spike_slab(shared, case, run, source, causal):
    """The log prints three digits; the restricted grid then has to be the same too."""
    folder = shared / "oracle/mtag" / case
    z, n = analysed(folder / "input", len(causal))
    tables = json.loads((folder / "expected/runs.json").read_text())[source]["files"]
    for t in range(len(causal)):
        table = tables[f"run_trait_{t + 1}.txt"]
        assert (len(n), n[:, t].sum()) == (table["rows"], table["col_sum"]["N"])
        np.testing.assert_allclose((z[:, t] ** 2).sum(), table["col_sumsq"]["Z"], rtol=1e-12)
    fit = fit_spike_slab(z, n)
    assert fit.converged.all()
    assert fit.causal.round(3).tolist() == causal
    matrices = [np.loadtxt(folder / "expected" / run / f"run_{name}_hat.txt") for name in ("omega", "sigma")]
    intervals = 10 if case == "mtag_t2" else 6
    result = max_fdr_grid(*matrices, n.mean(axis=0), intervals=intervals, causal=fit.causal, rounding=True)
    expect(result, folder / "expected" / run)
