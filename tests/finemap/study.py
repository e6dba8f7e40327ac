"""A small GWAS in files: two regions on two chromosomes, genotypes of the same people, covariates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from finemap.simulated import genotypes
from genotypes.plink1_files import write_plink1
from numpy.typing import NDArray

Floats = NDArray[np.float64]

N_PEOPLE, N_VARIANTS = 500, 80
CAUSAL = (20, 60, 100)
"""Rows of the causal variants: two on chromosome 1, one on chromosome 2."""


@dataclass(frozen=True, eq=False)
class Study:
    """Files and the numbers behind them.

    Attributes
    ----------
    calls : ndarray of int8, shape (160, n)
        Copies of A1; chromosome 1, then 2.
    stats : path
        SNP CHR BP A1 A2 BETA SE P N; every third variant has its alleles swapped.
    """

    folder: Path
    calls: NDArray[np.int8]
    y: Floats
    z: Floats
    stats: Path
    bed: Path


def ids(row: int) -> str:
    return f"rs{row}"


def place(row: int) -> tuple[str, int]:
    chromosome, at = divmod(row, N_VARIANTS)
    return str(chromosome + 1), 1_000_000 + 2_000 * at


def z_scores(calls: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Effects per copy and their standard errors, one regression a variant."""
    x = calls - calls.mean(axis=1, keepdims=True)
    out = y - y.mean()
    squares = (x**2).sum(axis=1)
    beta = x @ out / squares
    se = np.sqrt(((out**2).sum() - beta**2 * squares) / (y.size - 2) / squares)
    return beta, se


def make_study(folder: Path, *, seed: int = 11) -> Study:
    """Simulate and write."""
    from scipy.stats import norm

    rng = np.random.default_rng(seed)
    x = np.vstack([genotypes(rng, N_PEOPLE, N_VARIANTS).T for _ in range(2)])
    calls = x.astype(np.int8)
    standard = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    y = 0.35 * standard[list(CAUSAL)].sum(axis=0) + rng.normal(size=N_PEOPLE)
    beta, se = z_scores(x, y)
    alleles = [("A", "G") if row % 2 else ("C", "T") for row in range(len(x))]
    bed = write_plink1(
        folder / "people", calls, chromosomes=[place(row)[0] for row in range(len(x))],
        positions=[place(row)[1] for row in range(len(x))], alleles=alleles,
        ids=[ids(row) for row in range(len(x))],
    )  # fmt: skip
    lines = ["SNP\tCHR\tBP\tA1\tA2\tBETA\tSE\tP\tN"]
    for row in range(len(x)):
        one, other = alleles[row]
        effect = beta[row]
        if row % 3 == 0:
            one, other, effect = other, one, -effect
        p = 2 * norm.sf(abs(beta[row] / se[row]))
        cells = (ids(row), *place(row), one, other, effect, se[row], p, N_PEOPLE)
        lines.append("\t".join(str(cell) for cell in cells))
    stats = folder / "gwas.txt"
    stats.write_text("\n".join(lines) + "\n")
    return Study(folder, calls, y, beta / se, stats, bed)
