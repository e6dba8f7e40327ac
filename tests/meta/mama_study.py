"""A small study of three populations with LD scores, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

ANCESTRIES = ("EUR", "EAS", "AFR")
SIZES = {"EUR": 80_000, "EAS": 50_000, "AFR": 30_000}


def scores(n_snps: int, seed: int = 1) -> pl.DataFrame:
    """LD scores of all pairs, columns ANC1_ANC2."""
    rng = np.random.default_rng(seed)
    own = {one: rng.gamma(2.0, 20.0, n_snps) + 1 for one in ANCESTRIES}
    columns = {"CHR": np.repeat([1, 2], [n_snps // 2, n_snps - n_snps // 2]),
               "SNP": [f"rs{i + 1}" for i in range(n_snps)], "BP": np.arange(n_snps) * 1000 + 1}  # fmt: skip
    for i, a in enumerate(ANCESTRIES):
        for b in ANCESTRIES[i:]:
            columns[f"{a}_{b}"] = own[a] if a == b else 0.85 * np.sqrt(own[a] * own[b])
    return pl.DataFrame(columns)


def populations(table: pl.DataFrame, seed: int = 2, correlation: float = 0.8) -> dict[str, pl.DataFrame]:
    """Summary statistics with effects of this correlation, on the same alleles in all populations."""
    rng = np.random.default_rng(seed)
    n_snps = table.height
    pairs = np.array([("A", "C"), ("A", "G"), ("C", "T"), ("G", "T")])[rng.integers(0, 4, n_snps)]
    common = rng.normal(size=n_snps)
    found = {}
    for one in ANCESTRIES:
        f = rng.uniform(0.1, 0.9, n_snps)
        se = 1 / np.sqrt(2 * f * (1 - f) * SIZES[one])
        own = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * rng.normal(size=n_snps)
        beta = 0.001 * np.sqrt(table[f"{one}_{one}"].to_numpy()) * own + se * rng.normal(size=n_snps)
        found[one] = table.select("SNP", "CHR", "BP").with_columns(
            pl.Series("A1", pairs[:, 0]), pl.Series("A2", pairs[:, 1]), pl.Series("FRQ", f),
            pl.Series("BETA", beta), pl.Series("SE", se), pl.Series("P", rng.uniform(size=n_snps)),
            pl.Series("N", np.full(n_snps, SIZES[one])),
        )  # fmt: skip
    return found


def turned(frame: pl.DataFrame, rows: np.ndarray) -> pl.DataFrame:
    """The same statistics, of the other allele in these rows."""
    where = pl.lit(pl.Series(rows))
    return frame.with_columns(
        pl.when(where).then("A2").otherwise("A1").alias("A1"),
        pl.when(where).then("A1").otherwise("A2").alias("A2"),
        pl.when(where).then(1 - pl.col("FRQ")).otherwise("FRQ").alias("FRQ"),
        pl.when(where).then(-pl.col("BETA")).otherwise("BETA").alias("BETA"),
    )


def write_study(folder: Path, frames: dict[str, pl.DataFrame], table: pl.DataFrame) -> None:
    """ANC.txt of each population, ld.txt."""
    for one, frame in frames.items():
        frame.write_csv(folder / f"{one}.txt", separator="\t")
    table.write_csv(folder / "ld.txt", separator="\t")
