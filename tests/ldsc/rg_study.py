"""A small simulated panel and traits with known genetic correlations, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from ldsc.ldsc_study import CHROMOSOMES, PER_CHROMOSOME, write_panel

M = 60_000.0
SIZE = PER_CHROMOSOME * len(CHROMOSOMES)
PAIRS = np.array([("A", "C"), ("A", "G"), ("C", "A"), ("G", "A"), ("T", "C"), ("T", "G")])


@dataclass(frozen=True)
class RgStudy:
    """`traits` are munged tables on the same variants, alleles and order."""

    folder: Path
    traits: tuple[pl.DataFrame, ...]
    l2: np.ndarray

    @property
    def panel(self) -> str:
        return f"{self.folder}/ld/"

    def write(self, *tables: pl.DataFrame) -> list[str]:
        """Files t1.sumstats.gz ... of these tables."""
        paths = []
        for i, table in enumerate(tables or self.traits, 1):
            paths.append(str(self.folder / f"t{i}.sumstats.gz"))
            table.write_csv(paths[-1], separator="\t", null_value="NA", compression="gzip")
        return paths


def simulate(
    folder: Path,
    *,
    covariance: np.ndarray,
    residual: np.ndarray | None = None,
    n: float = 50_000,
    seed: int = 3,
) -> RgStudy:
    """Traits with these genetic covariances and residual correlations, all with sample size `n`."""
    rng = np.random.default_rng(seed)
    ids = [f"rs{i}" for i in rng.permutation(10 * SIZE)[:SIZE]]
    l2 = np.round(rng.lognormal(3, 0.7, SIZE), 3)
    (folder / "ld").mkdir(parents=True)
    write_panel(folder / "ld", ids, {"L2": l2}, [int(M / 2)])
    count = covariance.shape[0]
    noise = np.eye(count) if residual is None else residual
    scale = np.linalg.cholesky(n * covariance * l2[:, None, None] / M + noise)
    z = np.einsum("vij,vj->vi", scale, rng.normal(size=(SIZE, count)))
    alleles = PAIRS[rng.integers(0, len(PAIRS), SIZE)]
    shared = {"SNP": ids, "A1": alleles[:, 0].tolist(), "A2": alleles[:, 1].tolist()}
    traits = tuple(
        pl.DataFrame(shared | {"Z": np.round(z[:, t], 4), "N": np.full(SIZE, n)}) for t in range(count)
    )
    return RgStudy(folder, traits, l2)


def three_traits(folder: Path) -> RgStudy:
    """h2 of 0.5, 0.4 and 0.3; genetic correlations of 0.6, -0.4 and about -0.2."""
    rg = np.array([[1.0, 0.6, -0.4], [0.6, 1.0, -0.2], [-0.4, -0.2, 1.0]])
    h2 = np.array([0.5, 0.4, 0.3])
    residual = np.array([[1.0, 0.2, 0.0], [0.2, 1.0, 0.1], [0.0, 0.1, 1.0]])
    return simulate(folder, covariance=rg * np.sqrt(np.outer(h2, h2)), residual=residual)


def swapped(table: pl.DataFrame, rows: np.ndarray) -> pl.DataFrame:
    """The same with the other effect allele on these rows."""
    flip = pl.Series(rows)
    return table.select(
        "SNP",
        A1=pl.when(flip).then("A2").otherwise("A1"),
        A2=pl.when(flip).then("A1").otherwise("A2"),
        Z=pl.when(flip).then(-pl.col("Z")).otherwise("Z"),
        N="N",
    )


def other_strand(table: pl.DataFrame, rows: np.ndarray) -> pl.DataFrame:
    """The same with alleles of the other strand on these rows."""
    flip = pl.Series(rows)
    complement = {"A": "T", "C": "G", "G": "C", "T": "A"}
    return table.with_columns(
        pl.when(flip).then(pl.col(name).replace(complement)).otherwise(name).alias(name)
        for name in ("A1", "A2")
    )
