"""A small GWAS and eQTLs of known truth in files: three regions, genes that share their cause or do not."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from finemap.simulated import genotypes
from genotypes.plink1_files import write_plink1
from numpy.typing import NDArray

Floats = NDArray[np.float64]

N_PEOPLE, N_GWAS, P = 400, 20_000, 100
REGIONS = (("1", 10_000_000), ("1", 30_000_000), ("2", 5_000_000))
GWAS_CAUSAL = ((50,), (30, 75), (60,))
#: gene -> (region, its causal variants within the region)
GENES = {
    "SHARED": (0, (50,)), "DISTINCT": (0, (10,)), "NONE": (0, ()),
    "SECOND": (1, (75,)), "BOTH": (1, (30, 75)), "FAR": (2, (60,)),
}  # fmt: skip
STEP = 2_000
PAIRS = (("A", "G"), ("C", "T"), ("G", "T"), ("A", "C"))


@dataclass(frozen=True, eq=False)
class GenomeStudy:
    """Files, and the numbers behind them: `calls` (variants, people) of A1, the ALT allele."""

    folder: Path
    gwas: Path
    qtl: Path
    bed: Path
    calls: NDArray[np.int8]
    z: Floats
    slope: dict[str, Floats]
    slope_se: dict[str, Floats]


def place(row: int) -> tuple[str, int]:
    region, at = divmod(row, P)
    code, start = REGIONS[region]
    return code, start + STEP * at


def alleles(row: int) -> tuple[str, str]:
    """ALT (A1, which effects are of) and REF."""
    return PAIRS[row % len(PAIRS)]


def name(row: int) -> str:
    code, position = place(row)
    alt, ref = alleles(row)
    return f"chr{code}_{position}_{ref}_{alt}_b38"


def tss(gene: str) -> int:
    region = GENES[gene][0]
    return REGIONS[region][1] + STEP * P // 2 + 1_000 * list(GENES).index(gene)


def make_study(folder: Path, *, seed: int = 5) -> GenomeStudy:
    """Simulate and write."""
    rng = np.random.default_rng(seed)
    calls = np.vstack([genotypes(rng, N_PEOPLE, P).T for _ in REGIONS]).astype(np.int8)
    x = calls - calls.mean(axis=1, keepdims=True)
    x /= x.std(axis=1, keepdims=True, ddof=1)
    z = np.zeros(len(x))
    for region, causal in enumerate(GWAS_CAUSAL):
        rows = np.arange(region * P, (region + 1) * P)
        effects = np.zeros(P)
        effects[list(causal)] = 9.0
        r = x[rows] @ x[rows].T / (N_PEOPLE - 1)
        z[rows] = r @ effects + x[rows] @ rng.normal(size=N_PEOPLE) / np.sqrt(N_PEOPLE - 1)
    slope, slope_se = {}, {}
    for gene, (region, causal) in GENES.items():
        rows = np.arange(region * P, (region + 1) * P)
        y = rng.normal(size=N_PEOPLE) + 0.5 * x[rows[list(causal)]].sum(axis=0)
        slope[gene], slope_se[gene] = regress(calls[rows].astype(float), (y - y.mean()) / y.std(ddof=1))
    lines = ["SNP\tCHR\tBP\tA1\tA2\tFRQ\tBETA\tSE\tP\tN"]
    frequency = calls.mean(axis=1) / 2
    for row in range(len(x)):
        alt, ref = alleles(row)
        se = 1 / np.sqrt(2 * frequency[row] * (1 - frequency[row]) * N_GWAS)
        cells = [alt, ref, frequency[row], z[row] * se, se]
        if row % 3 == 0:  # the other allele's effect
            cells = [ref, alt, 1 - frequency[row], -z[row] * se, se]
        p = two_sided(z[row])
        lines.append("\t".join(map(str, (f"rs{row}", *place(row), *cells, p, N_GWAS))))
    gwas = folder / "height.tsv"
    gwas.write_text("\n".join(lines) + "\n")
    qtl = write_gtex(folder / "qtl.tsv.gz", calls, slope, slope_se)
    bed = write_plink1(
        folder / "people", calls, chromosomes=[place(row)[0] for row in range(len(x))],
        positions=[place(row)[1] for row in range(len(x))], alleles=[alleles(row) for row in range(len(x))],
        ids=[f"v{row}" for row in range(len(x))],
    )  # fmt: skip
    return GenomeStudy(folder, gwas, qtl, bed, calls, z, slope, slope_se)


def write_gtex(
    path: Path, calls: NDArray[np.int8], slope: dict[str, Floats], slope_se: dict[str, Floats]
) -> Path:
    """In GTEx's layout."""
    names = ("gene_id", "variant_id", "tss_distance", "ma_samples", "ma_count", "maf", "pval_nominal",
             "slope", "slope_se")  # fmt: skip
    lines = ["\t".join(names)]
    for gene, (region, _) in GENES.items():
        for at in range(P):
            row = region * P + at
            count = int(calls[row].sum())
            minor = min(count, 2 * N_PEOPLE - count)
            beta, se = slope[gene][at], slope_se[gene][at]
            cells = (gene, name(row), place(row)[1] - tss(gene), minor, minor, minor / (2 * N_PEOPLE),
                     two_sided(beta / se), beta, se)  # fmt: skip
            lines.append("\t".join(map(str, cells)))
    with gzip.open(path, "wt") as file:
        file.write("\n".join(lines) + "\n")
    return path


def regress(calls: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Slopes per copy and their standard errors, one regression a row."""
    x = calls - calls.mean(axis=1, keepdims=True)
    squares = (x**2).sum(axis=1)
    beta = x @ y / squares
    return beta, np.sqrt(((y**2).sum() - beta**2 * squares) / (y.size - 2) / squares)


def two_sided(z: float) -> float:
    from scipy.stats import norm

    return float(2 * norm.sf(abs(z)))
