"""A small simulated QTL study on disk: PLINK 1 genotypes, a phenotype BED, covariates."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from genotypes.plink1_files import random_calls, write_plink1

N_SAMPLES, N_VARIANTS, N_GENES = 60, 240, 9


@dataclass
class QtlStudy:
    """Arrays of a study, to be spoilt by a test and written."""

    seed: int = 1
    n_samples: int = N_SAMPLES
    n_covariates: int = 3
    calls: np.ndarray = field(init=False)
    positions: list[int] = field(init=False)
    chromosomes: list[str] = field(init=False)
    genes: list[str] = field(init=False)
    gene_chromosomes: list[str] = field(init=False)
    tss: list[int] = field(init=False)
    values: np.ndarray = field(init=False)
    covariates: np.ndarray = field(init=False)
    samples: list[str] = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.calls = random_calls(self.seed, N_VARIANTS, self.n_samples)
        half = N_VARIANTS // 2
        self.positions = [10_000 * (1 + j % half) for j in range(N_VARIANTS)]
        self.chromosomes = ["1"] * half + ["2"] * half
        self.genes = [f"g{i}" for i in range(N_GENES)]
        self.gene_chromosomes = ["chr1" if i < 5 else "chr2" for i in range(N_GENES)]
        self.tss = [150_000 * (1 + i % 5) + 7 for i in range(N_GENES)]
        self.covariates = rng.normal(size=(self.n_covariates, self.n_samples))
        dosage = np.where(self.calls < 0, 0, self.calls)
        self.values = rng.normal(size=(N_GENES, self.n_samples)) + 0.5 * self.covariates[:1]
        self.values[0] += 0.9 * dosage[14]
        self.samples = [f"I{i}" for i in range(self.n_samples)]

    def write_genotypes(self, prefix: Path) -> Path:
        write_plink1(prefix, self.calls, chromosomes=self.chromosomes, positions=self.positions)
        return Path(f"{prefix}.bed")

    def write_bed(self, path: Path, *, order: list[int] | None = None) -> Path:
        lines = ["\t".join(["#chr", "start", "end", "phenotype_id", *self.samples])]
        for row in order or range(len(self.genes)):
            cells = ["NA" if np.isnan(one) else repr(float(one)) for one in self.values[row]]
            place = [self.gene_chromosomes[row], str(self.tss[row] - 1), str(self.tss[row])]
            lines.append("\t".join([*place, self.genes[row], *cells]))
        path.write_text("\n".join(lines) + "\n")
        return path

    def write_covariates(self, path: Path, *, order: list[int] | None = None) -> Path:
        lines = ["\t".join(["id", *self.samples])]
        lines += [
            "\t".join([f"c{row}", *(repr(float(one)) for one in self.covariates[row])])
            for row in order or range(len(self.covariates))
        ]
        path.write_text("\n".join(lines) + "\n")
        return path

    def write(self, folder: Path) -> tuple[Path, Path, Path]:
        """Genotypes, phenotypes, covariates."""
        return (
            self.write_genotypes(folder / "geno"),
            self.write_bed(folder / "expression.bed"),
            self.write_covariates(folder / "covariates.txt"),
        )
