"""The demo study: three ancestries, two traits, expression, and the truth behind them.

Haplotypes come from the out-of-Africa history (:mod:`postgwas.reference.population_history`), GWAS summary
statistics from their LD (:mod:`postgwas.reference.simulate_gwas`), counts from known eQTLs
(:mod:`postgwas.reference.simulate_expression`); what is planted where is in
:mod:`postgwas.reference.demo_study_design`. Nothing real is in it but the places of the regions.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from postgwas.reference.demo_study_design import (
    N_SAMPLES,
    PHENOTYPIC_CORRELATION,
    SEED,
    SHARED,
    TRAITS,
    DemoPlan,
    Planted,
    Region,
    plant,
)
from postgwas.reference.population_history import (
    POPULATIONS,
    Haplotypes,
    simulate_population_haplotypes,
)
from postgwas.reference.simulate_expression import allelic_rate, simulate_counts
from postgwas.reference.simulate_gwas import GwasStatistics, simulate_gwas

FloatArray = NDArray[np.float64]

#: Letters of REF and ALT; one pair in twelve is palindromic.
_PAIRS = np.array(["AG", "GA", "CT", "TC", "AC", "CA", "GT", "TG", "AT", "TA", "CG", "GC"])
_WEIGHTS = np.array([0.92 / 8] * 8 + [0.08 / 4] * 4)


@dataclass(frozen=True)
class SimulatedRegion:
    """One region: haplotypes, alleles, GWAS of each ancestry, and what is planted.

    Attributes
    ----------
    region : Region
    haplotypes : Haplotypes
    snpid : ndarray of str, shape (n_variants,)
    position : ndarray of int64, shape (n_variants,)
        On the chromosome.
    ref, alt : ndarray of str, shape (n_variants,)
        ALT is the allele that haplotypes carry as 1.
    gwas : mapping of str to GwasStatistics
        By ancestry; effects are of ALT.
    planted : Planted
    genes : tuple of str
        Ids, in the order of `planted.tss`.
    """

    region: Region
    haplotypes: Haplotypes
    snpid: NDArray[np.str_]
    position: NDArray[np.int64]
    ref: NDArray[np.str_]
    alt: NDArray[np.str_]
    gwas: dict[str, GwasStatistics]
    planted: Planted
    genes: tuple[str, ...]


@dataclass(frozen=True)
class SimulatedStudy:
    """The whole study in memory.

    Attributes
    ----------
    plan : DemoPlan
    seed : int
    regions : tuple of SimulatedRegion
    people : mapping of str to tuple of str
        Ids of the people of each ancestry.
    expressed : tuple of str
        Ids of the people with counts, ancestry after ancestry.
    sex : ndarray of int64, shape (n_expressed in all,)
        1 male, 2 female.
    counts : ndarray of int64, shape (n_genes in all, n_expressed in all)
    """

    plan: DemoPlan
    seed: int
    regions: tuple[SimulatedRegion, ...]
    people: dict[str, tuple[str, ...]]
    expressed: tuple[str, ...]
    sex: NDArray[np.int64]
    counts: NDArray[np.int64] = field(repr=False)


def write_demo_study(
    folder: str | os.PathLike[str],
    *,
    seed: int = SEED,
    plan: DemoPlan | None = None,
    overwrite: bool = False,
) -> SimulatedStudy:
    """Simulate the demo study and write its raw files, its study.yaml and its truth.

    Parameters
    ----------
    folder : path
        Made if missing.
    seed : int
        Same seed, same files.
    plan : DemoPlan, optional
        Sizes.
    overwrite : bool
        Replace a demo study that lies in `folder`.

    Returns
    -------
    SimulatedStudy

    Raises
    ------
    OutputError
        The folder holds a study and `overwrite` is false, or it cannot be written.
    """
    from postgwas.errors import OutputError
    from postgwas.reference.demo_study_files import write_study_files

    folder = Path(folder)
    if (folder / "study.yaml").exists() and not overwrite:
        raise OutputError(f"{folder} holds a study", hint="--overwrite replaces it")
    study = simulate_demo_study(seed=seed, plan=plan)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_study_files(folder, study)
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"{error.filename or folder}: cannot write the demo: {reason}") from error
    return study


def simulate_demo_study(*, seed: int = SEED, plan: DemoPlan | None = None) -> SimulatedStudy:
    """The demo study in memory; a region's numbers depend on the seed and its place in the plan alone."""
    plan = DemoPlan() if plan is None else plan
    regions = tuple(_region(index, region, plan, seed) for index, region in enumerate(plan.regions))
    people = {
        name: tuple(f"{name}{number:04d}" for number in range(1, plan.n_people + 1)) for name in POPULATIONS
    }
    expressed = tuple(one for name in POPULATIONS for one in people[name][: plan.n_expressed])
    rng = np.random.default_rng([seed, 99])
    sex = rng.integers(1, 3, len(expressed))
    ancestry = np.repeat(np.arange(len(POPULATIONS)), plan.n_expressed)
    known = np.stack([sex - 1.5, *(ancestry == number for number in (1, 2))]).astype(np.float64)
    genetic = np.concatenate([_genetic_expression(one, plan) for one in regions])
    counts = simulate_counts(genetic, rng=rng, known=known).counts
    return SimulatedStudy(plan, seed, regions, people, expressed, sex, counts)


def sigma() -> FloatArray:
    """Covariance of the errors of Z of the two traits, from shared people."""
    value = PHENOTYPIC_CORRELATION * SHARED
    return np.array([[1.0, value], [value, 1.0]])


def _region(index: int, region: Region, plan: DemoPlan, seed: int) -> SimulatedRegion:
    rng = np.random.default_rng([seed, index])
    haplotypes = simulate_population_haplotypes(
        dict.fromkeys(POPULATIONS, plan.n_people),
        length=plan.length,
        seed=int(rng.integers(1, 2**31)),
        n_variants=plan.n_variants,
    )
    planted = plant(rng, region, plan, haplotypes)
    size = haplotypes.n_variants
    pairs = _alleles(rng, size, planted)
    # Beyond all rs numbers that dbSNP has given, so that no reference takes them for known SNPs.
    first = 3_000_000_000 + 1_000_000 * (index + 1) + np.sort(rng.choice(900_000, size, replace=False))
    gwas = {
        name: simulate_gwas(
            haplotypes.dosages(name),
            planted.effects[name],
            [N_SAMPLES[name]] * len(TRAITS),
            rng=rng,
            sigma=sigma(),
        )
        for name in POPULATIONS
    }
    genes = tuple(f"ENSG{1000 * (index + 1) + number:011d}" for number in range(1, plan.genes + 1))
    return SimulatedRegion(
        region,
        haplotypes,
        np.char.add("rs", first.astype("U12")),
        haplotypes.position + region.start,
        pairs[:, 0].copy(),
        pairs[:, 1].copy(),
        gwas,
        planted,
        genes,
    )


def _alleles(rng: np.random.Generator, size: int, planted: Planted) -> NDArray[np.str_]:
    """REF and ALT, shape (n_variants, 2); what is planted is never palindromic."""
    pairs = rng.choice(_PAIRS, size, p=_WEIGHTS)
    rows = np.unique([*planted.eqtl[planted.eqtl >= 0], *([planted.causal] if planted.causal >= 0 else [])])
    pairs[rows.astype(np.int64)] = rng.choice(_PAIRS[:8], rows.size)
    return pairs.astype("U2").view("U1").reshape(size, 2)


def _genetic_expression(one: SimulatedRegion, plan: DemoPlan) -> FloatArray:
    """What eQTLs add to the log rates, shape (n_genes, n_expressed in all)."""
    alleles = [one.haplotypes.alleles[name][:, : 2 * plan.n_expressed] for name in POPULATIONS]
    joined = np.concatenate(alleles, axis=1)
    rates = np.zeros((len(one.genes), joined.shape[1] // 2))
    for gene, row in enumerate(one.planted.eqtl):
        if row >= 0:
            rates[gene] = allelic_rate(joined[row], float(one.planted.fold[gene]))
    return rates
