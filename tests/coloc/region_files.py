"""Three traits of a simulated region in files, and their LD."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from postgwas import coloc

V, N = 60, 3000
SHARED, OWN = 20, 45


@dataclass(frozen=True)
class Files:
    """Three traits (one of them case-control, by z-scores) and their LD."""

    folder: Path
    datasets: tuple[coloc.Dataset, ...]
    ld: np.ndarray

    def trait(self, number: int) -> str:
        return str(self.folder / f"t{number}.tsv")


def make_files(folder: Path) -> Files:
    """Trait 2 counts other alleles at half of the variants; trait 3 has 40 of them."""
    rng = np.random.default_rng(4)
    haplotypes = rng.random((2 * N, V)) < np.linspace(0.15, 0.5, V)
    for column in range(1, V):
        same = rng.random(2 * N) < 0.6
        haplotypes[same, column] = haplotypes[same, column - 1]
    x = haplotypes[:N].astype(float) + haplotypes[N:]
    frequency, centred = x.mean(0) / 2, x - x.mean(0)
    swapped = rng.random(V) < 0.5
    letters = np.array(["A", "G"]), np.array(["C", "T"])
    pick = rng.integers(0, 2, V)
    ea, nea = letters[0][pick], letters[1][pick]
    ids = [f"rs{row}" for row in range(V)]
    made = []
    for number, effects in enumerate(({SHARED: 0.4}, {SHARED: -0.3, OWN: 0.35}, {SHARED: 0.3}), 1):
        y = rng.normal(size=N) + sum(size * x[:, row] for row, size in effects.items())
        beta = centred.T @ (y - y.mean()) / (centred**2).sum(0)
        left = ((y - y.mean())[:, None] - centred * beta).var(axis=0)
        se = np.sqrt(left / (centred**2).sum(0))
        turn = swapped & (number == 2)
        rows = np.arange(V) if number != 3 else np.arange(10, 50)
        table = pl.DataFrame(
            {
                "CHR": ["7"] * V, "POS": 1000 * (1 + np.arange(V)), "SNPID": ids,
                "EA": np.where(turn, nea, ea), "NEA": np.where(turn, ea, nea),
                "EAF": np.where(turn, 1 - frequency, frequency), "BETA": np.where(turn, -beta, beta),
                "SE": se,
                "Z": beta / se, "P": 2 * np.array([1e-300] * V), "N": [N] * V,
            }
        )  # fmt: skip
        table = table.drop("P", "Z") if number != 3 else table.drop("P", "BETA", "SE")
        table[rows].write_csv(folder / f"t{number}.tsv", separator="\t")
        kind = {"type": "quant"}
        if number == 3:
            share = 0.5
            se = 1 / np.sqrt(2 * N * frequency * (1 - frequency) * share * (1 - share))
            beta = (table["Z"].to_numpy()) * se
            kind = {"type": "cc"}
        names = [ids[row] for row in rows]
        made.append(
            coloc.Dataset(snp=names, beta=beta[rows], se=se[rows], maf=frequency[rows], n=N, **kind)  # type: ignore[arg-type]
        )
    ld = np.corrcoef(x.T)
    np.save(folder / "ld.npy", ld)
    pl.DataFrame(
        {"SNPID": ids, "CHR": ["7"] * V, "POS": 1000 * (1 + np.arange(V)), "A1": ea, "A2": nea}
    ).write_csv(folder / "ld.tsv", separator="\t")
    return Files(folder, tuple(made), ld)


def ld_flags(given: Files) -> tuple[object, ...]:
    """Of the matrix."""
    return ("--ld", given.folder / "ld.npy", "--ld_variants", given.folder / "ld.tsv")


def read(prefix: Path | str, ending: str) -> pl.DataFrame:
    """A table that was written."""
    return pl.read_csv(f"{prefix}.{ending}", separator="\t", null_values="NA", infer_schema_length=None)
