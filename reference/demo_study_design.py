"""What is planted in the demo study: regions, causal variants of traits, eQTLs, which of them are shared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from postgwas.reference.population_history import POPULATIONS, Haplotypes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SEED = 20240229
TRAITS = ("LDL", "TG")
#: N of the GWAS of each ancestry; the traits share three quarters of the people.
N_SAMPLES = {"AFR": 8_000, "EUR": 14_000, "EAS": 10_000}
SHARED = 0.75
PHENOTYPIC_CORRELATION = 0.3
#: Of the many small effects, and their variance as a share of the trait's.
GENETIC_CORRELATION = 0.6
POLYGENIC = 0.06
#: Share of a trait's variance that a large effect explains, averaged over ancestries.
LARGE = 0.006
#: log2 allelic fold changes of eQTLs: least and most.
FOLD = (0.35, 0.7)

Kind = Literal["shared", "distinct", "gwas only", "one ancestry", "none"]


@dataclass(frozen=True)
class Region:
    """A stretch of sequence and what is planted there.

    Attributes
    ----------
    chromosome : str
    start : int
        Of the stretch, 1-based.
    kind : str
        ``shared``: the traits' causal variant is a gene's eQTL too; ``distinct``: a gene's eQTL is another
        variant close by; ``gwas only``; ``one ancestry``: as that, but in AFR alone; ``none``: small effects.
    traits : tuple of int
        Which traits the large effect is on.
    """

    chromosome: str
    start: int
    kind: Kind
    traits: tuple[int, ...] = ()


REGIONS = (
    Region("1", 55_000_000, "shared", (0, 1)),
    Region("2", 21_000_000, "shared", (0, 1)),
    Region("4", 88_000_000, "distinct", (0, 1)),
    Region("6", 160_000_000, "shared", (0,)),
    Region("8", 19_500_000, "shared", (1,)),
    Region("9", 107_000_000, "distinct", (0,)),
    Region("11", 116_500_000, "shared", (1,)),
    Region("12", 121_000_000, "gwas only", (0, 1)),
    Region("15", 58_400_000, "one ancestry", (0,)),
    Region("17", 45_000_000, "none"),
    Region("19", 44_500_000, "none"),
    Region("20", 40_500_000, "none"),
)


@dataclass(frozen=True)
class DemoPlan:
    """Sizes of the simulation.

    Attributes
    ----------
    regions : tuple of Region
    length : int
        Bases of a region.
    n_variants : int
        Variants of a region.
    n_people : int
        People of an ancestry with genotypes.
    n_expressed : int
        Of these, people with counts.
    genes : int
        Genes of a region.
    """

    regions: tuple[Region, ...] = REGIONS
    length: int = 1_000_000
    n_variants: int = 1_200
    n_people: int = 700
    n_expressed: int = 120
    genes: int = 18


#: Three regions with little in them: a study that takes seconds, for tests and tutorials.
TINY = DemoPlan(
    regions=(REGIONS[0], REGIONS[2], REGIONS[8]), length=300_000, n_variants=250, n_people=120,
    n_expressed=60, genes=12,
)  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """What one region holds.

    Attributes
    ----------
    effects : mapping of str to ndarray, shape (n_variants, n_traits)
        Per ancestry: effect of a copy of ALT, in standard deviations of the trait.
    causal : int
        Row of the variant with the large effects; -1: none.
    tss : ndarray of int64, shape (n_genes,)
        Offsets of the genes' transcription start sites.
    eqtl : ndarray of int64, shape (n_genes,)
        Row of each gene's eQTL; -1: none.
    fold : ndarray, shape (n_genes,)
        Its log2 allelic fold change.
    candidate : int
        The gene that is shared with the traits, or distinct from them; -1: none.
    """

    effects: dict[str, FloatArray]
    causal: int
    tss: IntArray
    eqtl: IntArray
    fold: FloatArray
    candidate: int


def plant(rng: np.random.Generator, region: Region, plan: DemoPlan, haplotypes: Haplotypes) -> Planted:
    """Choose causal variants and draw effects.

    Raises
    ------
    ValueError
        If no variant of the region is common in all populations.
    """
    freq = {name: haplotypes.dosages(name).mean(axis=1) / 2 for name in POPULATIONS}
    maf = np.min([np.minimum(f, 1 - f) for f in freq.values()], axis=0)
    offset = haplotypes.position
    middle = (offset > 0.25 * plan.length) & (offset < 0.75 * plan.length)
    common = np.flatnonzero((maf > 0.15) & middle)
    if common.size == 0:
        raise ValueError(f"no variant of {region.chromosome} is common in all populations")
    effects = _small_effects(rng, plan, freq)
    causal = -1
    if region.kind != "none":
        causal = int(rng.choice(common))
        _add_large_effect(rng, region, effects, causal, freq)
    tss = np.sort(rng.choice(np.arange(50, plan.length // 1000 - 50), plan.genes, replace=False)) * 1000
    eqtl = np.full(plan.genes, -1, dtype=np.int64)
    fold = np.zeros(plan.genes)
    for gene in np.flatnonzero(rng.random(plan.genes) < 0.5):
        near = np.flatnonzero((maf > 0.1) & (np.abs(offset - tss[gene]) < 100_000))
        if near.size:
            eqtl[gene] = rng.choice(near)
    fold[:] = rng.uniform(*FOLD, plan.genes) * rng.choice([-1, 1], plan.genes)
    candidate = _candidate(rng, region, haplotypes, causal, common, tss, eqtl)
    if candidate >= 0:
        fold[candidate] = FOLD[1] * np.sign(fold[candidate])
    fold[eqtl < 0] = 0.0
    return Planted(effects, causal, tss, eqtl, fold, candidate)


def _small_effects(
    rng: np.random.Generator, plan: DemoPlan, freq: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    """One draw for all ancestries, scaled so that each variant explains as much in each."""
    total = plan.n_variants * len(plan.regions)
    covariance = np.array([[1.0, GENETIC_CORRELATION], [GENETIC_CORRELATION, 1.0]])
    draw = rng.standard_normal((plan.n_variants, len(TRAITS))) @ np.linalg.cholesky(covariance).T
    effects = {}
    for name, f in freq.items():
        sd = np.sqrt(2 * f * (1 - f))
        varying = sd > 0
        # Variants that do not vary here leave their share of the variance to the others.
        scale = np.sqrt(POLYGENIC / total * varying.size / max(int(varying.sum()), 1))
        effects[name] = np.where(varying, scale / np.where(varying, sd, 1.0), 0.0)[:, None] * draw
    return effects


def _add_large_effect(
    rng: np.random.Generator,
    region: Region,
    effects: dict[str, FloatArray],
    causal: int,
    freq: dict[str, FloatArray],
) -> None:
    """The same effect of a copy in all ancestries that have it."""
    where = ("AFR",) if region.kind == "one ancestry" else POPULATIONS
    variance = float(np.mean([2 * freq[name][causal] * (1 - freq[name][causal]) for name in where]))
    size = np.sqrt(LARGE / variance) * rng.choice([-1.0, 1.0])
    for name in where:
        for trait in region.traits:
            effects[name][causal, trait] += size * rng.uniform(0.9, 1.1)


def _candidate(
    rng: np.random.Generator,
    region: Region,
    haplotypes: Haplotypes,
    causal: int,
    common: IntArray,
    tss: IntArray,
    eqtl: IntArray,
) -> int:
    """Give the gene nearest to the causal variant the eQTL that the region's kind asks for."""
    if region.kind not in ("shared", "distinct"):
        return -1
    gene = int(np.abs(tss - haplotypes.position[causal]).argmin())
    if region.kind == "shared":
        eqtl[gene] = causal
        return gene
    everyone = np.concatenate([haplotypes.dosages(name) for name in POPULATIONS], axis=1).astype(np.float64)
    r = np.array([np.corrcoef(everyone[causal], everyone[row])[0, 1] for row in common])
    distance = np.abs(haplotypes.position[common] - haplotypes.position[causal])
    apart = common[(r**2 < 0.05) & (distance < 150_000)]
    eqtl[gene] = int(rng.choice(apart if apart.size else common))
    return gene
