"""Compare a run's files with what mtag.py 1.0.8 wrote for the same command line."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl

#: What still counts as the same number: the peer prints 17 digits, sums differ by rounding.
LIMITS = {
    "rows": 0,
    "missing": 0,
    "alleles": 0,
    "input": 1e-12,
    "omega": 1e-10,
    "sigma": 1e-10,
    "mtag_beta": 1e-8,
    "mtag_se": 1e-8,
    "mtag_z": 1e-8,
    "pval": 1e-8,
    "fdr": 1e-10,
    "grid": 1e-15,
}

EFFECTS = ("mtag_beta", "mtag_se", "mtag_z")


def differences(expected: Path, out: Path) -> dict[str, float]:
    """Largest differences of every kind of number between a folder of the peer's files and `out`'s.

    `expected` holds ``run_*``; trait files are thinned to every k-th row (``.everyK.txt.gz``) and are
    matched by SNP. Matrices and effects are compared relative to their size (effects: to the
    peer's value, but not to less than 1e-4 of their standard error), FDR absolutely.
    """
    found: dict[str, float] = {}

    def worst(kind: str, value: float) -> None:
        found[kind] = max(found.get(kind, 0.0), value)

    for path in sorted(expected.iterdir()):
        name = path.name
        if name in ("run_omega_hat.txt", "run_sigma_hat.txt"):
            theirs, ours = np.loadtxt(path, ndmin=2), np.loadtxt(f"{out}{name.removeprefix('run')}", ndmin=2)
            worst(name[4:9], np.abs(ours - theirs).max() / np.abs(theirs).max())
        elif name == "run_fdr_mat.txt":
            theirs, ours = np.loadtxt(path, ndmin=2), np.loadtxt(f"{out}_fdr_mat.txt", ndmin=2)
            worst("fdr", np.abs(ours - theirs).max() if ours.shape == theirs.shape else np.inf)
        elif name == "run_prob_grid.txt":
            theirs, ours = np.loadtxt(path, ndmin=2), np.loadtxt(f"{out}_prob_grid.txt", ndmin=2)
            worst("grid", np.abs(ours - theirs).max() if ours.shape == theirs.shape else np.inf)
        elif match := re.fullmatch(r"run(_trait_\d+|_mtag_meta)\.every(\d+)\.txt\.gz", name):
            _table(path, Path(f"{out}{match[1]}.txt"), int(match[2]), worst)
    return found


def _table(theirs_path: Path, ours_path: Path, step: int, worst) -> None:
    theirs = pl.read_csv(theirs_path, separator="\t", infer_schema_length=None, null_values=["NA", ""])
    ours = pl.read_csv(ours_path, separator="\t", infer_schema_length=None, null_values="NA")
    worst("rows", float(abs(-(-ours.height // step) - theirs.height)))
    assert set(theirs.columns) <= set(ours.columns), (theirs.columns, ours.columns)
    both = theirs.join(ours, on="SNP", how="inner", suffix="_ours")
    worst("missing", float(theirs.height - both.height))
    for column in theirs.columns:
        if column == "SNP":
            continue
        a, b = both[column], both[f"{column}_ours"]
        if a.dtype == pl.String:
            worst("alleles", float((a != b).sum()))
            continue
        x, y = (
            a.cast(pl.Float64).fill_null(np.nan).to_numpy(),
            b.cast(pl.Float64).fill_null(np.nan).to_numpy(),
        )
        worst("missing", float((np.isnan(x) != np.isnan(y)).sum()))
        floor = np.full(len(x), 1e-300)
        if column in ("mtag_beta", "mtag_z"):
            se = (
                both["mtag_se"].cast(pl.Float64).fill_null(np.nan).to_numpy()
                if column == "mtag_beta"
                else 1.0
            )
            floor = 1e-4 * se * np.ones(len(x))
        kind = column if column in EFFECTS else "pval" if column == "mtag_pval" else "input"
        with np.errstate(invalid="ignore"):
            relative = np.abs(x - y) / np.maximum(np.abs(x), floor)
        worst(kind, float(np.nanmax(relative, initial=0.0)))
