"""A small study with everything that sample QC looks at: genotypes, counts, sexes, metrics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from genotypes.plink1_files import write_plink1

N_SAMPLES, N_GENES, PER_CHROMOSOME = 60, 280, 70


@dataclass
class Study:
    """Arrays of a study, to be spoilt by a test and written."""

    counts: np.ndarray
    calls: np.ndarray
    sex: np.ndarray
    names: list[str]
    genes: list[str]

    def write_counts(self, path: Path) -> Path:
        lines = ["gene_id\t" + "\t".join(self.names)]
        lines += ["\t".join([gene, *map(str, row)]) for gene, row in zip(self.genes, self.counts.tolist())]
        path.write_text("\n".join(lines) + "\n")
        return path

    def write_genotypes(self, prefix: Path) -> Path:
        chromosomes = [str(1 + j // PER_CHROMOSOME) for j in range(N_GENES)]
        positions = [1_000_000 * (1 + j % PER_CHROMOSOME) + 500 for j in range(N_GENES)]
        write_plink1(prefix, self.calls.astype(np.int8), chromosomes=chromosomes, positions=positions)
        fam = "".join(f"{name} {name} 0 0 0 -9\n" for name in self.names)
        Path(f"{prefix}.fam").write_text(fam)
        return prefix

    def write_gtf(self, path: Path) -> Path:
        lines = []
        for j, gene in enumerate(self.genes):
            chrom, start = f"chr{1 + j // PER_CHROMOSOME}", 1_000_000 * (1 + j % PER_CHROMOSOME)
            if j >= N_GENES:
                chrom, start = ("chrX" if gene.startswith("ENSG00000229807") else "chrY"), 5000 * j
            lines.append(
                f'{chrom}\tx\texon\t{start}\t{start + 900}\t.\t+\t.\tgene_id "{gene}"; transcript_id "T{j}";'
            )
        path.write_text("\n".join(lines) + "\n")
        return path

    def write_sheet(self, path: Path) -> Path:
        words = {1: "male", 2: "F"}
        path.write_text(
            "Sample\tSex\n" + "".join(f"{n}\t{words[int(s)]}\n" for n, s in zip(self.names, self.sex))
        )
        return path


def simulate(seed: int = 3) -> Study:
    """One variant a gene that explains a good part of its expression; XIST and three Y genes."""
    rng = np.random.default_rng(seed)
    calls = rng.binomial(2, rng.uniform(0.2, 0.5, (N_GENES, 1)), (N_GENES, N_SAMPLES))
    depth = rng.lognormal(0, 0.2, N_SAMPLES)
    hidden = rng.normal(size=(N_GENES, 2)) @ rng.normal(size=(2, N_SAMPLES)) * 0.3
    log_rate = rng.normal(6, 1, (N_GENES, 1)) + 0.65 * calls + hidden + 0.4 * rng.normal(size=calls.shape)
    counts = rng.poisson(np.exp(log_rate) * depth)
    sex = 1 + (rng.random(N_SAMPLES) < 0.5).astype(int)
    million = counts.sum(axis=0) / 1e6
    of_sex = np.where(sex == 2, 300.0, 0.01)
    of_y = np.where(sex == 1, 80.0, 0.02)
    xist = rng.poisson(of_sex * million)
    y = rng.poisson(of_y * million * rng.uniform(0.5, 2, (3, 1)))
    genes = [f"ENSG{j:011d}.3" for j in range(N_GENES)]
    genes += ["ENSG00000229807.11", "ENSG00000129824.2", "ENSG00000067048.16", "ENSG00000012817.9"]
    names = [f"P{at:02d}" for at in range(N_SAMPLES)]
    return Study(np.vstack([counts, xist, y]), calls, sex, names, genes)
