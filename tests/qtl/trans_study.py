"""A small simulated trans study in files: genotypes in LD, phenotypes, covariates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from genotypes.plink1_files import random_calls, write_plink1
from numpy.typing import NDArray

N_SAMPLES = 60
GENES = {"g0": ("1", 50_000), "g1": ("1", 900_000), "g2": ("2", 10_000), "g3": ("7", 5_000)}


@dataclass(frozen=True, eq=False)
class TransStudy:
    """Paths, and the arrays behind them."""

    genotypes: Path
    phenotypes: Path
    covariates: Path
    calls: NDArray[np.int8]
    y: NDArray[np.float64]
    z: NDArray[np.float64]
    positions: list[int]
    chromosomes: list[str]

    @property
    def files(self) -> tuple[Path, Path, Path]:
        return self.genotypes, self.phenotypes, self.covariates

    @property
    def flags(self) -> list[str]:
        """For the command line."""
        return [
            "--genotypes", str(self.genotypes), "--phenotypes", str(self.phenotypes),
            "--covariates", str(self.covariates),
        ]  # fmt: skip


def make_study(folder: Path, *, n_variants: int = 80, seed: int = 5) -> TransStudy:
    """Variants on chromosomes 1 and 2; g3 follows variant 10, g2 follows g1."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    calls = random_calls(seed, n_variants, N_SAMPLES, keep=0.7)
    calls[3] = 1  # constant
    half = n_variants // 2
    chromosomes = ["1"] * half + ["2"] * (n_variants - half)
    positions = [20_000 * (j + 1) for j in range(half)] + [20_000 * (j + 1) for j in range(n_variants - half)]
    prefix = write_plink1(folder / "geno", calls, chromosomes=chromosomes, positions=positions)
    z = rng.normal(size=(3, N_SAMPLES))
    y = rng.normal(size=(len(GENES), N_SAMPLES)) + rng.normal(size=(len(GENES), 3)) @ z
    y[3] += 1.2 * np.where(calls[10] < 0, 1, calls[10])
    y[2] += 0.8 * y[1]
    names = [f"I{i}" for i in range(N_SAMPLES)]
    bed = folder / "expression.bed"
    lines = ["\t".join(["#chr", "start", "end", "gene_id", *names])]
    lines += [
        "\t".join([chrom, str(tss - 1), str(tss), gene, *map(repr, row)])
        for (gene, (chrom, tss)), row in zip(GENES.items(), y.tolist())
    ]
    bed.write_text("\n".join(lines) + "\n")
    covariates = folder / "covariates.txt"
    text = ["\t".join(["id", *names])]
    text += ["\t".join([f"c{k}", *map(repr, row)]) for k, row in enumerate(z.tolist())]
    covariates.write_text("\n".join(text) + "\n")
    return TransStudy(Path(f"{prefix}.bed"), bed, covariates, calls, y, z, positions, chromosomes)


def ols(y: NDArray[np.float64], *columns: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Coefficients, standard errors and two-sided P of least squares, plainly."""
    from scipy import stats

    design = np.column_stack([np.ones(len(y)), *columns])
    b, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    df = len(y) - rank
    left = y - design @ b
    se = np.sqrt(left @ left / df * np.diag(np.linalg.inv(design.T @ design)))
    return b[1:], se[1:], 2 * stats.t.sf(np.abs(b / se), df)[1:]


def imputed(calls: NDArray[np.int8]) -> NDArray[np.float64]:
    """Missing calls set to the variant's mean."""
    dosage = calls.astype(float)
    for row in dosage:
        row[row < 0] = row[row >= 0].mean()
    return dosage
